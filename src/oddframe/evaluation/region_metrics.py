"""Region-based and track-based detection (Ramachandra and Jones, WACV 2020, "Street Scene").

At a threshold the detected regions of a frame are the 8-connected components of its score map.
A true region is detected if a detected one overlaps it with an IoU of at least 0.1; a detected
region that overlaps no true one so far is a false positive; a track is detected if at least
10 % of its regions are. RBDC and TBDC are the areas under the detection rate of regions and of
tracks over false positives per frame, from 0 to 1. Regions are compared by their bounding boxes.

Detection rates do not always grow with false positives, since a component that grows may stop
fitting its region. The curve is therefore the best rate at no more than that many false
positives, straight between measured thresholds, and level behind the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.evaluation.bootstrap import divide, weighted
from oddframe.evaluation.order_statistics import values_at_ranks
from oddframe.evaluation.pixel_metrics import at_least_float32, resize_map
from oddframe.evaluation.truth_regions import TruthRegions, box_iou, corner_boxes

REGION_IOU = 0.1
TRACK_SHARE = 0.1
LONGEST = 120
"""Larger maps are reduced to this longer side before their components are sought."""
STEPS = 10
"""Thresholds per frame's worth of local maxima."""
BATCH = 8
"""Thresholds handled before looking whether there are enough false positives."""
ENOUGH = 1.5
"""False positives per frame at which to stop; resamples may reach 1 later than the data do."""


@dataclass(frozen=True)
class RegionCounts:
    """Counts by video and threshold, thresholds falling; each ``(videos, thresholds)``.

    Attributes:
        detected_regions, detected_tracks, false_positives: at that threshold.
        regions, tracks, frames: ``(videos,)`` totals.
    """

    detected_regions: np.ndarray
    detected_tracks: np.ndarray
    false_positives: np.ndarray
    regions: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray

    def rbdc(self, weights: np.ndarray) -> np.ndarray:
        """Region-based detection criterion of each resample, NaN without regions."""
        return self._area(weights, self.detected_regions, self.regions)

    def tbdc(self, weights: np.ndarray) -> np.ndarray:
        """Track-based detection criterion of each resample, NaN without tracks."""
        return self._area(weights, self.detected_tracks, self.tracks)

    def _area(self, weights: np.ndarray, found: np.ndarray, total: np.ndarray) -> np.ndarray:
        frames, regions = weighted(weights, self.frames), weighted(weights, total)
        alarms = divide(weighted(weights, self.false_positives), frames[:, None])
        rates = divide(weighted(weights, found), regions[:, None])
        return area_to_one(alarms, rates)


def area_to_one(alarms: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Area under the best rate at no more than x false positives per frame, x from 0 to 1.

    Args:
        alarms: false positives per frame, ``(curves, points)`` in any order.
        rates: detection rates, ``(curves, points)``.
    """
    order = np.argsort(alarms, axis=1, kind="stable")
    start = np.zeros((len(alarms), 1))
    x = np.concatenate((start, np.take_along_axis(alarms, order, axis=1)), axis=1)
    y = np.concatenate((start, np.take_along_axis(rates, order, axis=1)), axis=1)
    y = np.maximum.accumulate(y, axis=1)
    x0, x1, y0, y1 = x[:, :-1], x[:, 1:], y[:, :-1], y[:, 1:]
    end = np.minimum(x1, 1)
    width = np.maximum(end - x0, 0)
    slope = np.divide(y1 - y0, x1 - x0, out=np.zeros_like(x1), where=x1 > x0)
    area = np.sum(width * (y0 + 0.5 * slope * width), axis=1)
    return area + np.maximum(1 - x[:, -1], 0) * y[:, -1]


def count_regions(
    maps: Mapping[str, np.ndarray],
    truth: Mapping[str, TruthRegions],
    sizes: Mapping[str, tuple[int, int]],
) -> RegionCounts:
    """Count detected regions, tracks and false positives at falling thresholds.

    Args:
        maps: video id to score maps ``(frames, h, w)``, which are asked for one by one, several
            times; those without truth are left out.
        truth: id to the true regions, of each video that counts.
        sizes: id to the (width, height) that the true boxes are measured in.
    """
    thresholds = region_thresholds(maps, truth)
    lengths = np.array([len(maps[key]) for key in truth])
    parts: list[np.ndarray] = []
    for start in range(0, len(thresholds), BATCH):
        batch = thresholds[start : start + BATCH]
        parts.append(
            np.stack([_count(maps[key], truth[key], sizes[key], batch) for key in truth], axis=1)
        )
        if parts[-1][2, :, -1].sum() > ENOUGH * lengths.sum():
            break
    counts = np.concatenate(parts, axis=2)
    return RegionCounts(
        counts[0],
        counts[1],
        counts[2],
        np.array([part.regions for part in truth.values()]),
        np.array([part.tracks for part in truth.values()]),
        lengths,
    )


def region_thresholds(maps: Mapping[str, np.ndarray], keys: Iterable[str]) -> np.ndarray:
    """Thresholds, highest first: local maxima, since a component appears at each of them.

    The first have evenly spaced ranks, :data:`STEPS` per frame; behind two maxima per frame the
    steps grow by a twentieth each.

    Args:
        maps: video id to score maps ``(frames, h, w)``.
        keys: the videos.
    """
    kernel = np.ones((3, 3), np.uint8)
    keys = list(keys)

    def peaks() -> Iterator[np.ndarray]:
        for key in keys:
            for one in maps[key]:
                frame = shrink_map(one)
                yield np.unique(frame[frame >= cv2.dilate(frame, kernel)])

    def ranks(maxima: int) -> list[int]:
        frames = sum(len(maps[key]) for key in keys)
        chosen, step = [], frames / STEPS
        rank = step
        while rank < maxima:
            chosen.append(int(rank))
            if rank > 2 * frames:
                step *= 1.05
            rank += step
        return [*chosen, maxima - 1]

    wide = any(maps[key].dtype == np.float64 for key in keys)
    return np.unique(values_at_ranks(peaks, ranks, np.float64 if wide else np.float32))[::-1]


def shrink_map(scores: np.ndarray) -> np.ndarray:
    """One score map, its longer side at most :data:`LONGEST` pixels, by averaging."""
    share = LONGEST / max(scores.shape)
    if share >= 1:
        return at_least_float32(scores)
    height, width = (max(1, round(share * side)) for side in scores.shape)
    return resize_map(scores, (width, height))


def _count(
    scores: np.ndarray, truth: TruthRegions, size: tuple[int, int], thresholds: np.ndarray
) -> np.ndarray:
    """Detected regions, detected tracks, false positives of one video: ``(3, thresholds)``."""
    detected = np.zeros(len(thresholds), dtype=np.int64)
    false = np.zeros(len(thresholds), dtype=np.int64)
    hits = np.zeros((truth.tracks, len(thresholds)), dtype=np.int64)
    lengths = np.zeros(truth.tracks, dtype=np.int64)
    for owners in truth.owners.values():
        np.add.at(lengths, owners, 1)
    for frame in range(len(scores)):
        image = shrink_map(scores[frame])
        passed = np.flatnonzero(thresholds < image.max())
        if not len(passed):
            continue
        found = [
            cv2.connectedComponentsWithStats((image > thresholds[index]).view(np.uint8))[2][1:]
            for index in passed
        ]
        step = np.repeat(passed, [len(part) for part in found])
        if frame not in truth.boxes:
            false += np.bincount(step, minlength=len(thresholds))
            continue
        scale = np.array([size[0] / image.shape[1], size[1] / image.shape[0]] * 2)
        fits = box_iou(corner_boxes(np.concatenate(found)) * scale, truth.boxes[frame])
        fits = fits >= REGION_IOU
        false += np.bincount(step[~fits.any(axis=1)], minlength=len(thresholds))
        caught = np.zeros((len(thresholds), fits.shape[1]), dtype=bool)
        boxes, regions = np.nonzero(fits)
        caught[step[boxes], regions] = True
        detected += caught.sum(axis=1)
        np.add.at(hits, truth.owners[frame], caught.T)
    tracks = (hits / lengths[:, None] >= TRACK_SHARE).sum(axis=0)
    return np.stack((detected, tracks, false))
