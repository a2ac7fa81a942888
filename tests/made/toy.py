"""Small videos whose frames can be told apart, and the scores that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from oddframe.media.video_writing import VideoWriter
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


@dataclass(frozen=True)
class GreyVideo:
    """A video whose frames are uniform and brighter one by one."""

    path: Path
    frames: int = 40
    fps: float = 10.0
    width: int = 96
    height: int = 64

    def level(self, frame: int) -> int:
        """The brightness of a frame."""
        return 30 + 5 * frame

    def write(self) -> GreyVideo:
        with VideoWriter(self.path, self.fps, (self.width, self.height)) as writer:
            for frame in range(self.frames):
                writer.write(np.full((self.height, self.width, 3), self.level(frame), np.uint8))
        return self


@pytest.fixture
def grey_video(tmp_path: Path) -> GreyVideo:
    return GreyVideo(tmp_path / "grey.mp4").write()


@pytest.fixture
def one_frame(tmp_path: Path) -> GreyVideo:
    return GreyVideo(tmp_path / "one.mp4", frames=1).write()


@dataclass(frozen=True)
class Toy:
    """Two videos, one with an event at [10, 20) that is found at [12, 18), one normal."""

    manifest: Manifest
    scores: Scores
    detections: dict[str, list[Detection]]

    odd_id = 'a <b>&"c'


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    root = tmp_path / "data"
    odd = GreyVideo(root / "odd.mp4").write()
    GreyVideo(root / "calm.mp4").write()
    common = (odd.frames, odd.fps, odd.width, odd.height)
    event = Event(10, 20, "<i>cyclist</i>")
    videos = (
        Video(Toy.odd_id, "odd.mp4", "test", "anomalous", *common, events=(event,)),
        Video("calm", "calm.mp4", "test", "normal", *common),
    )
    scores = np.full(odd.frames, 0.25, np.float32)
    scores[12:18] = [1.5, 2.0, 3.0, 2.5, 2.0, 1.5]
    found = Detection(12, 18, 14, 3.0, 2.1, "motion", 'moves <fast> & "far"', ((8, 8, 40, 40),))
    return Toy(
        Manifest("toy", videos, root, "made here", "by hand"),
        Scores(
            {Toy.odd_id: scores, "calm": np.linspace(0, 0.5, odd.frames)},
            {"threshold": 1.0, "detector": "toy", "normalisation": "none"},
        ),
        {Toy.odd_id: [found]},
    )
