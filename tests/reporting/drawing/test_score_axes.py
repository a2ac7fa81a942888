from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.reporting.drawing.score_axes import cut_note, score_axis, thin_series


@given(
    values=st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=400),
    bins=st.integers(1, 60),
)
def test_thinning_keeps_both_ends_and_the_extremes_of_every_bin(values, bins):
    series = np.array(values, np.float32)
    kept = thin_series(series, bins)
    assert len(kept) <= 2 * bins + 2
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0
    assert kept[-1] == len(series) - 1
    if len(series) <= 2 * bins:
        assert len(kept) == len(series)
        return
    edges = np.linspace(0, len(series), bins + 1).astype(int)
    for start, end in itertools.pairwise(edges):
        inside = kept[(kept >= start) & (kept < end)]
        assert series[inside].max() == series[start:end].max()
        assert series[inside].min() == series[start:end].min()


def test_one_odd_frame_of_an_hour_is_drawn():
    scores = np.zeros(90_000, np.float32)
    scores[43_217] = 9
    kept = thin_series(scores, 1000)
    assert 43_217 in kept
    assert len(kept) < 2100


def test_axis_holds_scores_and_threshold():
    axis = score_axis([np.array([0.1, 0.4]), np.array([0.2])], threshold=1.0)
    assert axis.low == 0
    assert axis.high > 1
    assert not axis.cut
    assert axis.height(axis.low) == 0
    assert axis.height(axis.high) == pytest.approx(1)


def test_axis_of_one_huge_peak_is_cut_so_that_the_threshold_stays_visible():
    axis = score_axis([np.array([0.0, 0.5, 0.5, 0.7, 900.0])], threshold=1.0)
    assert axis.cut
    assert axis.height(1.0) == pytest.approx(0.2)
    assert axis.height(900.0) > 1


def test_a_video_far_above_the_cut_has_a_higher_axis_and_the_others_keep_theirs():
    calm, broken = np.linspace(0, 1, 50), np.full(10, 566.0)
    axis = score_axis([calm, broken], threshold=2.6)
    assert axis.cut
    assert axis.holding([calm]) == axis
    own = axis.holding([broken])
    assert own.height(566.0) < 0.93, "below the bars of detections"
    assert own.low == axis.low
    assert not own.cut
    odd = np.r_[np.linspace(20, 40, 90), np.full(10, 900.0)]  # all of it above 5
    own = score_axis([odd], threshold=1.0).holding([odd])
    assert own.cut
    assert own.high < 45
    assert cut_note(axis, [axis]) == "What is above 13 leaves the picture at the top."
    assert "; 1 video has a higher axis, since" in cut_note(axis, [axis, own])
    assert "; 2 videos have higher axes, since" in cut_note(axis, [own, own])
    assert cut_note(score_axis([calm], None), []) == ""


@given(
    curves=st.lists(
        st.lists(st.floats(0, 1000, width=32), min_size=1, max_size=60), min_size=1, max_size=3
    ),
    threshold=st.floats(0.5, 20),
)
def test_an_axis_holds_four_fifths_of_each_curve(curves, threshold):
    arrays = [np.array(values, np.float32) for values in curves]
    axis = score_axis(arrays, threshold).holding(arrays)
    for scores in arrays:
        assert (axis.height(scores) > 1).sum() <= 0.2 * len(scores)
        assert axis.cut or (axis.height(scores) <= 1).all()
    assert axis.height(threshold) <= 1


@pytest.mark.parametrize("scores", [np.zeros(3), np.full(3, -7.5), np.array([-90.0, -80.0])])
def test_axis_of_constant_and_negative_scores(scores):
    axis = score_axis([scores], None)
    assert axis.low <= scores.min()
    assert axis.high > scores.max()
