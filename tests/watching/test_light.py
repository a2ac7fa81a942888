"""A room's light is switched while it is watched: one note, and no flood of events."""

import pytest

from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.scores.camera_troubles import GAP_SECONDS
from oddframe.verbs.watch import watch
from oddframe.watching.trouble_teller import FINE, SOON, TroubleTeller


def test_a_light_that_is_switched_off_and_on_is_one_note(street, tmp_path):
    def switched(image, time):
        if 3 <= time < 7:
            image *= 0.2

    film = street.film(tmp_path / "light.mp4", street.images(20.5, 60, switched))
    state = tmp_path / "state"
    found = watch(street.run, str(film), state=state, pace="fast")
    reader = JournalReader(StateFolder(state))
    assert [one.state for one in reader.states("camera")] == ["up", "light changed", "fine"]
    assert found.alarms["camera"] <= 1
    assert len(reader.events()) <= 1


def told(*troubles: tuple[float, float, str], until: float) -> list[tuple[float, str]]:
    """What is told, with its time, where troubles are seen in half-open stretches of time."""
    teller, said = TroubleTeller(), []
    for step in range(round(until * 10)):
        now = step / 10
        seen = next((what for start, end, what in troubles if start <= now < end), "")
        if what := teller.sees(seen, now):
            said.append((now, what))
    return said


def test_a_trouble_is_told_at_once_and_once_that_it_is_over():
    said = told((5, 8, "covered"), (12, 20, "covered"), until=60)
    assert said == [(5.0, "covered"), (pytest.approx(20 + GAP_SECONDS, abs=0.11), FINE)]


def test_what_follows_a_trouble_is_told_if_it_lasts():
    said = told((5, 7, "light"), (7, 12, "dark"), (12, 14, "light"), (14, 40, "dark"), until=60)
    assert said == [
        (5.0, "light"),
        (14 + GAP_SECONDS, "dark"),
        (pytest.approx(40 + GAP_SECONDS, abs=0.11), FINE),
    ]


def test_a_light_that_is_switched_every_minute_is_told_once_in_ten():
    switched = [(at, at + 2.0, "light") for at in range(0, 1500, 60)]
    said = told(*switched, until=1500)
    assert [at for at, what in said if what == "light"] == [0.0, SOON + 60, 2 * (SOON + 60)]
    assert [what for _, what in said] == ["light", FINE] * 3


def test_what_was_told_lately_is_told_again_if_it_lasts():
    said = told((0, 20, "covered"), (100, 140, "covered"), until=200)
    assert [at for at, what in said if what == "covered"] == [0.0, 100 + GAP_SECONDS]
