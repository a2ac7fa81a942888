"""Calibration: whether normal footage is as rarely surprising as its scores promise.

A score that is a surprise, ``-log10 p``, promises that of normal frames the share p scores as high
or higher (:mod:`oddframe.calibration.threshold`). Counted on normal frames that the detector has
not seen, the share that does is drawn over the share promised, both as surprises: on the diagonal
the promise is kept, below it normal footage scores high more often. It goes up to one frame in a
hundred: beyond that scores may be of what lasts, and are counted in alarms and not in frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from oddframe.evaluation.bootstrap import ratio
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Draws, summarise
from oddframe.evaluation.result import Curve
from oddframe.scores.frame_scores import Scores

NAME = "surprise"
"""Name of the curve."""
_STEP = 0.1
_MOST = 2.0
"""The highest surprise that is of frames."""


def are_surprises(meta: Mapping[str, Any]) -> bool:
    """Whether scores with this ``meta`` say how rare they are in normal footage."""
    return "surprise" in str(meta.get("normalisation", "")).lower()


def surprise_curve(scores: Scores, truth: Truth, draws: Draws) -> dict[str, Curve]:
    """The curve under its name; none where scores are no surprises or no frame is normal.

    It ends at one frame in a hundred, where no normal frame scores as high, or where a tenth of one
    would have to.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        draws: the resamples.
    """
    if not are_surprises(scores.meta) or truth.labels.all():
        return {}
    normal = [
        np.sort(scores[video.id][~labels])
        for video, labels in zip(truth.videos, truth.each(), strict=True)
    ]
    frames = np.array([len(part) for part in normal])
    highest = max(float(part[-1]) for part in normal if len(part))
    last = min(highest, np.log10(frames.sum()) + 1, _MOST)
    promised = (np.arange(max(int(last / _STEP), 0) + 1) * _STEP).astype(np.float32)
    above = np.array([len(part) - np.searchsorted(part, promised, side="left") for part in normal])
    names = [str(place) for place in range(len(promised))]
    shares = {
        name: ratio(draws.weights, part, frames) for name, part in zip(names, above.T, strict=True)
    }
    parts = list(summarise(shares, draws, lambda _: "needs normal frames").values())
    # A high share is a low surprise, so the interval's ends change places.
    return {
        NAME: Curve(
            [round(float(value), 4) for value in promised],
            [_surprise(float(part[0])) for part in shares.values()],
            *([_end(getattr(part, end)) for part in parts] for end in ("high", "low")),
        )
    }


def _surprise(share: float) -> float:
    return round(float(-np.log10(share)), 6) + 0.0  # and no negative zero


def _end(share: float | None) -> float | None:
    return None if not share else _surprise(share)
