"""Looking at a video: when to measure motion, when to look closely, both at once.

Motion is measured 12.5 times a second in the caller's thread, while a second thread looks at the
appearance of five frames a second. A person's step takes half a second, so more is not seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.motion import SpeedField
from oddframe.media.continuity import WatchedVideo, watched
from oddframe.media.frames import Frame, VideoReader

LOOK_SECONDS = 0.2
MOTION_SECONDS = 0.08
_MOTION_LEAD = 3
"""Motion steps before a single look, which fill the speed field's average."""

T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """Sizes at which a scene is seen: (rows, columns) of cells, (width, height) of images."""

    grid: tuple[int, int]
    look_size: tuple[int, int]
    motion_size: tuple[int, int]


@dataclass(frozen=True)
class Window:
    """Frames ``[start, stop)`` to observe, the first look at ``first_look``."""

    start: int
    stop: int
    first_look: int


@dataclass(frozen=True)
class Sight(Generic[T]):
    """What was measured at a frame: the speed field and the look, None where neither was due."""

    frame: int
    seconds: float
    window: int
    speed: np.ndarray | None
    look: T | None


def whole(frames: int) -> list[Window]:
    """One window over a whole video."""
    return [Window(0, frames, 0)]


def single_looks(frames: Sequence[int], fps: float) -> list[Window]:
    """A window for each of the frames: one look, with just enough frames before it for motion."""
    lead = _MOTION_LEAD * steps(fps)[0]
    windows = []
    previous = 0
    for frame in frames:
        start = max(frame - lead, previous, 0)
        windows.append(Window(start, frame + 1, frame))
        previous = frame + 1
    return windows


def steps(fps: float) -> tuple[int, int]:
    """Frames from one motion measurement to the next, and from one look to the next."""
    # Half a frame rounds up: at 12.5 frames per second every third frame, not every second.
    return max(1, int(MOTION_SECONDS * fps + 0.5)), max(1, int(LOOK_SECONDS * fps + 0.5))


def observe(
    video: VideoReader,
    scale: Scale,
    look: Callable[[np.ndarray], T],
    windows: Sequence[Window] | None = None,
) -> Iterator[Sight[T]]:
    """Observe a video in frame order; one sight for every frame of the windows.

    Where footage does not go on (see :mod:`oddframe.media.continuity`), motion and looks begin
    anew, as in the first frame of a video: nothing is measured from one piece to another.

    Args:
        video: an open video.
        scale: sizes of the images.
        look: called in another thread with a uint8 RGB image of ``look_size``.
        windows: what to observe, in order and not overlapping; all of it by default.
    """
    motion_step, look_step = steps(video.info.fps)
    field = SpeedField(scale.grid, scale.motion_size)
    everything = [Window(0, 2**62, 0)]
    remaining = deque(enumerate(everything if windows is None else windows))
    footage = watched(video) if windows is None else WatchedVideo(video, _within(video, windows))
    fps = video.info.fps
    motion, looking = _Pace(motion_step / fps, fps), _Pace(look_step / fps, fps)
    waiting: deque[tuple[int, float, int, np.ndarray | None, Future[T] | None]] = deque()
    measured = 0.0
    with ThreadPoolExecutor(max_workers=1) as pool:
        for frame in footage:
            while frame.index >= remaining[0][1].stop:
                remaining.popleft()
            number, window = remaining[0]
            if frame.index == window.start or frame.index in footage.breaks:
                field.reset()
                motion, looking = _Pace(motion_step / fps, fps), _Pace(look_step / fps, fps)
            moves = motion.due(frame.seconds)
            looks = frame.index >= window.first_look and looking.due(frame.seconds)
            speed = None
            if moves:
                elapsed = frame.seconds - measured
                if elapsed <= 0:  # the first of a window, or a recording whose clock was set back
                    elapsed = motion_step / fps
                speed = field.update(frame.grey(scale.motion_size), max(elapsed, 1e-3))
                measured = frame.seconds
            future = pool.submit(look, frame.rgb(scale.look_size)) if looks else None
            waiting.append((frame.index, frame.seconds, number, speed, future))
            # Two looks ahead keep the other thread busy and the memory bounded.
            while len(waiting) > 2 * look_step:
                yield _finished(waiting.popleft())
        while waiting:
            yield _finished(waiting.popleft())


class _Pace:
    """Says which frames are due, so many seconds apart: every frame where the rate is lower.

    Args:
        step: seconds from one to the next, a whole number of frames at the typical rate.
        fps: the typical rate; half a frame early is due too.
    """

    def __init__(self, step: float, fps: float) -> None:
        self._step, self._early = step, 0.5 / fps
        self._next: float | None = None
        self._last = 0.0

    def due(self, seconds: float) -> bool:
        """Whether the frame at this time is due; the first is, and one whose clock was set back."""
        if self._next is None or seconds < self._last:
            self._next = seconds
        self._last = seconds
        late = seconds + self._early - self._next
        if late < 0:
            return False
        # Counted from the first, so that whole milliseconds do not add up.
        self._next += (int(late / self._step) + 1) * self._step
        return True


def _within(video: VideoReader, windows: Sequence[Window]) -> Iterator[Frame]:
    """The frames of the windows; what lies between them is not looked at."""
    remaining = deque(windows)
    for frame in video:
        while remaining and frame.index >= remaining[0].stop:
            remaining.popleft()
        if not remaining:
            return
        if frame.index >= remaining[0].start:
            yield frame


def _finished(entry: tuple[int, float, int, np.ndarray | None, Future[T] | None]) -> Sight[T]:
    frame, seconds, window, speed, future = entry
    return Sight(frame, seconds, window, speed, future.result() if future else None)
