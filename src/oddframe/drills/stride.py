"""A stream in its stride: what comes before the cases of a stretch is watched once for all.

A camera has run for hours when something happens, and a stream that has just begun believes less.
So a stream watches the stretch as it is, one showing after the other, until it has watched for
minutes; cases go on from copies of it. Nothing is watched for longer than the recording lasts that
the stretch is from: what is normal after minutes is not known of a run whose footage is in pieces
of seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from oddframe.detectors.contract import Forking, FrameDetector
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.stepping import Stepper
from oddframe.drills.clip import Clip, ClipVideo, as_it_is
from oddframe.drills.stage import Faulted, lead_of
from oddframe.media.clock import Clock
from oddframe.media.watched_video import watched

WATCHED_SECONDS = 180.0
"""That a stream has watched, before the showing that is judged begins: whole showings, and so a
little more; or as many as are in the rest of the recording."""


@dataclass
class Watching:
    """A stream on its way through a showing of a clip.

    Attributes:
        stepper: the stream.
        before: how many frames it had seen before this showing; it counts them on.
        since: when this showing begins, in seconds from the first: its clock goes on.
        seen: how many frames of this showing it has seen.
        said: what it has said of them by now, without maps.
    """

    stepper: Stepper
    before: int = 0
    since: float = 0.0
    seen: int = 0
    said: list[FrameScore] = field(default_factory=list)

    @classmethod
    def begun(cls, detector: FrameDetector, video: ClipVideo) -> Watching:
        """A stream that has seen nothing yet."""
        info = replace(video.info, name=video.path.stem)
        return cls(Stepper(detector, info, str(video.path)))

    def fork(self) -> Watching:
        """Another that has seen the same, and goes on by itself; of a detector that forks alone."""
        return replace(self, stepper=self.stepper.fork(), said=list(self.said))

    def again(self, clip: Clip) -> Watching:
        """The stream before another showing, after a whole one."""
        return Watching(self.stepper, self.before + self.seen, self.since + clip.length)

    def watch(self, video: ClipVideo, end: int | None = None) -> None:
        """See the frames of this showing that it has not seen, up to one or to the last."""
        for number, frame in enumerate(watched(video)):
            if number == end:
                return
            if number < self.seen:  # whether footage goes on depends on what was before
                continue
            if number == 0 and self.before:
                frame.anew = True  # it does not go on from the end of the last showing
            frame.index += self.before
            frame.seconds += self.since
            self.seen += 1
            self._hear(self.stepper.push(frame))

    def finish(self) -> list[FrameScore]:
        """There are no more frames: what was said of all of this showing, numbered from 0."""
        self._hear(self.stepper.finish())
        return self.said

    def _hear(self, scores: list[FrameScore]) -> None:
        for one in scores:
            number = one.frame - self.before
            if number >= 0:  # what waited in the last showing is told by now
                told = replace(one, frame=number, score_map=None, terms={}, began=(), baselines={})
                self.said.append(told)


@dataclass(frozen=True)
class Stride:
    """A stream that has watched for minutes, where the cases of a stretch go on from it.

    Attributes:
        start: it has seen nothing of the showing that is judged.
        lead: it has seen what comes before a fault.
        watched: how many seconds it had watched before.
    """

    start: Watching
    lead: Watching
    watched: float

    def before(self, faulted: Faulted) -> Watching:
        """The stream that a case goes on from."""
        return self.start if faulted.from_start else self.lead

    @classmethod
    def of(cls, detector: Forking, clip: Clip, recording: float) -> Stride:
        """Let a stream watch a clip as it is, and its lead once more.

        The showings are whole, and each is a break: what follows things begins anew.

        Args:
            detector: the detector.
            clip: the stretch.
            recording: how long the recording is watched that it is from, in seconds.
        """
        video = as_it_is(clip)
        showing = Clock.of_times(clip.seconds, clip.fps).watched
        showings = min(math.ceil(WATCHED_SECONDS / showing), int(recording / showing - 1 + 1e-6))
        start = Watching.begun(detector, video)
        for _ in range(showings):
            start.watch(video)
            start = start.again(clip)
        ahead = start.fork()
        ahead.watch(video, lead_of(clip))
        return cls(start, ahead, showings * showing)
