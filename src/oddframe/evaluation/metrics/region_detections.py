"""What the regions of one score map detect, at every threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.metrics.component_states import component_states
from oddframe.evaluation.metrics.pixel_metrics import resize_map
from oddframe.evaluation.metrics.truth_regions import box_iou

REGION_IOU = 0.1
LONGEST: int = 120
"""Longer side of the grid on which regions are sought, in pixels, at most."""


@dataclass(frozen=True)
class RegionDetections:
    """Regions of a map, one row each time that one begins to fit a true region or no longer does.

    Attributes:
        born, died: ``(rows,)``; a row holds at thresholds t with ``died <= t < born``.
        fits: bool ``(rows, true regions)``; one that fits none is a false positive.
        lowest: the lowest score of the map.
    """

    born: np.ndarray
    died: np.ndarray
    fits: np.ndarray
    lowest: float

    @property
    def false(self) -> np.ndarray:
        """Bool ``(rows,)``: the false positives."""
        return np.logical_not(self.fits.any(axis=1))

    def count(self, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """False positives ``(thresholds,)``; whether each true region is found, (regions, same).

        Args:
            thresholds: falling.
        """
        starts = np.searchsorted(-thresholds, -self.born, side="right")
        stops = np.searchsorted(-thresholds, -self.died, side="right")

        def present(rows: np.ndarray) -> np.ndarray:
            begun, ended = (
                np.bincount(ends[rows], minlength=len(thresholds) + 1) for ends in (starts, stops)
            )
            return np.cumsum(begun - ended)[:-1]

        found = [present(fits) > 0 for fits in self.fits.T]
        return present(self.false), np.array(found, bool).reshape(-1, len(thresholds))


def on_grid(scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One score map of a video of that (width, height), on the grid of all maps of such videos.

    As for pixel AUC, a map is first brought to the size of the video's frames, so that it does not
    matter at which size it is stored; then a longer side of more than :data:`LONGEST` is reduced to
    that, by averaging.
    """
    whole = resize_map(scores, size)
    share = min(1.0, LONGEST / max(size))
    return resize_map(whole, (max(1, round(share * size[0])), max(1, round(share * size[1]))))


def detect_regions(
    scores: np.ndarray, truth: np.ndarray | None, size: tuple[int, int]
) -> RegionDetections:
    """The regions of one score map.

    Args:
        scores: ``(h, w)``, of any size.
        truth: ``(regions, 4)`` boxes of the true regions in pixels of the frame; None for none.
        size: (width, height) of the frame.
    """
    image = on_grid(scores, size)
    states = component_states(image)
    boxes = states.boxes * np.tile(np.divide(size, image.shape[::-1]), 2)
    fits = box_iou(boxes, np.empty((0, 4)) if truth is None else truth) >= REGION_IOU
    kept = np.flatnonzero(states.first | np.append(True, (fits[1:] != fits[:-1]).any(axis=1)))
    last = np.append(kept[1:], len(fits)) - 1
    return RegionDetections(states.born[kept], states.died[last], fits[kept], image.min())
