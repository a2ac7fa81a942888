"""Times of frames as knots, ``(frame, seconds)``: made from a recording's times, and read back."""

from __future__ import annotations

import itertools

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed

JUMP_SECONDS = 2.0
"""The shortest step that can be a jump."""
_TIMES_LONGER = 4.0
"""How many times a jump is longer than the median of the steps from two before to two after it."""
_SHORTEST = 1e-5
"""Seconds: a step that is shorter is none."""

Knots = tuple[tuple[int, float], ...]


def is_jump(steps: np.ndarray, at: int) -> bool:
    """Whether a step is time that was not filmed.

    Args:
        steps: seconds from one frame to the next.
        at: which of them; two before and two after it are looked at, where there are so many.
    """
    # Not the mean or the nearest: a single frame may have been filmed between two jumps, and
    # a camera that lowers its rate to a frame in three seconds does not jump.
    near = np.median(steps[max(at - 2, 0) : at + 3])
    return bool(steps[at] > JUMP_SECONDS and steps[at] > _TIMES_LONGER * near)


def steps_of(times: np.ndarray, otherwise: float) -> tuple[np.ndarray, float]:
    """Positive steps from frame to frame, and the typical one.

    A recorder that stamps whole seconds gives many frames one time: they share the step after
    them. If that is a jump, they last as is usual before it.
    """
    raw = np.diff(times)
    moves = np.flatnonzero(np.abs(raw) > _SHORTEST)
    sharing = np.diff(moves, prepend=-1)  # the move itself and the frames without one before it
    total = np.where(raw[moves] > 0, raw[moves], np.nan)
    steps = np.full(raw.size, np.nan)
    steps[: sharing.sum()] = np.repeat(total / sharing, sharing)
    typical = _typical(steps[np.isfinite(steps)], otherwise)
    jumps = (sharing > 1) & (total > JUMP_SECONDS) & (total > _TIMES_LONGER * sharing * typical)
    for at, shared in zip(moves[jumps], sharing[jumps], strict=True):
        steps[at - shared + 1 : at] = typical
        steps[at] = raw[at] - (shared - 1) * typical
    return np.where(np.isfinite(steps), steps, typical), typical


def _typical(steps: np.ndarray, otherwise: float) -> float:
    """The mean of the steps about the median, which whole milliseconds would falsify."""
    forward = steps[steps > _SHORTEST]
    if not forward.size:
        return otherwise
    middle = float(np.quantile(forward, 0.5, method="lower"))  # one of them, not between two
    return float(forward[np.abs(forward - middle) <= middle / 2].mean())


def fewest_knots(times: np.ndarray, tolerance: float) -> Knots:
    """The fewest points, found from the left, between which lines miss no time by more.

    Each line ends at a true point, so errors do not add up.
    """
    knots: list[tuple[int, float]] = [(0, 0.0)]
    start, low, high = 0, -np.inf, np.inf
    for frame in range(1, times.size):
        slope = (times[frame] - times[start]) / (frame - start)
        if not low <= slope <= high:
            start, low, high = frame - 1, -np.inf, np.inf
            knots.append((start, round(float(times[start]), 6)))
            slope = times[frame] - times[start]
        low = max(low, (times[frame] - tolerance - times[start]) / (frame - start))
        high = min(high, (times[frame] + tolerance - times[start]) / (frame - start))
    knots.append((times.size - 1, round(float(times[-1]), 6)))
    return tuple(knots)


def knots_from(rows: object) -> Knots:
    """Knots as JSON gives them back.

    Raises:
        OddframeError: other values, or they do not begin at ``(0, 0)``, or do not increase.
    """
    knots = typed(rows, tuple[tuple[int, float], ...], "times")
    pairs = itertools.pairwise(knots)
    if knots and (
        knots[0] != (0, 0.0)
        or len(knots) < 2
        or not all(a[0] < b[0] and a[1] < b[1] for a, b in pairs)
    ):
        raise OddframeError(
            "expected 'times' to be [[0, 0.0], [frame, seconds], ...] with both increasing"
        )
    return knots
