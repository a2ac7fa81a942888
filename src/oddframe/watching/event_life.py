"""The life of an event while it happens: it opens, goes on, and is over.

What opens and closes is what :func:`oddframe.scores.detections.find_detections` finds in the same
scores afterwards: frames above the threshold, joined over gaps of ``merge_seconds``, that last for
``min_seconds``. An event is over only when such a gap has passed, so that somebody who stands still
for a moment is not told of twice; that is the hysteresis, in time and not in height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from oddframe.detectors.frame_score import FrameScore
from oddframe.scores.detections import EventRule

Kind = Literal["open", "peak", "close", "still"]
"""What became of an event: it is one now; it is odder than before; it is over; or it has lasted so
long that it is no longer an event but a state, of which nothing more is told until it is over."""


@dataclass(frozen=True)
class Happening:
    """An event, as it is known by now.

    Attributes:
        began: when it began, on the clock of the frames, which nobody sets.
        at: the same in Unix seconds; all that follows is measured from there.
        seconds: how long it lasted until the last odd frame by now was over.
        peak: the highest score.
        peak_after: seconds from the beginning to the frame that has it.
        mean: mean score of all frames from the first odd one to the last.
        oddest: what the detector said of the frame of the peak.
    """

    began: float
    at: float
    seconds: float
    peak: float
    peak_after: float
    mean: float
    oddest: FrameScore

    @property
    def end(self) -> float:
        """When the last odd frame by now was over, Unix seconds."""
        return self.at + self.seconds

    @property
    def peak_at(self) -> float:
        """When the peak was, Unix seconds."""
        return self.at + self.peak_after


@dataclass(frozen=True)
class Change:
    """Something became of an event."""

    kind: Kind
    event: Happening


class EventLife:
    """The events of one camera, one after the other.

    Args:
        rule: which frames are odd, which gaps are none, and how long an event lasts at least.
        longest_seconds: what lasts longer is a state.
    """

    def __init__(self, rule: EventRule, longest_seconds: float) -> None:
        self._rule, self._longest = rule, longest_seconds
        self._event: Happening | None = None
        self._told = self._still = False
        # Sums over the frames of the event, and over those since, which join it if it goes on.
        self._sum = self._sum_since = 0.0
        self._frames = self._frames_since = 0

    @property
    def oddest(self) -> FrameScore | None:
        """What was said of the oddest frame of what is going on, told of or not yet."""
        return None if self._event is None else self._event.oddest

    def add(self, score: FrameScore, seconds: float, at: float, lasts: float) -> list[Change]:
        """Take the next frame.

        Args:
            score: of the frame.
            seconds: its time, on a clock that nobody sets.
            at: when it was filmed, Unix seconds.
            lasts: for how many seconds it is shown.
        """
        changes = self.pause(seconds, lasts)
        odd = score.tested and score.value > self._rule.threshold
        if self._event is None:
            if not odd:
                return changes
            self._event = Happening(seconds, at, lasts, score.value, 0.0, score.value, score)
            self._sum, self._frames = score.value, 1
            return changes + self._due()
        self._sum_since += score.value
        self._frames_since += 1
        if not odd:
            return changes
        self._sum, self._frames = self._sum + self._sum_since, self._frames + self._frames_since
        self._sum_since, self._frames_since = 0.0, 0
        after = seconds - self._event.began
        event = replace(self._event, seconds=after + lasts, mean=self._sum / self._frames)
        higher = score.value > event.peak
        if higher:
            event = replace(event, peak=score.value, peak_after=after, oddest=score)
        self._event = event
        was_told = self._told
        changes += self._due()
        if higher and was_told and not self._still:
            changes.append(Change("peak", event))
        return changes

    def pause(self, seconds: float, lasts: float = 0.0) -> list[Change]:
        """Time goes on, whether or not a frame comes: what is over is closed.

        Args:
            seconds: now, on the clock of the frames.
            lasts: for how many seconds a frame is shown.
        """
        if self._event is None:
            return []
        # Half a frame, since gaps are counted in whole frames and to the nearest.
        gap = self._rule.merge_seconds + lasts / 2
        over = seconds - self._event.began - self._event.seconds
        return self.finish() if over > gap else []

    def finish(self) -> list[Change]:
        """Nothing more comes: what is open is closed."""
        event, told, still = self._event, self._told, self._still
        self._event, self._told, self._still = None, False, False
        self._sum_since, self._frames_since = 0.0, 0
        return [Change("close", event)] if event is not None and told and not still else []

    def _due(self) -> list[Change]:
        """What the event has become by now."""
        event = self._event
        if event is None or self._still:
            return []
        changes = []
        # A frame's time is a sum of floats: what lasts as long as it should is long enough.
        if not self._told and event.seconds >= self._rule.min_seconds - 1e-6:
            self._told = True
            changes.append(Change("open", event))
        if self._told and event.seconds > self._longest:
            self._still = True
            changes.append(Change("still", event))
        return changes
