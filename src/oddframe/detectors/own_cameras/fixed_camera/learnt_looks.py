"""Which moments of the normal footage the looks are of that the memory is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState
from oddframe.scores.sights import Sight


@dataclass(frozen=True)
class LearntLooks:
    """The moments of looks, by their numbers.

    Attributes:
        names: ids of the videos.
        videos: for each look, the index of its video, int32.
        seconds: for each look, when it was, float64.
    """

    names: tuple[str, ...] = ()
    videos: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def sight(self, look: int) -> Sight | None:
        """The moment of a look; None where it is not known."""
        if not 0 <= look < len(self.videos):
            return None
        return Sight(self.names[self.videos[look]], round(float(self.seconds[look]), 3))

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        return {"names": list(self.names), "videos": self.videos, "seconds": self.seconds}

    @classmethod
    def from_state(cls, saved: SavedState) -> LearntLooks:
        """The moments that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such moments have.
        """
        names = saved.texts("names")
        videos = saved.array("videos", np.integer, (None,))
        seconds = saved.array("seconds", np.floating, videos.shape)
        if videos.size and not 0 <= videos.min() <= videos.max() < len(names):
            raise OddframeError("'looks': expected a name for each video")
        return cls(tuple(names), videos, seconds)
