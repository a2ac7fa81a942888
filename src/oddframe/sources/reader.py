"""Reads a source for months: one thread reads, one watches that it does, an engine takes frames.

The reading thread is in FFmpeg most of the time, and a call that hangs there cannot be ended from
outside. It is then abandoned, with all that it holds, and another begins; when it comes back, it
ends and nobody listens. Not more than a few may hang at once.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from pathlib import Path

from oddframe.media.frames import MediaInfo
from oddframe.sources.back_off import BackOff
from oddframe.sources.feed import Feed, Filmed
from oddframe.sources.live_frame import Gap, LiveFrame
from oddframe.sources.lost import Lost, lost_by
from oddframe.sources.opening import Opener
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.slot import Slot
from oddframe.sources.source import Source
from oddframe.sources.tally import ReaderState, Tally
from oddframe.sources.wall_clock import WallClock

GAP_SECONDS = 1.0
"""Frames further apart are no one piece of footage, ..."""
_TIMES_USUAL = 4.0
"""... unless the camera is so slow that they usually are."""
_STEPS = 9
"""Steps whose median is what is usual."""
_TIMES_HUNG = 4.0
"""Timeouts after which a read has hung; FFmpeg gives up after one or two, and feeds after three."""
_MOST_HUNG = 4
"""Threads that may hang at once; then none is begun until one comes back."""
_GLANCE = 0.1
"""Seconds between two looks at a reading thread."""


class _Attempt:
    """One opening of the source, in a thread of its own.

    Attributes:
        over: set when it has ended.
        loss: why; None if the source is through.
        gave: frames that it gave.
    """

    def __init__(self, reader: Reader) -> None:
        self.over = threading.Event()
        self.loss: Lost | None = None
        self.gave = 0
        self.feed: Feed | None = None
        self._reader = reader
        self._in_call: float | None = None
        self.thread = threading.Thread(target=self._run, name="oddframe-read", daemon=True)

    def has_hung(self, after: float) -> bool:
        """Whether it has been in one call for longer than so many seconds."""
        since = self._in_call
        return since is not None and time.monotonic() - since > after

    def _run(self) -> None:
        begun = self._in_call = time.monotonic()
        try:
            try:
                self.feed = self._reader.opener.open(lambda: self._reader.wants(self))
                begun = time.monotonic()
                self._read(self.feed)
            finally:
                if self.feed is not None:
                    self._in_call = time.monotonic()
                    self.feed.close()
        except Exception as error:  # whatever it is, a camera is tried again
            since = time.monotonic() - (self._in_call or begun)
            self.loss = lost_by(error, waited=since >= 0.9 * self._reader.source.timeout)
        finally:
            self._in_call = None
            self.over.set()

    def _read(self, feed: Feed) -> None:
        frames = iter(feed)
        told: tuple[str, float | None] | None = None
        while True:
            self._in_call = time.monotonic()
            filmed = next(frames, ...)
            self._in_call = None
            if filmed is ...:
                return
            if filmed is not None:
                if filmed.due is not None:
                    self._reader.rest(filmed.due - time.monotonic())
                if told != (feed.codec, feed.fps):
                    told = (feed.codec, feed.fps)
                    self._reader.opened(self, *told)
                self.gave += 1
                self._reader.frame(self, filmed)
            if not self._reader.wants(self):
                return


class Reader:
    """Frames of one source, from :meth:`start` until :meth:`stop`, whatever happens to it.

    Args:
        source: what to read.
        ring: takes its packets, for clips.
        seen: file in which a folder's recordings that were read are kept, so that a restart does
            not read them again; for other sources it is not used.
    """

    def __init__(
        self, source: Source, ring: PacketRing | None = None, *, seen: Path | None = None
    ) -> None:
        self.source = source
        self.clock = WallClock()
        self.opener = Opener(source, self.clock, ring, seen)
        self._ring = ring
        if ring is not None:
            ring.waits = source.waits
        self._slot = Slot(waits=source.waits)
        self._tally = Tally()
        self._stopped = threading.Event()
        self._attempt: _Attempt | None = None
        self._hung: list[_Attempt] = []
        self._last: LiveFrame | None = None
        self._steps: deque[float] = deque(maxlen=_STEPS)  # from frame to frame, of late
        self._cut_off = ""  # why the frames before have no next one
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="oddframe-reader", daemon=True)

    def start(self) -> None:
        """Begin to read; nothing is opened before."""
        self._thread.start()

    def take(self, wait: float) -> LiveFrame | None:
        """The newest frame that was not taken yet; with a source that ``waits``, the next one.

        Args:
            wait: seconds to wait for one.

        Returns:
            The frame, or None if there is none within that time, or will be none any more.
        """
        return self._slot.take(wait)

    def stop(self, patience: float = 2.0) -> None:
        """End reading. A thread in a call that lasts longer than ``patience`` ends after it."""
        self._stopped.set()
        self._slot.close()
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def ended(self) -> bool:
        """Whether no frame will come any more: the source is through, or was stopped."""
        return self._slot.is_over

    @property
    def info(self) -> MediaInfo | None:
        """Size and rate of the pictures, as soon as both are known: a camera's after some steps."""
        state = self.state
        if state.size is None or state.rate is None:
            return None
        return MediaInfo(0, state.rate, *state.size)

    @property
    def state(self) -> ReaderState:
        """How it does."""
        with self._lock:
            feed = None if self._attempt is None else self._attempt.feed
            hung = len(self._hung)
        damaged = 0 if feed is None else feed.damaged
        return self._tally.state(self._slot.dropped, damaged, hung, self.clock.was_set)

    # What follows is for the threads of this module.

    def wants(self, attempt: _Attempt) -> bool:
        """Whether an attempt is to go on."""
        return self._attempt is attempt and not self._stopped.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, but not once it is stopped."""
        if seconds > 0:
            self._stopped.wait(seconds)

    def opened(self, attempt: _Attempt, codec: str, fps: float | None) -> None:
        """Frames of a codec, and of a rate if that can be believed, are about to come."""
        with self._lock:
            if self.wants(attempt):
                self._tally.open(codec, fps)

    def frame(self, attempt: _Attempt, filmed: Filmed) -> None:
        """A frame came."""
        with self._lock:
            if not self.wants(attempt):
                return
            last = self._last
            frame = LiveFrame(
                filmed.picture,
                0 if last is None else last.index + 1,
                filmed.seconds,
                filmed.at,
                filmed.lag,
                filmed.size,
            )
            step = None if last is None else frame.seconds - last.seconds
            goes_on = not self._cut_off
            if last is not None and step is not None:
                usual = statistics.median(self._steps) if self._steps else step
                late = step > max(GAP_SECONDS, _TIMES_USUAL * usual)
                if (late or not goes_on) and frame.at > last.at:
                    frame.gap = Gap(last.at, frame.at, self._cut_off or "late")
                frame.anew = late or not goes_on or frame.size != last.size
                if goes_on:
                    self._steps.append(step)
            self._tally.frame(frame.size, frame.lag, step if goes_on else None)
            self._cut_off = ""
            self._last = frame
        self._slot.put(frame)

    def _run(self) -> None:
        back_off = BackOff()
        while not self._stopped.is_set():
            with self._lock:
                self._hung = [attempt for attempt in self._hung if not attempt.over.is_set()]
            if len(self._hung) < _MOST_HUNG and self._try(back_off):
                break
            self._stopped.wait(back_off.again())
        self._slot.close()
        if self._ring is not None:
            self._ring.close()

    def _try(self, back_off: BackOff) -> bool:
        """Read until no more frames come; whether that is all that there is."""
        attempt = _Attempt(self)
        with self._lock:
            self._attempt = attempt
        attempt.thread.start()
        after = _TIMES_HUNG * self.source.timeout
        while not attempt.over.wait(_GLANCE) and not attempt.has_hung(after):
            if self._stopped.is_set():
                attempt.over.wait(_GLANCE)
                return True
        with self._lock:
            self._attempt = None
            if attempt.over.is_set():
                loss = attempt.loss or Lost("ended")
            else:
                loss = Lost("hung", f"for {after:g} seconds")
                self._hung.append(attempt)
            damaged = 0 if attempt.feed is None else attempt.feed.damaged
            is_end = self.source.is_finite and attempt.over.is_set()
            self._tally.lost(loss, damaged, counted=not is_end)
            self._cut_off = loss.reason
        if attempt.gave:
            back_off.worked()
        return is_end
