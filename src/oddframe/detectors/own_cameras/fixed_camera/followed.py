"""The cues that follow things: the fastest, the rarest way and place, the longest stay.

Each is one number a picture, whose frames are no independent evidence: somebody who walks by is a
hundred frames and one event. So they are judged by the highest of each block of some seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.calibration.block_maxima import BlockSurprise, block_maxima
from oddframe.calibration.surprise import Surprise, trust
from oddframe.detectors.own_cameras.fixed_camera.staying import ABSORBED_SECONDS, LEAST_SECONDS

if TYPE_CHECKING:
    from oddframe.detectors.own_cameras.fixed_camera.motion import Motion
    from oddframe.files.saved_state import SavedState

CUES = ("pace", "direction", "presence", "staying")
LASTING_CUES = CUES[1:]
"""Those that take time of their own, and so are evidence as they are; a pace may be a flash."""
_LEAST_SPREADS = (0.1, 0.12, 0.12, 0.3)
"""Of the values of normal blocks: a few blocks that happen to be alike promise nothing."""
_LEAST_PACE = 0.5
_MOST_SECONDS = 0.95 * ABSORBED_SECONDS
"""Stays that end since the thing is taken for a part of the scene are all as long, and no rarer."""
_LEFT_SECONDS = 60.0
"""The simulated fault: something is left for a minute."""
_FREE_SURPRISE = 1.0
"""What one normal block in ten has costs nothing: a cue that follows things speaks only where it
is sure, so that where it has nothing to say it takes nothing from the others."""


def lasting_values(values: np.ndarray) -> np.ndarray:
    """Of the values of all cues, ``(..., 4)``, those of :data:`LASTING_CUES`."""
    return values[..., -len(LASTING_CUES) :]


def followed_values(motion: Motion) -> np.ndarray:
    """What :data:`CUES` measure in a picture, float64 ``(4,)``.

    Logarithms of the pace and of the seconds of a stay: twice as much is as much odder, whatever
    is usual.
    """
    return np.array(
        [
            math.log(max(motion.fastest.value, _LEAST_PACE)),
            motion.wanderer.value,
            motion.stray.value,
            math.log(min(max(motion.stay.seconds, LEAST_SECONDS), _MOST_SECONDS)),
        ]
    )


@dataclass(frozen=True)
class Followed:
    """From what :data:`CUES` measure to their surprise in this scene.

    Attributes:
        blocks: the surprise of each, by blocks.
    """

    blocks: tuple[BlockSurprise, ...]

    @classmethod
    def fit(cls, stretches: Iterable[tuple[np.ndarray, float]], ways: float) -> Followed:
        """Fit to normal footage.

        A rare place is believed as far as a rare way: where things go whichever way they will,
        they come to every place in time. A long stay is believed as far as something that is left
        for a minute would show: not where things are always left somewhere.

        Args:
            stretches: values ``(moments, cues)`` of each, and its seconds.
            ways: how far a rare way is believed here (:meth:`Directions.trust`).
        """
        known = list(stretches)
        blocks = np.array(
            [
                maxima
                for values, seconds in known
                for maxima in zip(*(block_maxima(cue, seconds) for cue in values.T), strict=True)
            ]
        )
        stays = np.concatenate([values[:, -1] for values, _ in known])
        left = np.maximum(stays, math.log(_LEFT_SECONDS))
        trusts = (1.0, ways, ways, trust(stays, left))
        return cls(tuple(map(BlockSurprise.fit, blocks.T, _LEAST_SPREADS, trusts)))

    def parts(self, values: np.ndarray) -> np.ndarray:
        """What each cue adds to the surprise of a frame, ``(cues,)``."""
        pairs = zip(self.blocks, values.tolist(), strict=True)
        return np.array([max(0.0, cue(value) - _FREE_SURPRISE) for cue, value in pairs])

    def least_stay(self, surprise: float) -> float:
        """Seconds after which a stay alone is so surprising, or as long as stays are counted."""
        *_, staying = self.blocks
        for seconds in np.geomspace(LEAST_SECONDS, _MOST_SECONDS, 200).tolist():
            if staying(math.log(seconds)) - _FREE_SURPRISE >= surprise:
                return seconds
        return _MOST_SECONDS

    def per_second(self) -> list[Surprise]:
        """The surprise of :data:`LASTING_CUES`, by how many such values there are in a second."""
        return [cue.per_second() for cue in self.blocks[-len(LASTING_CUES) :]]

    @property
    def trusts(self) -> tuple[float, ...]:
        """How far each cue is believed, 0 to 1."""
        return tuple(cue.trust for cue in self.blocks)

    def state(self) -> dict[str, Any]:
        """Plain values."""
        return {name: cue.state() for name, cue in zip(CUES, self.blocks, strict=True)}

    @classmethod
    def from_state(cls, saved: SavedState) -> Followed:
        """The cues that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such cue has.
        """
        return cls(tuple(BlockSurprise.from_state(saved.part(name)) for name in CUES))
