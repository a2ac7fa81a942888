"""Small grey pictures, and what two of them have in common: structure, light and edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (64, 48)
"""Width and height of the small pictures, whatever the shape of the video."""
_BLOCK = 8
_DARKEST, _BRIGHTEST = 8.0, 247.0
"""Mean levels beyond which a block is too dark or too bright to say anything."""
_LEAST_STRUCTURE = 0.15
"""Share of the blocks that must have structure for a picture to have some."""
_SAME = 0.5
"""Correlation from which two blocks have the same structure."""
LEAST_LOST = 0.1
"""Share of blocks that lose their structure at a cut, at least: about one near person."""
_LEAST_LOST_TOGETHER = 0.22
"""Share of blocks that is needed where they hang together: one thing may have appeared there."""
_TOGETHER = 0.85
"""Share of the lost blocks in one region from which they hang together."""
_FOUND, _REACH = 0.9, 4
"""Correlation with a place so many pixels away at most, from which a block has only moved."""
ELSEWHERE, TIMES_MORE_ELSEWHERE = 0.6, 2.0
"""So many blocks are another scene altogether, which may be a lively one."""
SWITCHED = 60.0
"""Median change of the blocks' levels, in grey levels, from which light may have been switched."""
_STEEP = 2.0
"""Slope, in grey levels per pixel, from which there is an edge whose direction says something."""
_LEAST_EDGES = 60
"""Pixels with an edge in both pictures that are needed to say that it is the same scene."""
_SAME_EDGES = 0.35
"""Mean cosine of twice the angle between edges: twice what 99 of 100 unrelated scenes reach."""


@dataclass(frozen=True)
class Sketch:
    """What is kept of a small picture; all but ``picture`` are ``(blocks, ...)``."""

    picture: np.ndarray
    patterns: np.ndarray
    contrast: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, picture: np.ndarray) -> Sketch:
        """The sketch of a grey picture of :data:`SIZE`."""
        picture = picture.astype(np.float32)
        detail = picture - cv2.blur(picture, (_BLOCK + 1, _BLOCK + 1))
        patterns = _blocks(detail)
        contrast = np.sqrt(np.einsum("ij,ij->i", patterns, patterns) / _BLOCK**2)
        return cls(picture, patterns, contrast, _means(picture))

    def has_structure(self, least: float) -> bool:
        """Whether enough blocks have this contrast."""
        count = np.count_nonzero(self.contrast > least)
        return bool(count > _LEAST_STRUCTURE * self.contrast.size)

    def changes(self, before: Sketch) -> np.ndarray:
        """Mean absolute difference of each block, in grey levels."""
        return _means(np.abs(self.picture - before.picture))

    def lost(self, before: Sketch, least: float) -> tuple[float, float]:
        """Share of the blocks with structure in one of two pictures that has no like in the other.

        Blocks that are dark or glaring in one of them do not count; 0 if too few are left. Where
        less than half of the picture has structure, it is a share of that half.

        Returns:
            The share of blocks that are not found near their place either, and of those that are
            not at their place.
        """
        seen = np.maximum(self.contrast, before.contrast) > least
        seen &= np.minimum(self.level, before.level) > _DARKEST
        seen &= np.maximum(self.level, before.level) < _BRIGHTEST
        count = int(seen.sum())
        if count <= _LEAST_STRUCTURE * seen.size:
            return 0.0, 0.0
        products = np.einsum("ij,ij->i", self.patterns, before.patterns) / _BLOCK**2
        alike = products > _SAME * self.contrast * before.contrast
        lost = np.flatnonzero(seen & ~alike)
        share = lost.size / max(count, seen.size // 2)
        if not LEAST_LOST <= share < ELSEWHERE:
            return share, share
        gone = [place for place in lost if not _moved(self.picture, before.picture, place)]
        found_nowhere = len(gone) / max(count, seen.size // 2)
        together = _largest_region(gone) >= _TOGETHER * len(gone)
        appeared = together and found_nowhere < _LEAST_LOST_TOGETHER
        return 0.0 if appeared else found_nowhere, share

    def is_lit_otherwise(self, before: Sketch) -> bool:
        """Whether it is the scene of another picture in other light."""
        return self.brightening(before) >= SWITCHED and self.same_edges(before) > _SAME_EDGES

    def brightening(self, before: Sketch) -> float:
        """Median change of the blocks' levels, up or down, in grey levels."""
        return float(np.median(np.abs(self.level - before.level)))

    def same_edges(self, before: Sketch) -> float:
        """Whether edges run alike: 1 everywhere, 0 by chance or if there are too few.

        The direction of an edge, either way, outlasts any change of light that leaves the edge to
        be seen, and its contrast does not.
        """
        (x, y), (old_x, old_y) = _slopes(self.picture), _slopes(before.picture)
        steep, old_steep = x**2 + y**2, old_x**2 + old_y**2
        edges = np.minimum(steep, old_steep) > _STEEP**2
        if np.count_nonzero(edges) < _LEAST_EDGES:
            return 0.0
        squared = (x * old_x + y * old_y)[edges] ** 2 / (steep * old_steep)[edges]
        return float(2 * squared.mean() - 1)


def _blocks(image: np.ndarray) -> np.ndarray:
    rows, columns = SIZE[1] // _BLOCK, SIZE[0] // _BLOCK
    parts = image.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    return parts.reshape(rows * columns, _BLOCK * _BLOCK)


def _slopes(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To the right and down, in grey levels per pixel."""
    return (
        cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8),
    )


def _largest_region(blocks: list[int]) -> int:
    """How many of the blocks hang together, corners included."""
    mask = np.zeros((SIZE[1] // _BLOCK, SIZE[0] // _BLOCK), np.uint8)
    mask.ravel()[blocks] = 1
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))


def _moved(new: np.ndarray, old: np.ndarray, block: int) -> bool:
    """Whether a block of one picture is found near its place in the other."""
    y, x = (_BLOCK * part for part in divmod(block, SIZE[0] // _BLOCK))
    around = np.s_[
        max(y - _REACH, 0) : y + _BLOCK + _REACH, max(x - _REACH, 0) : x + _BLOCK + _REACH
    ]
    inside = np.s_[y : y + _BLOCK, x : x + _BLOCK]
    return any(
        float(cv2.matchTemplate(there[around], here[inside], cv2.TM_CCOEFF_NORMED).max()) > _FOUND
        for here, there in ((new, old), (old, new))
    )


def _means(image: np.ndarray) -> np.ndarray:
    small = (SIZE[0] // _BLOCK, SIZE[1] // _BLOCK)
    return cv2.resize(image, small, interpolation=cv2.INTER_AREA).ravel()
