"""A made-up features folder of UCF-Crime's shape, to test speed and memory at its scale.

    ANNOTATIONS=../shared/data/annotations/ucf-crime
    python bench/synthetic_features.py $ANNOTATIONS --out /tmp/ucf
    python bench/synthetic_features.py $ANNOTATIONS --out /tmp/ucf --share 0.1

It has the official videos' names and frame counts (1,610 for training, 290 for the test), ten
crops and 2048 channels; ``--share`` takes a seeded part of each class. The numbers are half-normal
noise, like rectified features, with a direction added where something is wrong: in the annotated
events of the test videos, and in one random stretch of 5 to 30 % of each anomalous training video.
Scores that a detector reaches on it say that it can learn, and nothing more.

The size is told before writing, and a disk that is too small is refused. Videos that are there
already are kept. The folder is prepared like any other:

    oddframe prepare ucf-crime $ANNOTATIONS --features /tmp/ucf \\
        --allow_partial true --out /tmp/ucf.jsonl
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.annotation_files import read_counts, read_lines
from oddframe.datasets.ucf_crime import FRAME_COUNTS, INTERVALS, TRAIN_LIST, class_of
from oddframe.errors import OddframeError
from oddframe.features.feature_writing import begin_folder, finished_videos
from oddframe.files.atomic import atomic_path
from oddframe.videos.intervals import events_of_pairs, interval_pairs

SNIPPET = 16
CHUNK = 64
"""Snippets made at a time: the longest video alone would take 5 GB."""
SPARE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class FeatureConfig:
    """Shape of the folder.

    Attributes:
        share: part of the videos of each class and split.
        crops, channels: shape of a snippet.
        dtype: ``float16`` or ``float32``.
        strength: length of the direction that is added; the noise has length 0.6 sqrt(channels)
            about its mean, so about 27 for 2048 channels.
    """

    share: float = 1.0
    crops: int = 10
    channels: int = 2048
    dtype: str = "float32"
    strength: float = 8.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or self.dtype not in ("float16", "float32"):
            raise OddframeError(
                "synthetic features: expected 0 < share <= 1 and float16 or float32, found "
                f"{self.share} and {self.dtype}"
            )


@dataclass(frozen=True)
class PlannedVideo:
    """A video before it is written: its name, class, frames, and odd stretches in snippets."""

    name: str
    category: str | None
    frames: int
    odd: tuple[tuple[int, int], ...]
    seed: tuple[int, int]

    @property
    def snippets(self) -> int:
        """Snippets of 16 frames; the last may be incomplete."""
        return -(-self.frames // SNIPPET)


def plan(annotations: Path, config: FeatureConfig, seed: int) -> list[PlannedVideo]:
    """The videos to write, training first.

    Raises:
        OddframeError: an annotation file is missing or broken.
    """
    counts = read_counts(annotations / FRAME_COUNTS, "frames")
    train = [Path(line).stem for _, line in read_lines(annotations / TRAIN_LIST)]
    test = {}
    for where, line in read_lines(annotations / INTERVALS):
        words = line.split()
        test[Path(words[0]).stem] = interval_pairs(words[2:], where)
    videos = []
    for split, names in enumerate((train, list(test))):
        groups: dict[str | None, list[int]] = {}
        for position, name in enumerate(names):
            groups.setdefault(class_of(name), []).append(position)
        generator = np.random.default_rng([seed, split])
        for category, group in sorted(groups.items(), key=str):
            count = max(round(config.share * len(group)), 1)
            for position in sorted(generator.permutation(group)[:count].tolist()):
                name = names[position]
                frames = counts[name]
                own = (seed, 2 + len(videos))
                if split == 0:
                    odd = _random_stretch(frames, own) if category else ()
                else:
                    events = events_of_pairs(
                        test[name], "one-based-inclusive", frames, category or "", name
                    )
                    odd = tuple((e.start // SNIPPET, -(-e.end // SNIPPET)) for e in events)
                videos.append(PlannedVideo(name, category, frames, odd, own))
    return videos


def _random_stretch(frames: int, seed: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    generator = np.random.default_rng([*seed, 0])
    snippets = -(-frames // SNIPPET)
    length = max(round(generator.uniform(0.05, 0.3) * snippets), 1)
    start = int(generator.integers(0, snippets - length + 1))
    return ((start, start + length),)


def size_in_bytes(videos: list[PlannedVideo], config: FeatureConfig) -> int:
    """What the videos take on disk, without the 128 bytes of each header."""
    snippet = config.crops * config.channels * np.dtype(config.dtype).itemsize
    return sum(video.snippets for video in videos) * snippet


def chunks(
    video: PlannedVideo, config: FeatureConfig, direction: np.ndarray
) -> Iterator[np.ndarray]:
    """The video's features, at most ``CHUNK`` snippets at a time: ``(n, crops, channels)``."""
    generator = np.random.default_rng([*video.seed, 1])
    odd = np.zeros(video.snippets, dtype=bool)
    for start, end in video.odd:
        odd[start:end] = True
    for start in range(0, video.snippets, CHUNK):
        here = odd[start : start + CHUNK]
        shape = (len(here), config.crops, config.channels)
        features = np.abs(generator.standard_normal(shape, dtype=np.float32))
        features[here] += config.strength * direction
        yield features.astype(config.dtype)


def write(out: Path, videos: list[PlannedVideo], config: FeatureConfig, seed: int) -> None:
    """Write the videos that are not there yet, and ``features.json``.

    Raises:
        OddframeError: the disk is too small, or the folder holds other features.
    """
    begin_folder(
        out,
        {
            "backbone": {
                "name": "synthetic noise",
                "seed": seed,
                "strength": config.strength,
            },
            "snippet_length": SNIPPET,
            "stride": SNIPPET,
            "crops": config.crops,
            "channels": config.channels,
            "dtype": config.dtype,
        },
    )
    finished = finished_videos(out, {video.name: video.snippets for video in videos})
    missing = [video for video in videos if video.name not in finished]
    needed, free = size_in_bytes(missing, config), shutil.disk_usage(out).free
    if needed + SPARE_BYTES > free:
        raise OddframeError(
            f"{out}: the features need {needed / 1e9:.1f} GB and 2 GB to spare, the disk has "
            f"{free / 1e9:.1f} GB; take a smaller --share or --dtype float16"
        )
    # Half-normal directions, as the features are: a rectified network has no negative ones.
    direction = np.abs(np.random.default_rng([seed, 1_000_000]).standard_normal(config.channels))
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    for video in missing:
        shape = (video.snippets, config.crops, config.channels)
        header = {"descr": np.dtype(config.dtype).str, "fortran_order": False, "shape": shape}
        with atomic_path(out / f"{video.name}.npy") as temporary, temporary.open("wb") as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            for chunk in chunks(video, config, direction):
                chunk.tofile(stream)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("annotations", type=Path, help="folder of UCF-Crime's annotation files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plan", action="store_true", help="tell the size and stop")
    options = parser.parse_args()
    try:
        config = FeatureConfig(share=options.share, dtype=options.dtype)
        videos = plan(options.annotations, config, options.seed)
        print(
            f"{len(videos)} videos, {sum(video.snippets for video in videos):,} snippets, "
            f"{size_in_bytes(videos, config) / 1e9:.1f} GB"
        )
        if not options.plan:
            write(options.out, videos, config, options.seed)
    except OddframeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
