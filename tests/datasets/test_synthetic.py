"""The generated scene: its truth must be that of its pictures, and it must be repeatable."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.datasets.synthetic import (
    KINDS,
    MARKER,
    MIN_VISIBLE_PIXELS,
    SceneConfig,
    plan_recordings,
    prepare_scene,
)
from oddframe.datasets.synthetic_scene.actors import Actor, crossing, cyclist, runner, walkers
from oddframe.datasets.synthetic_scene.backdrop import Backdrop, paint_backdrop
from oddframe.datasets.synthetic_scene.camera import HEIGHT, WIDTH
from oddframe.datasets.synthetic_scene.figures import person, random_look
from oddframe.datasets.synthetic_scene.renderer import render
from oddframe.errors import OddframeError
from oddframe.media.opening import probe
from oddframe.verbs.demo import demo
from oddframe.videos.manifest import Manifest
from oddframe.videos.pixel_truth import read_mask, read_tracks

SMALL = SceneConfig(train_videos=1, test_videos=5, seconds=5.0)
TINY = SceneConfig(train_videos=1, test_videos=2, seconds=0.8)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return prepare_scene(tmp_path_factory.mktemp("synthetic"), SMALL, 3)


@pytest.fixture(scope="module")
def backdrop() -> Backdrop:
    return paint_backdrop(np.random.default_rng(0))


def test_the_manifest_lists_a_normal_training_set_and_every_kind(scene: Manifest) -> None:
    scene.check_files()
    counts = scene.counts()
    assert counts["train"]["anomalous_videos"] == 0
    assert counts["test"] == counts["test"] | {"videos": 5, "anomalous_videos": 3}
    assert {event.name for video in scene for event in video.events} == set(KINDS)
    assert len(list(scene.root.glob("training/*.mp4"))) == 1
    assert len(list(scene.root.glob("testing/*.mp4"))) == 5


def test_videos_decode_to_what_the_manifest_says(scene: Manifest) -> None:
    for video in scene:
        info = probe(scene.locate(video))
        expected = (video.frames, video.fps, video.width, video.height)
        assert (info.frames, info.fps, info.width, info.height) == expected


def test_labels_masks_and_tracks_agree(scene: Manifest) -> None:
    for video in scene.split("test"):
        mask = read_mask(video, scene.root)
        areas = mask.sum(axis=(1, 2))
        np.testing.assert_array_equal(video.frame_labels(), areas > 0)
        assert areas[areas > 0].min(initial=MIN_VISIBLE_PIXELS) >= MIN_VISIBLE_PIXELS
        tracks = read_tracks(video, scene.root)
        for name in video.classes:
            event_frames = {
                frame
                for event in video.events
                if event.name == name
                for frame in range(event.start, event.end)
            }
            assert {f for t in tracks if t.name == name for f in t.boxes} == event_frames
        for frame in range(video.frames):
            boxes = [np.array(t.boxes[frame]).astype(int) for t in tracks if frame in t.boxes]
            inside = np.zeros_like(mask[frame])
            for x1, y1, x2, y2 in boxes:
                inside[y1:y2, x1:x2] = True
                # Tight: each edge of a box touches the mask.
                part = mask[frame, y1:y2, x1:x2]
                assert part[0].any()
                assert part[-1].any()
                assert part[:, 0].any()
                assert part[:, -1].any()
            assert not (mask[frame] & ~inside).any()


def test_a_left_object_stays_where_it_is_to_the_end(scene: Manifest) -> None:
    video = next(v for v in scene if "left_object" in v.classes)
    track = next(t for t in read_tracks(video, scene.root) if t.name == "left_object")
    assert max(track.boxes) == video.frames - 1
    boxes = np.array(list(track.boxes.values()))
    # Passers-by may hide some of it, so that boxes shrink, but they never leave its outline.
    outline = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
    assert outline[2] - outline[0] < 40
    assert outline[3] - outline[1] < 40


@pytest.mark.parametrize("kind", [cyclist, runner, crossing])
def test_the_mask_is_where_the_picture_differs_without_the_odd_one(
    kind: Callable[[np.random.Generator, int, float, float], list[Actor]], backdrop: Backdrop
) -> None:
    generator = np.random.default_rng(5)
    frames, fps = 60, 12.5
    normal = walkers(generator, frames, fps)
    both = normal + kind(generator, frames, fps, -1.0)
    with_it = render(backdrop, both, frames, fps, np.random.default_rng(1))
    without = render(backdrop, normal, frames, fps, np.random.default_rng(1))
    inside = inside_differs = brighter = differing = 0
    for one, other in zip(with_it, without, strict=True):
        mask = one.masks.get(len(normal), np.zeros((HEIGHT, WIDTH), dtype=bool))
        difference = one.image.astype(int) - other.image.astype(int)
        differs = np.abs(difference).max(axis=2) > 8
        inside += mask.sum()
        inside_differs += (differs & mask).sum()
        around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        # Beyond the mask only a shadow differs, and that makes all channels darker.
        differing += differs.sum()
        brighter += ((difference.max(axis=2) > 8) & ~around).sum()
    assert inside > 20 * 100
    assert inside_differs > 0.9 * inside
    assert brighter < 0.01 * differing


def _standing(x: float, z: float, anomaly: str | None = None) -> Actor:
    look = random_look(np.random.default_rng(1))
    still = np.zeros(1)
    return Actor(person(look, still, still), still + x, still + z, still, 0, 1, anomaly)


def _mask(backdrop: Backdrop, actors: list[Actor]) -> np.ndarray:
    frame = next(render(backdrop, actors, 1, 12.5, np.random.default_rng(0)))
    return frame.masks[len(actors) - 1]


def test_what_stands_in_front_is_cut_out_of_the_mask(backdrop: Backdrop) -> None:
    alone = _mask(backdrop, [_standing(0, 15, "crossing")])
    behind = _mask(backdrop, [_standing(0.1, 14.3), _standing(0, 15, "crossing")])
    before = _mask(backdrop, [_standing(0.1, 15.7), _standing(0, 15, "crossing")])
    assert alone.sum() > 200
    assert not (behind & ~alone).any()
    assert behind.sum() < 0.8 * alone.sum()
    np.testing.assert_array_equal(before, alone)


def test_lamp_and_building_hide_people(backdrop: Backdrop) -> None:
    lamp = _mask(backdrop, [_standing(-3.9, 16, "crossing")])
    columns = np.flatnonzero(lamp.any(axis=0))
    gap = np.setdiff1d(np.arange(columns[0], columns[-1]), columns)
    assert 2 <= gap.size <= 8
    assert not _mask(backdrop, [_standing(0, 23.5, "crossing")]).any()
    assert _mask(backdrop, [_standing(4, 23.5, "crossing")]).any()


def test_the_same_seed_gives_the_same_frames_and_another_does_not(backdrop: Backdrop) -> None:
    def frames(seed: int) -> list[np.ndarray]:
        recording = plan_recordings(seed, TINY)[0]
        return [f.image for f in recording.render(recording.actors(TINY), backdrop, TINY)]

    first, again, other = frames(0), frames(0), frames(1)
    np.testing.assert_array_equal(np.stack(first), np.stack(again))
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(paint_backdrop(np.random.default_rng(0)).lit, backdrop.lit)


def test_each_kind_comes_twice_and_some_videos_stay_normal() -> None:
    for seed in range(25):
        plans = [r.kinds for r in plan_recordings(seed, SceneConfig()) if r.split == "test"]
        assert Counter(kind for found in plans for kind in found) == dict.fromkeys(KINDS, 2)
        assert sum(not found for found in plans) == 3
        assert all(len(set(found)) == len(found) <= 2 for found in plans)


def test_speeds_are_those_of_walkers_runners_and_cyclists() -> None:
    generator = np.random.default_rng(2)
    fps = 12.5

    def speed(actor: Actor) -> float:
        return float(np.median(np.hypot(np.diff(actor.x), np.diff(actor.z)))) * fps

    people = [speed(a) for _ in range(5) for a in walkers(generator, 400, fps)]
    assert 0.95 < min(people) < 1.15
    assert 1.45 < max(people) < 1.75
    assert 1.3 * 2.9 < speed(cyclist(generator, 100, fps, 0.0)[0]) < 1.3 * 3.4
    assert 1.3 * 2.0 < speed(runner(generator, 100, fps, 0.0)[0]) < 1.3 * 2.4


def _times(root: Path) -> dict[str, int]:
    files = (p for p in root.rglob("*") if p.is_file())
    return {str(p.relative_to(root)): p.stat().st_mtime_ns for p in files}


def test_a_complete_scene_is_kept_and_an_interrupted_one_rendered_again(tmp_path: Path) -> None:
    first = prepare_scene(tmp_path, TINY, 0)
    times = _times(tmp_path)
    assert prepare_scene(tmp_path, TINY, 0) == first
    assert _times(tmp_path) == times
    assert not [name for name in times if "partial" in name]
    (tmp_path / "masks/test01.npz").unlink()
    assert prepare_scene(tmp_path, TINY, 0) == first
    assert _times(tmp_path).keys() == times.keys()
    # Another seed is begun and fails half-way, at the first test video's tracks.
    for file in (tmp_path / "tracks").iterdir():
        file.unlink()
    (tmp_path / "tracks").rmdir()
    (tmp_path / "tracks").write_text("in the way")
    with pytest.raises(OddframeError, match="tracks"):
        prepare_scene(tmp_path, TINY, 1)
    assert "events" not in json.loads((tmp_path / MARKER).read_text())
    (tmp_path / "tracks").unlink()
    other = prepare_scene(tmp_path, TINY, 1)
    other.check_files()
    assert other.annotations != first.annotations


def test_nothing_is_written_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_text("a run")
    for begun in (partial(prepare_scene, tmp_path, TINY, 0), partial(demo, out=tmp_path)):
        with pytest.raises(
            OddframeError, match=r"expected an empty .*found checkpoint\.pt; choose"
        ):
            begun()
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_impossible_wishes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OddframeError, match=r"file: cannot .*\(File exists\)"):
        prepare_scene(tmp_path / "file", TINY, 0)
    with pytest.raises(OddframeError, match="found -1"):
        prepare_scene(tmp_path, TINY, -1)
    with pytest.raises(OddframeError, match="at least 1 training video"):
        SceneConfig(test_videos=1)
    with pytest.raises(OddframeError, match="8 and 0"):
        SceneConfig(seconds=0.0)
