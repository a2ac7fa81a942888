"""From stamps to the time of day: late packets, other clocks, and a machine whose clock is set."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from oddframe.sources.wall_clock import WallClock

DAY = 1_796_000_000.0


class Hands:
    """Both clocks of a machine, moved by hand."""

    def __init__(self) -> None:
        self.steady, self.wall = 500.0, DAY

    def clock(self) -> WallClock:
        return WallClock(lambda: self.wall, lambda: self.steady)

    def pass_by(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds


def test_frames_are_filmed_when_they_were_however_late_they_come():
    hands, random = Hands(), np.random.default_rng(1)
    clock = hands.clock()
    hands.pass_by(3.0)
    clock.connect()
    moments = []
    late = random.exponential(0.2, 400)
    late[[0, 90, 200]] = 0.0
    filmed = np.arange(400) / 10
    arrivals = np.maximum.accumulate(filmed + late)
    start = hands.wall
    for stamp, arrival in zip(filmed, arrivals, strict=True):
        hands.pass_by(start + arrival - hands.wall)
        clock.arrive(77.0 + stamp)
        moments.append(clock.moment(77.0 + stamp))
    assert [moment.at - start for moment in moments] == pytest.approx(filmed, abs=0.01)
    assert [moment.lag for moment in moments] == pytest.approx(arrivals - filmed, abs=0.01)
    assert [moment.seconds - moments[0].seconds for moment in moments] == pytest.approx(filmed)


def test_the_quickest_packet_counts_for_a_minute_so_that_a_slow_clock_is_followed():
    hands = Hands()
    clock = hands.clock()
    clock.connect()
    for second in range(600):
        stamp = second * 0.999  # the camera's clock loses a second in 1000
        clock.arrive(stamp)
        moment = clock.moment(stamp)
        assert abs(moment.at - hands.wall) < 0.07
        hands.pass_by(1.0)


@pytest.mark.parametrize("by", [-3600.0, 3600.0])
def test_a_clock_that_is_set_renames_frames_and_neither_loses_nor_moves_any(by: float):
    hands = Hands()
    clock = hands.clock()
    clock.connect()
    moments = []
    for frame in range(40):
        if frame == 20:
            hands.wall += by
        clock.arrive(frame / 10)
        moments.append(clock.moment(frame / 10))
        assert moments[-1].at == pytest.approx(hands.wall, abs=0.01)
        assert moments[-1].lag == pytest.approx(0.0, abs=0.01)
        hands.pass_by(0.1)
    steps = [b.seconds - a.seconds for a, b in itertools.pairwise(moments)]
    assert steps == pytest.approx([0.1] * 39)
    assert clock.was_set == pytest.approx(by)


@pytest.mark.parametrize("leap", [-500.0, -1.0, 1000.0])
def test_a_camera_that_sets_its_clock_goes_on_where_it_was(leap: float):
    hands = Hands()
    clock = hands.clock()
    clock.connect()
    moments = []
    for frame in range(40):
        stamp = frame / 10 + (leap if frame >= 20 else 0.0)
        clock.arrive(stamp)
        moments.append(clock.moment(stamp))
        assert moments[-1].at == pytest.approx(hands.wall, abs=0.01)
        hands.pass_by(0.1)
    steps = [b.seconds - a.seconds for a, b in itertools.pairwise(moments)]
    assert steps == pytest.approx([0.1] * 39, abs=0.01)


def test_time_goes_on_while_a_camera_is_away():
    hands = Hands()
    clock = hands.clock()
    clock.connect()
    clock.arrive(9.0)
    before = clock.moment(9.0)
    hands.pass_by(25.0)
    clock.connect()
    clock.arrive(0.2)
    after = clock.moment(0.2)
    assert after.seconds - before.seconds == pytest.approx(25.0)
    assert after.at - before.at == pytest.approx(25.0)


def test_packets_without_a_stamp_get_the_time_at_which_they_come():
    hands = Hands()
    clock = hands.clock()
    clock.connect()
    for wait in (0.1, 0.3, 0.05):
        stamp = clock.arrive(None)
        moment = clock.moment(stamp)
        assert moment.at == pytest.approx(hands.wall)
        hands.pass_by(wait)
    assert moment.seconds == pytest.approx(0.4, abs=0.01)
