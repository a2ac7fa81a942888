"""When a video is looked at: every frame one observation, in order, with bounded waiting."""

import threading
import time
import weakref
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.observation import (
    Observer,
    Scale,
    Window,
    observe,
    single_looks,
    steps,
    whole,
)
from oddframe.media.frames import MediaInfo

SCALE = Scale((2, 3), (32, 32), (48, 32))


class TinyFrame:
    def __init__(self, index: int, fps: float) -> None:
        self.index = index
        self.seconds = index / fps
        self.anew = False

    def rgb(self, size=None, how="area"):
        width, height = size or (8, 8)
        return np.full((height, width, 3), self.index % 256, np.uint8)

    def grey(self, size=None, how="area"):
        return self.rgb(size)[..., 0]


@dataclass
class TinyVideo:
    """Frames made on demand; counts those that somebody still holds."""

    frames: int
    fps: float
    made: int = 0
    alive: int = 0
    most_alive: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    path = Path("tiny.mp4")

    @property
    def info(self) -> MediaInfo:
        return MediaInfo(self.frames, self.fps, 8, 8)

    def __iter__(self):
        for index in range(self.frames):
            frame = TinyFrame(index, self.fps)
            weakref.finalize(frame, self._gone)
            with self.lock:
                self.made += 1
                self.alive += 1
                self.most_alive = max(self.most_alive, self.alive)
            yield frame

    def _gone(self) -> None:
        with self.lock:
            self.alive -= 1

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


def still(grey: np.ndarray, elapsed: float | None) -> float:
    """Motion that says how long ago the picture before was."""
    assert grey.shape == (32, 48)
    return np.inf if elapsed is None else elapsed


def number(image: np.ndarray) -> int:
    """A look that says which frame it saw."""
    assert image.shape == (32, 32, 3)
    return int(image[0, 0, 0])


def seen(fps: float, frames: int = 26, windows=None):
    chosen = whole(frames) if windows is None else windows
    found = list(observe(TinyVideo(frames, fps), SCALE, still, number, chosen))
    motions = [s.frame for s in found if s.motion is not None]
    looks = [s.frame for s in found if s.look is not None]
    assert all(s.look in (None, s.frame) for s in found), "a look of another frame"
    assert all(s.seconds == pytest.approx(s.frame / fps) for s in found)
    return [s.frame for s in found], motions, looks


@pytest.mark.parametrize(
    ("fps", "motions", "looks"),
    [
        (25.0, range(0, 26, 2), range(0, 26, 5)),
        (12.5, range(26), range(0, 26, 3)),
        (5.0, range(26), range(26)),
        (1.0, range(26), range(26)),
        (30.0, range(0, 26, 2), range(0, 26, 6)),
        (60.0, range(0, 26, 5), range(0, 26, 12)),
    ],
)
def test_which_frames_get_motion_and_a_look(fps, motions, looks):
    frames, moved, looked = seen(fps)
    assert frames == list(range(26))
    assert moved == list(motions)
    assert looked == list(looks)


@pytest.mark.parametrize("fps", [0.5, 5, 10, 23.976, 25, 29.97, 50, 120])
def test_steps_are_near_12_motions_and_5_looks_a_second(fps):
    motion, look = steps(fps)
    assert motion == 1 or 0.05 < motion / fps < 0.12
    assert look == 1 or 0.12 < look / fps < 0.28


def test_a_slower_rate_in_the_dark_is_not_looked_at_less_often():
    """25 frames per second for a second, then five: the spacing in seconds stays."""

    class Dusk(TinyVideo):
        def __iter__(self):
            for frame in super().__iter__():
                frame.seconds = min(frame.index, 25) / 25 + max(frame.index - 25, 0) / 5
                yield frame

    found = list(observe(Dusk(40, 25.0), SCALE, still, number, whole(40)))
    assert [s.frame for s in found if s.look is not None] == [
        0,
        5,
        10,
        15,
        20,
        *range(25, 40),
    ]
    moves = [s.frame for s in found if s.motion is not None]
    assert moves == [*range(0, 25, 2), *range(26, 40)]


@pytest.mark.parametrize("fps", [12.5, 25.0, 29.97, 60.0])
def test_times_in_whole_milliseconds_give_the_same_looks(fps):
    class Rounded(TinyVideo):
        def __iter__(self):
            for frame in super().__iter__():
                frame.seconds = round(frame.seconds, 3)
                yield frame

    looks = [
        [
            s.frame
            for s in observe(kind(400, fps), SCALE, still, number, whole(400))
            if s.look is not None
        ]
        for kind in (TinyVideo, Rounded)
    ]
    assert looks[0] == looks[1] == list(range(0, 400, steps(fps)[1]))


def test_a_video_of_one_frame():
    assert seen(25.0, 1) == ([0], [0], [0])


def test_single_looks_have_just_enough_frames_before_them():
    # At 25 frames per second motion is measured at every other frame: 5 steps are 10.
    assert single_looks([2, 20, 23, 100], 25.0) == [
        Window(0, 3, 2),
        Window(10, 21, 20),
        Window(21, 24, 23),
        Window(90, 101, 100),
    ]
    frames, motions, looks = seen(25.0, 120, single_looks([2, 20, 23, 100], 25.0))
    assert looks == [2, 20, 23, 100]
    assert frames == [*range(3), *range(10, 24), *range(90, 101)]
    assert motions == [0, 2, *range(10, 21, 2), 21, 23, *range(90, 101, 2)]


def test_windows_do_not_share_motion():
    found = observe(TinyVideo(100, 25.0), SCALE, still, number, single_looks([40, 90], 25.0))
    elapsed = {s.frame: s.motion for s in found if s.motion is not None}
    assert elapsed[30] == elapsed[80] == np.inf
    assert {round(elapsed[k], 6) for k in elapsed if k not in (30, 80)} == {0.08}


def test_nothing_moves_from_one_piece_of_footage_to_another():
    class Piece(TinyFrame):
        def rgb(self, size=None, how="area"):
            scene = np.random.default_rng(self.index // 31).integers(30, 220, (12, 16, 1), np.uint8)
            image = np.roll(np.kron(scene, np.ones((5, 5, 3))), self.index % 31, axis=1)
            return cv2.resize(image.astype(np.uint8), size or (80, 60))

    class Pieces(TinyVideo):
        def __iter__(self):
            return (Piece(i, self.fps) for i in range(self.frames))

    scale = Scale((6, 8), (80, 60), (48, 32))
    found = list(observe(Pieces(60, 25.0), scale, still, lambda image: image.mean(), whole(60)))
    elapsed = {s.frame: s.motion for s in found if s.motion is not None}
    # At 31 the footage begins anew: measured and looked at, as in the first frame.
    assert [frame for frame, seconds in elapsed.items() if seconds == np.inf] == [0, 31]
    assert sorted(elapsed) == [*range(0, 31, 2), *range(31, 60, 2)]
    assert [s.frame for s in found if s.look is not None] == [
        *range(0, 31, 5),
        *range(31, 60, 5),
    ]


@pytest.mark.parametrize("first", [1, 2, 3])
def test_passing_over_windows_leaves_the_others_as_they_were(first):
    """Also where footage is cut right behind the border of two, which those before tell."""

    class Piece(TinyFrame):
        def rgb(self, size=None, how="area"):
            scene = np.random.default_rng(self.index // 43).integers(30, 220, (12, 16, 1), np.uint8)
            image = np.roll(np.kron(scene, np.ones((5, 5, 3))), self.index % 43, axis=1)
            return cv2.resize(image.astype(np.uint8), size or (80, 60))

    class Pieces(TinyVideo):
        def __iter__(self):
            return (Piece(i, self.fps) for i in range(self.frames))

    windows = [Window(0, 20, 0), Window(20, 42, 20), Window(42, 80, 45), Window(84, 100, 84)]
    scale = Scale((6, 8), (80, 60), (48, 32))

    def found(**passed):
        video = Pieces(120, 25.0)
        return list(observe(video, scale, still, lambda image: image.mean(), windows, **passed))

    whole_way = found()
    assert [s.frame for s in whole_way if s.anew] == [0, 20, 42, 43, 84]
    assert found(first=first) == [s for s in whole_way if s.window >= first]


def test_windows_beyond_the_end_give_what_is_there():
    frames, _, looks = seen(25.0, 22, single_looks([5, 20, 50], 25.0))
    assert frames == [*range(6), *range(10, 21)]
    assert looks == [5, 20]


def test_frames_after_the_last_window_are_not_read():
    video = TinyVideo(500, 25.0)
    assert len(list(observe(video, SCALE, still, number, single_looks([10], 25.0)))) == 11
    assert video.made <= 13


def test_waiting_is_bounded_however_slow_the_look():
    video = TinyVideo(400, 25.0)

    def slow(image: np.ndarray) -> int:
        time.sleep(0.002)
        return number(image)

    ahead = [video.made - one.frame for one in observe(video, SCALE, still, slow, whole(400))]
    assert max(ahead) <= 17


def test_waiting_is_bounded_however_slow_the_motion():
    video = TinyVideo(400, 25.0)

    def slow(grey: np.ndarray, elapsed: float | None) -> float:
        time.sleep(0.001)
        return still(grey, elapsed)

    ahead = [video.made - one.frame for one in observe(video, SCALE, slow, number, whole(400))]
    assert max(ahead) <= 17


def test_motion_is_measured_in_order_in_one_other_thread():
    at_work: list[int] = []
    pictures: list[int] = []

    def move(grey: np.ndarray, elapsed: float | None) -> int:
        at_work.append(threading.get_ident())
        pictures.append(int(grey[0, 0]))
        return pictures[-1]

    found = list(observe(TinyVideo(200, 25.0), SCALE, move, number, whole(200)))
    assert len(set(at_work)) == 1
    assert threading.get_ident() not in at_work
    assert pictures == list(range(0, 200, 2))
    assert [s.motion for s in found] == [None if s.frame % 2 else s.frame for s in found]


@pytest.mark.parametrize("live", [False, True])
def test_motion_and_a_look_are_measured_at_once(live):
    """Each waits for the other one: else this would take for ever, and fails after a while."""
    moved, looked = threading.Semaphore(0), threading.Semaphore(0)

    def move(grey: np.ndarray, elapsed: float | None) -> int:
        moved.release()
        assert looked.acquire(timeout=10)
        return 0

    def look(image: np.ndarray) -> int:
        looked.release()
        assert moved.acquire(timeout=10)
        return 0

    observer = Observer(5.0, SCALE, move, look, live=live)
    with closing(observer):
        found = [one for frame in TinyVideo(20, 5.0) for one in observer.push(frame)]
        found += observer.finish()
    assert [(s.motion, s.look) for s in found] == [(0, 0)] * 20


def test_memory_is_flat_over_2000_frames():
    video = TinyVideo(2000, 25.0)
    count = sum(1 for _ in observe(video, SCALE, still, number, whole(2000)))
    assert count == 2000
    assert video.most_alive <= 20


def test_an_error_of_the_look_reaches_the_caller():
    def broken(image: np.ndarray) -> int:
        raise ValueError("no network")

    with pytest.raises(ValueError, match="no network"):
        list(observe(TinyVideo(20, 25.0), SCALE, still, broken, whole(20)))


def test_an_error_of_the_motion_reaches_the_caller():
    def broken(grey: np.ndarray, elapsed: float | None) -> float:
        raise ValueError("no flow")

    with pytest.raises(ValueError, match="no flow"):
        list(observe(TinyVideo(20, 25.0), SCALE, broken, number, whole(20)))
    live = Observer(25.0, SCALE, broken, number, live=True)
    with closing(live), pytest.raises(ValueError, match="no flow"):
        live.push(TinyFrame(0, 25.0))


def test_stopping_early_leaves_no_thread():
    before = threading.active_count()
    found = observe(TinyVideo(2000, 25.0), SCALE, still, number, whole(2000))
    next(found)
    found.close()
    assert threading.active_count() == before


def test_a_live_observation_comes_out_with_its_frame():
    video = TinyVideo(30, 25.0)
    observer = Observer(25.0, SCALE, still, number, live=True)
    with closing(observer):
        found = [observer.push(frame) for frame in video]
    assert [[s.frame for s in some] for some in found] == [[frame] for frame in range(30)]
    assert [s.look for (s,) in found if s.look is not None] == [*range(0, 30, 5)]
