"""What is known of a scene, and how odd an observation of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.calibration.surprise import Surprise
from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import Directions
from oddframe.detectors.own_cameras.fixed_camera.evidence import Lasting
from oddframe.detectors.own_cameras.fixed_camera.excused import Excused
from oddframe.detectors.own_cameras.fixed_camera.followed import Followed
from oddframe.detectors.own_cameras.fixed_camera.health import Health
from oddframe.detectors.own_cameras.fixed_camera.learnt_looks import LearntLooks
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.motion import Habits
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.detectors.own_cameras.fixed_camera.presence import Traffic
from oddframe.detectors.own_cameras.fixed_camera.staying import LongestStays
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS, FINE_CHANNELS, STRIDE
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MOST_PIXELS
from oddframe.scores.sights import Sight

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
        scaled = np.array(patches, dtype=np.float64)  # a tenth of a gigabyte, changed where it is
        norms = (
            float(np.linalg.norm(scaled[:, :FINE_CHANNELS], axis=1).mean()),
            float(np.linalg.norm(scaled[:, FINE_CHANNELS:], axis=1).mean()),
        )
        scaled /= _scale_of(norms)
        mean = scaled.mean(axis=0)
        scaled -= mean
        values, vectors = np.linalg.eigh(np.cov(scaled, rowvar=False))
        # The floor keeps directions without any variance from becoming pure noise.
        matrix = vectors / np.sqrt(np.maximum(values, 0) + 1e-4 * values.max())
        return cls(norms, mean.astype(np.float32), matrix.astype(np.float32))

    def __call__(self, patches: np.ndarray) -> np.ndarray:
        """Whitened patches, float32, same shape ``(..., channels)``."""
        return ((patches / self.scale).astype(np.float32) - self.mean) @ self.matrix

    @property
    def scale(self) -> np.ndarray:
        """What each channel is divided by first, float32 ``(channels,)``."""
        return _scale_of(self.norms)


def _scale_of(norms: tuple[float, float]) -> np.ndarray:
    scale = np.full(CHANNELS, norms[1], np.float32)
    scale[:FINE_CHANNELS] = norms[0]
    return scale


@dataclass(frozen=True)
class Trusts:
    """Weight of each cue of cells in this scene, 0 to 1."""

    appearance: float
    pace: float


@dataclass(frozen=True)
class Scene:
    """Everything learnt from the normal footage of one camera.

    Attributes:
        scale: grid and image sizes.
        whitening: brings patches of appearance to one scale.
        memory: whitened patches of normal appearance.
        looks: when those were seen.
        habits: how things move.
        stays: how long things stayed, by place.
        appearance, pace: raw cell values to surprise.
        trusts: weights of these two.
        frame: a frame's raw value of cells to surprise.
        lasting: what has lasted, to its surprise.
        followed: what is measured of things, to surprise.
        health: what is no trouble of the camera.
        size: width and height of the footage.
    """

    scale: Scale
    whitening: Whitening
    memory: NormalMemory
    looks: LearntLooks
    habits: Habits
    stays: LongestStays
    appearance: Surprise
    pace: Surprise
    trusts: Trusts
    frame: Surprise
    followed: Followed
    lasting: Lasting
    health: Health
    size: tuple[int, int]

    def appearance_part(self, distances: np.ndarray) -> np.ndarray:
        """Trusted surprise of each cell's appearance, from distances of whitened patches."""
        return self.trusts.appearance * self.appearance(distances)

    def nearest_sight(self, patches: np.ndarray, row: int, column: int) -> Sight | None:
        """When the normal footage showed what is nearest to a cell of raw patches, if known."""
        patch = self.whitening(patches[row, column])
        return self.looks.sight(self.memory.source(patch, row, column))

    def pace_part(self, paces: np.ndarray) -> np.ndarray:
        """Trusted surprise of each cell's pace."""
        return self.trusts.pace * self.pace(paces)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        return {
            "grid": list(self.scale.grid),
            "look_size": list(self.scale.look_size),
            "motion_size": list(self.scale.motion_size),
            "size": list(self.size),
            "norms": list(self.whitening.norms),
            "mean": self.whitening.mean,
            "matrix": self.whitening.matrix,
            "memory": self.memory.state(),
            **({"looks": self.looks.state()} if self.looks.names else {}),
            "background": self.habits.background.state(),
            "usual_pace": self.habits.pace.state(),
            "directions": self.habits.directions.state(),
            "traffic": self.habits.traffic.state(),
            **({"excused": self.habits.excused.state()} if self.habits.excused else {}),
            "stays": self.stays.state(),
            "trusts": [self.trusts.appearance, self.trusts.pace],
            "followed": self.followed.state(),
            "lasting": self.lasting.state(),
            "health": self.health.state(),
            "appearance": self.appearance.state(),
            "pace": self.pace.state(),
            "frame": self.frame.state(),
        }

    @classmethod
    def from_state(cls, saved: SavedState) -> Scene:
        """The scene that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no scene has.
        """
        if not {"background", "lasting", "health", "followed", "traffic"} <= set(saved):
            raise OddframeError(
                "expected a fixed-camera that knows its scene's background, what lasts, what "
                "follows things, where things move and the camera's health, found one fitted by "
                "oddframe 0.1, before it knew all of them; fit it again with 'oddframe train'"
            )
        rows, columns = saved.wholes("grid", 2, 1, _MOST_CELLS)
        width, height = saved.wholes("look_size", 2, STRIDE, _MOST_CELLS * STRIDE)
        if (height // STRIDE, width // STRIDE) != (rows, columns):
            raise OddframeError(
                f"'scene.grid': expected {height // STRIDE} x {width // STRIDE} cells for images "
                f"of {width}x{height}, found {rows} x {columns}"
            )
        motion_width, motion_height = saved.wholes("motion_size", 2, 16, _MOST_CELLS * STRIDE)
        small = motion_width, motion_height
        size = saved.wholes("size", 2, 1, MOST_PIXELS)
        # Runs of before do not know when what they remember was seen, and need not.
        looks = LearntLooks.from_state(saved.part("looks")) if "looks" in saved else LearntLooks()
        excused = None
        if "excused" in saved:
            excused = Excused.from_state(saved.part("excused"), (rows, columns))
        fine, coarse = saved.numbers("norms", 2, 1e-30)
        appearance, pace = saved.numbers("trusts", 2, 0, 1)
        return cls(
            scale=Scale((rows, columns), (width, height), small),
            whitening=Whitening(
                (fine, coarse),
                saved.array("mean", np.floating, (CHANNELS,)),
                saved.array("matrix", np.floating, (CHANNELS, CHANNELS)),
            ),
            memory=NormalMemory.from_state(saved.part("memory"), (rows, columns), CHANNELS),
            looks=looks,
            habits=Habits(
                Background.from_state(saved.part("background"), small),
                UsualPace.from_state(saved.part("usual_pace")),
                Directions.from_state(saved.part("directions")),
                Traffic.from_state(saved.part("traffic")),
                excused,
            ),
            stays=LongestStays.from_state(saved.part("stays"), small),
            appearance=Surprise.from_state(saved.part("appearance")),
            pace=Surprise.from_state(saved.part("pace")),
            trusts=Trusts(appearance, pace),
            frame=Surprise.from_state(saved.part("frame")),
            followed=Followed.from_state(saved.part("followed")),
            size=(size[0], size[1]),
            lasting=Lasting.from_state(saved.part("lasting")),
            health=Health.from_state(saved.part("health")),
        )
