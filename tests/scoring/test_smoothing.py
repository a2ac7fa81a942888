"""Offline scores are smoothed in time, whatever the rate, and never over a gap."""

import numpy as np
import pytest

from oddframe.media.clock import Clock
from oddframe.scoring.frames import smoothed


def test_an_hour_that_was_not_filmed_keeps_two_scores_apart():
    times = np.concatenate([np.arange(50) / 25, 3600 + np.arange(50) / 25])
    scores = np.repeat(np.float32([1, 9]), 50)
    found = smoothed(scores, Clock.of_times(times, 25.0), 0.5)
    assert found == pytest.approx(scores, abs=1e-5)


def test_the_kernel_is_as_wide_in_seconds_where_the_rate_is_lower():
    # 25 frames per second for four seconds, then five; the same step in time in both parts.
    times = np.concatenate([np.arange(100) * 0.04, 4 + np.arange(20) * 0.2])
    clock = Clock.of_times(times, 25.0)
    middle = times + clock.lasting / 2
    scores = np.float32(((middle > 2) & (middle < 4)) | (middle > 6))
    found = smoothed(scores, clock, 0.3)
    # A Gaussian over time on a fine grid, independently.
    fine = np.arange(0.005, 8, 0.01)
    values = scores[np.searchsorted(times, fine, side="right") - 1]
    for frame in (30, 50, 60, 102, 108, 110, 112):
        start, end = clock.span(frame, frame + 1)
        inside = fine[(fine > start) & (fine < end)]
        kernel = np.exp(-0.5 * ((fine[None] - inside[:, None]) / 0.3) ** 2)
        expected = float(((kernel * values).sum(axis=1) / kernel.sum(axis=1)).mean())
        assert found[frame] == pytest.approx(expected, abs=0.03)


def test_a_regular_video_is_smoothed_as_ever():
    from scipy.ndimage import gaussian_filter1d

    scores = np.random.default_rng(0).random(200).astype(np.float32)
    expected = gaussian_filter1d(scores, 0.2 * 25, mode="nearest")
    assert (smoothed(scores, Clock(200, 25.0), 0.2) == expected).all()
