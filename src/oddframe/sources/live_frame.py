"""A frame with the time of day at which it was filmed."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from oddframe.media.frames import Frame, Resampling


@dataclass(frozen=True)
class Gap:
    """Time that was not filmed, or not received.

    Attributes:
        start, end: Unix seconds of the last frame before it and of the first after it.
        reason: the word of :data:`oddframe.sources.lost.Reason`; ``late`` where the source was
            there all the time, and only its next frame was not.
    """

    start: float
    end: float
    reason: str


class LiveFrame:
    """One frame of a live source; its pixels convert on request, in any thread, one at a time.

    Args:
        picture: what converts.
        index: number since the reader started, frames that were dropped counted.
        seconds: see below.
        at: see below.
        lag: see below.
        size: width and height of the picture, in pixels.

    Attributes:
        seconds: from the first frame of the reader; never goes back, whatever the machine's clock
            does, and goes on over disconnects.
        at: Unix seconds when it was filmed, as the machine's clock now says.
        lag: seconds from there until it was decoded.
        anew: footage begins anew with it: after a disconnect, after a gap, at another size. Where
            such a frame was dropped, the next that was not says so.
        gap: what is missing before it, if it begins anew for that.
    """

    def __init__(
        self,
        picture: Frame,
        index: int,
        seconds: float,
        at: float,
        lag: float,
        size: tuple[int, int],
    ) -> None:
        self.index = index
        self.seconds = seconds
        self.at = at
        self.lag = lag
        self.size = size
        self.anew = False
        self.gap: Gap | None = None
        self._picture = picture
        # A frame of FFmpeg keeps the tables of its last conversion, and two at once would write
        # over each other's: the process would end.
        self._converting = threading.Lock()

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.rgb`."""
        with self._converting:
            return self._picture.rgb(size, how)

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.grey`."""
        with self._converting:
            return self._picture.grey(size, how)

    def takes_the_place_of(self, dropped: LiveFrame) -> None:
        """What was to be said with a frame that nobody took is said with this one."""
        self.anew |= dropped.anew
        if dropped.gap is not None:
            end, reason = dropped.gap.end, dropped.gap.reason
            if self.gap is not None:
                end, reason = self.gap.end, self.gap.reason
            self.gap = Gap(dropped.gap.start, end, reason)
