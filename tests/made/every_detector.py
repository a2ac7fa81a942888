"""Every detector there is, each trained once on a few seconds of data.

The examples of the documentation are among them, by their files: who copies one into the folder of
a school begins with what is held to all that is asked there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from tests.made.bags import Bags
from tests.made.made_once import MadeOnce
from tests.made.small_settings import short_name, small_settings
from tests.made.street import Street

from oddframe.detectors import available, load_given
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import Run, read_run
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

CHANNELS = 32
FPS, WIDTH, HEIGHT = 12.5, 64, 40
SECONDS = {"train": 8, "val": 4, "test": 6}
"""Of each video of a split: as little as there must be."""
EVENT = Event(37, 75, "odd")
"""Frames in which something odd is there, in the test videos that have it."""
DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = [
    str(DOCS / f"example_{kind}.py") for kind in ("detector", "clip_detector", "bag_detector")
]


def every(**traits: Any) -> pytest.MarkDecorator:
    """Runs a check for every detector with these traits, as its argument ``name``."""
    return pytest.mark.parametrize("name", having(**traits), ids=short_name)


def having(**traits: Any) -> list[str]:
    """Names of the detectors with these traits, and files of examples.

    One that cannot be loaded has none: it fails where every detector is checked, and stops no
    other.
    """

    names = [*available(), *EXAMPLES]
    if not traits:
        return names
    found = {name: _traits(name) for name in names}
    return [
        name
        for name in names
        if found[name] and all(getattr(found[name], key) == traits[key] for key in traits)
    ]


@cache
def _traits(name: str) -> Traits | None:
    try:
        return load_given(name).DETECTOR.traits
    except OddframeError:
        return None


def frames(images: Iterable[np.ndarray], start: int = 0) -> list[PictureFrame]:
    """Images as they come from a camera, at 12.5 frames a second."""
    return [PictureFrame(n, n / FPS, image) for n, image in enumerate(images, start)]


@cache
def filmed(kind: str, seed: int, seconds: float = SECONDS["test"]) -> list[np.ndarray]:
    """RGB images 64x40 of a street: ``calm``, or with something ``large`` or ``fast`` in it."""
    street = Street(Path())
    extra = {"calm": None, "large": street.large, "fast": street.fast}[kind]
    images = street.images(seconds, seed, extra)
    return [cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for image in images]


@dataclass(frozen=True)
class Footage:
    """Six videos of a street, and features of 56 made-up videos.

    Attributes:
        manifest: of the street; two videos to train on, one held out, and of the test videos one
            calm, one with something large and one with something fast in it.
        labels: manifest of the videos that there are features of.
        features: their features, two crops of 32 channels.
    """

    manifest: Path
    labels: Path
    features: Path

    def of(self, name: str) -> Path:
        """The manifest of what a detector looks at."""
        frames = load_given(name).DETECTOR.traits.looks_at == "frames"
        return self.manifest if frames else self.labels

    def fit(
        self,
        name: str,
        out: Path,
        manifest: Path | None = None,
        changed: dict[str, Any] | None = None,
        **options: Any,
    ) -> Run:
        """Train a detector with its small settings, some of them changed."""
        if load_given(name).DETECTOR.traits.looks_at == "features":
            options["features"] = self.features
        if load_given(name).DETECTOR.traits.trained != "at once":
            options["device"] = "cpu"
        settings = {**small_settings(name), **(changed or {})}
        where = manifest or self.of(name)
        return train(where, out, detector=name, settings=settings, **options)


@pytest.fixture(scope="session")
def footage(made_once: MadeOnce, bags: Bags) -> Footage:
    def make(root: Path) -> None:
        film(root)
        (root / "features").mkdir()
        for array in bags.features.glob("*.npy"):
            wide = np.repeat(np.load(array), CHANNELS // 16, axis=2)
            np.save(root / "features" / array.name, wide)
        shutil.copy(bags.manifest, root / "labels.jsonl")

    root = made_once("footage", make)
    return Footage(root / "manifest.jsonl", root / "labels.jsonl", root / "features")


def film(root: Path) -> None:
    """Make the videos of a street, and their manifest."""
    wanted = (
        ("train", "calm", 0),
        ("train", "calm", 1),
        ("val", "calm", 2),
        ("test", "calm", 50),
        ("test", "large", 51),
        ("test", "fast", 52),
    )
    videos = []
    for split, kind, seed in wanted:
        name = f"{kind}{seed}.mp4"
        images = filmed(kind, seed, SECONDS[split])
        with VideoWriter(root / name, FPS, (WIDTH, HEIGHT)) as writer:
            for image in images:
                writer.write(image)
        odd = kind != "calm"
        known: dict[str, Any] = {"classes": ("odd",), "events": (EVENT,)} if odd else {}
        label = "anomalous" if odd else "normal"
        size = (len(images), FPS, WIDTH, HEIGHT)
        videos.append(Video(Path(name).stem, name, split, label, *size, **known))
    Manifest("street", tuple(videos), root).write(root / "manifest.jsonl")


def with_test_labels_flipped(manifest: Manifest) -> Manifest:
    """The videos of a manifest, the normal test videos called anomalous and the others normal."""

    def flipped(video: Video) -> Video:
        if video.split != "test":
            return video
        if video.label == "anomalous":
            return replace(video, label="normal", classes=(), events=())
        events = (Event(0, video.frames // 2, "odd"),)
        return replace(video, label="anomalous", classes=("odd",), events=events)

    return replace(manifest, videos=tuple(flipped(video) for video in manifest.videos))


@dataclass(frozen=True)
class Trained:
    """A detector, trained.

    Attributes:
        name: the detector's, or its file.
        module: where it is defined.
        run: its run, read.
    """

    name: str
    module: ModuleType
    run: Run

    @property
    def detector(self) -> Any:
        return self.run.detector

    def read(self, folder: Path) -> Any:
        """The detector in a copy of its run."""
        return read_run(folder, detector=self.name).detector


@pytest.fixture(scope="session")
def every_detector(footage: Footage, made_once: MadeOnce) -> Callable[[str], Trained]:
    """The detector of a name, trained once."""

    @cache
    def trained(name: str) -> Trained:
        folder = made_once(short_name(name), lambda folder: footage.fit(name, folder / "run"))
        return Trained(name, load_given(name), read_run(folder / "run", detector=name))

    return trained


@pytest.fixture
def trained(name: str, every_detector: Callable[[str], Trained]) -> Trained:
    """The detector that a check is about; read it only."""
    return every_detector(name)


def streamed(
    detector: Any, pictures: Iterable[PictureFrame], *, live: bool = False
) -> list[FrameScore]:
    """The scores of a whole stream of frames."""
    stream = detector.stream(MediaInfo(0, FPS, WIDTH, HEIGHT), live=live)
    found = [score for frame in pictures for score in stream.push(frame)]
    return found + stream.finish()


def snippets(seed: int = 0, count: int = 30) -> np.ndarray:
    """Features of a video, ``(snippets, 2, 32)``."""
    return np.random.default_rng(seed).normal(size=(count, 2, CHANNELS)).astype(np.float32)


def scored(detector: Any) -> np.ndarray:
    """Scores of something that no detector has seen, from the frames or the features of it."""
    if detector.traits.looks_at == "features":
        return detector.score_snippets(snippets(9))
    images = filmed("large", 60)[20:56]  # from frame 37 on something odd is there
    return np.array([score.value for score in streamed(detector, frames(images))])


@dataclass(frozen=True)
class Numbers:
    """An array of a state, to compare: quick, and NaN equals itself."""

    kind: str
    shape: tuple[int, ...]
    content: bytes


def flat(state: Any, place: str = "") -> dict[str, Any]:
    """A detector's state as names and plain values or numbers, which can be compared."""
    if isinstance(state, dict):
        parts = [flat(value, f"{place}.{key}") for key, value in state.items()]
        return {key: value for part in parts for key, value in part.items()}
    if hasattr(state, "tolist"):
        array = np.asarray(state)
        return {place: Numbers(str(array.dtype), array.shape, array.tobytes())}
    return {place: state}
