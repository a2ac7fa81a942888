import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import find_objects, label

from oddframe.evaluation.region_metrics import (
    area_to_one,
    count_regions,
    region_thresholds,
)
from oddframe.evaluation.truth_regions import TruthRegions, regions_from_mask


def one_region(box, frames):
    return TruthRegions(
        {frame: np.array([box], dtype=float) for frame in range(frames)},
        {frame: np.array([0]) for frame in range(frames)},
        1,
    )


def test_perfect_map_finds_everything():
    mask = np.zeros((4, 20, 30), dtype=bool)
    mask[1:, 5:10, 5:12] = True
    counts = count_regions(
        {"a": mask.astype(np.float32)}, {"a": regions_from_mask(mask)}, {"a": (30, 20)}
    )
    ones = np.ones((1, 1), dtype=int)
    assert counts.rbdc(ones) == pytest.approx(1)
    assert counts.tbdc(ones) == pytest.approx(1)


def test_boxes_scale_with_the_map():
    mask = np.zeros((2, 20, 30), dtype=bool)
    mask[:, 4:12, 6:18] = True
    counts = count_regions(
        {"a": mask[:, ::2, ::2].astype(np.float32)},
        {"a": regions_from_mask(mask)},
        {"a": (30, 20)},
    )
    assert counts.detected_regions.max() == 2
    assert counts.false_positives.max() == 0


def test_false_positives_come_first():
    # One false blob in each of four frames outshines the true one in the last.
    scores = np.zeros((4, 8, 8), dtype=np.float32)
    scores[:, :2, :2] = 2 + np.arange(4)[:, None, None] / 10
    scores[3, 5:8, 5:8] = 1
    truth = TruthRegions({3: np.array([[5.0, 5, 8, 8]])}, {3: np.array([0])}, 1)
    counts = count_regions({"a": scores}, {"a": truth}, {"a": (8, 8)})
    # Found only once there is one false positive per frame.
    assert counts.rbdc(np.ones((1, 1))) == pytest.approx(0)
    scores[3, 5:8, 5:8] = 2.15
    counts = count_regions({"a": scores}, {"a": truth}, {"a": (8, 8)})
    # Before it come the false positives of frames 2 and 3, not those of 0 and 1: the rate is 0
    # up to 0.25 per frame or so and 1 from 0.5 on, straight in between.
    assert counts.rbdc(np.ones((1, 1)))[0] == pytest.approx(0.5, abs=0.13)


def test_a_track_needs_a_tenth_of_its_regions():
    scores = np.zeros((20, 8, 8), dtype=np.float32)
    truth = {"a": one_region([2, 2, 6, 6], 20)}
    scores[0, 2:6, 2:6] = 1
    counts = count_regions({"a": scores}, truth, {"a": (8, 8)})
    assert (counts.detected_regions.max(), counts.detected_tracks.max()) == (1, 0)
    scores[1, 2:6, 2:6] = 1
    counts = count_regions({"a": scores}, truth, {"a": (8, 8)})
    assert (counts.detected_regions.max(), counts.detected_tracks.max()) == (2, 1)


def test_area_takes_the_best_rate_within_the_budget():
    # Rate 0.5 at 0 false positives, 0.2 at 0.5 (never worse than before), 1 at 2.
    alarms, rates = np.array([[0.5, 0, 2]]), np.array([[0.2, 0.5, 1]])
    # Flat at 0.5 up to 0.5, then up to 0.5 + 0.5 / 3 at 1.
    assert area_to_one(alarms, rates)[0] == pytest.approx(0.5 + 0.5 * (0.5 / 3) / 2)
    assert area_to_one(np.array([[0.25]]), np.array([[1.0]]))[0] == pytest.approx(0.875)
    assert np.isnan(area_to_one(np.array([[0.0]]), np.array([[np.nan]]))[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_counts_equal_brute_force(seed):
    generator = np.random.default_rng(seed)
    shape = (3, 6, 7)
    maps = {key: generator.integers(0, 5, shape).astype(np.float32) for key in "ab"}
    masks = {key: generator.random(shape) < 0.3 for key in "ab"}
    truth = {key: regions_from_mask(mask) for key, mask in masks.items()}
    counts = count_regions(maps, truth, dict.fromkeys("ab", (7, 6)))
    for column, threshold in enumerate(
        region_thresholds(maps, maps)[: counts.false_positives.shape[1]]
    ):
        for row, key in enumerate("ab"):
            detected, tracks, false = brute_force(maps[key] > threshold, truth[key])
            assert counts.detected_regions[row, column] == detected
            assert counts.detected_tracks[row, column] == tracks
            assert counts.false_positives[row, column] == false


def brute_force(above, truth):
    """Counts by sets of pixels instead of box arithmetic."""
    detected, false = 0, 0
    hits = np.zeros(truth.tracks)
    lengths = np.zeros(truth.tracks)
    for frame, image in enumerate(above):
        found = [box_pixels(part) for part in find_objects(label(image, np.ones((3, 3)))[0])]
        known = [
            {(y, x) for y in range(int(y1), int(y2)) for x in range(int(x1), int(x2))}
            for x1, y1, x2, y2 in truth.boxes.get(frame, ())
        ]
        fits = [[len(a & b) >= 0.1 * len(a | b) for b in known] for a in found]
        false += sum(not any(row) for row in fits)
        for index in range(len(known)):
            owner = truth.owners[frame][index]
            lengths[owner] += 1
            if any(row[index] for row in fits):
                detected += 1
                hits[owner] += 1
    return detected, int((10 * hits >= lengths).sum()), false


def box_pixels(part):
    rows, columns = part
    return {
        (y, x) for y in range(rows.start, rows.stop) for x in range(columns.start, columns.stop)
    }


def test_resamples_weigh_videos():
    good = np.zeros((5, 8, 8), dtype=np.float32)
    good[:, 2:6, 2:6] = 1
    maps = {"good": good, "blind": np.zeros_like(good)}
    truth = {key: one_region([2, 2, 6, 6], 5) for key in maps}
    counts = count_regions(maps, truth, dict.fromkeys(maps, (8, 8)))
    assert counts.rbdc(np.array([[1, 1], [2, 0], [0, 2]])) == pytest.approx([0.5, 1, 0])
