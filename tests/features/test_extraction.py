"""Extraction: the right frames, one pass for all crops, stopping and going on, broken videos."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.cli import main
from oddframe.cluster.spread import Workers
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones import BackboneOptions
from oddframe.features.crops import cut, resized
from oddframe.features.extraction import Extracting, Extraction
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.feature_writing import RECORDINGS
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.features.spread_extraction import extract_spread
from oddframe.footage.folder import prepare_folder
from oddframe.media.clock import Clock
from oddframe.media.grey_levels import Levels
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


class MeanColour:
    """A real, tiny backbone: the mean colour of each of four frames, so that errors show."""

    name = "mean-colour"
    channels = 12
    input_size = 28
    frames_per_snippet = 4
    device = "cpu"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    def encode(self, clips: np.ndarray) -> np.ndarray:
        self.batches.append(len(clips))
        return clips.mean(axis=(2, 3)).reshape(len(clips), -1).astype(np.float32)


@dataclass(frozen=True)
class HandedOver(Extracting):
    """An extraction whose network is none of those that have a name."""

    handed_over: Any = None

    def network(self) -> Any:
        return self.handed_over


def extract_features(
    manifest: Manifest,
    videos: Sequence[Video],
    backbone: MeanColour,
    plan: SnippetPlan,
    out: Path,
    batch: int = 32,
) -> Extraction:
    named = (backbone.name, BackboneOptions())
    how = HandedOver(manifest, *named, plan, out, batch, handed_over=backbone)
    return extract_spread(how, videos, Workers())


def film(path: Path, frames: int, fps: float = 25.0, seed: int = 0) -> Path:
    """A video in which every frame has its own colours, left and right, above and below."""
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, fps, (64, 48)) as writer:
        for index in range(frames):
            image = np.zeros((48, 64, 3), np.uint8)
            image[:24, :32], image[24:, 32:] = 4 * index % 256, 255 - 4 * index % 256
            image[:24, 32:] = random.integers(0, 256, 3)
            writer.write(image)
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for seed, (name, frames) in enumerate({"a": 40, "b.c__0": 16, "sub/short": 7}.items()):
        film(folder / f"{name}.mp4", frames, seed=seed)
    return prepare_folder(folder)


def by_hand(path: Path, table: list[list[int]], layout: str) -> np.ndarray:
    """Every frame decoded and kept; every crop of every snippet on its own."""
    with open_video(path) as reader:
        size = resized(layout, reader.info.width, reader.info.height, 28)
        crops = [cut(frame.rgb(size), layout, 28) for frame in reader]
    rows = []
    for row in table:
        vectors = []
        for crop in range(len(crops[0])):
            clip = np.stack([crops[frame][crop] for frame in row])
            vectors.append(clip.mean(axis=(1, 2)).ravel())
        rows.append(np.stack(vectors))
    return np.stack(rows)


@pytest.mark.parametrize("layout", ["1", "5", "10"])
@pytest.mark.parametrize("batch", [1, 12, 64])
def test_features_are_those_of_the_slow_way(films, tmp_path, layout, batch):
    plan = SnippetPlan(crops=layout)
    done = extract_features(films, films.videos, MeanColour(), plan, tmp_path, batch=batch)
    assert sorted(done.extracted) == sorted(v.id for v in films)
    assert not done.failed
    tables = {
        # The last snippet of 40 frames begins at 24, so that it ends with the video.
        "a": [[0, 4, 8, 12], [16, 20, 24, 28], [24, 28, 32, 36]],
        "b.c__0": [[0, 4, 8, 12]],
        "sub/short": [[0, 4, 6, 6]],
    }
    folder = FeatureFolder.open(tmp_path)
    for video_id, table in tables.items():
        wanted = by_hand(films.locate(films[video_id]), table, layout)
        found = folder.read(video_id)
        assert found.dtype == np.float16
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
        folder.check_frames(video_id, films[video_id].clock)


def test_the_network_gets_batches(films, tmp_path):
    backbone = MeanColour()
    extract_features(films, [films["a"]], backbone, SnippetPlan(stride=1), tmp_path, batch=32)
    assert backbone.batches == [32, 8]


@given(
    frames=st.integers(1, 200),
    length=st.integers(4, 20),
    stride=st.integers(1, 30),
    used=st.integers(1, 4),
)
def test_every_plan_covers_the_video_in_order(frames, length, stride, used):
    table = SnippetPlan(length, stride).frames(Clock(frames, 25.0), used)
    assert len(table) == -(-frames // stride)
    assert table.min() >= 0
    assert table.max() < frames
    assert (np.diff(table, axis=0) >= 0).all()
    assert (np.diff(table, axis=1) >= 0).all()
    for row, chosen in enumerate(table):
        start = min(row * stride, max(frames - length, 0))
        wanted = [min(start + k * length // used, frames - 1) for k in range(used)]
        assert chosen.tolist() == wanted


@given(st.integers(1, 300), st.sampled_from([10.0, 25.0, 30.0]), st.sampled_from([5.0, 8.0, 50.0]))
def test_resampled_frames_are_the_nearest_before(frames, fps, rate):
    table = SnippetPlan(rate=rate).frames(Clock(frames, fps), 16)
    count = -(-frames * int(rate) // int(fps))
    starts = [min(i, max(count - 16, 0)) for i in range(0, count, 16)]
    wanted = [
        [min(start + k, count - 1) * int(fps) // int(rate) for k in range(16)] for start in starts
    ]
    assert table.tolist() == wanted
    assert table.max() < frames


def test_finished_videos_are_kept_and_other_settings_refused(films, tmp_path):
    plan = SnippetPlan()
    extract_features(films, films.videos[:1], MeanColour(), plan, tmp_path)
    first = tmp_path / f"{films.videos[0].id}.npy"
    before = first.stat().st_mtime_ns
    (tmp_path / ".x.partial.npy").write_bytes(b"half")
    done = extract_features(films, films.videos, MeanColour(), plan, tmp_path)
    assert done.kept == (films.videos[0].id,)
    assert len(done.extracted) == 2
    assert first.stat().st_mtime_ns == before
    # A file that was damaged from outside is made again.
    whole = first.read_bytes()
    first.write_bytes(whole[:-7])
    extract_features(films, films.videos, MeanColour(), plan, tmp_path)
    assert first.read_bytes() == whole
    for other, word in ((SnippetPlan(crops="5"), "crop"), (SnippetPlan(stride=8), "stride = 16")):
        with pytest.raises(OddframeError, match=f"{word}.*now it is"):
            extract_features(films, films.videos, MeanColour(), other, tmp_path)
    (tmp_path / "features.json").unlink()
    with pytest.raises(OddframeError, match=r"holds arrays but no features\.json"):
        extract_features(films, films.videos, MeanColour(), plan, tmp_path)


def replaced(path: Path, content: bytes) -> None:
    """Another recording under the same name, with the times of the one before."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def picture(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((48, 64, 3), grey, np.uint8))


def test_a_recording_that_changed_under_its_name_is_extracted_again(tmp_path):
    footage, out, plan = tmp_path / "footage", tmp_path / "out", SnippetPlan()
    other = film(tmp_path / "other.mp4", 40, seed=9).read_bytes()
    for name in ("a", "b"):
        film(footage / f"{name}.mp4", 40, seed=1)
    for index in range(20):
        picture(footage / "folder" / f"{index}.bmp", 100)
        picture(footage / "still" / f"{index}.bmp", 100)
    manifest = prepare_folder(footage)
    extract_features(manifest, manifest.videos, MeanColour(), plan, out)
    before = {name: FeatureFolder.open(out).read(name).copy() for name in ("a", "folder")}
    # The same length, times and, of the picture, size: only the content is another.
    replaced(footage / "a.mp4", other)
    picture(tmp_path / "8.bmp", 200)
    replaced(footage / "folder" / "8.bmp", (tmp_path / "8.bmp").read_bytes())
    # Copied and touched, the content is the same.
    (footage / "b.mp4").write_bytes((footage / "b.mp4").read_bytes())
    (footage / "still" / "3.bmp").touch()
    with pytest.warns(OddframeWarning, match="'a', 'folder' have changed since"):
        done = extract_features(manifest, manifest.videos, MeanColour(), plan, out)
    assert set(done.extracted) == {"a", "folder"}
    for name, values in before.items():
        assert not np.array_equal(FeatureFolder.open(out).read(name), values)
    done = extract_features(manifest, manifest.videos, MeanColour(), plan, out)
    assert done.extracted == ()
    # One that cannot be read any more leaves no features of yesterday.
    (footage / "a.mp4").write_text("text")
    with pytest.warns(OddframeWarning, match="'a' has changed since"):
        done = extract_features(manifest, manifest.videos, MeanColour(), plan, out)
    assert "a" in done.failed
    assert "a" not in FeatureFolder.open(out).ids
    # One that is gone has not changed.
    (footage / "b.mp4").unlink()
    assert "b" in extract_features(manifest, manifest.videos, MeanColour(), plan, out).kept


def test_a_recording_that_is_read_otherwise_is_extracted_again(tmp_path):
    for index in range(20):
        picture(tmp_path / "folder" / f"{index}.bmp", 10 * index)
    manifest, plan = prepare_folder(tmp_path / "folder"), SnippetPlan(rate=20.0)
    extract_features(manifest, manifest.videos, MeanColour(), plan, tmp_path / "out")
    (video,) = manifest.videos
    before = FeatureFolder.open(tmp_path / "out").read(video.id).copy()
    faster = replace(video, fps=40.0)  # as many snippets, of other frames
    with pytest.warns(OddframeWarning, match="has changed since"):
        done = extract_features(manifest, [faster], MeanColour(), plan, tmp_path / "out")
    assert done.extracted == (video.id,)
    assert not np.array_equal(FeatureFolder.open(tmp_path / "out").read(video.id), before)
    deep = replace(faster, levels=Levels(100, 900))
    with pytest.warns(OddframeWarning, match="has changed since"):
        done = extract_features(manifest, [deep], MeanColour(), plan, tmp_path / "out")
    assert done.extracted == (video.id,)


def test_features_without_a_fingerprint_count_until_the_recording_is_newer(tmp_path):
    """What an older oddframe wrote."""
    path = film(tmp_path / "footage" / "a.mp4", 40)
    manifest, plan = prepare_folder(tmp_path / "footage"), SnippetPlan()
    extract_features(manifest, manifest.videos, MeanColour(), plan, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / RECORDINGS)
    done = extract_features(manifest, manifest.videos, MeanColour(), plan, tmp_path / "out")
    assert done.kept == ("a",)
    later = (tmp_path / "out" / "a.npy").stat().st_mtime + 1
    os.utime(path, (later, later))
    with pytest.warns(OddframeWarning, match="'a' has changed since"):
        done = extract_features(manifest, manifest.videos, MeanColour(), plan, tmp_path / "out")
    assert done.extracted == ("a",)


def test_a_broken_video_does_not_stop_the_others(films, tmp_path):
    longer = replace(films["a"], frames=90)
    gone = replace(films["b.c__0"], path="gone.mp4")
    videos = [longer, gone, films["sub/short"]]
    manifest = replace(films, videos=tuple(videos))
    done = extract_features(manifest, videos, MeanColour(), SnippetPlan(), tmp_path)
    assert done.extracted == ("sub/short",)
    assert "expected 90 frames, found 40" in done.failed["a"]
    assert "gone.mp4: no such" in done.failed["b.c__0"]
    assert FeatureFolder.open(tmp_path).ids == ("sub/short",)


def test_a_backbone_that_diverges_writes_nothing(films, tmp_path):
    class Diverging(MeanColour):
        def encode(self, clips: np.ndarray) -> np.ndarray:
            return super().encode(clips) * np.inf

    with pytest.raises(OddframeError, match="not finite"), np.errstate(invalid="ignore"):
        extract_features(films, films.videos, Diverging(), SnippetPlan(), tmp_path)
    assert not list(tmp_path.rglob("*.npy"))


def test_too_few_frames_per_snippet(films, tmp_path):
    with pytest.raises(OddframeError, match="looks at 4 frames of a snippet, which has 3"):
        extract_features(films, films.videos, MeanColour(), SnippetPlan(3), tmp_path)


def test_a_killed_extraction_goes_on(tmp_path):
    names = [f"{seed:02}" for seed in range(10)]
    for seed, name in enumerate(names):
        film(tmp_path / "films" / f"{name}.mp4", 48, seed=seed)
    command = [sys.executable, "-m", "oddframe", "extract", str(tmp_path / "films")]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    quick = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, "--out", str(killed)], env=quick)
    deadline = time.monotonic() + 300
    while not list(killed.glob("[0-9]*.npy")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = {path.name: path.stat().st_mtime_ns for path in killed.glob("[0-9]*.npy")}
    assert 0 < len(there) < len(names)
    for out in (killed, whole):
        assert main([*command[3:], "--out", str(out)]) == 0
    for name, written in there.items():
        assert (killed / name).stat().st_mtime_ns == written
    for name in names:
        np.testing.assert_array_equal(
            np.load(killed / f"{name}.npy"), np.load(whole / f"{name}.npy")
        )
    info = [json.loads((out / "features.json").read_text()) for out in (killed, whole)]
    assert info[0] == info[1]
