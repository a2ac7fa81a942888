"""What is counted of a source, and how it does."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from oddframe.sources.lost import Lost

_STEPS = 60
"""Steps from frame to frame whose median is the rate."""
_FEWEST_STEPS, _FEWEST_SECONDS = 10, 2.0
"""Steps that say it at first, or fewer in so many seconds."""


@dataclass(frozen=True)
class ReaderState:
    """How a source does.

    Attributes:
        up: whether frames come.
        since: Unix seconds since when it is so.
        reason: why not, in a word of :data:`oddframe.sources.lost.Reason`; ``""`` while up,
            ``opening`` before the first try has come to anything, ``machine`` where none of a
            cluster watches it.
        words: the same for a person, without a login.
        reconnects: how often the source was lost, by reason.
        frames_read: frames that came out of the decoder, damaged ones not counted.
        frames_dropped: those of them that nobody took in time.
        frames_damaged: frames left out since packets before them were lost.
        frame_age: seconds since the last frame came; None before the first.
        lag: seconds from the filming of the last frame to its decoding.
        size: width and height of the last frame.
        codec: FFmpeg's name of it.
        rate: frames per second; of cameras the median over the last 60 steps, whatever they claim.
        abandoned: threads that hang in a read which does not come back.
        clock_was_set: seconds by which the machine's clock was set meanwhile; back is negative.
    """

    up: bool
    since: float
    reason: str
    words: str
    reconnects: Mapping[str, int]
    frames_read: int
    frames_dropped: int
    frames_damaged: int
    frame_age: float | None
    lag: float | None
    size: tuple[int, int] | None
    codec: str
    rate: float | None
    abandoned: int
    clock_was_set: float


class Tally:
    """Counts what happens to a source; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._up = False
        self._since = time.time()
        self._reason, self._words = "opening", "no answer yet"
        self._lost: Counter[str] = Counter()
        self._frames = self._damaged = 0
        self._came: float | None = None
        self._lag: float | None = None
        self._size: tuple[int, int] | None = None
        self._codec = ""
        self._claimed: float | None = None
        self._steps: deque[float] = deque(maxlen=_STEPS)

    def open(self, codec: str, fps: float | None) -> None:
        """A source answered; ``fps`` is what it claims, where that can be believed."""
        with self._lock:
            self._codec, self._claimed = codec, fps
            self._steps.clear()

    def frame(self, size: tuple[int, int], lag: float, step: float | None) -> None:
        """A frame came, ``step`` seconds after the one before if that was its next."""
        with self._lock:
            if not self._up:
                self._up, self._since, self._reason, self._words = True, time.time(), "", ""
            self._frames += 1
            self._came, self._lag, self._size = time.monotonic(), lag, size
            if step is not None:
                self._steps.append(step)

    def lost(self, loss: Lost, damaged: int, *, counted: bool) -> None:
        """No more frames come."""
        with self._lock:
            if self._up:
                self._since = time.time()
            self._up, self._reason, self._words = False, loss.reason, str(loss)
            if counted:
                self._lost[loss.reason] += 1
            self._damaged += damaged

    @property
    def rate(self) -> float | None:
        """Frames per second, as soon as it is known."""
        with self._lock:
            return self._rate()

    def _rate(self) -> float | None:
        if self._claimed is not None:
            return self._claimed
        if len(self._steps) < _FEWEST_STEPS and sum(self._steps) < _FEWEST_SECONDS:
            return None
        return round(1 / statistics.median(self._steps), 3)

    def state(self, dropped: int, damaged: int, abandoned: int, was_set: float) -> ReaderState:
        """The state now; ``damaged`` are the frames left out of what is open."""
        with self._lock:
            return ReaderState(
                self._up,
                self._since,
                self._reason,
                self._words,
                dict(self._lost),
                self._frames,
                dropped,
                self._damaged + damaged,
                None if self._came is None else time.monotonic() - self._came,
                self._lag,
                self._size,
                self._codec,
                self._rate(),
                abandoned,
                was_set,
            )
