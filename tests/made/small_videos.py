"""Small videos with known labels, for the evaluation's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video, events_from_labels

MakeVideo = Callable[..., Video]


@pytest.fixture(scope="session")
def make_video() -> MakeVideo:
    """``make_video("a", labels)``: a test video with the events of a 0/1 vector."""

    def make(name: str, labels: np.ndarray, **changes: object) -> Video:
        events = events_from_labels(np.asarray(labels))
        values: dict = {
            "id": name,
            "path": name,
            "split": "test",
            "label": "anomalous" if events else "normal",
            "frames": len(labels),
            "fps": 10.0,
            "width": 12,
            "height": 8,
            "events": events,
        }
        return Video(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def ped2(real_data: Path) -> Manifest:
    """UCSD Ped2's test clips, labels straight from ``ped2.mat`` (1-based, inclusive)."""
    folder = real_data / "ped2"
    if not (folder / "ped2.mat").exists():
        pytest.skip(f"no Ped2 at {folder}")
    intervals = loadmat(folder / "ped2.mat", squeeze_me=True)["gt"]
    videos = []
    for index, cell in enumerate(intervals, start=1):
        name = f"{index:02d}"
        pairs = np.asarray(cell).reshape(2, -1).T
        videos.append(
            Video(
                id=name,
                path=f"testing/frames/{name}",
                split="test",
                label="anomalous",
                frames=len(list((folder / "testing" / "frames" / name).glob("*.jpg"))),
                fps=10.0,
                width=360,
                height=240,
                events=tuple(Event(int(start) - 1, int(end)) for start, end in pairs),
                mask=f"masks/ped2_masks.npz#{name}",
            )
        )
    return Manifest("ucsd-ped2", tuple(videos), root=folder)
