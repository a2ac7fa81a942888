"""From raw values to surprise: how rare a value is in normal footage.

Surprise is ``-log10 p``, where p is the share of normal values that are at least as high: 2 means
one in a hundred, 4 one in ten thousand. It makes cues of different units comparable, and its
scale comes from normal footage alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.errors import OddframeError

if TYPE_CHECKING:
    from oddframe.files.saved_state import SavedState

_KNOTS = 512


@dataclass(frozen=True)
class Surprise:
    """A monotone map from a raw value to its surprise.

    Empirical up to the ``tail`` quantile; beyond it the tail is exponential with the mean excess
    of the normal values, so that values never seen are ordered and not all equal.

    Attributes:
        values, surprises: knots of the empirical part, both increasing.
        slope: surprise per raw unit beyond the last knot.
    """

    values: np.ndarray
    surprises: np.ndarray
    slope: float

    @classmethod
    def fit(cls, normal: np.ndarray, tail: float = 0.99) -> Surprise:
        """Fit to raw values of held-out normal footage.

        Args:
            normal: any shape; finite.
            tail: quantile above which the exponential tail takes over.
        """
        ordered = np.sort(np.asarray(normal, dtype=np.float64).ravel())
        count = ordered.size
        last = min(int(tail * count), count - 1)
        start = ordered[last]
        excess = ordered[last:] - start
        # A constant cue has no tail; any finite slope will do, since it says nothing.
        scale = float(excess.mean()) or float(abs(start)) or 1.0
        # Knots are dense towards the tail, where surprise changes fastest.
        ranks = np.unique((count * (1 - np.geomspace(1, 1 - tail, _KNOTS))).astype(int))
        ranks = np.append(ranks[ranks < last], last)
        values = np.unique(ordered[ranks])
        # p counts values at least as high, so ties share the rank of the first of them.
        above = count - np.searchsorted(ordered, values, side="left")
        surprises = -np.log10(above / count)
        return cls(values, surprises, 1 / (scale * np.log(10)))

    def weighed(self, trust: float) -> Surprise:
        """So many times the surprise, 0 to 1."""
        return Surprise(self.values, trust * self.surprises, trust * self.slope)

    def highest_below(self, surprise: float) -> float:
        """A raw value up to which all have less than a surprise; ``-inf`` if none is known."""
        return float(self.values[self.surprises < surprise].max(initial=-np.inf))

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        return {"values": self.values, "surprises": self.surprises, "slope": self.slope}

    @classmethod
    def from_state(cls, saved: SavedState) -> Surprise:
        """The surprise that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such surprise has.
        """
        values = saved.array("values", np.floating, (None,))
        surprises = saved.array("surprises", np.floating, values.shape)
        if (np.diff(values) <= 0).any() or (np.diff(surprises) < 0).any():
            raise OddframeError(
                "expected surprises that rise with the values, found some that do not"
            )
        return cls(values, surprises, saved.number("slope", 0))

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Surprise of raw values, float32, same shape, never negative."""
        raw = np.asarray(raw)
        beyond = np.maximum(raw - self.values[-1], 0) * self.slope
        return (np.interp(raw, self.values, self.surprises) + beyond).astype(np.float32)


def trust(normal: np.ndarray, disturbed: np.ndarray, weights: np.ndarray | None = None) -> float:
    """How far a cue may be believed in this scene, 0 to 1, from normal footage alone.

    The cue is measured on held-out normal frames and on the same frames with a fault simulated
    that the cue exists to notice. Trust is ``2 AUC - 1`` between the two: 1 if the fault always
    shows, 0 if normal life here hides it. In a room where people sit still or wave at will,
    doubling every speed changes little, and motion is not believed; on a street it shows at once.

    Args:
        normal: the cue's values of frames, or of something else that is counted.
        disturbed: its values with the fault.
        weights: how much each normal value counts, and each disturbed one that belongs to it, of
            which there are as many or several times as many: ``(..., *normal.shape)``. By default
            all count alike.
    """
    order = np.argsort(normal, axis=None)
    ordered = normal.ravel()[order]
    counts = np.ones(normal.shape) if weights is None else weights
    sums = np.append(0.0, np.cumsum(counts.ravel()[order]))
    below = sums[np.searchsorted(ordered, disturbed, side="left")]
    upto = sums[np.searchsorted(ordered, disturbed, side="right")]
    of_disturbed = None if weights is None else np.broadcast_to(weights, disturbed.shape)
    auc = float(np.average(below + upto, weights=of_disturbed) / (2 * sums[-1]))
    return min(max(0.0, 2 * auc - 1), 1.0)
