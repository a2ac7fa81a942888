"""Untrimmed videos with known fights, spliced from the clips of the Surveillance Camera Fight set.

    python bench/spliced_fights.py ../shared/data/surveillance-fights --out /tmp/fights

A real weakly supervised problem with frame truth: the data set (Aktı, Tataroğlu and Ekenel, IPTA
2019) has 150 clips of about 2 s with a fight and 150 without. A normal video is a row of clips
without a fight; an anomalous one has one or two runs of one or two fight clips in such a row. The
events of the test videos are those runs. Training and validation videos carry a label and no
events, as in the benchmarks; what is in them is in ``splices.json``, for later analysis.

Rules that keep the splicing itself from telling the label, with the reasons:

- Source clips of train, val and test are disjoint, and so are the scenes: clips that look alike
  (many were cut from one recording, a fight and a quiet moment too) stay in one split.
- Every clip gives 48 frames at 25 frames/s, resampled by nearest time, from a random start, so
  the class has no influence on a clip's length. Clips that are too short are left out.
- Every clip is stretched to 320x180, the size of 60 % of them; a border would tell the source.
- A normal and an anomalous video of each length, from the same deck of quiet clips; runs of
  fights begin anywhere, the first and last clip included.
- Cuts fall on multiples of 16 frames. Recordings of a fixed camera have no cuts, so a cut inside
  a snippet would measure the splicing: its jump is larger than any fight.

Finished videos are kept, so a build that was stopped goes on; ``manifest.jsonl`` is written last.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.media.image_series import natural_key
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event, Video, events_from_labels

FORMAT = "oddframe-spliced-fights/1"
SPLICES = "splices.json"
CLASSES = ("fight", "noFight")
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class SpliceConfig:
    """Shape of the data set.

    Attributes:
        videos: normal videos of train, val and test; as many anomalous ones are made.
        shares: share of the source clips of each split.
        clips: smallest and largest number of clips in a video.
        clip_frames: frames that a clip gives; a multiple of 16 keeps cuts between snippets.
        fps: frames per second.
        size: width and height in pixels.
        alike: clips whose thumbnails correlate more than this are one scene ...
        alike_neighbours: ... and so are those of one class and nearly the same number, which
            mostly come from one recording, above this.
    """

    videos: tuple[int, int, int] = (60, 15, 30)
    shares: tuple[float, float, float] = (0.6, 0.15, 0.25)
    clips: tuple[int, int] = (12, 20)
    clip_frames: int = 48
    fps: float = 25.0
    size: tuple[int, int] = (320, 180)
    alike: float = 0.62
    alike_neighbours: float = 0.3


@dataclass(frozen=True)
class Clip:
    """A source clip: ``fight/fi001.mp4``, its frames at the target rate, its mean thumbnail."""

    path: str
    frames: int
    thumbnail: np.ndarray

    @property
    def fight(self) -> bool:
        """Whether there is a fight in it."""
        return self.path.startswith("fight/")


@dataclass(frozen=True)
class Part:
    """A clip in a video: which one, and its first frame there, at the target rate."""

    clip: str
    start: int
    fight: bool


@dataclass(frozen=True)
class Splice:
    """A video before it is written."""

    id: str
    split: str
    parts: tuple[Part, ...]

    def events(self, clip_frames: int) -> tuple[Event, ...]:
        """Its runs of fights, in frames of the video."""
        return events_from_labels(np.repeat([p.fight for p in self.parts], clip_frames), "fight")


def read_clips(root: Path, config: SpliceConfig) -> list[Clip]:
    """All clips below ``root/fight`` and ``root/noFight``, in natural order.

    Raises:
        OddframeError: a folder is missing or empty, or a clip cannot be read.
    """
    clips = []
    for name in CLASSES:
        files = sorted((root / name).glob("*.mp4"), key=lambda file: natural_key(file.name))
        if not files:
            raise OddframeError(
                f"{root / name}: expected the .mp4 clips of the Surveillance Camera Fight data "
                "set, found none; give the folder that holds 'fight' and 'noFight'"
            )
        clips += [read_clip(root, f"{name}/{file.name}", config) for file in files]
    return clips


def read_clip(root: Path, path: str, config: SpliceConfig) -> Clip:
    """One clip; ``path`` is relative to the root. Raises OddframeError if it cannot be read."""
    with open_video(root / path) as video:
        small = [frame.grey((32, 18)).astype(np.float32) for frame in video]
        frames = int(len(small) / video.info.fps * config.fps)
    return Clip(path, frames, np.mean(small, axis=0))


def scenes(clips: Sequence[Clip], config: SpliceConfig) -> list[list[int]]:
    """Clips that look alike, as lists of their positions; chains of likeness are one scene.

    The likeness of two clips is the correlation of their mean grey thumbnails, which a fixed
    camera makes nearly constant. It errs on the side of joining: two scenes joined do no harm.
    """
    from scipy.sparse.csgraph import connected_components

    thumbnails = np.stack([clip.thumbnail.ravel() for clip in clips])
    likeness = np.corrcoef(thumbnails)
    fight = np.array([clip.fight for clip in clips])
    place = np.arange(len(clips))
    near = (fight[:, None] == fight) & (abs(place[:, None] - place) <= 2)
    joined = (likeness > config.alike) | (near & (likeness > config.alike_neighbours))
    count, labels = connected_components(joined, directed=False)
    return [np.flatnonzero(labels == scene).tolist() for scene in range(count)]


def split_clips(
    clips: Sequence[Clip], groups: Sequence[Sequence[int]], config: SpliceConfig, seed: int
) -> dict[str, list[Clip]]:
    """Whole scenes to train, val and test, each class near its share.

    Scenes come largest first, equal ones in seeded order; each goes where most of its clips are
    still wanted. Clips that are too short decide the scene but are left out afterwards.
    """
    generator = np.random.default_rng([seed, 0])
    order = sorted(generator.permutation(len(groups)).tolist(), key=lambda g: -len(groups[g]))
    totals = np.array([sum(clip.fight is fight for clip in clips) for fight in (True, False)])
    missing = np.outer(config.shares, totals)
    wanted = missing.copy()
    found: dict[str, list[Clip]] = {split: [] for split in SPLITS}
    for group in (groups[g] for g in order):
        members = [clips[position] for position in group]
        counts = np.array([sum(clip.fight is fight for clip in members) for fight in (True, False)])
        best = int(np.argmax((missing / wanted) @ counts))
        missing[best] -= counts
        found[SPLITS[best]] += [clip for clip in members if clip.frames >= config.clip_frames]
    return {split: sorted(rows, key=lambda clip: clip.path) for split, rows in found.items()}


class _Deck:
    """Deals clips without bias: the whole pool in random order, then again in another."""

    def __init__(self, clips: Sequence[Clip], generator: np.random.Generator) -> None:
        self._clips = clips
        self._generator = generator
        self._cards: list[Clip] = []

    def deal(self, count: int) -> list[Clip]:
        """Different clips; one that came up already waits for the next video."""
        if count > len(self._clips):
            raise OddframeError(
                f"a video needs {count} different clips of a kind, the split has only "
                f"{len(self._clips)}; build shorter videos"
            )
        hand: list[Clip] = []
        while len(hand) < count:
            fresh = [card for card in self._cards if all(card is not held for held in hand)]
            if not fresh:
                order = self._generator.permutation(len(self._clips))
                self._cards += [self._clips[position] for position in order]
                continue
            hand.append(fresh[0])
            self._cards.pop(next(n for n, card in enumerate(self._cards) if card is fresh[0]))
        return hand


def plan(pools: dict[str, list[Clip]], config: SpliceConfig, seed: int) -> list[Splice]:
    """All videos of all splits: which clips, in which order, from which start."""
    splices = []
    for number, split in enumerate(SPLITS):
        generator = np.random.default_rng([seed, 1, number])
        quiet = _Deck([clip for clip in pools[split] if not clip.fight], generator)
        fights = _Deck([clip for clip in pools[split] if clip.fight], generator)
        for video in range(1, config.videos[number] + 1):
            length = int(generator.integers(config.clips[0], config.clips[1] + 1))
            for label in ("normal", "anomalous"):
                runs = _runs(generator, length) if label == "anomalous" else np.zeros(length, bool)
                hands = {
                    True: iter(fights.deal(int(runs.sum()))),
                    False: iter(quiet.deal(int((~runs).sum()))),
                }
                clips = [next(hands[fight]) for fight in runs.tolist()]
                parts = tuple(_part(clip, config, generator) for clip in clips)
                splices.append(Splice(f"{split}-{label}-{video:03d}", split, parts))
    return splices


def _runs(generator: np.random.Generator, length: int) -> np.ndarray:
    """Which clips of a video are fights: one or two runs of one or two, never touching."""
    sizes = generator.integers(1, 3, size=generator.integers(1, 3))
    while True:
        fight = np.zeros(length, dtype=bool)
        for size in sizes:
            start = generator.integers(0, length - size + 1)
            fight[start : start + size] = True
        found = events_from_labels(fight)
        if sorted(event.end - event.start for event in found) == sorted(sizes):
            return fight


def _part(clip: Clip, config: SpliceConfig, generator: np.random.Generator) -> Part:
    start = int(generator.integers(0, clip.frames - config.clip_frames + 1))
    return Part(clip.path, start, clip.fight)


def cut(path: Path, start: int, config: SpliceConfig) -> Iterator[np.ndarray]:
    """``clip_frames`` RGB images of a clip at the target rate and size, from ``start`` on.

    Output frame k shows the source frame that is on screen in the middle of its time.
    """
    with open_video(path) as video:
        times = (np.arange(start, start + config.clip_frames) + 0.5) / config.fps
        wanted = iter(np.floor(times * video.info.fps).astype(int).tolist())
        target = next(wanted, None)
        for frame in video:
            if target is None:
                return
            if frame.index < target:
                continue
            image = frame.rgb(config.size)
            while target == frame.index:
                yield image
                target = next(wanted, None)
        while target is not None:  # rounding may ask for one frame beyond the end
            yield image
            target = next(wanted, None)


def build(root: Path, out: Path, config: SpliceConfig, seed: int = 0) -> Manifest:
    """Write the videos, ``splices.json`` and ``manifest.jsonl`` to ``out``.

    Raises:
        OddframeError: clips are missing, a split is too small, or ``out`` holds another build.
    """
    clips = read_clips(root, config)
    pools = split_clips(clips, scenes(clips, config), config, seed)
    splices = plan(pools, config, seed)
    content: dict[str, Any] = {
        "format": FORMAT,
        "seed": seed,
        "config": asdict(config),
        "videos": [asdict(splice) for splice in splices],
    }
    content = json.loads(json.dumps(content))  # tuples as the file will give them back
    if not (out / SPLICES).exists():
        write_json(out / SPLICES, content)
    elif json.loads((out / SPLICES).read_text(encoding="utf-8")) != content:
        raise OddframeError(
            f"{out / SPLICES}: expected the plan of this seed, these settings and these clips, "
            "found another; choose another folder"
        )
    missing = [splice for splice in splices if not _path(out, splice).exists()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for number, _ in enumerate(pool.map(lambda s: _write(root, out, s, config), missing)):
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {len(missing)} videos", end="", file=sys.stderr)
    manifest = Manifest(
        dataset="spliced-fights",
        videos=tuple(_video(splice, config) for splice in splices),
        root=out,
        source="clips of the Surveillance Camera Fight data set (Aktı et al., IPTA 2019), spliced",
        label_rule="the frames of the spliced-in fight clips; half-open, 0-based; test only",
        annotations=hash_annotations(out, [out / SPLICES]),
    )
    replace(manifest, root=Path()).write(out / "manifest.jsonl")
    return manifest


def _path(out: Path, splice: Splice) -> Path:
    return out / splice.split / f"{splice.id}.mp4"


def _write(root: Path, out: Path, splice: Splice, config: SpliceConfig) -> None:
    with VideoWriter(_path(out, splice), config.fps, config.size) as writer:
        for part in splice.parts:
            for image in cut(root / part.clip, part.start, config):
                writer.write(image)


def _video(splice: Splice, config: SpliceConfig) -> Video:
    events = splice.events(config.clip_frames)
    return Video(
        id=splice.id,
        path=f"{splice.split}/{splice.id}.mp4",
        split=splice.split,
        label="anomalous" if events else "normal",
        frames=len(splice.parts) * config.clip_frames,
        fps=config.fps,
        width=config.size[0],
        height=config.size[1],
        classes=("fight",) if events else (),
        events=events if splice.split == "test" else (),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="folder with 'fight' and 'noFight'")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        manifest = build(options.root, options.out, SpliceConfig(), options.seed)
    except OddframeError as error:
        sys.exit(f"error: {error}")
    for split, counts in manifest.counts().items():
        print(split, ", ".join(f"{value:,} {name}" for name, value in counts.items()))


if __name__ == "__main__":
    main()
