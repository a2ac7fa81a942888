"""Rows of the frames of videos: those of frames that are wanted, kept, and found again."""

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeWarning
from oddframe.features.frame_rows import FrameRows
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


@pytest.fixture
def manifest(tmp_path):
    """Three videos of 4, 3 and 5 frames; frame i of video v is all 10 v + i."""
    videos = []
    for at, frames in enumerate((4, 3, 5)):
        folder = tmp_path / f"v{at}"
        folder.mkdir()
        for number in range(frames):
            image = np.full((8, 8, 3), 10 * at + number, np.uint8)
            cv2.imwrite(str(folder / f"{number:03d}.png"), image)
        videos.append(Video(f"v{at}", f"v{at}", "train", "normal", frames, 10.0, 8, 8))
    return Manifest("made-up", tuple(videos), tmp_path)


def level(_, frame):
    return np.array([frame.index, frame.rgb()[0, 0, 0]], np.float32)


def test_rows_are_those_of_the_frames_in_order(manifest, tmp_path):
    shares = []
    found = FrameRows(manifest, tmp_path / "kept").of(
        manifest.videos, "levels", 2, level, shares.append
    )
    wanted = {
        f"v{at}": [[n, 10 * at + n] for n in range(frames)] for at, frames in enumerate((4, 3, 5))
    }
    assert {name: rows.tolist() for name, rows in found.items()} == wanted
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_frames_that_are_not_wanted_have_none(manifest, tmp_path):
    found = FrameRows(manifest, tmp_path / "kept").of(
        manifest.videos,
        "odd",
        2,
        lambda video, frame: level(video, frame) if frame.index % 2 and video.id != "v1" else None,
    )
    assert {name: rows[:, 0].tolist() for name, rows in found.items()} == {
        "v0": [1, 3],
        "v2": [1, 3],
    }


def test_who_is_stopped_finds_the_videos_that_were_done(manifest, tmp_path):
    seen = []

    def stopping(video, frame):
        if (video.id, frame.index) == ("v1", 1):
            raise KeyboardInterrupt
        seen.append((video.id, frame.index))
        return level(video, frame)

    rows = FrameRows(manifest, tmp_path / "kept")
    with pytest.raises(KeyboardInterrupt):
        rows.of(manifest.videos, "levels", 2, stopping)
    assert seen == [*(("v0", n) for n in range(4)), ("v1", 0)]
    seen.clear()

    def counting(video, frame):
        seen.append(video.id)
        return level(video, frame)

    found = FrameRows(manifest, tmp_path / "kept").of(manifest.videos, "levels", 2, counting)
    assert seen == ["v1"] * 3 + ["v2"] * 5
    assert [len(part) for part in found.values()] == [4, 3, 5]
    again = FrameRows(manifest, tmp_path / "kept").of(manifest.videos, "levels", 2, counting)
    assert len(seen) == 8
    assert {n: r.tolist() for n, r in again.items()} == {n: r.tolist() for n, r in found.items()}


def test_a_video_that_cannot_be_decoded_is_left_out(manifest, tmp_path):
    for image in (tmp_path / "v1").glob("*.png"):
        image.write_bytes(b"no picture")
    rows = FrameRows(manifest, tmp_path / "kept")
    with pytest.warns(OddframeWarning, match="v1: left out"):
        found = rows.of(manifest.videos, "levels", 2, level)
    assert [*found] == ["v0", "v2"]
    assert [*rows.left_out] == ["v1"]
