"""What is known of a scene, and how odd an observation of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.calibration.surprise import Surprise
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS, FINE_CHANNELS, STRIDE
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MOST_PIXELS

TOP_SHARE = 0.015
"""Share of the cells whose mean is the frame's value: about one person in a street scene."""
_MOST_CELLS = 512
"""Along a side of the grid; 8192 pixels."""


@dataclass(frozen=True)
class Whitening:
    """Centre, rotate and scale patch features so that normal ones have unit variance.

    Attributes:
        norms: mean length of the fine and of the coarse channels, so that neither dominates.
        mean: ``(channels,)``.
        matrix: ``(channels, channels)``.
    """

    norms: tuple[float, float]
    mean: np.ndarray
    matrix: np.ndarray

    @classmethod
    def fit(cls, patches: np.ndarray) -> Whitening:
        """Fit to raw patches ``(n, channels)`` of normal footage."""
        patches = np.asarray(patches, dtype=np.float64)
        norms = (
            float(np.linalg.norm(patches[:, :FINE_CHANNELS], axis=1).mean()),
            float(np.linalg.norm(patches[:, FINE_CHANNELS:], axis=1).mean()),
        )
        scaled = patches / _scale_of(norms, patches.shape[1])
        mean = scaled.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(scaled - mean, rowvar=False))
        # The floor keeps directions without any variance from becoming pure noise.
        matrix = vectors / np.sqrt(np.maximum(values, 0) + 1e-4 * values.max())
        return cls(norms, mean.astype(np.float32), matrix.astype(np.float32))

    def __call__(self, patches: np.ndarray) -> np.ndarray:
        """Whitened patches, float32, same shape ``(..., channels)``."""
        scaled = patches / _scale_of(self.norms, patches.shape[-1])
        return (scaled.astype(np.float32) - self.mean) @ self.matrix


def _scale_of(norms: tuple[float, float], channels: int) -> np.ndarray:
    scale = np.full(channels, norms[1], np.float32)
    scale[:FINE_CHANNELS] = norms[0]
    return scale


@dataclass(frozen=True)
class Trusts:
    """Weight of each cue in this scene, 0 to 1."""

    appearance: float
    motion: float


@dataclass(frozen=True)
class Scene:
    """Everything learnt from the normal footage of one camera.

    Attributes:
        scale: grid and image sizes.
        whitening: brings patches of appearance to one scale.
        memory: whitened patches of normal appearance.
        appearance, motion: raw cell values to surprise.
        trusts: weights of the two cues.
        frame: a frame's raw value to the final score.
        usual_speed: speed, in image widths per second, that one normal frame in a hundred passes.
        size: width and height of the footage; None in runs of an older oddframe.
    """

    scale: Scale
    whitening: Whitening
    memory: NormalMemory
    appearance: Surprise
    motion: Surprise
    trusts: Trusts
    frame: Surprise
    usual_speed: float
    size: tuple[int, int] | None = None

    def appearance_part(self, patches: np.ndarray) -> np.ndarray:
        """Trusted surprise of each cell's appearance, from raw patches."""
        distances = self.memory.distances(self.whitening(patches))
        return self.trusts.appearance * self.appearance(distances)

    def motion_part(self, speed: np.ndarray) -> np.ndarray:
        """Trusted surprise of each cell's speed."""
        return self.trusts.motion * self.motion(speed)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        return {
            "grid": list(self.scale.grid),
            "look_size": list(self.scale.look_size),
            "motion_size": list(self.scale.motion_size),
            "norms": list(self.whitening.norms),
            "mean": self.whitening.mean,
            "matrix": self.whitening.matrix,
            "memory": self.memory.state(),
            "trusts": [self.trusts.appearance, self.trusts.motion],
            "usual_speed": self.usual_speed,
            **({"size": list(self.size)} if self.size else {}),
            **{
                name: {"values": part.values, "surprises": part.surprises, "slope": part.slope}
                for name, part in (
                    ("appearance", self.appearance),
                    ("motion", self.motion),
                    ("frame", self.frame),
                )
            },
        }

    @classmethod
    def from_state(cls, saved: SavedState) -> Scene:
        """The scene that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no scene has.
        """
        rows, columns = saved.wholes("grid", 2, 1, _MOST_CELLS)
        width, height = saved.wholes("look_size", 2, STRIDE, _MOST_CELLS * STRIDE)
        if (height // STRIDE, width // STRIDE) != (rows, columns):
            raise OddframeError(
                f"'scene.grid': expected {height // STRIDE} x {width // STRIDE} cells for images "
                f"of {width}x{height}, found {rows} x {columns}"
            )
        motion_width, motion_height = saved.wholes("motion_size", 2, 16, _MOST_CELLS * STRIDE)
        size = saved.wholes("size", 2, 1, MOST_PIXELS) if "size" in saved else None
        fine, coarse = saved.numbers("norms", 2, 1e-30)
        appearance, motion = saved.numbers("trusts", 2, 0, 1)
        return cls(
            scale=Scale((rows, columns), (width, height), (motion_width, motion_height)),
            whitening=Whitening(
                (fine, coarse),
                saved.array("mean", np.floating, (CHANNELS,)),
                saved.array("matrix", np.floating, (CHANNELS, CHANNELS)),
            ),
            memory=NormalMemory.from_state(saved.part("memory"), (rows, columns), CHANNELS),
            appearance=_surprise(saved.part("appearance")),
            motion=_surprise(saved.part("motion")),
            trusts=Trusts(appearance, motion),
            frame=_surprise(saved.part("frame")),
            usual_speed=saved.number("usual_speed", 0),
            size=None if size is None else (size[0], size[1]),
        )


def _surprise(saved: SavedState) -> Surprise:
    values = saved.array("values", np.floating, (None,))
    surprises = saved.array("surprises", np.floating, values.shape)
    if (np.diff(values) <= 0).any() or (np.diff(surprises) < 0).any():
        raise OddframeError("expected surprises that rise with the values, found some that do not")
    return Surprise(values, surprises, saved.number("slope", 1e-300))


def top_cells(field: np.ndarray) -> np.ndarray:
    """Flat indices of the oddest cells of a field, at least one."""
    count = max(1, round(TOP_SHARE * field.size))
    return np.argpartition(field.ravel(), -count)[-count:]


def frame_value(field: np.ndarray) -> float:
    """Mean of the oddest cells of a field."""
    return float(field.ravel()[top_cells(field)].mean())
