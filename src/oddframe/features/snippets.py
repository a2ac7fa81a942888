"""Snippets against frames: which frames a snippet describes, and how many snippets there are."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock

PUBLISHED_SNIPPET = 16
"""Frames per snippet, without overlap, of every published folder."""
_ROUNDING = 1e-6
"""Seconds, or frames: what sums of seconds may be wrong by."""


def shown_frames(clock: Clock, rate: float) -> np.ndarray:
    """The native frame that each frame of a video shows once it is resampled in time.

    Time that was not filmed is left out. Of a regular video, frame ``j`` shows
    ``floor(j * fps / rate)``.

    Args:
        clock: when the frames are shown.
        rate: frames per second to resample to.

    Returns:
        int64 ``(resampled frames,)``, ascending.
    """
    if clock.is_regular:
        step = _step(clock, rate)
        count = -(-clock.frames * step.denominator // step.numerator)
        return np.arange(count) * step.numerator // step.denominator
    moments = np.arange(math.ceil(clock.length * rate - _ROUNDING)) / rate
    return clock.filmed_by(moments + _ROUNDING)


def frames_at(clock: Clock, rate: float) -> np.ndarray:
    """The resampled frame that is on at the time of each native one; int64 ``(frames,)``."""
    if clock.is_regular:
        step = _step(clock, rate)
        return np.arange(clock.frames) * step.denominator // step.numerator
    return np.floor(clock.filmed * rate + _ROUNDING).astype(np.int64)


def _step(clock: Clock, rate: float) -> Fraction:
    """Native frames per resampled frame, exact: a float would drift over hours."""
    return Fraction(clock.fps).limit_denominator(1001) / Fraction(rate).limit_denominator(1001)


def expected_snippets(frames: int, stride: int = PUBLISHED_SNIPPET) -> tuple[int, int]:
    """The two accepted snippet counts: incomplete last snippet dropped, or padded."""
    return max(frames // stride, 1), -(-frames // stride)


def check_snippets(
    video_id: str,
    snippets: int,
    frames: int,
    stride: int = PUBLISHED_SNIPPET,
    *,
    drops_a_frame: bool = False,
) -> None:
    """Check a snippet count against the true frame count.

    Args:
        video_id: named in the error.
        snippets, frames: the two counts.
        stride: frames from snippet to snippet.
        drops_a_frame: the features may describe one frame less than the video has.

    Raises:
        OddframeError: the count is neither the floor nor the ceiling of ``frames / stride``.
    """
    low, high = expected_snippets(frames, stride)
    if drops_a_frame:
        low = expected_snippets(frames - 1, stride)[0]
    if not low <= snippets <= high:
        wanted = str(high) if low == high else f"{low} to {high}"
        raise OddframeError(
            f"video '{video_id}': its features have {snippets} snippets but its {frames} frames "
            f"make {wanted} snippets of {stride} frames; the features belong to another version "
            "of the video, or the frame count is wrong"
        )
