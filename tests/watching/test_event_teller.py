"""Which events a person is told of: by clocks that nobody sets."""

import pytest
from tests.made.live_events import NOON

from oddframe.cameras.cameras_file import Camera
from oddframe.detectors.frame_score import FrameScore
from oddframe.journal.journal import open_journal
from oddframe.journal.retention import Room
from oddframe.runs.run_folder import read_run
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.source import source_of
from oddframe.watching.budget import Budget
from oddframe.watching.event_life import Change, Happening
from oddframe.watching.event_teller import EventTeller
from oddframe.watching.filming import Filming
from oddframe.watching.outside import Outside
from oddframe.watching.plan import plan_of

HOUR = 3600.0


def happening(began, at):
    return Happening(began, at, 2.0, 5.0, 1.0, 4.0, FrameScore(0, 5.0))


@pytest.fixture
def told(street, tmp_path):
    """Tells of one event after the other, by its time on the steady clock and on the wall."""
    camera = Camera("front", source_of("lavfi:testsrc2"), street.run, cool_down=30.0)
    plan = plan_of(camera, read_run(street.run))
    with open_journal(tmp_path / "state", print) as journal:

        def no_room(*_):
            return Room(False, 0, 0, "")

        outside = Outside(journal, no_room, lambda *_: None, lambda *_: None, print)
        film = Filming(camera, outside, PacketRing(10.0))
        teller = EventTeller(plan, journal, outside.send, Budget(4.0, None), film)

        def tell(began, at):
            before = teller.alarms
            teller.apply(Change("open", happening(began, at)), armed=True)
            teller.apply(Change("close", happening(began, at)), armed=True)
            return teller.alarms > before

        yield tell
        film.stop()


@pytest.mark.parametrize("set_by", [-HOUR, 0.0, HOUR])
def test_a_cool_down_lasts_as_long_whatever_is_done_to_the_clock(told, set_by):
    assert told(100.0, NOON)
    assert not told(120.0, NOON + 20 + set_by)
    assert told(140.0, NOON + 40 + set_by)
