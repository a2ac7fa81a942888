"""What parity is looked at on: a little real footage, and pictures that no camera films.

The samples lie in the package, so that every machine looks at the very same numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.detectors.contract import Detector, looks_at_features
from oddframe.exporting.answers import Answers, of_frames
from oddframe.media.clock import Clock
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame

KEPT_FRAMES, KEPT_SIDE = 48, 256
"""Frames of real footage that a package keeps, and their longer side in pixels: 5 MB."""
KEPT_SNIPPETS = 32
HELD_OUT_FRAMES = "held out"
"""Name of what run and package are asked where it is made, and a package keeps nothing of."""
REAL = (HELD_OUT_FRAMES, "footage", "features")
"""Samples of what cameras film."""
_LARGEST = 1e3
"""Of features that no network gives."""
_SMALL, _OTHER = (64, 48), (120, 136)
"""Width and height of made pictures, and of real ones in another shape than any camera's."""
_FPS = 25.0


@dataclass(frozen=True)
class Sample:
    """Frames of one stream, or the features of one video.

    Attributes:
        name: what it is.
        content: uint8 RGB ``(n, height, width, 3)``, or float32 ``(n, crops, channels)``.
        fps: frames per second.
    """

    name: str
    content: np.ndarray
    fps: float = _FPS

    @property
    def sha256(self) -> str:
        """Of its numbers and their shape."""
        content = np.ascontiguousarray(self.content)
        return hashlib.sha256(f"{content.shape}".encode() + content.tobytes()).hexdigest()

    def answers(self, detectors: Sequence[Detector], *, live: bool = False) -> list[Answers]:
        """What detectors say of it; see :func:`oddframe.exporting.answers.of_frames`."""
        if self.content.dtype == np.uint8:
            height, width = self.content.shape[1:3]
            at = Clock(len(self.content), self.fps).seconds
            shown = (PictureFrame(n, float(at(n)), f) for n, f in enumerate(self.content))
            return of_frames(detectors, shown, MediaInfo(0, self.fps, width, height), live=live)
        return [
            Answers(d.score_snippets(self.content).astype(np.float64))
            for d in detectors
            if looks_at_features(d)
        ]


def of_footage(frames: Sequence[np.ndarray], fps: float, span: int) -> list[Sample]:
    """The samples of a detector of frames.

    Args:
        frames: real ones, RGB ``(height, width, 3)``, at least ``span``.
        fps: how many of them there are in a second.
        span: frames that the detector looks at at once.
    """
    few = span + 8
    random = np.random.default_rng(0)
    height, width = _SMALL[1], _SMALL[0]
    flat = np.zeros((few, height, width, 3), np.uint8)
    noise = random.integers(0, 256, flat.shape, dtype=np.uint8)
    small = np.stack([_shrunk(frame) for frame in frames])
    other = [cv2.resize(frame, _OTHER, interpolation=cv2.INTER_AREA) for frame in small[:few]]
    return [
        Sample("footage", small, fps),
        Sample("another size", np.stack(other), fps),
        Sample("black", flat),
        Sample("white", flat + 255),
        Sample("noise", noise),
    ]


def of_features(snippets: np.ndarray) -> list[Sample]:
    """The samples of a detector of features.

    Args:
        snippets: real ones, float32 ``(n, crops, channels)``.
    """
    few = snippets[:KEPT_SNIPPETS]
    noise = np.random.default_rng(0).normal(size=(33, *few.shape[1:])).astype(np.float32)
    return [
        Sample("features", few),
        Sample("one snippet", few[:1]),
        Sample("zeros", np.zeros_like(few)),
        Sample("noise", noise),
        Sample("large", _LARGEST * noise[:7]),
    ]


def _shrunk(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    scale = KEPT_SIDE / max(height, width)
    if scale >= 1:
        return frame
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
