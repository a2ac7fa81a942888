"""Region-based and track-based detection (Ramachandra and Jones, WACV 2020, "Street Scene").

At a threshold the detected regions of a frame are the 8-connected components of its score map.
A true region is detected if a detected one overlaps it with an IoU of at least 0.1; a detected
region that overlaps no true one so far is a false positive; a track is detected if at least
10 % of its regions are. RBDC and TBDC are the areas under the detection rate of regions and of
tracks over false positives per frame, from 0 to 1. Regions are compared by their bounding boxes.

Detection rates do not always grow with false positives, since a component that grows may stop
fitting its region. The curve is therefore the best rate at no more than that many false
positives, straight between thresholds, and level behind the last. Thresholds are all scores of the
maps at which a count changes: what a region detects is known at each (:mod:`component_states`).
Where there are more than :data:`THRESHOLDS`, so many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.bootstrap import ROWS, divide, weighted
from oddframe.evaluation.metrics.region_detections import detect_regions
from oddframe.evaluation.metrics.truth_regions import TruthRegions

TRACK_SHARE = 0.1
THRESHOLDS: int = 1000
"""Thresholds at most, since every resample has its own curve over them."""
SAMPLED_FRAMES = 1024
"""Frames that the thresholds come from where there are more, at least one of each video."""
ENOUGH = 1.5
"""False positives per frame up to which to look; resamples may reach 1 later than the data do."""


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
        # Some at a time: the areas of all resamples at once would take some 100 MB.
        parts = [slice(start, start + ROWS) for start in range(0, len(alarms), ROWS)]
        return np.concatenate([area_to_one(alarms[part], rates[part]) for part in parts])


def area_to_one(alarms: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Area under the best rate at no more than x false positives per frame, x from 0 to 1.

    Args:
        alarms: false positives per frame, ``(curves, points)``, of falling thresholds: of points
            with as many, the line comes in at the first and goes straight up to the best.
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
        maps: video id to score maps ``(frames, h, w)``, which are asked for one by one, twice;
            those without truth are left out.
        truth: id to the true regions, of each video that counts.
        sizes: id to the (width, height) that the true boxes are measured in.
    """
    thresholds = region_thresholds(maps, truth, sizes)
    counts = np.stack(
        [_count(maps[key], truth[key], sizes[key], thresholds) for key in truth], axis=1
    )
    return RegionCounts(
        counts[0],
        counts[1],
        counts[2],
        np.array([part.regions for part in truth.values()]),
        np.array([part.tracks for part in truth.values()]),
        np.array([len(maps[key]) for key in truth]),
    )


def region_thresholds(
    maps: Mapping[str, np.ndarray],
    truth: Mapping[str, TruthRegions],
    sizes: Mapping[str, tuple[int, int]],
) -> np.ndarray:
    """Thresholds, highest first: every value of the maps at which a count changes.

    Where these are more than :data:`THRESHOLDS`, evenly spaced ones of them; of very many frames
    only some are asked. Those with more false positives than the area reaches are left out.

    Args:
        maps, truth, sizes: see :func:`count_regions`.
    """
    share = min(1.0, SAMPLED_FRAMES / sum(len(maps[key]) for key in truth))
    frames, lowest = 0, np.inf
    levels: list[np.ndarray] = []
    changes: list[np.ndarray] = []  # of the false positives, below the level
    for key, known in truth.items():
        scores = maps[key]
        few = max(1, round(len(scores) * share))
        for frame in ((np.arange(few) + 0.5) * len(scores) / few).astype(int).tolist():
            found = detect_regions(scores[frame], known.boxes.get(frame), sizes[key])
            levels += [found.born, found.died]
            changes += [found.false.astype(np.int64), -found.false.astype(np.int64)]
            frames, lowest = frames + 1, min(lowest, found.lowest)
    # What never dies does so below every threshold.
    falls = np.maximum(np.concatenate(levels), lowest)
    values, places = np.unique(falls, return_inverse=True)
    change = np.bincount(places, np.concatenate(changes))[::-1]
    values, false = values[::-1], np.cumsum(change) - change  # those born above the value
    least = min(false[false > frames], default=0)  # the curve goes on to there
    kept = values[false <= max(ENOUGH * frames, least)]
    if len(kept) <= THRESHOLDS:
        return kept
    return kept[np.linspace(0, len(kept) - 1, THRESHOLDS).round().astype(int)]


def _count(
    scores: np.ndarray, truth: TruthRegions, size: tuple[int, int], thresholds: np.ndarray
) -> np.ndarray:
    """Detected regions, detected tracks, false positives of one video: ``(3, thresholds)``."""
    detected = np.zeros(len(thresholds), dtype=np.int32)
    false = np.zeros(len(thresholds), dtype=np.int32)
    hits = np.zeros((truth.tracks, len(thresholds)), dtype=np.int32)
    lengths = np.zeros(truth.tracks, dtype=np.int64)
    for owners in truth.owners.values():
        np.add.at(lengths, owners, 1)
    for frame in range(len(scores)):
        found = detect_regions(scores[frame], truth.boxes.get(frame), size)
        unfit, caught = found.count(thresholds)
        false += unfit
        detected += caught.sum(axis=0)
        if len(caught):
            np.add.at(hits, truth.owners[frame], caught)
    tracks = (hits / lengths[:, None] >= TRACK_SHARE).sum(axis=0, dtype=np.int32)
    return np.stack((detected, tracks, false))
