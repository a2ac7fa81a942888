"""The splicing script on tiny clips: disjoint splits, exact events, no cue from the splicing."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.media.opening import open_video, probe
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest

BENCH = Path(__file__).resolve().parents[2] / "bench"
SIZE = (64, 48)


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


spliced = load_script("spliced_fights")
CONFIG = spliced.SpliceConfig(videos=(2, 1, 2), clips=(6, 7), clip_frames=16, size=SIZE)


def texture(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 215, (6, 8)).astype(np.float32)
    return cv2.resize(coarse, SIZE).astype(np.uint8)


def film(path: Path, scene: int, fps: float, frames: int, fight: bool) -> None:
    """A textured scene; fights are red, quiet clips blue, so that pixels tell the truth."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, fps, SIZE) as writer:
        image = np.stack([texture(scene)] * 3, axis=-1)
        image[..., 2 if fight else 0] //= 4
        for _ in range(frames):
            writer.write(image)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 fights and 60 quiet clips; quiet clip n shows the scene of fight n for n up to 3."""
    root = tmp_path_factory.mktemp("clips")
    for n in range(1, 13):
        film(root / "fight" / f"fi{n:03d}.mp4", n, (25, 30, 12.5)[n % 3], 40, True)
    for n in range(1, 61):
        scene = n if n <= 3 else 100 + n
        film(root / "noFight" / f"nofi{n:03d}.mp4", scene, (30, 25)[n % 2], 40, False)
    film(root / "fight" / "fi013.mp4", 500, 25, 12, True)  # too short
    return root


@pytest.fixture(scope="module")
def built(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built")
    spliced.build(clips, out, CONFIG, seed=3)
    return out


def pictures(path: Path) -> np.ndarray:
    """All frames, float32 ``(frames, height, width, 3)``."""
    with open_video(path) as reader:
        return np.stack([frame.rgb() for frame in reader]).astype(np.float32)


def parts_of(splices: list) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for splice in splices:
        used.setdefault(splice.split, set()).update(part.clip for part in splice.parts)
    return used


def test_events_are_where_the_fights_are_in_the_pixels(built: Path) -> None:
    manifest = Manifest.read(built / "manifest.jsonl")
    manifest.check_files()
    test = manifest.split("test")
    assert [video.label for video in test] == ["normal", "anomalous"] * 2
    for video in test:
        path = manifest.locate(video)
        assert probe(path).frames == video.frames
        with open_video(path) as reader:
            red = [(i := frame.rgb())[..., 0].mean() > i[..., 2].mean() for frame in reader]
        np.testing.assert_array_equal(red, video.frame_labels())
    assert all(video.events for video in test if video.label == "anomalous")


def test_train_and_val_have_labels_but_no_events(built: Path) -> None:
    manifest = Manifest.read(built / "manifest.jsonl")
    weak = manifest.split("train", "val")
    assert len(weak) == 6
    assert sum(video.label == "anomalous" for video in weak) == 3
    assert not any(video.events for video in weak)


def test_same_scene_stays_in_one_split(clips: Path) -> None:
    found = spliced.read_clips(clips, CONFIG)
    groups = [{found[n].path for n in group} for group in spliced.scenes(found, CONFIG)]
    for n in (1, 2, 3):
        pair = {f"fight/fi{n:03d}.mp4", f"noFight/nofi{n:03d}.mp4"}
        assert any(pair <= group for group in groups)
    for seed in range(5):
        pools = spliced.split_clips(found, spliced.scenes(found, CONFIG), CONFIG, seed)
        names = {split: {clip.path for clip in pool} for split, pool in pools.items()}
        assert sum(map(len, names.values())) == len(set().union(*names.values())) == 72
        assert "fight/fi013.mp4" not in set().union(*names.values())
        for group in groups:
            assert sum(bool(group & pool) for pool in names.values()) <= 1


def test_plan_uses_each_clip_equally_and_pairs_lengths(clips: Path) -> None:
    config = replace(CONFIG, videos=(40, 1, 1))
    found = spliced.read_clips(clips, config)
    pools = spliced.split_clips(found, spliced.scenes(found, config), config, 0)
    splices = spliced.plan(pools, config, 0)
    used = parts_of(splices)
    assert not used["train"] & used["val"]
    assert not used["train"] & used["test"]
    assert not used["val"] & used["test"]
    train = [splice for splice in splices if splice.split == "train"]
    lengths = {
        label: [len(s.parts) for s in train if label in s.id] for label in ("normal", "anomalous")
    }
    assert lengths["normal"] == lengths["anomalous"]
    uses = [sum(p.clip == clip for s in train for p in s.parts) for clip in used["train"]]
    quiet = [u for u, clip in zip(uses, used["train"], strict=True) if "noFight" in clip]
    assert max(quiet) - min(quiet) <= 1
    for splice in train:
        names = [part.clip for part in splice.parts]
        assert len(set(names)) == len(names)
        runs = [e.end - e.start for e in splice.events(16)]
        assert len(runs) in ((1, 2) if "anomalous" in splice.id else (0,))
        assert set(runs) <= {16, 32}
    # Fights begin anywhere, also with the first clip and up to the last.
    fights = [[p.fight for p in s.parts] for s in train if "anomalous" in s.id]
    assert any(row[0] for row in fights)
    assert any(row[-1] for row in fights)


@pytest.mark.parametrize(("fps", "frames"), [(25.0, 40), (30.0, 48), (12.5, 20), (10.0, 16)])
def test_cut_resamples_by_time(tmp_path: Path, fps: float, frames: int) -> None:
    path = tmp_path / "ramp.mp4"
    with VideoWriter(path, fps, SIZE) as writer:
        for n in range(frames):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 20 + 4 * n, np.uint8))
    images = list(spliced.cut(path, 8, CONFIG))
    assert len(images) == CONFIG.clip_frames
    shown = [(image.mean() - 20) / 4 for image in images]
    expected = [int((8 + k + 0.5) / 25 * fps) for k in range(16)]
    np.testing.assert_allclose(shown, expected, atol=0.8)


def test_stopped_build_goes_on_and_another_plan_is_refused(clips: Path, built: Path) -> None:
    victim, kept = sorted((built / "test").glob("*.mp4"))[:2]
    before, time = pictures(victim), kept.stat().st_mtime_ns
    manifest = (built / "manifest.jsonl").read_bytes()
    victim.unlink()
    spliced.build(clips, built, CONFIG, seed=3)
    assert kept.stat().st_mtime_ns == time
    # What is seen, not the bytes: an encoder need not write them twice alike.
    after = pictures(victim)
    assert after.shape == before.shape
    assert abs(after - before).mean(axis=(1, 2, 3)).max() < 1.5
    assert abs(after[::-1] - before).mean() > 15  # other frames would be seen
    assert (built / "manifest.jsonl").read_bytes() == manifest
    with pytest.raises(OddframeError, match="another"):
        spliced.build(clips, built, CONFIG, seed=4)


def test_missing_clips_and_small_splits_are_said(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(OddframeError, match="fight"):
        spliced.build(tmp_path, tmp_path / "out", CONFIG)
    with pytest.raises(OddframeError, match="different clips"):
        spliced.build(clips, tmp_path / "out", replace(CONFIG, clips=(40, 40)))


def test_real_scenes(real_data: Path) -> None:
    """Clips that were seen to show one place, with and without a fight, are one scene."""
    folder = real_data / "surveillance-fights"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    config = spliced.SpliceConfig()
    names = [
        ("fight", 44), ("fight", 62), ("fight", 63), ("fight", 117), ("fight", 134),
        ("noFight", 22), ("noFight", 84), ("noFight", 104),
    ]  # fmt: skip
    found = [
        spliced.read_clip(
            folder, f"{kind}/{'fi' if kind == 'fight' else 'nofi'}{n:03d}.mp4", config
        )
        for kind, n in names
    ]
    groups = sorted(sorted(group) for group in spliced.scenes(found, config))
    together = {(a, b) for group in groups for a in group for b in group if a < b}
    assert {(0, 5), (1, 2), (4, 7)} <= together
    assert (3, 6) not in together
