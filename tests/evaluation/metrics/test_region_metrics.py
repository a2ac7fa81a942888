from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import find_objects, label

from oddframe.evaluation.metrics import region_metrics
from oddframe.evaluation.metrics.region_metrics import (
    area_to_one,
    count_regions,
    region_thresholds,
)
from oddframe.evaluation.metrics.truth_regions import TruthRegions, regions_from_mask


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


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1))
def test_area_equals_that_by_hand(counts):
    points = [(Fraction(false, 8), Fraction(found, 6)) for false, found in counts]
    alarms, rates = np.array(points, dtype=float).T[:, None]
    assert area_to_one(alarms, rates)[0] == pytest.approx(float(area_by_hand(points)), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_counts_equal_brute_force(seed):
    generator = np.random.default_rng(seed)
    shape = (3, 6, 7)
    maps = {key: generator.integers(0, 5, shape).astype(np.float32) for key in "ab"}
    masks = {key: generator.random(shape) < 0.3 for key in "ab"}
    truth = {key: regions_from_mask(mask) for key, mask in masks.items()}
    sizes = dict.fromkeys("ab", (7, 6))
    counts = count_regions(maps, truth, sizes)
    for column, threshold in enumerate(region_thresholds(maps, truth, sizes)):
        for row, key in enumerate("ab"):
            detected, tracks, false = brute_force(maps[key] > threshold, truth[key])
            assert counts.detected_regions[row, column] == detected
            assert counts.detected_tracks[row, column] == tracks
            assert counts.false_positives[row, column] == false


@pytest.mark.parametrize("seed", range(20))
def test_areas_equal_those_over_every_threshold(seed):
    """Blobs that rise, move and meet, on noise or on nothing, against every value of the maps."""
    maps, masks = blobs(np.random.default_rng(seed))
    maps = {key: np.round(10 * part) for key, part in maps.items()}  # to count them in seconds
    truth = {key: regions_from_mask(mask) for key, mask in masks.items()}
    counts = count_regions(maps, truth, dict.fromkeys(maps, (16, 12)))
    every = [
        np.sum([brute_force(maps[key] > threshold, truth[key]) for key in maps], axis=0).tolist()
        for threshold in np.unique(np.stack(list(maps.values())))[::-1]
    ]
    frames = sum(map(len, maps.values()))
    regions, tracks = (
        sum(getattr(part, name) for part in truth.values()) for name in ("regions", "tracks")
    )
    ones = np.ones((1, len(maps)))
    points = [(Fraction(false, frames), Fraction(found, regions)) for found, _, false in every]
    assert counts.rbdc(ones)[0] == pytest.approx(float(area_by_hand(points)), abs=1e-12)
    points = [(Fraction(false, frames), Fraction(found, tracks)) for _, found, false in every]
    assert counts.tbdc(ones)[0] == pytest.approx(float(area_by_hand(points)), abs=1e-12)


def area_by_hand(points):
    """Trapezium by trapezium, in fractions: the best rate within each number of false positives.

    Args:
        points: (false positives per frame, rate) of falling thresholds.
    """
    points = [(Fraction(0), Fraction(0)), *points]
    stops = sorted({x for x, _ in points})

    def best(budget):
        return max(rate for x, rate in points if x <= budget)

    area = max(1 - stops[-1], 0) * best(stops[-1])  # level behind the last
    for start, stop in pairwise(stops):
        # The line comes in at the first point of that many, and never goes down.
        low = best(start)
        high = max(low, next(rate for x, rate in points if x == stop))
        end = min(stop, Fraction(1))
        if start < end:
            at_end = low + (high - low) * (end - start) / (stop - start)
            area += (end - start) * (low + at_end) / 2
    return area


def blobs(generator, frames=4, size=(16, 12)):
    """Score maps and masks of two videos: one true blob, and false ones, in most frames."""
    columns, rows = np.meshgrid(*map(np.arange, size))
    maps, masks = {}, {}
    for key in "ab":
        noise = generator.normal(size=(frames, *size[::-1])).astype(np.float32)
        maps[key] = noise * generator.choice([0, 0.05, 0.3])
        masks[key] = np.zeros(noise.shape, bool)
        x, y, width = generator.uniform((3, 3, 1), (size[0] - 3, size[1] - 3, 3))
        for frame in range(frames):
            around = (columns - x - frame) ** 2 + (rows - y) ** 2
            maps[key][frame] += generator.uniform(0.5, 2) * np.exp(-around / width**2)
            masks[key][frame] = around < width**2
            for _ in range(generator.poisson(1)):
                a, b, wide = generator.uniform((0, 0, 1), (*size, 3))
                around = (columns - a) ** 2 + (rows - b) ** 2
                maps[key][frame] += generator.exponential() * np.exp(-around / wide**2)
    return maps, masks


def test_an_identical_tent_in_every_frame_is_found():
    # No threshold that is a local maximum has anything above it.
    columns, rows = np.meshgrid(np.arange(20), np.arange(16))
    tent = np.maximum(0, 12 - np.maximum(abs(columns - 9), abs(rows - 7))).astype(np.float32)
    counts = count_regions(
        {"a": np.stack([tent, tent])}, {"a": one_region([6, 4, 13, 11], 2)}, {"a": (20, 16)}
    )
    ones = np.ones((1, 1))
    assert (counts.rbdc(ones)[0], counts.tbdc(ones)[0]) == (1, 1)


def test_many_levels_are_thinned_and_many_frames_sampled(monkeypatch):
    generator = np.random.default_rng(0)
    maps, masks = blobs(generator, frames=60)
    truth = {key: regions_from_mask(mask) for key, mask in masks.items()}
    sizes = dict.fromkeys(maps, (16, 12))
    ones = np.ones((1, 2))
    every = count_regions(maps, truth, sizes)
    monkeypatch.setattr(region_metrics, "THRESHOLDS", 100)
    monkeypatch.setattr(region_metrics, "SAMPLED_FRAMES", 60)
    some = count_regions(maps, truth, sizes)
    assert every.false_positives.shape[1] > 150
    assert some.false_positives.shape[1] == 100
    assert some.rbdc(ones) == pytest.approx(every.rbdc(ones), abs=0.02)
    assert some.tbdc(ones) == pytest.approx(every.tbdc(ones), abs=0.02)


def test_what_a_map_is_stored_at_does_not_matter():
    """Maps as a detector stores them, and the same ones made larger, as others store theirs."""
    small = {
        key: np.stack([cv2.resize(one, (8, 6)) for one in part])
        for key, part in blobs(np.random.default_rng(3), frames=8)[0].items()
    }
    size = (160, 120)
    mask = np.stack([cv2.resize(part, size) for part in small["a"]]) > 0.5
    truth = {key: regions_from_mask(mask) for key in small}
    ones, found = np.ones((1, 2)), []
    for stored in ((8, 6), (40, 30), (120, 90), size, (320, 240)):
        maps = {
            key: np.stack([cv2.resize(one, stored) for one in part]) for key, part in small.items()
        }
        counts = count_regions(maps, truth, dict.fromkeys(maps, size))
        found.append((counts.rbdc(ones)[0], counts.tbdc(ones)[0]))
    assert 0.1 < found[0][0] < 0.9
    np.testing.assert_allclose(found, [found[0]] * len(found), atol=0.02)


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
