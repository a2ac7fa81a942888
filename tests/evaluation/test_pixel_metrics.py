import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.evaluation.pixel_metrics import (
    BINS,
    PixelBins,
    pixel_auc,
    pixel_histograms,
    resize_map,
    sample_pixels,
)

SHAPES = {
    "normal": lambda g, n: g.normal(size=n),
    "heavy tails": lambda g, n: np.exp(2.5 * g.normal(size=n)),
    "far from zero": lambda g, n: 1e4 + g.normal(size=n),
    "mostly zero": lambda g, n: g.exponential(size=n) * (g.random(n) < 0.1),
    "three values": lambda g, n: g.integers(0, 3, n),
    "log density": lambda g, n: -1e3 * g.chisquare(1, n),
    "constant": lambda g, n: np.zeros(n),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_auc_is_right_to_a_thousandth(shape):
    generator = np.random.default_rng(0)
    maps, masks = [], []
    for _ in range(3):
        mask = np.zeros((20, 48, 64), dtype=bool)
        mask[5:15, 10:20, 20:40] = True
        scores = SHAPES[shape](generator, (20, 24, 32)).astype(np.float32)
        scores[5:15, 5:10, 10:20] += SHAPES[shape](generator, (10, 5, 10))
        maps.append(scores)
        masks.append(mask)
    bins = PixelBins.of(sample_pixels(maps))
    pairs = [pixel_histograms(m, t, (64, 48), bins) for m, t in zip(maps, masks, strict=True)]
    weights = np.array([[1, 1, 1], [2, 0, 1]])
    found = pixel_auc(*zip(*pairs, strict=True), weights)
    big = [np.stack([cv2.resize(one, (64, 48)) for one in scores]) for scores in maps]
    for row, drawn in enumerate(weights):
        labels = np.concatenate([masks[i].ravel() for i in np.repeat(range(3), drawn)])
        scores = np.concatenate([big[i].ravel() for i in np.repeat(range(3), drawn)])
        assert found[row] == pytest.approx(roc_auc_score(labels, scores), abs=1e-3)


def test_bins_keep_order():
    values = np.sort(np.random.default_rng(1).standard_cauchy(5000)).astype(np.float32)
    places = PixelBins.of(values).place(values)
    assert (np.diff(places) >= 0).all()
    assert places.min() >= 0
    assert places.max() < BINS


def test_a_normal_video_needs_no_mask():
    positives, negatives = pixel_histograms(
        np.zeros((3, 2, 2)), None, (4, 4), PixelBins.of(np.zeros(1))
    )
    assert (positives.sum(), negatives.sum()) == (0, 48)


def test_shrinking_averages():
    assert resize_map(np.array([[0.0, 1], [2, 3]]), (1, 1)).tolist() == [[1.5]]
