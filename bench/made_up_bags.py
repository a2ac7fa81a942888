"""A few made-up videos with labels and features, for benchmarks that are not about the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

SNIPPETS, CHANNELS = 8, 8


def write_bags(folder: Path, videos: int = 8) -> tuple[Path, Path]:
    """Write ``manifest.jsonl`` and ``features/``; every second video has something odd in it.

    Args:
        folder: made if it is not there.
        videos: of each split.

    Returns:
        Manifest and features.
    """
    random = np.random.default_rng(0)
    odd = random.normal(size=CHANNELS).astype(np.float32)
    features = folder / "features"
    features.mkdir(parents=True, exist_ok=True)
    found = []
    for split in ("train", "val", "test"):
        for index in range(videos):
            name = f"{split}_{index:03d}"
            values = random.normal(size=(SNIPPETS, 1, CHANNELS)).astype(np.float32)
            label, classes, events = "normal", (), ()
            if index % 2:
                values[2:5] += 3 * odd
                label, classes = "anomalous", ("odd",)
                events = (Event(32, 80, "odd"),) if split == "test" else ()
            np.save(features / f"{name}.npy", values)
            frames = SNIPPETS * 16
            found.append(Video(name, "", split, label, frames, 25.0, 0, 0, classes, events))
    Manifest("made-up", tuple(found)).write(folder / "manifest.jsonl")
    return folder / "manifest.jsonl", features
