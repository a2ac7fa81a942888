"""Anomalous regions and their tracks, from annotated tracks or from pixel masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.videos.pixel_truth import Track
from oddframe.videos.video import Video


@dataclass(frozen=True)
class TruthRegions:
    """Anomalous regions of one video.

    Attributes:
        boxes: frame to ``(regions, 4)`` boxes ``x1, y1, x2, y2`` in pixels, x2 and y2 exclusive.
        owners: frame to ``(regions,)`` index of the track that each belongs to.
        tracks: how many tracks there are.
    """

    boxes: dict[int, np.ndarray]
    owners: dict[int, np.ndarray]
    tracks: int

    @property
    def regions(self) -> int:
        """Regions of all frames."""
        return sum(map(len, self.owners.values()))


def regions_from_tracks(tracks: Sequence[Track], video: Video) -> TruthRegions:
    """Regions from annotated tracks: every box is one; a track without boxes is left out.

    Raises:
        OddframeError: a box lies in a frame that the video does not have.
    """
    boxes: dict[int, list[tuple[float, float, float, float]]] = {}
    owners: dict[int, list[int]] = {}
    kept = [track for track in tracks if track.boxes]
    for index, track in enumerate(kept):
        for frame, box in track.boxes.items():
            if not 0 <= frame < video.frames:
                raise OddframeError(
                    f"{video.tracks}: track '{track.id}' has a box in frame {frame}, but video "
                    f"'{video.id}' has frames 0 to {video.frames - 1}; check the annotation"
                )
            boxes.setdefault(frame, []).append(box)
            owners.setdefault(frame, []).append(index)
    return TruthRegions(
        {frame: np.asarray(rows, dtype=float) for frame, rows in boxes.items()},
        {frame: np.asarray(rows) for frame, rows in owners.items()},
        len(kept),
    )


def regions_from_mask(mask: np.ndarray) -> TruthRegions:
    """Regions from pixel truth: 8-connected components, linked over time by overlap.

    A component continues the track of the component of the frame before that it shares most
    pixels with; each track continues in one component only, so where objects part or meet a
    track may begin or end.

    Args:
        mask: bool ``(frames, height, width)``.
    """
    boxes: dict[int, np.ndarray] = {}
    owners: dict[int, np.ndarray] = {}
    tracks = 0
    before: np.ndarray | None = None
    for frame in range(len(mask)):
        if not mask[frame].any():
            before = None
            continue
        count, marks, found, _ = cv2.connectedComponentsWithStats(mask[frame].astype(np.uint8))
        boxes[frame] = corner_boxes(found[1:])
        owner = np.full(count - 1, -1)
        if before is not None:
            for old, new in _links(before, marks):
                owner[new - 1] = owners[frame - 1][old - 1]
        fresh = owner < 0
        owner[fresh] = tracks + np.arange(fresh.sum())
        tracks += int(fresh.sum())
        owners[frame] = owner
        before = marks
    return TruthRegions(boxes, owners, tracks)


def corner_boxes(stats: np.ndarray) -> np.ndarray:
    """OpenCV component statistics (x, y, width, height, ...) as ``x1, y1, x2, y2`` floats."""
    boxes = stats[:, :4].astype(float)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def box_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes: ``(a, 4)`` and ``(b, 4)`` give ``(a, b)``."""
    a, b = first[:, None, :], second[None, :, :]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    areas = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1)
    return shared / np.maximum(areas - shared, np.finfo(float).tiny)


def _links(before: np.ndarray, after: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of component numbers of two frames, one to one, those that share most first."""
    both = (before > 0) & (after > 0)
    width = int(after.max()) + 1
    shared = np.bincount(before[both] * width + after[both])
    links: list[tuple[int, int]] = []
    for pair in np.argsort(-shared, kind="stable")[: np.count_nonzero(shared)].tolist():
        old, new = divmod(pair, width)
        if all(old != a and new != b for a, b in links):
            links.append((old, new))
    return links
