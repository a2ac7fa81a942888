"""How the times of a video are put to a person: of the video, and of day where that is known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import numpy as np

from oddframe.console.player_times import offset
from oddframe.console.words import first_of
from oddframe.media.clock import Clock

_MOST_CUTS = 8
_TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


def shown_time(clock: Clock, frame: int) -> str:
    """``0:07.4``; with the time of day ``03:12:47 (0:07.4)``."""
    seconds = clock.seconds(frame)
    day = time_of_day(clock, frame)
    return f"{day} ({offset(seconds)})" if day else offset(seconds)


def shown_cuts(clock: Clock) -> str:
    """``cut at 0:12.0``, ``cut at 0:12.0, 0:15.4 and 20 more``; the clock must have cuts."""
    return f"cut at {first_of([shown_time(clock, at) for at in clock.cuts], _MOST_CUTS)}"


def shown_span(clock: Clock, start: int, end: int, to: str = " to ") -> str:
    """The frames ``[start, end)`` as ``0:07.4 to 0:09.0``, likewise."""
    span = clock.span(start, end)
    seconds = to.join(offset(part) for part in span)
    if clock.start is None:
        return seconds
    first, last = (_of_day(clock, part) for part in span)
    day = first[: -len("00:00:00")]  # the date is named once
    return f"{first}{to}{last.removeprefix(day)} ({seconds})"


def time_of_day(clock: Clock, frame: int) -> str:
    """``03:12:47``, with the date where it is another day than at the start; or nothing."""
    return _of_day(clock, clock.seconds(frame))


def _of_day(clock: Clock, seconds: float) -> str:
    moment = clock.moment(seconds)
    if moment is None or clock.start is None:
        return ""
    another = moment.date() != clock.start.date()
    return f"{moment:%Y-%m-%d %H:%M:%S}" if another else f"{moment:%H:%M:%S}"


def shown_start(start: datetime) -> str:
    """``2026-11-28 03:12:00``, and the offset from UTC if it is known."""
    return f"{start:%Y-%m-%d %H:%M:%S}" + (f" UTC{start:%z}" if start.tzinfo else "")


def axis_ticks(clock: Clock, most: int = 8) -> list[tuple[float, str]]:
    """Labels of a time axis along which frames are evenly spaced: ``(frame, text)``, 0 first."""
    if clock.is_regular:
        times = time_ticks(clock.length, most)
        frames = [seconds * clock.fps for seconds in times]  # a round time may be between two
    else:  # round times may all lie within a jump
        frames = list(range(0, clock.frames, max(1, math.ceil(clock.frames / most))))
        times = [clock.seconds(frame) for frame in frames]
    ticks = zip(map(float, frames), _labels(clock, times), strict=True)
    # Where frames are closer than the seconds that are told, the first of each is labelled.
    return [next(alike) for _, alike in groupby(ticks, key=itemgetter(1))]


def _labels(clock: Clock, times: Sequence[float]) -> Iterator[str]:
    """Times of day, else of the player; the date, in short, only where the day is another."""
    day = None if clock.start is None else clock.start.date()
    for seconds in times:
        moment = clock.moment(seconds)
        if moment is None:
            yield offset(seconds, precise=False)
            continue
        yield f"{moment:%H:%M:%S}" if moment.date() == day else f"{moment:%m-%d %H:%M}"
        day = moment.date()


def time_ticks(seconds: float, most: int = 8) -> list[float]:
    """Round times in seconds to label on an axis of this length, 0 first."""
    fitting = (step for step in _TICK_STEPS if seconds / step <= most)
    step = next(fitting, _TICK_STEPS[-1] * math.ceil(seconds / most / _TICK_STEPS[-1]))
    return [float(tick) for tick in np.arange(0, seconds, step)] or [0.0]
