"""A camera is fitted again from its page: recorded, fitted beside the watch, used, rolled back."""

import os
import shutil
import time
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.made.chromium import complaints
from tests.made.full_disk import files_of_at_most
from tests.made.live_events import NOON
from tests.made.serve_process import Process, serve_process
from tests.made.waiting import until
from tests.serving.conftest import Served
from tests.serving.test_camera_page import fields

from oddframe.cameras.cameras_file import read_cameras
from oddframe.errors import OddframeError
from oddframe.journal.state_folder import StateFolder
from oddframe.processes.aside import last_line
from oddframe.refitting.recordings import recordings_in
from oddframe.refitting.refits import Refits
from oddframe.serving.passwords import Passwords
from oddframe.serving.refit_form import PieceRow, refit_form
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site
from oddframe.watching.plan import plans_of


@pytest.fixture(scope="module")
def server(street, tmp_path_factory) -> Generator[Process]:
    folder = tmp_path_factory.mktemp("refit")
    film = f"lavfi:movie={street.root / 'calm.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (folder / "cameras.yaml").write_text(
        f"run: {street.run}  # of May\ncameras:\n"
        f"  - name: front\n    source: '{film}'\n    threshold: 40  # by hand\n"
        f"  - name: private\n    source: '{film}'\n    keep: scores\n"
    )
    with serve_process(folder, "/cameras/front/still") as served:
        yield served


def with_pieces(page, many):
    """At its page, with so many pieces, whichever test came first."""
    page.go()
    while len(page.all(".pieces li")) < many:
        record(page, 10)


def record(page, seconds):
    page.go()
    hours = page.one("input[name='hours']")
    hours.clear()
    hours.send_keys("0.5")
    page.click("#refit button[value='start']")
    until(lambda: page.all("#refit button[value='stop']"))
    time.sleep(seconds)
    before = len(page.all(".pieces li"))
    page.click("#refit button[value='stop']")
    until(lambda: len(page.all(".pieces li")) == before + 1)


def test_recorded_fitted_used_and_rolled_back(page, tmp_path):
    first = page.camera.run
    with_pieces(page, 2)
    looked = page.all(".pieces a")[0].get_attribute("href")
    film = page.served.browser.get(looked[looked.index("/camera") :])
    assert (film.status, film.headers["content-type"], film.body[4:8]) == (
        200,
        "video/mp4",
        b"ftyp",
    )
    page.click("#refit button[value='fit']")
    until(lambda: page.all(".fit[data-state='fitting']"))
    page.driver.execute_script("document.getElementById('refit').scrollIntoView()")
    page.driver.save_screenshot(str(tmp_path / "fitting.png"))
    # The page says so by itself once it is over.
    until(lambda: not page.all(".fit[data-state='fitting']"), 300)
    assert page.all(".fit[data-state='fitted']"), page.one(".fit p.quiet").text
    assert "threshold" in page.one(".fit p.quiet").text
    page.click(".fit button[value='use']")
    until(lambda: page.all(".fit[data-state='used']"))
    fitted = page.served.folder / "state" / "learning" / "front" / "fits" / "1" / "run"
    assert page.camera.run == fitted
    # A threshold is on the scale of its run.
    assert page.camera.threshold is None
    assert "read again; 1 of 2 cameras new" in page.served.said
    page.driver.execute_script("document.getElementById('refit').scrollIntoView()")
    page.driver.save_screenshot(str(tmp_path / "used.png"))
    page.click("#refit form[action*='/back'] button")
    until(lambda: page.all(".fit[data-state='fitted']"))
    assert (page.camera.run, page.camera.threshold) == (first, 40)
    assert not page.all("#refit form[action*='/back']")
    assert page.served.said.count("front: up") == 1
    assert complaints(page.driver) == []


def test_a_fit_that_is_stopped_can_go_on_or_be_removed(page):
    with_pieces(page, 2)
    page.click("#refit button[value='fit']")
    until(lambda: page.all(".fit[data-state='fitting']"))
    refused = page.served.browser.post("/camera/front/pieces", {"what": "fit", "piece-x": "yes"})
    assert refused.status == 409
    assert "a fit goes on there" in refused.text
    page.click(".fit button[value='stop']")
    until(lambda: page.all(".fit[data-state='stopped']"))
    page.click(".fit button[value='go on']")
    until(lambda: page.all(".fit[data-state='fitting']"))
    page.click(".fit button[value='stop']")
    until(lambda: page.all(".fit[data-state='stopped']"))
    page.click(".fit[data-state='stopped'] button[value='remove']")
    until(lambda: not page.all(".fit[data-state='stopped']"))


def test_pieces_are_removed_by_their_names_and_nothing_else_is(page, server):
    with_pieces(page, 1)
    state = StateFolder(server.folder / "state")
    hours = state.learning("front") / "hours"
    (hours / "mine.mp4").write_bytes(b"mine")
    names = [one.name for one in recordings_in(hours)]
    evil = {"what": "remove", "piece-mine": "yes", "piece-../../../passwords": "yes"}
    given = {**evil, f"piece-{names[0]}": "yes"}
    assert page.served.browser.post("/camera/front/pieces", given).status == 303
    assert [one.name for one in recordings_in(hours)] == names[1:]
    assert (hours / "mine.mp4").read_bytes() == b"mine"
    for path in ("mine", "..%2f..%2fjournal", names[0]):
        assert page.served.browser.get(f"/camera/front/hours/{path}").status == 404


@pytest.mark.parametrize(
    ("camera", "path", "given", "said"),
    [
        ("private", "record", {"hours": "1", "gigabytes": "1"}, "says 'keep: scores'"),
        ("front", "record", {"hours": "1e9", "gigabytes": "1"}, "expected hours up to"),
        ("front", "record", {"hours": "x", "gigabytes": "1"}, "expected a number of hours"),
        ("front", "pieces", {"what": "fit"}, "choose some of the recorded pieces"),
        ("front", "fits", {"what": "use", "fit": "../9"}, "there is no such fit"),
        ("front", "back", {}, "no run of before"),
    ],
)
def test_what_cannot_be_is_a_line(server, camera, path, given, said):
    browser = server.browser
    answer = browser.post(f"/camera/{camera}/{path}", {**fields(browser, camera), **given})
    assert answer.status == 409
    assert said in answer.text.replace("&#39;", "'")
    assert browser.get(f"/camera/{camera}/fits/9/drill").status == 404


def test_what_a_person_called_normal_is_to_be_learnt_from(served: Served):
    folder = served.journal.state.learning("door") / "hours"
    folder.mkdir(parents=True)
    (folder / "20260301T120000Z.mp4").write_bytes(b"film")
    os.utime(folder / "20260301T120000Z.mp4", (NOON + 100, NOON + 100))
    site = Site(served.journal, served.journal, Sessions(Passwords({})))
    refits = Refits(served.journal.state, lambda _: None, print)
    run = SimpleNamespace(folder=served.root / "run")
    camera: Any = SimpleNamespace(name="door", plan=SimpleNamespace(run=run))

    def piece() -> PieceRow:
        form = refit_form(site, camera, refits, said="", place=("", ""), may_change=True)
        (found,) = form.pieces
        return found

    first, second, *_ = served.events
    served.journal.judge(first.id, "normal")
    assert (piece().events, piece().chosen) == ("1 event", False)
    served.journal.judge(second.id, "normal")
    assert (piece().events, piece().chosen) == ("", True)


def test_a_fit_that_judges_another_camera_is_not_removed(street, tmp_path):
    state = StateFolder(tmp_path / "state")
    run = state.learning("front") / "fits" / "1" / "run"
    shutil.copytree(street.run, run)
    (tmp_path / "cameras.yaml").write_text(
        f"cameras:\n  - {{name: front, source: '{street.root / 'calm.mp4'}', run: {street.run}}}\n"
        f"  - {{name: yard, source: '{street.root / 'calm.mp4'}', run: {run}}}\n"
    )
    plans = plans_of(read_cameras(tmp_path / "cameras.yaml"))
    refits = Refits(state, lambda _: None, print)
    fit = refits.fit("front", "1")
    with pytest.raises(OddframeError, match=r"fits/1: it goes on, judges a camera, or may be"):
        refits.remove_fit(fit, plans)
    refits.remove_fit(fit, plans[:1])
    assert not run.exists()


def test_no_words_but_its_own_are_pieces(tmp_path):
    noon = "20261130T120000Z"
    for name in (noon, f"{noon}-2", "20269930T120000Z", "x", "20261130T1200"):
        (tmp_path / f"{name}.mp4").write_bytes(b"film")
    (tmp_path / "20261130T130000Z.mp4").symlink_to("/etc/passwd")
    (tmp_path / "20261130T140000Z.mp4").touch()
    found = recordings_in(tmp_path, {f"{noon}-2"})
    assert [one.name for one in found] == [noon]
    assert found[0].bytes == 4


def test_recording_goes_on_in_the_next_process_until_somebody_stops_it(street, tmp_path):
    source = "rtsp://192.0.2.1/stream1"  # down, and stays so
    (tmp_path / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n  - {{name: front, source: '{source}'}}\n"
    )
    plans = plans_of(read_cameras(tmp_path / "cameras.yaml"))

    def process() -> Refits:
        refits = Refits(StateFolder(tmp_path / "state"), lambda _: None, lines.append)
        refits.record_again(plans)
        return refits

    def is_recorded(refits: Refits) -> bool:
        recorder = refits.recorder("front")
        return recorder is not None and recorder.is_alive()

    lines: list[str] = []
    first = process()
    assert not is_recorded(first)
    first.record(plans[0], 1.0, 1.0)
    until = first.recorder("front").until
    first.stop()
    assert not is_recorded(first)
    second = process()
    assert is_recorded(second)
    assert second.recorder("front").until == until
    second.stop_recording("front")
    assert not is_recorded(process())
    assert lines == []
    wish = StateFolder(tmp_path / "state").learning("front") / "recording.json"
    wish.write_text('{"until": 1e10}')
    assert not is_recorded(process())
    assert [line.partition(": ")[0] for line in lines] == [str(wish)]
    wish.write_text('{"until": 5.0, "most_bytes": 1}')  # long over
    assert not is_recorded(process())


def fit_of(street, root) -> tuple[Refits, list, StateFolder]:
    """What a camera is fitted again with, and a plan of it."""
    (root / "cameras.yaml").write_text(
        f"cameras:\n  - {{name: front, source: '{street.root / 'calm.mp4'}', run: {street.run}}}\n"
    )
    state = StateFolder(root / "state")
    plans = plans_of(read_cameras(root / "cameras.yaml"))
    return Refits(state, lambda _: None, print), plans, state


def test_a_damaged_fit_is_a_line_and_can_be_removed(street, tmp_path):
    refits, plans, state = fit_of(street, tmp_path)
    folder = state.learning("front") / "fits" / "1"
    shutil.copytree(street.run, folder / "run")
    (folder / "run" / "config.yaml").write_text("[]")
    (found,) = refits.fits("front")
    assert found.state == "stopped"
    assert "expected what a run was made with" in found.said
    refits.remove_fit(found, plans)
    os.mkfifo(state.learning("front") / "log.txt")
    assert last_line(state.learning("front") / "log.txt") == ""


def test_a_fit_that_could_not_begin_leaves_nothing(street, tmp_path):
    refits, plans, state = fit_of(street, tmp_path)
    hours = state.learning("front") / "hours"
    hours.mkdir(parents=True)
    shutil.copy(street.root / "calm.mp4", hours / "20261130T120000Z.mp4")
    with files_of_at_most(20), pytest.raises(OddframeError, match="cannot write"):
        refits.begin_fit(plans[0], {"20261130T120000Z"})
    assert refits.fits("front") == []
