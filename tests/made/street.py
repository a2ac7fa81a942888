"""A small street, and a run fitted to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.made.made_once import MadeOnce

from oddframe.cli import main
from oddframe.media.video_writing import VideoWriter

Extra = Callable[[np.ndarray, float], None]


@dataclass(frozen=True)
class Street:
    """A textured street where squares walk along three lanes, in 128x80 at 12.5 fps.

    Attributes:
        root: folder of ``normal/`` (48 s), ``calm.mp4``, ``fast.mp4`` and ``large.mp4`` (8 s each;
            the odd things are there in frames 37 to 74), ``events.csv`` and ``run/``.
    """

    root: Path
    width: int = 128
    height: int = 80
    fps: float = 12.5
    event: tuple[int, int] = (37, 75)
    settings: dict[str, int] = field(
        default_factory=lambda: {"long_side": 128, "motion_side": 192, "fit_looks": 60}
    )

    @property
    def run(self) -> Path:
        return self.root / "run"

    def options(self) -> list[str]:
        """The settings as the command line takes them."""
        pairs = ((f"--settings.{name}", str(value)) for name, value in self.settings.items())
        return [word for pair in pairs for word in pair]

    def images(self, seconds: float, seed: int, extra: Extra | None = None) -> list[np.ndarray]:
        """RGB frames of normal life, with something extra drawn in."""
        random = np.random.default_rng(seed)
        noise = random.normal(0, 1.5, (8, self.height, self.width, 3))
        lanes = [(20, 0.15), (38, -0.15), (58, 0.13)]
        walkers = [(y, v * random.uniform(0.9, 1.1), random.uniform()) for y, v in lanes]
        images = []
        for index in range(round(seconds * self.fps)):
            time = index / self.fps
            image = self.backdrop + noise[random.integers(8)]
            for look, (top, speed, start) in enumerate(walkers):
                self.square(image, look, top, (start + speed * time) % 1.11)
            if extra is not None:
                extra(image, time)
            images.append(np.clip(image, 0, 255).astype(np.uint8))
        return images

    def square(self, image: np.ndarray, look: int, top: int, place: float) -> None:
        """Draw a walker; places 0 to 1.11 lead from beyond one side to beyond the other."""
        texture = _texture(look)
        side = len(texture)
        x = round(place * self.width) - side
        left, right = max(x, 0), min(x + side, self.width)
        if left < right:
            image[top : top + side, left:right] = texture[:, left - x : right - x]

    def fast(self, image: np.ndarray, time: float) -> None:
        """A square that walks three times as fast as the others, from second 3 to 6."""
        if 3 <= time < 6:
            self.square(image, 1, 30, (0.5 * (time - 3)) % 1.11)

    def large(self, image: np.ndarray, time: float) -> None:
        """A large thing, never seen before, that stands still from second 3 to 6."""
        if 3 <= time < 6:
            stripes = np.indices((32, 36)).sum(axis=0)[..., None] // 4 % 2
            image[20:52, 48:84] = stripes * 255 * np.array([1, 0.2, 0])

    def film(self, path: Path, images: list[np.ndarray]) -> Path:
        """Write frames as a video."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, self.fps, (self.width, self.height)) as writer:
            for image in images:
                writer.write(image)
        return path

    @cached_property
    def backdrop(self) -> np.ndarray:
        random = np.random.default_rng(7)
        coarse = random.integers(90, 170, (10, 16, 3)).astype(np.float32)
        smooth = cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
        return smooth + random.normal(0, 12, (self.height, self.width, 3))


@lru_cache
def _texture(look: int, side: int = 14) -> np.ndarray:
    """What a walker looks like, float32 ``(side, side, 3)``; not to be changed."""
    coarse = np.random.default_rng(look).integers(0, 255, (4, 4, 3)).astype(np.float32)
    return cv2.resize(coarse, (side, side))


@pytest.fixture(scope="session")
def street(made_once: MadeOnce) -> Street:
    """The street with a run, for all processes that test: read it only, and write nothing there."""
    return Street(made_once("street", lambda root: _make(Street(root))))


@pytest.fixture
def street_run(street: Street, tmp_path: Path) -> Path:
    """A copy of the street's run, to write in."""
    return shutil.copytree(street.run, tmp_path / "street-run")


def _make(street: Street) -> None:
    """Film, and fit the run with the command that the overview gives."""
    for seed in range(3):
        street.film(street.root / "normal" / f"{seed}.mp4", street.images(16, seed))
    street.film(street.root / "calm.mp4", street.images(8, 50))
    street.film(street.root / "fast.mp4", street.images(8, 51, street.fast))
    street.film(street.root / "large.mp4", street.images(8, 52, street.large))
    (street.root / "events.csv").write_text(
        "video,start_frame,end_frame,class\nfast,37,75,runner\nlarge,37,75,obstacle\n"
    )
    command = ["train", str(street.root / "normal"), "--out", str(street.run), *street.options()]
    assert main(command) == 0
