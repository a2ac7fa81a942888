"""A feature folder to copy: an array for each video, and a manifest that says what is true of it.

    python example_feature_folder.py toy
    oddframe train toy/manifest.jsonl --features toy/features --detector sultani --out run \\
        --settings.steps 200 --settings.learning_rate 0.01

It is enough to see a detector of features learn, without footage. Whatever made your features: an
array for each video, and a line of the manifest. Which layouts are read: features.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from oddframe.datasets import write_prepared
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

SNIPPET = 16
"""Frames that one vector describes."""
SNIPPETS, CROPS, CHANNELS = 24, 1, 32
VIDEOS = {"train": 40, "val": 16, "test": 16}


def write_toy(folder: Path) -> None:
    """Features of made-up videos, of which every other has something odd in it, and their manifest.

    Args:
        folder: where ``features/`` and ``manifest.jsonl`` are written.
    """
    random = np.random.default_rng(0)
    features = folder / "features"
    features.mkdir(parents=True)
    videos = []
    for split, count in VIDEOS.items():
        for number in range(count):
            values = random.normal(size=(SNIPPETS, CROPS, CHANNELS)).astype(np.float32)
            events: tuple[Event, ...] = ()
            if number % 2:
                start = int(random.integers(0, SNIPPETS - 4))
                values[start : start + 4, :, :6] += 2  # odd: some channels are higher
                events = (Event(start * SNIPPET, (start + 4) * SNIPPET, "odd"),)
            video_id = f"{split}-{number:02d}"
            np.save(features / f"{video_id}.npy", values)
            videos.append(
                Video(
                    id=video_id,
                    path="",  # only features are at hand, so there is no picture either
                    split=split,
                    label="anomalous" if events else "normal",
                    frames=SNIPPETS * SNIPPET,
                    fps=25.0,
                    width=0,
                    height=0,
                    # Labels per video are all that training has; test videos say when as well.
                    events=events if split == "test" else (),
                )
            )
    write_prepared(Manifest("toy", tuple(videos), folder), folder / "manifest.jsonl")


if __name__ == "__main__":
    write_toy(Path(sys.argv[1]))
