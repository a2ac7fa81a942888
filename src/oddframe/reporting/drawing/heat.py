"""Score maps drawn over pictures, on one scale for all frames that is tied to the threshold."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from oddframe.pages.colours import HEAT

_STEPS_PER_UNIT = 64
_LEVELS = np.arange(int(HEAT[-1][0] * _STEPS_PER_UNIT) + 1) / _STEPS_PER_UNIT
_STOPS = [level for level, _, _ in HEAT]
_COLOURS = np.stack(
    [np.interp(_LEVELS, _STOPS, [colour[c] for _, colour, _ in HEAT]) for c in range(3)], axis=1
).astype(np.float32)
_OPACITY = np.interp(_LEVELS, _STOPS, [opacity for _, _, opacity in HEAT]).astype(np.float32)


def heat_reference(threshold: float | None, scores: Iterable[np.ndarray]) -> float | None:
    """The map value that is drawn clearly visible: the threshold, so that colour means "odd".

    Without a positive threshold it is the highest score, so that the oddest place of the whole
    recording stands out, and what has less than half of it stays clear. None if no score is
    positive.
    """
    if threshold is not None and threshold > 0:
        return float(threshold)
    peak = max((float(np.max(part)) for part in scores), default=0.0)
    return peak if peak > 0 else None


def shows_heat(score_map: np.ndarray, reference: float) -> bool:
    """Whether anything of the map is drawn."""
    return bool(np.max(score_map) > _STOPS[0] * reference)


def overlay_heat(image: np.ndarray, score_map: np.ndarray, reference: float) -> np.ndarray:
    """A copy of the image with the score map over it.

    Args:
        image: uint8 RGB ``(height, width, 3)``.
        score_map: ``(h, w)``, stretched over the image; values on the scale of the scores.
        reference: value that is drawn clearly visible; below half of it nothing is drawn.
    """
    result = image.copy()
    if not shows_heat(score_map, reference):
        return result
    levels = np.asarray(score_map, dtype=np.float32) / reference
    height, width = image.shape[:2]
    wide = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    rows, columns = (np.flatnonzero((wide > _STOPS[0]).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return result
    # Only the coloured rectangle is blended: most of most frames is calm.
    place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    steps = np.clip(wide[place] * _STEPS_PER_UNIT, 0, len(_LEVELS) - 1).astype(np.intp)
    opacity = _OPACITY[steps][..., None]
    blended = image[place] * (1 - opacity) + _COLOURS[steps] * opacity
    result[place] = np.rint(blended).astype(np.uint8)
    return result
