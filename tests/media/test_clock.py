"""Frames to seconds and back, for recordings that are regular and for those that are not."""

import ast
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oddframe
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.knots import knots_from

STEPS = st.lists(
    st.sampled_from([0.02, 0.033, 0.04, 0.1, 0.5, 3.0, 60.0, 3600.0]), min_size=1, max_size=80
)


def times_of(steps):
    return np.concatenate(([0.0], np.cumsum(steps)))


@given(STEPS)
def test_every_time_is_kept(steps):
    times = times_of(steps)
    clock = Clock.of_times(times, 25.0)
    found = clock.seconds(np.arange(times.size))
    assert clock.frames == times.size
    most = 0.51 / clock.fps if clock.is_regular else 0.26 * np.quantile(steps, 0.1)
    assert np.abs(found - times).max() <= most
    assert (np.diff(clock.seconds(np.arange(times.size + 1))) > 0).all()


@given(STEPS, st.floats(0, 1))
def test_a_time_leads_to_the_frame_that_is_shown_then(steps, share):
    clock = Clock.of_times(times_of(steps), 25.0)
    for frame in range(clock.frames):
        start, end = clock.span(frame, frame + 1)
        found = clock.frame_at(start + share * (end - start))
        assert frame - 1e-6 <= found <= frame + 1 + 1e-6


@given(STEPS)
def test_the_grid_has_every_frame_in_its_place(steps):
    clock = Clock.of_times(times_of(steps), 25.0)
    assert (clock.held >= 1).all()
    assert (np.diff(clock.ticks) >= clock.held).all()
    apart = np.diff(clock.ticks)[:-1] > clock.held[:-1]
    assert (np.flatnonzero(apart) + 1).tolist() == list(clock.jumps)
    values = np.arange(clock.frames, dtype=float)
    assert clock.off_grid(clock.on_grid(values)) == pytest.approx(values)


@given(STEPS)
def test_the_length_is_that_of_the_film(steps):
    clock = Clock.of_times(times_of(steps), 25.0)
    unseen = sum(clock.seconds(frame) - clock.span(frame - 1, frame)[1] for frame in clock.jumps)
    assert clock.length == pytest.approx(clock.seconds(clock.frames) - unseen, abs=1e-6)


def test_a_regular_video_is_what_it_was():
    clock = Clock.of_times(np.arange(1000) / 29.97, 29.97)
    assert clock == Clock(1000, 29.97)
    assert (clock.seconds(300), clock.frame_at(10.0)) == (300 / 29.97, 299.7)
    assert (clock.length, clock.jumps, clock.rate) == (1000 / 29.97, (), 29.97)
    assert (clock.ticks == np.arange(1001)).all()


def test_whole_milliseconds_are_no_other_rate():
    assert Clock.of_times(np.rint(np.arange(9000) / 29.97 * 1000) / 1000, 29.97) == Clock(
        9000, 29.97
    )


def test_a_wrong_rate_in_the_header_is_not_believed():
    clock = Clock.of_times(np.arange(500) / 15, 1000.0)
    assert clock.is_regular
    assert clock.fps == pytest.approx(15)


def test_a_camera_that_lowers_its_rate_in_the_dark():
    """200 frames 33 ms apart, then 200 frames 100 ms apart: the reproducer's own numbers."""
    times = times_of([0.033] * 199 + [0.1] * 200)
    clock = Clock.of_times(times, 15.0)
    assert clock.fps == pytest.approx(10)
    assert clock.jumps == ()
    assert round(clock.frame_at(6.67)) == 200
    assert clock.frame_at(14.1) == pytest.approx(200 + (14.1 - times[200]) / 0.1)
    assert clock.length == pytest.approx(199 * 0.033 + 201 * 0.1)
    assert len(clock.knots) == 3


def test_an_hour_that_was_not_filmed():
    times = np.concatenate([np.arange(200) / 25, 3600 + np.arange(200) / 25])
    clock = Clock.of_times(times, 400 / 3608)
    assert (clock.fps, clock.jumps) == (25.0, (200,))
    assert clock.length == pytest.approx(16)
    assert clock.span(190, 200) == pytest.approx((7.6, 8.0))
    assert clock.span(190, 201) == pytest.approx((7.6, 3600.04))
    assert clock.frame_at(1800.0) == 200


def test_single_frames_between_jumps_last_as_usual():
    clock = Clock.of_times(times_of([0.04] * 50 + [3600, 3600] + [0.04] * 50), 25.0)
    assert clock.jumps == (51, 52)
    assert clock.length == pytest.approx(103 * 0.04)


@pytest.mark.parametrize("step", [3.0, 60.0])
def test_a_slow_camera_does_not_jump(step):
    slow = Clock.of_times(times_of([0.04] * 100 + [step] * 100), 25.0)
    assert slow.jumps == ()
    assert slow.length == pytest.approx(100 * 0.04 + 101 * step, rel=0.02)


@pytest.mark.parametrize(
    ("fps", "seconds"), [(25, 4.0), (1, 100.0), (0.5, 200.0), (1 / 3, 200.0), (1 / 3600, 200.0)]
)
def test_a_frame_watches_two_seconds_at_most(fps, seconds):
    clock = Clock(100, fps)
    assert clock.watched == pytest.approx(seconds)
    assert clock.watched_in(np.arange(100) < 50) == pytest.approx(seconds / 2)
    assert clock.is_time_lapse == (fps < 0.5)
    assert clock.length == pytest.approx(100 / fps)
    slower = Clock.of_times(times_of([1.0] * 50 + [3.0] * 50), 0.5)
    assert slower.watched == pytest.approx(50 * 1 + 50 * 2 + 1)  # the last lasts as is usual


def test_a_clock_that_was_set_back_goes_on():
    times = np.concatenate([np.arange(100) / 25, np.arange(100) / 25])
    clock = Clock.of_times(times, 25.0)
    assert clock == Clock(200, 25.0)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (np.arange(100) // 25, np.arange(100) / 25),  # stamps of whole seconds
        (np.arange(100) // 4 * 0.16, np.arange(100) / 25),
        ([0, 0.04, 0.04, 0.12, 0.16, 0.2], [0, 0.04, 0.08, 0.12, 0.16, 0.2]),
        (np.zeros(50), np.arange(50) / 25),
        (np.r_[np.arange(50), np.full(25, 49)] / 25, np.arange(75) / 25),
        (np.r_[np.arange(50) // 25, np.arange(50) // 25 - 9], np.arange(100) / 25),  # set back
    ],
)
def test_frames_that_share_a_time_are_spread_up_to_the_next(at, shown):
    clock = Clock.of_times(np.array(at), 25.0)
    assert clock.seconds(np.arange(len(at))) == pytest.approx(shown, abs=0.011)


def test_whole_seconds_and_an_hour_that_was_not_filmed():
    seconds = np.arange(500) // 25 + 3600 * (np.arange(500) >= 250)
    clock = Clock.of_times(seconds, 25.0)
    assert (clock.fps, clock.jumps) == (pytest.approx(25), (250,))
    assert clock.length == pytest.approx(20)


@pytest.mark.parametrize("first", [0, 1, 150, 198, 200, 399])
def test_a_clock_from_a_frame_on_says_what_the_whole_one_says(first):
    seconds = np.concatenate([np.arange(200) / 25, 3600 + np.arange(200) / 10])
    start, cuts = datetime(2026, 11, 28), (1, 150, 300)
    whole = replace(Clock.of_times(seconds, 25.0), start=start, cuts=cuts)
    later = whole.later(first)
    assert later.frames == 400 - first
    for frame in (0, later.frames // 2, later.frames - 1):
        assert later.moment(later.seconds(frame)) == whole.moment(whole.seconds(first + frame))
    assert later.jumps == tuple(at - first for at in whole.jumps if at > first)
    assert later.cuts == tuple(at - first for at in cuts if at > first)
    assert later.lasting == pytest.approx(whole.lasting[first:])


def test_fewer_or_more_frames_than_the_knots_know():
    clock = Clock(400, 10.0, ((0, 0.0), (199, 6.567), (399, 26.567)))
    fewer = Clock(300, clock.fps, clock.knots)
    more = Clock(500, clock.fps, clock.knots)
    assert fewer.seconds(299) == clock.seconds(299)
    assert more.seconds(499) == pytest.approx(26.567 + 10.0)


def test_the_last_of_the_frames_that_decode_does_not_last_for_what_was_not_filmed():
    clock = Clock(4, 25.0, ((0, 0.0), (1, 0.04), (2, 3600.0), (3, 3600.04)))
    for frames in (1, 2):  # the others could not be read
        assert replace(clock, frames=frames).length == pytest.approx(frames / 25)


def test_frames_that_claim_to_last_for_years_make_no_endless_grid():
    clock = Clock.of_times(times_of([0.001] * 20 + [1e6] * 80), 25.0)
    assert clock.length > 79e6
    assert clock.ticks[-1] < 60_000_000
    assert (clock.held >= 1).all()


def test_jitter_costs_few_knots():
    generator = np.random.default_rng(0)
    times = np.arange(3000) / 25 + generator.uniform(0, 0.019, 3000)
    assert Clock.of_times(times - times[0], 25.0).is_regular


MAY_KNOW_RATES = {
    "media": "makes the times of what has none",
    "datasets/synthetic.py": "films at one rate",
    "datasets/synthetic_scene": "films at one rate",
    "detectors/own_cameras/fixed_camera": "counts frames between two looks",
    "reporting/annotated_video.py": "counts frames of a window on the screen",
    "reporting/times.py": "puts ticks on an axis of frames",
}


def test_nobody_else_turns_frames_into_seconds():
    """Arithmetic and comparisons with a frame rate are the clock's alone."""
    package = Path(oddframe.__file__).parent
    found = set()
    for file in package.rglob("*.py"):
        name = file.relative_to(package).as_posix()
        if any(name.startswith(place) for place in MAY_KNOW_RATES):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            sides: list[ast.expr] = []
            if isinstance(node, ast.BinOp):
                sides = [node.left, node.right]
            elif isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
            names = {getattr(side, "attr", getattr(side, "id", "")) for side in sides}
            if "fps" in names and not any(isinstance(side, ast.Constant) for side in sides):
                found.add(f"{name}:{sides[0].lineno}")
    assert found == set()


def test_a_moment_of_a_damaged_file_is_none():
    clock = Clock(2, 25.0, start=datetime(2026, 11, 28))
    assert clock.moment(1e300) is None


@pytest.mark.parametrize(
    "rows",
    [
        [[0, 0.0]],
        [[1, 0.0], [2, 1.0]],
        [[0, 0.0], [5, 0.0]],
        [[0, 0.0], [0, 1.0]],
        [[0, 0.0], [3, float("nan")]],
        [[0, 0.0], [3, float("inf")]],
        [[0]],
        ["ab"],
        [[0, 0.0, 1]],
        [[0, 0.0], [2.5, 1.0]],
        [[0, 0.0], [2, True]],
        [[0, 0.0], [2, None]],
    ],
)
def test_knots_that_do_not_increase_are_refused(rows):
    with pytest.raises(OddframeError, match="times"):
        knots_from(rows)
