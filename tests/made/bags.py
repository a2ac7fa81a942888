"""Features of made-up videos, to train on in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from oddframe.cli import main
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


@dataclass(frozen=True)
class Bags:
    """Features of 56 made-up videos, in which a known direction marks the odd snippets.

    Attributes:
        root: folder of ``features/`` (two crops of 16 channels) and ``manifest.jsonl``; train and
            val videos have a label only, test videos events as well.
    """

    root: Path

    @property
    def features(self) -> Path:
        return self.root / "features"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.jsonl"

    def train(self, out: Path, *options: str) -> int:
        """Run ``oddframe train`` on it, on the CPU."""
        words = ["train", str(self.manifest), "--features", str(self.features), "--device", "cpu"]
        return main([*words, "--out", str(out), *options])


@pytest.fixture(scope="session")
def bags(tmp_path_factory: pytest.TempPathFactory) -> Bags:
    found = Bags(tmp_path_factory.mktemp("bags"))
    random = np.random.default_rng(0)
    odd = random.normal(size=16).astype(np.float32)
    videos = []
    found.features.mkdir()
    for split, count in (("train", 12), ("val", 6), ("test", 10)):
        for index in range(2 * count):
            name = f"{split}_{index:02d}"
            snippets = int(random.integers(12, 40))
            frames = snippets * 16 - int(random.integers(0, 16))
            values = random.normal(size=(snippets, 2, 16)).astype(np.float32)
            events: tuple[Event, ...] = ()
            if index % 2:
                start = int(random.integers(0, snippets - 5))
                values[start : start + 4] += 2 * odd
                if split == "test":
                    events = (Event(start * 16, start * 16 + 64, "odd"),)
            np.save(found.features / f"{name}.npy", values)
            label, classes = ("anomalous", ("odd",)) if index % 2 else ("normal", ())
            videos.append(Video(name, "", split, label, frames, 25.0, 0, 0, classes, events))
    Manifest("made-up", tuple(videos)).write(found.manifest)
    return found
