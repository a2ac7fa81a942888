"""Where footage does not go on: cuts and gaps are found, and what only looks like one is not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.media.continuity import BreakFinder
from oddframe.media.frames import MediaInfo
from oddframe.media.opening import open_video
from oddframe.media.pictures import PictureFrame
from oddframe.media.watched_video import WatchedVideo, watched

WIDTH, HEIGHT = 160, 120
DATA = Path(os.environ.get("ODDFRAME_DATA", Path(__file__).parents[3] / "shared" / "data"))


def texture(seed: int, width: int = WIDTH, height: int = HEIGHT, coarse: int = 12) -> np.ndarray:
    """A picture with structure at the scale of furniture."""
    values = np.random.default_rng(seed).uniform(40, 215, (height // coarse, width // coarse))
    return cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)


def film(
    seed: int, frames: int, people: int = 3, speed: float = 1.5, start: int = 0
) -> list[np.ndarray]:
    """A fixed camera: a still scene, and striped people who walk through it from left to right."""
    scene = texture(seed)
    person = texture(99, 20, 44, 4)
    lanes = np.random.default_rng(start).uniform(0, WIDTH, people)
    shots = []
    for frame in range(frames):
        shot = scene.copy()
        for lane, begin in enumerate(lanes):
            x = int(begin + speed * frame) % (WIDTH + 60) - 30  # comes and goes at the sides
            y, left, right = 10 + 30 * lane % (HEIGHT - 50), max(x, 0), min(x + 20, WIDTH)
            if left < right:
                shot[y : y + 44, left:right] = person[:, left - x : right - x]
        shots.append(shot)
    return shots


def breaks(shots: Sequence[np.ndarray], fps: float = 25.0, times=None, noise: float = 1.0) -> dict:
    generator = np.random.default_rng(0)
    finder = BreakFinder()
    for index, shot in enumerate(shots):
        picture = np.clip(shot + generator.normal(0, noise, shot.shape), 0, 255)
        finder.see(index / fps if times is None else times[index], picture.astype(np.uint8))
        assert finder.settled >= index - 4
    finder.end()
    assert finder.settled == len(shots)
    return finder.breaks


@pytest.mark.parametrize("noise", [0.0, 1.0, 8.0])
@pytest.mark.parametrize("frames", [3, 12, 40])
def test_pieces_of_other_scenes(noise, frames):
    shots = [*film(1, frames), *film(2, frames), *film(3, frames)]
    assert breaks(shots, noise=noise) == {frames: "cut", 2 * frames: "cut"}


@pytest.mark.parametrize("lively", [0, 10])
def test_pieces_of_one_camera_where_people_stand_elsewhere(lively):
    """The scene goes on; only the people are elsewhere all at once."""
    shots = [*film(1, 20, start=3), *film(1, 20, start=4)]
    assert breaks(shots, noise=1 + lively) == {20: "cut"}
    assert breaks([*film(1, 20, people=0), *film(1, 20, people=0)]) == {}


def test_something_that_appears_within_a_frame_is_no_cut():
    """A box that somebody drew in, as in made-up tests: the camera goes on."""
    shots = film(1, 40, people=1)
    for shot in shots[20:30]:
        shot[30:70, 60:105] = np.indices((40, 45)).sum(axis=0) // 4 % 2 * 200 + 20
    assert breaks(shots) == {}


@pytest.mark.parametrize("fps", [5.0, 25.0])
@pytest.mark.parametrize("speed", [0.5, 3.0, 12.0])
def test_people_who_walk_or_run_are_no_cut(fps, speed):
    assert breaks(film(1, 80, speed=speed), fps) == {}


@pytest.mark.parametrize("step", [6, 20, 50])
def test_something_large_and_fast_near_the_lens_is_no_cut(step):
    shots = film(1, 60)
    near = texture(50, WIDTH, HEIGHT, 20)
    for frame, left in enumerate(range(-100, WIDTH, step), start=20):
        right = min(left + 100, WIDTH)
        if frame < len(shots) and right > 0:
            shots[frame][:, max(left, 0) : right] = near[:, max(-left, 0) : right - left]
    assert breaks(shots) == {}


@pytest.mark.parametrize("gain", [0.3, 0.6, 1.3])
def test_lamps_that_are_switched_are_no_cut(gain):
    shots = film(1, 40)
    lit = [shot * gain + 15 for shot in shots]
    assert breaks([*shots[:15], *lit[15:]]) == {}
    assert breaks([*lit[:15], *shots[15:]]) == {}
    dark = [shot * 0.02 + 2 for shot in shots]
    assert breaks([*shots[:15], *dark[15:25], *shots[25:]]) == {}


def test_a_lamp_that_turns_contrasts_round_is_light_and_no_cut():
    """As infrared light does: what was darker than its surroundings is brighter."""
    shots = film(1, 40)
    lit = [(235 - shot) * 0.3 + 5 for shot in shots]
    assert breaks([*shots[:20], *lit[20:]]) == {20: "light"}
    assert breaks([*lit[:20], *shots[20:]]) == {20: "light"}
    elsewhere = [(235 - shot) * 0.3 + 5 for shot in film(2, 40)]
    assert breaks([*shots[:20], *elsewhere[20:]]) == {20: "cut"}


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("flash", ["white", "garbage", "bright"])
def test_flashes_are_no_cut(length, flash):
    shots = film(1, 40)
    for frame in range(20, 20 + length):
        shots[frame] = {
            "white": np.full((HEIGHT, WIDTH), 254.0),
            "garbage": texture(77, coarse=5),
            "bright": np.minimum(shots[frame] * 1.8 + 40, 255),
        }[flash]
    assert breaks(shots) == {}


@pytest.mark.parametrize("length", [8, 25])
def test_fades_are_no_cut(length):
    one, two = film(1, 60), film(2, 60)
    share = np.clip((np.arange(60) - 20) / length, 0, 1)
    assert breaks([a * (1 - s) + b * s for a, b, s in zip(one, two, share, strict=True)]) == {}
    down = [a * (1 - s) for a, s in zip(one, share, strict=True)]
    up = [b * s for b, s in zip(two, share, strict=True)]
    assert breaks([*down, *up]) == {}


@pytest.mark.parametrize("black", [1, 6])
def test_another_scene_after_black_frames(black):
    dark = [np.full((HEIGHT, WIDTH), 3.0)] * black
    assert breaks([*film(1, 20), *dark, *film(2, 20)]) == {20 + black: "cut"}
    assert breaks([*film(1, 20), *dark, *film(1, 20)]) == {}


def test_frames_that_repeat_hide_no_motion_and_make_no_cut():
    """Ten pictures a second brought to thirty frames: every third frame moves by three steps."""
    once = film(1, 40, people=4, speed=9)
    assert breaks([shot for shot in once for _ in range(3)], 30, noise=0) == {}
    pieces = [*once[:12], *film(2, 12, speed=9)]
    assert breaks([shot for shot in pieces for _ in range(3)], 30, noise=0) == {36: "cut"}


def test_time_that_was_not_filmed():
    shots = film(1, 60)
    times = np.arange(60) / 25
    assert breaks(shots, times=times + 3600 * (np.arange(60) >= 30)) == {30: "gap"}
    assert breaks(shots, times=times + 1.5 * (np.arange(60) >= 30)) == {}
    assert breaks(shots, times=np.arange(60) * 5.0) == {}  # a frame in five seconds is a rate
    both = breaks([*shots[:30], *film(2, 30)], times=times + 60 * (np.arange(60) >= 30))
    assert both == {30: "gap"}


def test_the_last_frame_and_the_first_ones():
    assert breaks([]) == {}
    assert breaks(film(1, 1)) == {}
    assert breaks([*film(1, 1), *film(2, 1)]) == {}  # as well a flash: nothing comes after it
    assert breaks([*film(1, 20), *film(2, 2)]) == {20: "cut"}


class Reel:
    """Frames that count how many of them are out."""

    def __init__(self, shots: Sequence[np.ndarray]) -> None:
        self.path = Path("reel.mp4")
        self.shots, self.info, self.read = shots, MediaInfo(len(shots), 25, WIDTH, HEIGHT), 0

    def __iter__(self):
        for index, shot in enumerate(self.shots):
            self.read = index + 1
            yield PictureFrame(index, index / 25, shot.astype(np.uint8))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


def test_a_watched_video_knows_a_break_when_its_frame_comes_out():
    reel = Reel([*film(1, 20), *film(2, 20)])
    video = watched(reel)
    assert watched(video) is video
    known, held = [], []
    for place, frame in enumerate(video):
        assert frame.index == place
        known.append(frame.index in video.breaks)
        held.append(reel.read - place - 1)
    assert np.flatnonzero(known).tolist() == [20]
    assert max(held[:20]) == 0  # nothing waits but what may be a break
    assert 0 < max(held) <= 5
    assert len(known) == 40


def test_a_part_of_a_video_is_watched_by_the_numbers_of_its_frames():
    reel = Reel([*film(1, 20), *film(2, 20)])
    part = WatchedVideo(reel, (frame for frame in reel if frame.index >= 10))
    frames = list(part)
    assert [frame.index for frame in frames] == list(range(10, 40))
    assert part.breaks == {20: "cut"}
    assert [frame.index for frame in frames if frame.anew] == [20]


@pytest.mark.skipif(not (DATA / "ped2").is_dir(), reason="needs ped2")
def test_walkers_of_ped2():
    frames = {}
    for name in ("01", "05"):
        with open_video(DATA / "ped2" / "training" / "frames" / name) as video:
            frames[name] = [frame.grey() for frame in video]
    assert breaks(frames["01"], noise=0) == {}
    assert breaks([*frames["01"][:40], *frames["05"][:40]], noise=0) == {40: "cut"}
