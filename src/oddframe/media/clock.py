"""When each frame of a video is shown: the one place that turns frames into time and back.

Most recordings are regular: frame ``i`` is shown at ``i / fps``. Others are not. A camera lowers
its rate in the dark, a recorder that is triggered by motion skips an hour, a browser's file has a
wrong rate in its header. Their times are kept as knots, ``(frame, seconds)``, linear in between.

A *jump* is time that was not filmed: a step that is long, and far longer than the steps around it.
It counts in the time that is told to a person, and never in how long a recording is.

An hour of footage, of which promises and rates of false alarms speak, is an hour that was
*watched*: a frame counts for two seconds at most. A day of a frame an hour watches 48 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import overload

import numpy as np

from oddframe.media.knots import JUMP_SECONDS, Knots, fewest_knots, is_jump, steps_of

SLOWEST, FASTEST = 1e-7, 1e6
"""Frames per second: one in four months, and what no camera of ours reaches."""
MOST_WATCHED = 2.0
"""Seconds that a frame counts as watched at most; a camera of a frame in two seconds loses none."""
_FINEST = 0.1
"""The grid of an irregular video is as fine as this quantile of its steps."""
_MOST_TICKS = 50_000_000
"""Most ticks of a video's grid, 0.2 GB as float32: a few frames may claim to last for years."""

_LONGEST = 1e9
"""Seconds: a longer jump is that of a damaged file."""


@dataclass(frozen=True)
class Clock:
    """The times of one video's frames, in seconds from its first frame.

    Attributes:
        frames: how many there are.
        fps: frames per second; of an irregular video the typical rate.
        knots: ``(frame, seconds)``, both increasing, the first ``(0, 0.0)``; empty where the
            video is regular. Frames between two knots are evenly spaced, those after the last
            one follow at the typical rate.
        start: when the first frame was filmed, if the recording says so; with an offset from UTC
            only if that is known too.
        cuts: frames at which the picture is cut, as far as is known (see
            :mod:`oddframe.media.continuity`): time goes on there, what is seen does not.
    """

    frames: int
    fps: float
    knots: Knots = ()
    start: datetime | None = None
    cuts: tuple[int, ...] = ()

    @classmethod
    def of_times(cls, seconds: np.ndarray, fps: float) -> Clock:
        """The clock of frames that are shown at these times.

        Args:
            seconds: ``(frames,)`` from the first frame. Frames that share a time are spread up to
                the next one; where times decrease, the clock was set back, and time goes on at
                the typical rate.
            fps: the rate that the recording claims. It stands if all times agree with it within
                half a frame.
        """
        times = np.asarray(seconds, dtype=np.float64)
        if times.size < 2:
            return cls(times.size, fps)
        steps, typical = steps_of(times, 1 / fps)
        times = np.concatenate(([0.0], np.cumsum(steps)))
        for rate in (fps, (times.size - 1) / times[-1]):
            if np.abs(times - np.arange(times.size) / rate).max() <= 0.5 / rate:
                return cls(times.size, float(rate))
        # A quarter of a short frame, so that the fast part of a slow recording keeps its places.
        knots = fewest_knots(times, float(np.quantile(np.diff(times), _FINEST)) / 4)
        return cls(times.size, round(1 / typical, 6), knots)

    @property
    def is_regular(self) -> bool:
        """Whether frame ``i`` is shown at ``i / fps``."""
        return not self.knots

    @cached_property
    def _times(self) -> np.ndarray:
        """Start of each frame and end of the last, ``(frames + 1,)``."""
        frames = np.arange(self.frames + 1)
        if not self.knots:
            return frames / self.fps
        at, seconds = (
            np.array(column, dtype=np.float64) for column in zip(*self.knots, strict=True)
        )
        beyond = np.maximum(frames - at[-1], 0) / self.fps
        times = np.interp(frames, at, seconds) + beyond
        if at[-1] >= self.frames - 1:  # the last lasts as the one before it
            before = float(times[-2] - times[-3]) if self.frames > 2 else np.inf
            times[-1] = times[-2] + (before if before <= JUMP_SECONDS else 1 / self.fps)
        return times

    @cached_property
    def jumps(self) -> tuple[int, ...]:
        """Frames before which there is time that was not filmed, in order."""
        if not self.knots:
            return ()
        steps = np.diff(self._times[:-1])
        return tuple(
            int(at) + 1 for at in np.flatnonzero(steps > JUMP_SECONDS) if is_jump(steps, int(at))
        )

    @property
    def breaks(self) -> tuple[int, ...]:
        """Frames at which something else begins: after a jump, or a cut; in order."""
        return tuple(sorted({*self.jumps, *self.cuts}))

    @cached_property
    def lasting(self) -> np.ndarray:
        """How long each frame is shown, in seconds, ``(frames,)``; before a jump, as usual."""
        steps = np.diff(self._times)
        jumped = set(self.jumps)
        for frame in self.jumps:
            usual = frame > 1 and frame - 1 not in jumped
            lasts = steps[frame - 2] if usual else 1 / self.fps
            # A jump of no more than that is none, whatever rounding says.
            steps[frame - 1] = min(steps[frame - 1], lasts)
        return steps

    @cached_property
    def filmed(self) -> np.ndarray:
        """Seconds of film before each frame, ``(frames,)``: its time, had nothing been left out."""
        return np.cumsum(self.lasting) - self.lasting

    def filmed_by(self, seconds: np.ndarray) -> np.ndarray:
        """The frames that are on after so many seconds of film, int64; jumps do not count."""
        if self.is_regular:
            return (seconds * self.fps).astype(np.int64)
        return np.searchsorted(self.filmed, seconds, side="right") - 1

    @property
    def length(self) -> float:
        """Seconds of film: the sum of what the frames last, without jumps."""
        return self.frames / self.fps if self.is_regular else float(self.lasting.sum())

    @property
    def watched(self) -> float:
        """Seconds that were watched: the length, but no frame counts for more than two of them."""
        return self.watched_in(np.ones(self.frames, dtype=bool))

    def watched_in(self, frames: np.ndarray) -> float:
        """The seconds watched in the frames that are true in a bool ``(frames,)``."""
        if self.is_regular:
            return int(frames.sum()) / max(self.fps, 1 / MOST_WATCHED)
        return float(np.minimum(self.lasting[frames], MOST_WATCHED).sum())

    @property
    def is_time_lapse(self) -> bool:
        """Whether its frames usually count for less than they last."""
        return self.fps < 0.99 / MOST_WATCHED

    @overload
    def seconds(self, frame: int) -> float: ...
    @overload
    def seconds(self, frame: np.ndarray) -> np.ndarray: ...
    def seconds(self, frame: int | np.ndarray) -> float | np.ndarray:
        """When frames begin, from the first; ``frames`` itself is the end of the last one."""
        if self.is_regular:
            return frame / self.fps
        found = self._times[frame]
        return found if isinstance(frame, np.ndarray) else float(found)

    def span(self, start: int, end: int) -> tuple[float, float]:
        """When the frames ``[start, end)`` begin and end, in seconds from the first."""
        if self.is_regular:
            return start / self.fps, end / self.fps
        return self.seconds(start), self.seconds(end - 1) + float(self.lasting[end - 1])

    def frame_at(self, seconds: float) -> float:
        """The frame that is shown at a time, with its fraction; the inverse of :meth:`seconds`.

        Within a jump it is the frame after it; beyond the end it goes on at the typical rate.
        """
        if self.is_regular:
            return seconds * self.fps
        times = self._times
        if seconds >= times[-1]:
            return self.frames + (seconds - float(times[-1])) * self.fps
        frame = int(np.searchsorted(times, seconds, side="right")) - 1
        inside = (seconds - float(times[frame])) / float(self.lasting[frame])
        return frame + min(max(inside, 0.0), 1.0)

    def later(self, first: int) -> Clock:
        """The clock of the frames from one on; time begins with it."""
        if not first:
            return self
        begin = self.seconds(first)
        rest = [(at - first, seconds - begin) for at, seconds in self.knots if at > first]
        return Clock(
            self.frames - first,
            self.fps,
            ((0, 0.0), *rest) if rest else (),
            self.moment(begin),
            tuple(cut - first for cut in self.cuts if cut > first),
        )

    @cached_property
    def rate(self) -> float:
        """Ticks per second of the grid that :attr:`ticks` counts on."""
        if self.is_regular:
            return self.fps
        finest = max(float(np.quantile(self.lasting, _FINEST)), 1e-3)
        return min(1 / finest, max(_MOST_TICKS, 4 * self.frames) / self.length)

    def ticks_in(self, seconds: float) -> int:
        """How many ticks a time is, to the nearest."""
        return round(seconds * self.rate)

    @cached_property
    def ticks(self) -> np.ndarray:
        """Each frame's first tick on a regular grid and, at last, its end; ``(frames + 1,)``.

        Everything that works on a window of seconds works on this grid. Of a regular video the
        ticks are its frames. No frame takes less than a tick.
        """
        if self.is_regular:
            return np.arange(self.frames + 1)
        ticks = np.zeros(self.frames + 1, dtype=np.int64)
        np.cumsum(self.held + self._ticks_before[1:], out=ticks[1:])
        return ticks

    @cached_property
    def held(self) -> np.ndarray:
        """Ticks that each frame lasts, at least one, ``(frames,)``; jumps are in none."""
        if self.is_regular:
            return np.ones(self.frames, dtype=np.int64)
        ends = np.rint(np.cumsum(self.lasting) * self.rate).astype(np.int64)
        return np.maximum(np.diff(ends, prepend=0), 1)

    @cached_property
    def _ticks_before(self) -> np.ndarray:
        """Ticks of the jump before each frame, and behind the last; ``(frames + 1,)``."""
        before = np.zeros(self.frames + 1, dtype=np.int64)
        for frame in self.jumps:
            unseen = self._times[frame] - self._times[frame - 1] - self.lasting[frame - 1]
            before[frame] = max(round(min(float(unseen), _LONGEST) * self.rate), 1)
        return before

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """A value per frame as a value per tick, without jumps."""
        return values if self.is_regular else np.repeat(values, self.held)

    def off_grid(self, values: np.ndarray) -> np.ndarray:
        """A value per tick, without jumps, as a value per frame: the mean of its ticks."""
        if self.is_regular:
            return values
        firsts = np.concatenate(([0], np.cumsum(self.held)[:-1]))
        return np.add.reduceat(values, firsts) / self.held

    def moment(self, seconds: float) -> datetime | None:
        """The date and time at so many seconds from the first frame, if the recording knows it."""
        try:
            return None if self.start is None else self.start + timedelta(seconds=seconds)
        except OverflowError:  # a damaged file says that it lasts for millions of years
            return None


def is_rate(fps: float) -> bool:
    """Whether a camera can have so many frames per second."""
    return SLOWEST <= fps <= FASTEST
