"""Live frames to scores: the same steps that ``score`` takes with a file."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace

from oddframe.detectors.contract import FrameDetector
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.stepping import Stepper
from oddframe.errors import OddframeError
from oddframe.media.frames import Frame, MediaInfo
from oddframe.media.watched_video import BreakMarker
from oddframe.sources.live_frame import LiveFrame
from oddframe.zones.painting import Paint, PaintedFrame
from oddframe.zones.zone import Zones


@dataclass(frozen=True)
class ScoredFrame:
    """A live frame and its score.

    Attributes:
        frame: as it came, with what is ignored in it.
        score: numbered from where its size last changed.
        lasts: for how many seconds it stands: those that it is shown, and until the next one that
            is looked at.
    """

    frame: LiveFrame
    score: FrameScore
    lasts: float


class LiveScorer:
    """The scores of one camera's frames, as they come.

    Args:
        detector: shared by cameras; what is remembered of this one is in its stream.
        name: of the camera.
        zones: what is ignored is painted out before the detector sees it.
        live: see :meth:`oddframe.detectors.contract.FrameDetector.stream`.

    Attributes:
        spared: frames that were not looked at since others came soon enough.
    """

    def __init__(
        self, detector: FrameDetector, name: str, zones: Zones, *, live: bool = True
    ) -> None:
        self._detector, self._name, self._zones, self._live = detector, name, zones, live
        self._stepper: Stepper | None = None
        self._marker = BreakMarker()
        self._paint: Paint | None = None
        self._size = (0, 0)
        self._lasts = 0.0
        self._waiting: deque[LiveFrame] = deque()
        self._rate, self._next = 0.0, 0.0
        self.spared = 0

    def thin(self, rate: float) -> None:
        """Look at so many frames per second at most; 0 looks at all."""
        self._rate = rate

    def push(self, frame: LiveFrame, info: MediaInfo) -> list[ScoredFrame]:
        """Take the next frame; the scores that are known by now.

        Args:
            frame: the next one.
            info: size and rate of the camera's pictures, as they are now known.

        Raises:
            OddframeError: the detector does not give every frame a finite score, in order.
        """
        if self._rate and not frame.anew and frame.seconds < self._next:
            self.spared += 1
            return []
        if self._rate:
            step = 1 / self._rate
            # Counted on, so that a camera of 25 gives 12.5 of 12.5; anew after a pause.
            self._next = max(self._next + step, frame.seconds + step / 2)
        found = []
        if self._stepper is None or frame.size != self._size:
            found = self.finish()
            self._begin(frame.size, info)
        self._waiting.append(frame)
        given: Frame = frame if self._paint is None else PaintedFrame(frame, self._paint)
        for known in self._marker.push(given):
            found += self._step(known)
        # A break in a camera's film is in its stream; months of them are not kept.
        self._marker.breaks.clear()
        return found

    def finish(self) -> list[ScoredFrame]:
        """No more frames come: the scores that are left, as far as there are any."""
        found = []
        if self._stepper is not None:
            with suppress(OddframeError):  # too few frames for a single score
                for known in self._marker.finish():
                    found += self._step(known)
                found += self._paired(self._stepper.finish())
        self._stepper = None
        self._waiting.clear()
        return found

    def _begin(self, size: tuple[int, int], info: MediaInfo) -> None:
        about = replace(info, width=size[0], height=size[1], name=self._name)
        self._stepper = Stepper(self._detector, about, self._name, live=self._live)
        self._marker = BreakMarker()
        self._paint = Paint(self._zones, size) if self._zones.ignored else None
        self._size, self._lasts = size, 1 / info.fps

    def _step(self, frame: Frame) -> list[ScoredFrame]:
        assert self._stepper is not None
        return self._paired(self._stepper.push(frame))

    def _paired(self, scores: list[FrameScore]) -> list[ScoredFrame]:
        lasts = max(self._lasts, 1 / self._rate) if self._rate else self._lasts
        return [ScoredFrame(self._waiting.popleft(), score, lasts) for score in scores]
