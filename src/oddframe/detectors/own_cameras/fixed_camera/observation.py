"""Looking at a video: when to measure motion, when to look closely, both at once.

Motion is measured 12.5 times a second in a thread of its own, in order, while two others look at
the appearance of five frames a second, and the caller's decodes and judges. A person's step takes
half a second, so more is not seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.stillness import Stillness
from oddframe.media.frames import Frame, VideoReader
from oddframe.media.watched_video import WatchedVideo

LOOK_SECONDS = 0.2
MOTION_SECONDS = 0.08
_MOTION_LEAD = 5
"""Motion steps before a single look, which fill the averages of velocities."""

M = TypeVar("M")
T = TypeVar("T")


Move: TypeAlias = Callable[[np.ndarray, float | None], M]
"""What is done with a small grey picture; see :class:`Observer`."""


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
class Observation(Generic[M, T]):
    """What was measured at a frame: motion and a look, None where they were not due.

    It is ``anew`` where something else begins with it, as with the first frame of a video.
    """

    frame: int
    seconds: float
    window: int
    anew: bool
    motion: M | None
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


_Waiting: TypeAlias = Observation[Future[M], Future[T]]
"""What is observed at a frame, of which motion and a look are still to come."""


class Observer(Generic[M, T]):
    """Frames of one video or camera in, in order, and one observation of each out.

    Args:
        fps: the typical rate.
        scale: sizes of the images.
        move: called in another thread, always the same and in order, with a uint8 grey image of
            ``motion_size`` and the seconds since the one before, None where motion begins anew.
        look: called in other threads, two at once, with a uint8 RGB image of ``look_size``.
        live: each observation comes out as its frame comes in; otherwise the other threads are
            three looks behind at most, and the frames until then wait.
        stillness: where nothing has changed, what the last look said is taken again; without it,
            every look is made.
    """

    def __init__(
        self,
        fps: float,
        scale: Scale,
        move: Move[M],
        look: Callable[[np.ndarray], T],
        *,
        live: bool = False,
        stillness: Stillness | None = None,
    ) -> None:
        self._fps, self._scale, self._move, self._look = fps, scale, move, look
        self._stillness = stillness
        self._last_look: Future[T] | None = None
        self._steps = steps(fps)
        # Three looks ahead keep the other threads busy and the memory bounded.
        self._most_waiting = 0 if live else 3 * self._steps[1]
        self._waiting: deque[_Waiting[M, T]] = deque()
        self._open()
        self._begin()

    def _open(self) -> None:
        # Two looks side by side wait less for each other than two threads within one look.
        self._lookers = ThreadPoolExecutor(max_workers=2)
        self._mover = ThreadPoolExecutor(max_workers=1)

    def settle(self) -> None:
        """Wait until nothing is measured any more; what is known comes out later."""
        for seen in self._waiting:
            for part in (seen.motion, seen.look):
                if part is not None:
                    part.result()

    def fork(self, move: Move[M]) -> Observer[M, T]:
        """Another that has seen the same, and goes on by itself, with threads of its own.

        Args:
            move: takes the place of its own, as that is since it has settled.
        """
        forked = copy(self)
        forked._move, forked._waiting = move, deque(self._waiting)
        forked._stillness = copy(self._stillness)
        forked._motion, forked._looking = copy(self._motion), copy(self._looking)
        forked._open()
        return forked

    def _begin(self) -> None:
        self._measured: float | None = None
        if self._stillness is not None:
            self._stillness.reset()
        self._motion, self._looking = (_Pace(step / self._fps, self._fps) for step in self._steps)

    def push(
        self, frame: Frame, *, anew: bool = False, looks: bool = True, window: int = 0
    ) -> list[Observation[M, T]]:
        """Take the next frame.

        Args:
            frame: the frame.
            anew: motion and looks begin anew with it, as in the first frame of a video.
            looks: whether it may be looked at.
            window: what is said in its observation.

        Returns:
            The observations that are known by now, in order.
        """
        if anew:
            self._begin()
        motion = self._moved(frame) if self._motion.due(frame.seconds) else None
        look = None
        if looks and self._looking.due(frame.seconds):
            look = self._last_look = self._looked(frame.rgb(self._scale.look_size))
        self._waiting.append(Observation(frame.index, frame.seconds, window, anew, motion, look))
        return self._known(self._most_waiting)

    def finish(self) -> list[Observation[M, T]]:
        """There are no more frames: the observations that are left."""
        with closing(self):
            return self._known(0)

    def close(self) -> None:
        """End the other threads."""
        for pool in (self._mover, self._lookers):
            pool.shutdown(cancel_futures=True)

    def _looked(self, image: np.ndarray) -> Future[T]:
        unchanged = self._stillness is not None and not self._stillness.is_new(image)
        if unchanged and self._last_look is not None:
            return self._last_look
        return self._lookers.submit(self._look, image)

    def _moved(self, frame: Frame) -> Future[M]:
        elapsed = None if self._measured is None else frame.seconds - self._measured
        if elapsed is not None and elapsed <= 0:  # a recording whose clock was set back
            elapsed = self._steps[0] / self._fps
        self._measured = frame.seconds
        grey = frame.grey(self._scale.motion_size)
        return self._mover.submit(self._move, grey, None if elapsed is None else max(elapsed, 1e-3))

    def _known(self, left: int) -> list[Observation[M, T]]:
        found = []
        while len(self._waiting) > left:
            seen = self._waiting.popleft()
            motion = None if seen.motion is None else seen.motion.result()
            look = None if seen.look is None else seen.look.result()
            found.append(
                Observation(seen.frame, seen.seconds, seen.window, seen.anew, motion, look)
            )
        return found


def observe(
    video: VideoReader,
    scale: Scale,
    move: Move[M],
    look: Callable[[np.ndarray], T],
    windows: Sequence[Window],
    stillness: Stillness | None = None,
    first: int = 0,
) -> Iterator[Observation[M, T]]:
    """Observe parts of a video in frame order; one observation for every frame of the windows.

    Where footage does not go on (see :mod:`oddframe.media.continuity`), motion and looks begin
    anew, as in the first frame of a video: nothing is measured from one piece to another.

    Args:
        video: an open video.
        scale: sizes of the images.
        move, look, stillness: what an :class:`Observer` is given.
        windows: what to observe, in order and not overlapping.
        first: the windows before it are passed over: nothing comes out of them, and what comes
            out of the others is as if they had been observed.
    """
    remaining = deque(enumerate(windows))
    observer = Observer(video.info.fps, scale, move, look, stillness=stillness)
    with closing(observer):
        for frame in WatchedVideo(video, _within(video, windows)):
            while frame.index >= remaining[0][1].stop:
                remaining.popleft()
            number, window = remaining[0]
            if number < first:  # whether footage goes on depends on what was before
                continue
            yield from observer.push(
                frame,
                anew=frame.anew or frame.index == window.start,
                looks=frame.index >= window.first_look,
                window=number,
            )
        yield from observer.finish()


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
