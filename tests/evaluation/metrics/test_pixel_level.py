"""The literature's pixel-level criterion, against counting at every threshold and closed forms."""

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.evaluation.metrics.pixel_level import PixelLevelFrames


def measured(maps, masks, size, weights):
    frames = PixelLevelFrames()
    for scores, mask in zip(maps, masks, strict=True):
        frames.add(scores, mask, size)
    return frames.samples(np.asarray(weights, np.uint8))


def at_size(scores, size):
    return np.stack([cv2.resize(one, size) for one in scores])


def counted(maps, masks, size):
    """AUC and equal error rate by calling pixels at every threshold that there is."""
    frames = [
        (pixels, np.zeros(pixels.shape, bool) if mask is None else mask[index])
        for scores, mask in zip(maps, masks, strict=True)
        for index, pixels in enumerate(at_size(scores, size))
    ]
    odd = sum(truth.any() for _, truth in frames)
    points = [(0.0, 0.0)]
    for threshold in sorted({float(v) for pixels, _ in frames for v in pixels.ravel()})[::-1]:
        found = false = 0
        for pixels, truth in frames:
            called = pixels >= threshold
            if truth.any():
                found += 10 * (called & truth).sum() >= 4 * truth.sum()
            else:
                false += called.any()
        points.append((false / (len(frames) - odd), found / odd))
    x, y = np.array(points).T
    auc = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    after = int(np.argmax(x + y >= 1 - 1e-12))
    step = (1 - x[after - 1] - y[after - 1]) / (x[after] + y[after] - x[after - 1] - y[after - 1])
    return auc, float(x[after - 1] + step * (x[after] - x[after - 1]))


VALUES = {
    "all differ": lambda g, shape: g.normal(size=shape),
    "ties": lambda g, shape: g.integers(0, 4, shape),
    "mostly zero": lambda g, shape: g.exponential(size=shape) * (g.random(shape) < 0.1),
    "constant": lambda g, shape: np.ones(shape),
}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("size", [(8, 6), (11, 9)], ids=["as the mask", "resized"])
def test_it_is_what_calling_pixels_at_every_threshold_counts(kind, size):
    for seed in range(3):
        generator = np.random.default_rng(seed)
        maps = [VALUES[kind](generator, (7, 6, 8)).astype(np.float32) for _ in range(4)]
        masks = []
        for scores in maps[:3]:
            mask = np.zeros((7, size[1], size[0]), bool)
            for frame in generator.choice(7, 4, replace=False):
                # 1 to 15 pixels: two fifths of them are whole pixels now and then.
                pixels = generator.choice(size[0] * size[1], generator.integers(1, 16), False)
                mask[frame].ravel()[pixels] = True
            scores[mask.any(axis=(1, 2))] += generator.choice([0, 1])
            masks.append(mask)
        masks.append(None)
        weights = [[1, 1, 1, 1], [2, 0, 1, 1], [0, 1, 0, 3]]
        found = measured(maps, masks, size, weights)
        for row, drawn in enumerate(weights):
            picked = [place for place, times in enumerate(drawn) for _ in range(times)]
            auc, error = counted([maps[i] for i in picked], [masks[i] for i in picked], size)
            assert found["pixel_level_auc"][row] == pytest.approx(auc, abs=1e-12)
            assert found["pixel_level_equal_error_rate"][row] == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize(
    ("odd", "hit", "auc"),
    # Whether so many of so many anomalous pixels are 40 %, in whole numbers.
    [
        (5, 2, 1),
        (5, 1, 0.5),
        (6, 2, 0.5),
        (6, 3, 1),
        (10, 4, 1),
        (15, 5, 0.5),
        (15, 6, 1),
        (1, 1, 1),
    ],
)
def test_two_fifths_of_the_pixels_and_not_one_less(odd, hit, auc):
    scores = np.zeros((2, 4, 5), np.float32)
    mask = np.zeros(scores.shape, bool)
    mask[0].ravel()[:odd] = True
    scores[0].ravel()[:hit] = 1
    assert measured([scores], [mask], (5, 4), [[1]])["pixel_level_auc"] == auc


def test_false_pixels_count_once_in_a_normal_frame_and_never_in_an_anomalous_one():
    mask = np.zeros((3, 4, 4), bool)
    mask[0, 0, 0] = True
    scores = np.zeros(mask.shape, np.float32)
    scores[0, 0, 0], scores[0, 1:] = 1, 9  # what is beside it in its frame does not matter
    assert measured([scores], [mask], (4, 4), [[1]])["pixel_level_auc"] == 1
    scores[1, 3, 3] = 2  # one pixel of one of two normal frames
    assert measured([scores], [mask], (4, 4), [[1]])["pixel_level_auc"] == 0.5
    scores[1] = 2
    found = measured([scores], [mask], (4, 4), [[1]])
    assert found == {"pixel_level_auc": 0.5, "pixel_level_equal_error_rate": 0.5}


def test_a_map_that_says_the_frames_score_everywhere_has_the_auc_of_the_frames():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 30, 200).astype(np.float64)
    labels = generator.random(200) < 0.3
    mask = np.zeros((200, 9, 7), bool)
    mask[labels, 3:5, 2:6] = True
    maps = np.broadcast_to(scores[:, None, None], (200, 3, 4))
    found = measured([maps], [mask], (7, 9), [[1]])["pixel_level_auc"]
    assert found == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_it_has_no_value_where_a_side_is_empty():
    scores = np.zeros((3, 4, 4), np.float32)
    for masks in ([None], [np.ones((3, 4, 4), bool)], []):
        found = measured([scores] * len(masks), masks, (4, 4), [[1] * len(masks)] * 2)
        assert all(np.isnan(part).all() and part.shape == (2,) for part in found.values())
