"""How rare the highest value of a while is: for cues whose frames are no independent evidence.

Somebody who walks by is a hundred frames and one event, so shares of frames say little about a
cue that follows things. The highest values of blocks of some seconds are as good as independent,
and they follow a Gumbel distribution, whatever the cue, if its tail is about exponential.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oddframe.calibration.surprise import Surprise

if TYPE_CHECKING:
    from oddframe.files.saved_state import SavedState

BLOCK_SECONDS = 8.0
_RAREST = 3


@dataclass(frozen=True)
class BlockSurprise:
    """``-log10`` of the share of normal blocks with so high a value: 2 is one block in a hundred.

    Attributes:
        location, scale: of the Gumbel distribution.
        trust: how far the cue is believed, 0 to 1; the surprise is multiplied by it.
    """

    location: float
    scale: float
    trust: float = 1.0

    @classmethod
    def fit(cls, maxima: Iterable[float], least_spread: float, trust: float = 1.0) -> BlockSurprise:
        """By moments, and by the highest of all: some cues are silent but for a block or two.

        Args:
            maxima: the highest value of each block of normal footage; at least one.
            least_spread: standard deviation that the cue has at least, above 0: a few blocks that
                happen to be alike promise nothing.
            trust: how far the cue is believed, 0 to 1.
        """
        values = np.fromiter(maxima, dtype=np.float64)
        mean = float(values.mean())
        spread = values.std(ddof=1) if values.size > 1 else 0.0
        scale = max(float(spread), least_spread) * math.sqrt(6) / math.pi
        # No block of so many is rarer than one in three times as many.
        rarest = math.log(_RAREST * values.size) - float(np.euler_gamma)
        scale = max(scale, (float(values.max()) - mean) / rarest)
        return cls(mean - float(np.euler_gamma) * scale, scale, trust)

    def __call__(self, value: float) -> float:
        """Surprise of a value; never negative."""
        height = (value - self.location) / self.scale
        return self.trust * _rarity(height)

    def per_second(self) -> Surprise:
        """``-log10`` of how many such values there are in a second, for any value."""
        heights = np.linspace(-2.0, 8.0, 41)
        rarities = [_rarity(height) for height in heights]
        found = Surprise(
            self.location + self.scale * heights,
            np.array(rarities) + math.log10(BLOCK_SECONDS),
            1 / (self.scale * math.log(10)),
        )
        return found.weighed(self.trust)

    def state(self) -> dict[str, float]:
        """Plain values."""
        return {"location": self.location, "scale": self.scale, "trust": self.trust}

    @classmethod
    def from_state(cls, saved: SavedState) -> BlockSurprise:
        """The surprise that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such surprise has.
        """
        trust = saved.number("trust", 0, 1) if "trust" in saved else 1.0
        return cls(saved.number("location"), saved.number("scale", 1e-12), trust)


def _rarity(height: float) -> float:
    """``-log10`` of the share of a standard Gumbel distribution that is as high."""
    if height > 30:  # where 1 - exp(-x) is x
        return height / math.log(10)
    if height < -6:
        return 0.0
    return -math.log10(-math.expm1(-math.exp(-height)))


def block_maxima(values: np.ndarray, seconds: float) -> list[float]:
    """The highest value of each block of a stretch that is so long; one block at least."""
    blocks = max(1, min(len(values), round(seconds / BLOCK_SECONDS)))
    return [float(block.max()) for block in np.array_split(np.asarray(values), blocks)]
