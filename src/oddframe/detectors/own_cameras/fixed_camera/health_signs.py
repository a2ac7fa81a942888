"""Signs that something is wrong with a camera, measured on small grey pictures.

Edges of the background are compared with those of the picture in blocks, by the median: people hide
some. Shift is phase correlation (Kuglin and Hines 1975) of how high edges stand, and counts where
the picture fits the background better when it is undone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.media.medians import median

_CHECK_SECONDS = 0.4
_LASTING_CHECKS = 5
"""A sign is what it was at least in so many checks in a row, over 2 seconds."""
_LIGHT_SECONDS = 0.25
"""What changes within this time was switched; what takes longer drifts."""
_LEAST_CHANGE, _ALIKE = 0.05, 0.7
_LIFT = np.float32(8.0)
"""Added before levels are compared as a ratio: the noise of dark pixels is no change of light."""
_SMALL = (24, 16)
_BLOCKS = (6, 4)
"""Columns and rows of blocks."""
_LEAST_BLOCKS = 3
_FOUND = 0.5
"""Correlation from which on the edges of a block are those of the background."""
LEAST_EDGES = 1.5
"""Grey levels from pixel to pixel; less has no structure."""
ALIKE = 0.3
"""Correlation of how high edges stand from which on it is the same view. Hours of one room, day and
night, have .39 and more; of clips of different cameras 99 pairs in a hundred have less than .12."""
_AROUND = 12.0
"""Pixels over which edges are compared with their surroundings: a bright half of the picture is
no likeness."""
_STILL = 0.25
"""Share of the picture that is taken to be still: noise is measured there."""
LEAST_SHIFT = 0.006
"""Share of the width below which a camera has not been moved."""
_SHIFTED_PIXELS = 0.4
_FARTHEST = 0.3
"""Share of the shorter side beyond which a shift is none that could be told."""
_AGREE_PIXELS = 1.0
_BETTER_MATCH = 0.1


@dataclass(frozen=True)
class Signs:
    """How far the camera is from well, all 0 or more; as they have lasted until now.

    Attributes:
        hidden: 1 minus the correlation of coarse edges with the background's, median of blocks.
        blurred: 1 minus what is left of fine edges, in shares of what is left of coarse ones.
        shift: how far the scene has moved, in shares of the picture's width.
        still: seconds for which pictures have been the very same.
        light: logarithm of how much brighter or darker the scene got at once, median of blocks.
        noise: change from picture to picture where least changes, beyond that of the light, in grey
            levels.
        dark: logarithm of how much darker it is than the background, median of blocks.
        relit: as ``hidden``, which is 0 then, where edges are other ones but stand where those of
            the background do: a night that lamps light, or infrared.
    """

    hidden: float = 0.0
    blurred: float = 0.0
    shift: float = 0.0
    still: float = 0.0
    light: float = 0.0
    noise: float = 0.0
    dark: float = 0.0
    relit: float = 0.0


class SignStream:
    """Looks for signs of trouble in one stream of small grey pictures.

    Args:
        background: what should be seen.

    Attributes:
        now: how hidden and blurred the last picture was that was looked at.
    """

    def __init__(self, background: Background) -> None:
        self._usual = Edges(background.usual)
        self._levels = _levels(background.usual)
        self.reset()

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._before: np.ndarray | None = None
        self._lights: deque[tuple[float, np.ndarray]] = deque()
        self._clock = self._next = self._still = 0.0
        self.now = self._lasted = Signs()
        self._checks: deque[tuple[Signs, np.ndarray]] = deque(maxlen=_LASTING_CHECKS)

    def update(self, grey: np.ndarray, elapsed: float | None) -> Signs:
        """The signs after one more picture.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        if elapsed is None:
            self.reset()
        before, self._before = self._before, grey
        self._clock += elapsed or 0.0
        same = before is not None and np.array_equal(before, grey)
        self._still = self._still + (elapsed or 0.0) if same else 0.0
        levels = _levels(grey)
        light = self._change(grey, levels)
        if self._clock >= self._next:
            self._next = self._clock + _CHECK_SECONDS
            noise = 0.0 if before is None else _noise(before, grey)
            seen, shift = self._seen(grey, levels)
            far = float(np.hypot(shift[0], shift[1])) / self._usual.width
            self.now = replace(seen, shift=far)
            self._checks.append((replace(seen, noise=noise), shift))
            self._lasted = self._lasting()
        return replace(self._lasted, still=self._still, light=light)

    def _seen(self, grey: np.ndarray, levels: np.ndarray) -> tuple[Signs, np.ndarray]:
        """What can be told of one picture alone, and its shift (x, y; pixels at half size)."""
        hidden, blurred, shift = self._usual.compared(grey)
        dark = max(0.0, float(np.median(self._levels - levels)))
        relit = 0.0
        if hidden > _FOUND and self._usual.likeness(Edges(grey)) > ALIKE:
            hidden, relit = 0.0, hidden
        return Signs(hidden, blurred, dark=dark, relit=relit), shift

    def _change(self, grey: np.ndarray, levels: np.ndarray) -> float:
        while len(self._lights) > 1 and self._clock - self._lights[1][0] > _LIGHT_SECONDS:
            self._lights.popleft()
        self._lights.append((self._clock, levels))
        earlier = self._lights[0][1]
        change = abs(median(levels - earlier))
        if change <= _LEAST_CHANGE:
            return 0.0
        # Whatever it is, it is looked at; what lasts is told by the regular checks alone.
        self.now, _ = self._seen(grey, levels)
        return change if _alike(levels, earlier) else 0.0

    def _lasting(self) -> Signs:
        """What has been seen in every one of the last checks."""
        if len(self._checks) < _LASTING_CHECKS:
            return Signs()
        shifts = np.stack([shift for _, shift in self._checks])
        middle = np.median(shifts, axis=0)
        moved = float(np.hypot(*middle)) if np.abs(shifts - middle).max() <= _AGREE_PIXELS else 0.0
        checks = [vars(signs).values() for signs, _ in self._checks]
        least = Signs(*(min(values) for values in zip(*checks, strict=True)))
        return replace(least, shift=moved / self._usual.width)


def _levels(grey: np.ndarray) -> np.ndarray:
    """Logarithms of the grey levels of blocks."""
    return np.log(cv2.resize(grey, _SMALL, interpolation=cv2.INTER_AREA) + _LIFT)


def _alike(levels: np.ndarray, earlier: np.ndarray) -> bool:
    """Whether it is the same scene: what is covered is not in another light."""
    return _spread(levels - earlier) < _ALIKE * _spread(earlier)


def _spread(values: np.ndarray) -> float:
    return float(np.median(np.abs(values - np.median(values))))


class Edges:
    """The edges of the background, at half size and at an eighth.

    Args:
        usual: the background, uint8 ``(height, width)``.

    Attributes:
        width: at half size.
        heights: how high edges stand at each pixel of half size, grey levels from pixel to pixel.
    """

    def __init__(self, usual: np.ndarray) -> None:
        self.width = usual.shape[1] / 2
        half = _shrunk(usual, 2)
        self._window = cv2.createHanningWindow(half.shape[::-1], cv2.CV_32F)
        self._half, self._fine, self._coarse = half, _gradient(half), _gradient(_shrunk(usual, 8))
        self.heights = _height(self._fine)
        stand = np.log1p(self.heights)
        self._pattern = stand - cv2.GaussianBlur(stand, (0, 0), _AROUND)

    def compared(self, grey: np.ndarray) -> tuple[float, float, np.ndarray]:
        """How hidden, how blurred, and how far moved (x, y; pixels at half size)."""
        half = _shrunk(grey, 2)
        fine, coarse = _gradient(half), _gradient(_shrunk(grey, 8))
        shift = self._shift(fine)
        usual_fine, usual_coarse = self._fine, self._coarse
        if shift.any():
            moved = self._moved(shift)
            usual_fine, usual_coarse = _gradient(moved), _gradient(_shrunk(moved, 4))
        found, slope = _blocks(usual_coarse, coarse)
        _, fine_slope = _blocks(usual_fine, fine)
        hidden = 1 - float(np.nanmedian(found)) if np.isfinite(found).any() else 0.0
        clear = (found > _FOUND) & np.isfinite(fine_slope) & (slope > 0)
        blurred = 0.0
        if clear.sum() >= _LEAST_BLOCKS:
            blurred = 1 - float(np.median(fine_slope[clear] / slope[clear]))
        return hidden, blurred, shift

    def likeness(self, other: Edges) -> float:
        """Correlation of how high edges stand beside their surroundings, -1 to 1.

        Day and night differ in which edges there are and which side of them is bright, but edges
        stay where they are.
        """
        return _correlation(self._pattern, other._pattern)

    def _shift(self, fine: np.ndarray) -> np.ndarray:
        """How far the picture with these edges is shifted; 0 where that explains nothing."""
        # OpenCV multiplies both with the window where they are.
        shift, _ = cv2.phaseCorrelate(self.heights.copy(), _height(fine), self._window)
        far = float(np.hypot(shift[0], shift[1]))
        if not _SHIFTED_PIXELS < far < _FARTHEST * min(fine.shape[:2]):
            return np.zeros(2)
        margin = int(np.ceil(far)) + 1
        inner = np.s_[margin:-margin, margin:-margin]
        there = _correlation(_gradient(self._moved(np.array(shift)))[inner], fine[inner])
        here = _correlation(self._fine[inner], fine[inner])
        return np.array(shift) if there > here + _BETTER_MATCH else np.zeros(2)

    def _moved(self, shift: np.ndarray) -> np.ndarray:
        """The background, shifted."""
        way = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        return cv2.warpAffine(self._half, way, self._half.shape[::-1])


def _shrunk(grey: np.ndarray, times: int) -> np.ndarray:
    size = max(8, grey.shape[1] // times), max(8, grey.shape[0] // times)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _gradient(levels: np.ndarray) -> np.ndarray:
    x, y = (cv2.Sobel(levels, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return cv2.merge([x, y])


def _height(gradient: np.ndarray) -> np.ndarray:
    # Not cv2.magnitude: its last digit depends on where in memory the arrays lie.
    return np.sqrt(gradient[..., 0] ** 2 + gradient[..., 1] ** 2)


def _correlation(usual: np.ndarray, seen: np.ndarray) -> float:
    norm = float(cv2.norm(usual)) * float(cv2.norm(seen))
    return float(np.vdot(usual, seen)) / norm if norm else 0.0


def _blocks(usual: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of edges in each block, and how high they stand; nan where there are none."""

    def means(values: np.ndarray) -> np.ndarray:
        return cv2.resize(values, _BLOCKS, interpolation=cv2.INTER_AREA).sum(axis=-1).ravel()

    own, other, both = means(usual * usual), means(seen * seen), means(usual * seen)
    there = own > max(LEAST_EDGES**2, 0.25 * float(own.mean()))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(there, both / np.sqrt(own * np.maximum(other, 1e-6)), np.nan)
        slope = np.where(there, both / own, np.nan)
    return found, slope


def _noise(before: np.ndarray, grey: np.ndarray) -> float:
    changes = grey.astype(np.float32) - before
    both = cv2.merge([changes, np.abs(changes)])
    blocks = cv2.resize(both, _SMALL, interpolation=cv2.INTER_AREA).reshape(-1, 2)
    # What a whole block does alike is another light.
    noise = blocks[:, 1] - np.abs(blocks[:, 0])
    least = int(_STILL * noise.size)
    return float(np.partition(noise, least)[least])
