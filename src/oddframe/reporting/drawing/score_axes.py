"""The score axis of a timeline: which scores to show, and how to thin a long curve."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

CUT = 5.0
"""A score axis ends at this multiple of the threshold, so that one huge peak hides no other."""

MOST_CUT = 0.2
"""A video of whose frames a larger share would leave a cut axis gets a higher one of its own."""


@dataclass(frozen=True)
class ScoreAxis:
    """Lowest and highest score that is drawn; ``cut`` if higher scores leave the picture."""

    low: float
    high: float
    cut: bool = False

    def height(self, scores: np.ndarray | float) -> np.ndarray:
        """Where scores lie: 0 at the foot of the axis, 1 at its top, beyond where cut."""
        return (np.asarray(scores, dtype=np.float64) - self.low) / (self.high - self.low)

    def holding(self, curves: Iterable[np.ndarray]) -> ScoreAxis:
        """This axis, or for a video with a curve that would leave it for long, a higher one.

        The other videos keep theirs, so that one broken video flattens none of them.

        Args:
            curves: what is drawn of one video, ``(frames,)`` each.
        """
        curves = list(curves)
        kept = max(float(np.quantile(part, 1 - MOST_CUT, method="inverted_cdf")) for part in curves)
        if not self.cut or kept <= self.high:
            return self
        # Room for the bars of detections at the top, which would hide a level line.
        high = kept + 0.12 * (kept - self.low)
        return ScoreAxis(self.low, high, cut=any(float(part.max()) > high for part in curves))


def cut_note(shared: ScoreAxis, own: Iterable[ScoreAxis]) -> str:
    """What a page says of a cut axis; empty where nothing leaves the picture.

    Args:
        shared: the axis of all videos.
        own: the axis of each, from :meth:`ScoreAxis.holding`.
    """
    if not shared.cut:
        return ""
    higher = sum(axis.high > shared.high for axis in own)
    extended = ""
    if higher:
        have = "1 video has a higher axis" if higher == 1 else f"{higher} videos have higher axes"
        extended = f"; {have}, since too much would leave this one"
    return f"What is above {shared.high:.3g} leaves the picture at the top{extended}."


def score_axis(scores: Iterable[np.ndarray], threshold: float | None) -> ScoreAxis:
    """One axis for all videos, since one threshold serves them all.

    It is cut at a multiple of the threshold (see ``CUT``); a video of which much would leave it
    needs :meth:`ScoreAxis.holding`.
    """
    parts = [(float(part.min()), float(part.max())) for part in scores]
    low, high = min(part[0] for part in parts), max(part[1] for part in parts)
    if threshold is not None:
        low, high = min(low, threshold), max(high, threshold)
    if 0 < low < high / 2:
        low = 0.0
    if high <= low:
        high = low + 1.0
    if threshold is not None and low < threshold and high > low + CUT * (threshold - low):
        return ScoreAxis(low, low + CUT * (threshold - low), cut=True)
    return ScoreAxis(low, high + 0.04 * (high - low))


def thin_series(values: np.ndarray, bins: int) -> np.ndarray:
    """Indices of the frames to draw: the lowest and the highest of each bin, so no peak is lost.

    Args:
        values: ``(frames,)``.
        bins: how many equal parts the time is cut into; about one per pixel. Where there are at
            most two frames per bin, all are kept.

    Returns:
        Increasing frame indices, at most ``2 * bins + 2``, the first and the last among them.
    """
    count = len(values)
    if count <= 2 * bins:
        return np.arange(count)
    edges = np.linspace(0, count, bins + 1).astype(int)
    kept = {0, count - 1}
    for start, end in itertools.pairwise(edges.tolist()):
        part = values[start:end]
        kept.update((start + int(part.argmin()), start + int(part.argmax())))
    return np.array(sorted(kept))
