"""Which parts of long footage are watched: stretches of twenty minutes from all hours of it."""

from __future__ import annotations

import pytest

from oddframe.detectors.own_cameras.fixed_camera.watching import plan_stretches, plan_whole
from oddframe.videos.video import Video

FPS = 5.0


def hours(*lengths: float) -> list[Video]:
    return [
        Video(f"{at}", "a.mp4", "train", "normal", round(3600 * FPS * long), FPS, 64, 64)
        for at, long in enumerate(lengths)
    ]


@pytest.mark.parametrize("videos", [hours(*[1] * 24), hours(24), hours(7, 0.5, 10, 0.1, 6.4)])
def test_stretches_come_from_all_hours_and_are_as_long_as_was_asked_for(videos):
    plan = plan_stretches(videos, 4.0)
    watched, begun, starts = 0, 0, []
    for video, windows in zip(videos, plan, strict=True):
        last = 0
        for window in windows:
            assert last <= window.start == window.first_look < window.stop <= video.frames
            last = window.stop
            watched += window.stop - window.start
            starts.append((begun + window.start) / FPS / 3600)
        begun += video.frames
    assert watched / FPS / 3600 == pytest.approx(4, rel=0.15)
    for quarter in range(4):  # of the day, each with its share of them
        assert sum(6 * quarter <= start < 6 * quarter + 6 for start in starts) == pytest.approx(
            3, abs=1
        )


def test_all_of_short_footage_is_watched():
    videos = hours(1, 2)
    assert plan_stretches(videos, 4.0) == plan_whole(videos)
