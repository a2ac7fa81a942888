"""What a detector of clips measures: terms and a map of a batch of clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

MAP_SIDE = 32
"""Cells along a side of a score map: 2 KB per frame."""


@dataclass(frozen=True)
class ClipTerms:
    """What a detector finds in clips.

    Attributes:
        terms: by name, float ``(clips,)``, higher = odder; ``(clips, frames)`` where a clip judges
            several of its frames.
        map: localisation ``(clips, h, w)`` or ``(clips, frames, h, w)``, never negative, higher =
            odder, any size.
    """

    terms: dict[str, Tensor]
    map: Tensor

    def arrays(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The terms, and maps of at most :data:`MAP_SIDE` cells along their side."""
        terms = {name: value.float().cpu().numpy() for name, value in self.terms.items()}
        return terms, in_cells(self.map).cpu().numpy()


def in_cells(pixels: Tensor) -> Tensor:
    """A map ``(..., h, w)`` in single precision, of at most :data:`MAP_SIDE` cells along a side."""
    pixels = pixels.float()
    if min(pixels.shape[-2:]) <= MAP_SIDE:
        return pixels
    return functional.adaptive_avg_pool2d(pixels, MAP_SIDE)
