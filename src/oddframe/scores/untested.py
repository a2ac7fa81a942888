"""Frames that nothing was found out about: no alarm comes of one, whatever the threshold is.

Their scores say nothing, and stay as the detector gave them; wherever a score is held against a
threshold, they are out of the way (:func:`silenced`), and what draws scores leaves them plain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from oddframe.files.plain_values import typed

UNTESTED = "untested"
"""In ``meta`` of scores: video id to ``[start, end)`` of these frames."""

Spans = Sequence[tuple[int, int]]


def untested_spans(meta: Mapping[str, Any]) -> Mapping[str, Spans]:
    """Video id to the frames ``[start, end)`` that were not tested; videos without any may lack.

    Raises:
        OddframeError: something else is there.
    """
    return typed(
        meta.get(UNTESTED) or {},
        dict[str, list[tuple[int, int]]],
        f"'{UNTESTED}' in the meta data",
    )


def with_untested(meta: Mapping[str, Any], spans: Mapping[str, Spans]) -> dict[str, Any]:
    """Meta data that name these frames; videos of which all were tested are left out."""
    rows = {name: [list(span) for span in part] for name, part in spans.items() if part}
    named = {key: value for key, value in meta.items() if key != UNTESTED}
    return named | ({UNTESTED: rows} if rows else {})


def spans_of(tested: np.ndarray) -> tuple[tuple[int, int], ...]:
    """The frames ``[start, end)`` that were not tested.

    Args:
        tested: bool ``(frames,)``.
    """
    edges = np.flatnonzero(np.diff(tested, prepend=True, append=True)).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def were_tested(spans: Iterable[tuple[int, int]], frames: int) -> np.ndarray:
    """Which frames of a video were tested, bool ``(frames,)``; spans may lie beyond its ends."""
    tested = np.ones(frames, bool)
    for start, end in spans:
        tested[max(start, 0) : max(end, 0)] = False
    return tested


def untested_videos(meta: Mapping[str, Any], frames: Mapping[str, int]) -> list[str]:
    """Ids of the videos in which no frame at all was tested.

    Args:
        meta: what travels with the scores.
        frames: video id to how many frames it has.
    """
    spans = untested_spans(meta)
    return [n for n, many in frames.items() if not were_tested(spans.get(n, ()), many).any()]


def silenced(
    scores: Sequence[tuple[np.ndarray, np.ndarray]], threshold: float = math.inf
) -> list[np.ndarray]:
    """Scores in which untested frames are as low as the lowest that was tested, in any video.

    Args:
        scores: scores ``(frames,)`` and bool ``(frames,)``, which were tested, of each video.
        threshold: what scores are held against, if it is known: no untested frame is above it,
            even where no frame at all was tested.
    """
    lowest = min([threshold, *(float(v[t].min()) for v, t in scores if t.any())])
    return [np.where(tested, values, np.minimum(values, lowest)) for values, tested in scores]
