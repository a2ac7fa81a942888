"""``synthetic``: a generated square with walkers and, in test videos, something odd.

It needs no data: the scene of :mod:`oddframe.datasets.synthetic_scene` is rendered once into the
root, with frame, pixel and track truth taken from the same drawing. The odd things are a cyclist,
a runner, somebody who crosses the flow, and a suitcase that is left behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.console.words import first_of
from oddframe.datasets.synthetic_scene.actors import (
    Actor,
    crossing,
    cyclist,
    left_object,
    runner,
    walkers,
)
from oddframe.datasets.synthetic_scene.backdrop import Backdrop, paint_backdrop
from oddframe.datasets.synthetic_scene.camera import HEIGHT, WIDTH
from oddframe.datasets.synthetic_scene.renderer import RenderedFrame, render
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path, write_json
from oddframe.files.folder_lock import LOCK, alone_in
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event, Video, events_from_labels

FORMAT = "oddframe-synthetic/1"
"""Changes whenever the same seed gives other pictures, so that old scenes are rendered again."""
KINDS = ("cyclist", "runner", "crossing", "left_object")
MIN_VISIBLE_PIXELS = 8
"""An odd thing of which less is seen does not count as visible, neither in masks nor in events."""
MARKER = "scene.json"
"""Says which scene is in the folder; its events, written last, that the scene is complete."""
_TIMES_PER_KIND = 2
_ODD_ACTORS = {
    "cyclist": cyclist,
    "runner": runner,
    "crossing": crossing,
    "left_object": left_object,
}
_START_SHARES = {(1, 0): (0.2, 0.4), (2, 0): (0.03, 0.12), (2, 1): (0.46, 0.56)}
"""When an anomaly begins, as a share of the video: (anomalies in it, which of them) to a range."""


@dataclass(frozen=True)
class SceneConfig:
    """Size of the data set: numbers of videos, their length in seconds, their frame rate."""

    train_videos: int = 8
    test_videos: int = 8
    seconds: float = 16.0
    fps: float = 12.5

    def __post_init__(self) -> None:
        if self.train_videos < 1 or self.test_videos < 2 or self.frames < 1:
            raise OddframeError(
                "synthetic scene: expected at least 1 training video, 2 test videos and 1 frame, "
                f"found {self.train_videos}, {self.test_videos} and {self.frames}"
            )

    @property
    def frames(self) -> int:
        """Frames of each video."""
        return round(self.seconds * self.fps)


@dataclass(frozen=True)
class Recording:
    """One video before rendering.

    Attributes:
        id: also the name of its files.
        split: ``train`` or ``test``.
        kinds: the anomalies in it.
        seed: decides who is in it, its light and its noise.
    """

    id: str
    split: str
    kinds: tuple[str, ...]
    seed: tuple[int, ...]

    @property
    def path(self) -> str:
        """Where its video file lies, relative to the root."""
        return f"{'training' if self.split == 'train' else 'testing'}/{self.id}.mp4"

    def actors(self, config: SceneConfig) -> list[Actor]:
        """Everybody in it, the odd ones last."""
        generator = np.random.default_rng([*self.seed, 0])
        result = walkers(generator, config.frames, config.fps)
        for place, kind in enumerate(self.kinds):
            share = _START_SHARES[len(self.kinds), place]
            start = float(generator.uniform(*share)) * config.seconds
            result += _ODD_ACTORS[kind](generator, config.frames, config.fps, start)
        return result

    def render(
        self, actors: list[Actor], backdrop: Backdrop, config: SceneConfig
    ) -> Iterator[RenderedFrame]:
        """The video's frames, equal each time."""
        generator = np.random.default_rng([*self.seed, 1])
        return render(backdrop, actors, config.frames, config.fps, generator)


def prepare_synthetic(root: Path, *, seed: int = 0) -> Manifest:
    """Render the scene into ``root``, unless it is already there, and list it.

    Writes ``training/*.mp4`` (normal), ``testing/*.mp4``, ``masks/*.npz``, ``tracks/*.json`` and
    ``scene.json``, which has the events when all of these are complete. About 60 % of the test
    videos hold one or two anomalies each, and the others none.

    Args:
        root: folder to write to; made if missing.
        seed: decides everything; the same seed gives the same frames before encoding.

    Raises:
        OddframeError: the folder holds something else or cannot be written, or the seed is
            negative.
    """
    return prepare_scene(root, SceneConfig(), seed)


def prepare_scene(root: Path, config: SceneConfig, seed: int) -> Manifest:
    """:func:`prepare_synthetic` with other numbers of videos or another length."""
    root = Path(root)
    if seed < 0:
        raise OddframeError(f"synthetic scene: expected a seed of at least 0, found {seed}")
    recipe: dict[str, Any] = {"format": FORMAT, "seed": seed, "config": asdict(config)}
    recordings = plan_recordings(seed, config)
    events = _read_marker(root / MARKER, recipe)
    if events is not None:
        try:
            manifest = _manifest(root, recordings, config, events)
            manifest.check_files()
        except (OddframeError, OSError):
            events = None
        else:
            return manifest
    with alone_in(root):
        require_scene(root)
        # Without its events a half-rendered mixture of two scenes is never taken for a whole one.
        write_json(root / MARKER, recipe)
        backdrop = paint_backdrop(np.random.default_rng([seed, 0]))
        events = {r.id: _write_recording(root, r, backdrop, config) for r in recordings}
        rows = {key: [[e.start, e.end, e.name] for e in found] for key, found in events.items()}
        write_json(root / MARKER, {**recipe, "events": rows})
    return _manifest(root, recordings, config, events)


def require_scene(root: Path, below: str = "") -> None:
    """Check that a folder is empty, or a generated scene is in it already, whole or begun.

    Args:
        root: the folder; it need not exist.
        below: where in it the scene is, ``scene/`` perhaps.

    Raises:
        OddframeError: other files are there, among which none are written.
    """
    there = [file.name for file in root.glob("*") if file.name != LOCK]
    if there and not (root / below / MARKER).is_file():
        raise OddframeError(
            f"{root}: expected an empty folder, or one with {below}{MARKER} in it, found "
            f"{first_of(sorted(there))}; choose another folder"
        )


def plan_recordings(seed: int, config: SceneConfig) -> list[Recording]:
    """All videos; each has its own random numbers."""
    kinds = _plan_kinds(np.random.default_rng([seed, 1]), config.test_videos)
    plans: list[tuple[str, str, tuple[str, ...]]] = [
        (f"train{n:02d}", "train", ()) for n in range(1, config.train_videos + 1)
    ]
    plans += [(f"test{n:02d}", "test", found) for n, found in enumerate(kinds, start=1)]
    return [
        Recording(name, split, found, (seed, 2, number))
        for number, (name, split, found) in enumerate(plans)
    ]


def _plan_kinds(generator: np.random.Generator, videos: int) -> list[tuple[str, ...]]:
    """The anomalies of each test video: each kind twice if there is room, none twice in one."""
    anomalous = min(max(round(0.6 * videos), 1), videos - 1)
    slots = min(2 * anomalous, _TIMES_PER_KIND * len(KINDS))
    while True:
        order = [kind for _ in range(_TIMES_PER_KIND) for kind in generator.permutation(KINDS)]
        chosen = [tuple(map(str, order[n:slots:anomalous])) for n in range(anomalous)]
        if all(len(set(found)) == len(found) for found in chosen):
            break
    # What is left behind stays to the end, so that it comes second.
    chosen = [tuple(sorted(found, key="left_object".__eq__)) for found in chosen]
    places = generator.permutation(videos)
    return [chosen[place] if place < anomalous else () for place in places]


def _write_recording(
    root: Path, recording: Recording, backdrop: Backdrop, config: SceneConfig
) -> tuple[Event, ...]:
    """Render a recording to its files and return its events."""
    actors = recording.actors(config)
    union = np.zeros((HEIGHT, WIDTH), dtype=bool)
    packed: list[np.ndarray] = []
    boxes: dict[int, list[list[int]]] = {}
    with (
        VideoWriter(root / recording.path, config.fps, (WIDTH, HEIGHT)) as writer,
        # Encoding takes as long as drawing and leaves the interpreter to it meanwhile.
        ThreadPoolExecutor(max_workers=1) as encoder,
    ):
        written: Future[None] | None = None
        for index, frame in enumerate(recording.render(actors, backdrop, config)):
            if written is not None:
                written.result()
            written = encoder.submit(writer.write, frame.image)
            union[:] = False
            for actor, mask in frame.masks.items():
                if np.count_nonzero(mask) >= MIN_VISIBLE_PIXELS:
                    union |= mask
                    boxes.setdefault(actor, []).append([index, *_box(mask)])
            packed.append(np.packbits(union.reshape(-1)))
        if written is not None:
            written.result()
    if recording.split == "train":
        return ()
    with atomic_path(root / f"masks/{recording.id}.npz") as temporary:
        np.savez_compressed(temporary, mask=np.stack(packed))
    names = {actor: str(actors[actor].anomaly) for actor in boxes}
    tracks = [
        {"id": f"{recording.id}-{number}", "name": names[actor], "boxes": boxes[actor]}
        for number, actor in enumerate(sorted(boxes), start=1)
    ]
    write_json(root / f"tracks/{recording.id}.json", {"tracks": tracks})
    events: list[Event] = []
    for actor, found in boxes.items():
        visible = np.zeros(config.frames, dtype=bool)
        visible[[box[0] for box in found]] = True
        events += events_from_labels(visible, names[actor])
    return tuple(sorted(events))


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _read_marker(path: Path, recipe: dict[str, Any]) -> dict[str, tuple[Event, ...]] | None:
    """The events of a complete scene of this recipe, or None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = content.pop("events")
        if content != recipe:
            return None
        return {key: tuple(Event(*event) for event in found) for key, found in rows.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _manifest(
    root: Path,
    recordings: list[Recording],
    config: SceneConfig,
    events: dict[str, tuple[Event, ...]],
) -> Manifest:
    videos = []
    for recording in recordings:
        found = events[recording.id]
        test = recording.split == "test"
        video = Video(
            id=recording.id,
            path=recording.path,
            split=recording.split,
            label="anomalous" if found else "normal",
            frames=config.frames,
            fps=config.fps,
            width=WIDTH,
            height=HEIGHT,
            classes=tuple(sorted({event.name for event in found})),
            events=found,
            mask=f"masks/{recording.id}.npz#mask" if test else None,
            tracks=f"tracks/{recording.id}.json" if test else None,
        )
        videos.append(video)
    return Manifest(
        dataset="synthetic",
        videos=tuple(videos),
        root=root,
        source="generated by oddframe",
        label_rule=(
            "an event covers the frames in which its figure or object shows at least "
            f"{MIN_VISIBLE_PIXELS} pixels; half-open, 0-based"
        ),
        annotations=hash_annotations(root, [root / MARKER]),
    )
