import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.evaluation.metrics import pixel_metrics
from oddframe.evaluation.metrics.pixel_metrics import (
    PixelCounts,
    resize_map,
    sample_edges,
)


def counted(maps, masks, size, weights):
    """The AUC of each row of weights."""
    edges = sample_edges(maps, masks.get, dict.fromkeys(maps, size))
    counts = PixelCounts(edges, len(weights))
    for column, key in enumerate(maps):
        counts.add(maps[key], masks[key], size, weights[:, column])
    return counts.auc()


SHAPES = {
    "normal": lambda g, n: g.normal(size=n),
    "heavy tails": lambda g, n: np.exp(2.5 * g.normal(size=n)),
    "far from zero": lambda g, n: 1e4 + g.normal(size=n),
    "mostly zero": lambda g, n: g.exponential(size=n) * (g.random(n) < 0.02),
    "mostly saturated": lambda g, n: 1 - g.exponential(size=n) ** 4 * (g.random(n) < 0.02) * 1e-3,
    "three values": lambda g, n: g.integers(0, 3, n),
    "log density": lambda g, n: -1e3 * g.chisquare(1, n),
    "constant": lambda g, n: np.zeros(n),
    "two far clusters": lambda g, n: g.choice([0, 1e6], n) + g.normal(size=n),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_auc_is_that_of_the_pixels(shape, monkeypatch):
    # The sample is, as with large footage, a small part.
    monkeypatch.setattr(pixel_metrics, "SAMPLE", 30_000)
    monkeypatch.setattr(pixel_metrics, "SAMPLED_FRAMES", 12)
    monkeypatch.setattr(pixel_metrics, "VIDEOS", 2)
    generator = np.random.default_rng(0)
    maps, masks = {}, {}
    for key in "abc":
        mask = np.zeros((8, 48, 64), dtype=bool)
        mask[2:6, 10:20, 20:40] = True
        scores = SHAPES[shape](generator, (8, 24, 32)).astype(np.float32)
        scores[2:6, 5:10, 10:20] += SHAPES[shape](generator, (4, 5, 10))
        maps[key], masks[key] = scores, mask
    weights = np.array([[1, 1, 1], [2, 0, 1]], dtype=np.uint8)
    found = counted(maps, masks, (64, 48), weights)
    big = {key: np.stack([cv2.resize(one, (64, 48)) for one in maps[key]]) for key in maps}
    for row, drawn in enumerate(weights):
        picked = [key for key, times in zip(maps, drawn, strict=True) for _ in range(times)]
        labels = np.concatenate([masks[key].ravel() for key in picked])
        scores = np.concatenate([big[key].ravel() for key in picked])
        assert found[row] == pytest.approx(roc_auc_score(labels, scores), abs=1e-5)


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        # 90 of 100 pixels are 0, the anomalous ones among the few others: bins by the quartiles'
        # distance, which is 0 here, would make one of all that is not 0.
        ([0] * 90 + [1e-6, 2e-6, 3e-6, 1, 2, 3, 4, 5, 6, 1e6], [92, 96, 97]),
        ([7] * 98 + [6.9999995, 7.0000005], [99]),
        ([0.25] * 50 + [0.75] * 50, [0, 50, 51]),
        ([-3, -2, -1, -0.0, 0.0, 1, 2], [2, 3, 5]),
        ([5] * 10, [1]),
    ],
)
def test_few_or_mostly_equal_pixels_are_exact(values, odd):
    scores = np.array(values, np.float32).reshape(1, 1, -1)
    mask = np.zeros(scores.shape, bool)
    mask[0, 0, odd] = True
    found = counted({"a": scores}, {"a": mask}, (scores.shape[2], 1), np.ones((1, 1), np.uint8))
    assert found == pytest.approx(roc_auc_score(mask.ravel(), scores.ravel()), abs=1e-15)


@pytest.mark.parametrize("pixels", [5, 500, 20_000])
@pytest.mark.parametrize("better", [-1, 0, 4])
def test_small_objects_are_as_right(pixels, better):
    generator = np.random.default_rng(2)
    scores = generator.standard_t(3, size=(20, 100, 100)).astype(np.float32)
    scores[generator.random(scores.shape) < 0.5] = 0.25
    mask = np.zeros(scores.shape, bool)
    mask.ravel()[generator.choice(mask.size, pixels, replace=False)] = True
    scores[mask] += better
    found = counted({"a": scores}, {"a": mask}, (100, 100), np.ones((1, 1), np.uint8))
    error = 2e-6 if pixels > pixel_metrics.EDGES else 1e-14
    assert found == pytest.approx(roc_auc_score(mask.ravel(), scores.ravel()), abs=error)


def test_a_side_that_is_empty_has_no_auc():
    for mask in (None, np.ones((3, 4, 4), bool)):
        counts = PixelCounts(np.zeros(1), 2)
        counts.add(np.zeros((3, 2, 2)), mask, (4, 4), np.ones(2, np.uint8))
        assert np.isnan(counts.auc()).all()


def test_shrinking_averages():
    assert resize_map(np.array([[0.0, 1], [2, 3]]), (1, 1)).tolist() == [[1.5]]
