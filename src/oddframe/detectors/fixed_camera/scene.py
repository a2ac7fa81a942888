"""What is known of a scene, and how odd an observation of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.detectors.calibration import Surprise
from oddframe.detectors.fixed_camera.memory import NormalMemory
from oddframe.detectors.fixed_camera.observation import Scale
from oddframe.features.patch_features import FINE_CHANNELS

TOP_SHARE = 0.015
"""Share of the cells whose mean is the frame's value: about one person in a street scene."""


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
        whitening, memory: of appearance.
        appearance, motion: raw cell values to surprise.
        trusts: weights of the two cues.
        frame: a frame's raw value to the final score.
        usual_speed: speed, in image widths per second, that one normal frame in a hundred passes.
    """

    scale: Scale
    whitening: Whitening
    memory: NormalMemory
    appearance: Surprise
    motion: Surprise
    trusts: Trusts
    frame: Surprise
    usual_speed: float

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
    def from_state(cls, state: dict[str, Any]) -> Scene:
        """The scene that gave :meth:`state`."""

        def pair(name: str) -> tuple[int, int]:
            first, second = state[name]
            return int(first), int(second)

        return cls(
            scale=Scale(pair("grid"), pair("look_size"), pair("motion_size")),
            whitening=Whitening(
                (float(state["norms"][0]), float(state["norms"][1])),
                np.asarray(state["mean"]),
                np.asarray(state["matrix"]),
            ),
            memory=NormalMemory.from_state(state["memory"]),
            appearance=_surprise(state["appearance"]),
            motion=_surprise(state["motion"]),
            trusts=Trusts(float(state["trusts"][0]), float(state["trusts"][1])),
            frame=_surprise(state["frame"]),
            usual_speed=float(state["usual_speed"]),
        )


def _surprise(state: dict[str, Any]) -> Surprise:
    return Surprise(
        np.asarray(state["values"]), np.asarray(state["surprises"]), float(state["slope"])
    )


def top_cells(field: np.ndarray) -> np.ndarray:
    """Flat indices of the oddest cells of a field, at least one."""
    count = max(1, round(TOP_SHARE * field.size))
    return np.argpartition(field.ravel(), -count)[-count:]


def frame_value(field: np.ndarray) -> float:
    """Mean of the oddest cells of a field."""
    return float(field.ravel()[top_cells(field)].mean())
