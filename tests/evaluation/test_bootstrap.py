import numpy as np
import pytest

from oddframe.evaluation.bootstrap import draw_videos, ratio, weighted


def test_strata_keep_their_sizes():
    anomalous = np.array([True] * 7 + [False] * 4)
    weights = draw_videos(anomalous, resamples=500, seed=3)
    assert weights.shape == (501, 11)
    assert (weights[0] == 1).all()
    assert (weights[:, anomalous].sum(axis=1) == 7).all()
    assert (weights[:, ~anomalous].sum(axis=1) == 4).all()
    # Each video is drawn once on average, by a binomial: variance 1 - 1/n.
    assert weights[1:].mean(axis=0) == pytest.approx(1, abs=0.2)
    assert weights[1:, :7].var() == pytest.approx(1 - 1 / 7, abs=0.1)


def test_same_seed_same_resamples():
    anomalous = np.array([True, False, True, False])
    first = draw_videos(anomalous, 50, seed=1)
    assert (first == draw_videos(anomalous, 50, seed=1)).all()
    assert (first != draw_videos(anomalous, 50, seed=2)).any()


def test_weights_are_small_and_summed_in_float64():
    weights = draw_videos(np.arange(3000) < 2, 4)
    assert weights.dtype == np.uint8
    values = np.full(3000, 0.1) * np.arange(3000)
    assert weighted(weights, values) == pytest.approx(weights.astype(int) @ values, rel=1e-14)
    table = np.stack([values, values**2], axis=1)
    assert weighted(weights, table) == pytest.approx(weights.astype(int) @ table, rel=1e-14)


@pytest.mark.parametrize("anomalous", [[True], [False], [True, False]])
def test_nothing_to_vary_gives_no_resamples(anomalous):
    assert len(draw_videos(np.array(anomalous), 100)) == 1


def test_ratio_over_nothing_is_nan():
    assert np.isnan(ratio(np.ones((2, 3)), np.ones(3), np.zeros(3))).all()
