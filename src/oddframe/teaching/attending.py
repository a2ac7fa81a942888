"""Looking at a moment again, to learn what was odd in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oddframe.calibration.zoned_scores import weighed
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.teachable import AttentiveStream, Teachable
from oddframe.errors import OddframeError
from oddframe.footage.deep_footage import at_range_of_run
from oddframe.footage.zoned_footage import with_zones
from oddframe.media.frames import Frame, MediaInfo
from oddframe.media.watched_video import watched
from oddframe.runs.learnt_shape import is_unlike, learnt_sizes
from oddframe.runs.run_folder import Run
from oddframe.teaching.moments import Moment
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

LEAD_SECONDS = 120.0
"""A stream begins so long before a moment: what has lasted until then says something."""


@dataclass(frozen=True)
class Attended:
    """What was found in a moment.

    Attributes:
        lesson: what was odd, as its detector gives it; None of nothing.
        learnt: what that is, numbers by name.
        frames: how many the moment has.
        odd: how many of them were above the threshold.
        reason: why the oddest of these was; ``""`` of none.
    """

    lesson: dict[str, Any] | None
    learnt: dict[str, float]
    frames: int
    odd: int
    reason: str


def attend(
    detector: Teachable, run: Run, moments: Sequence[Moment], advance: Callable[[float], None]
) -> list[Attended]:
    """Look at moments of one recording, each as if nothing else of it were seen after its lead.

    Args:
        detector: as it is by now.
        run: how its footage is seen: grey levels, zones.
        moments: all of one recording.
        advance: told the share done.

    Raises:
        OddframeError: the recording cannot be read, or is of another camera.
    """
    path, size = moments[0].path, (moments[0].video.width, moments[0].video.height)
    if is_unlike(learnt_sizes(run), size):
        raise OddframeError(
            f"{path}: pictures of {size[0]}x{size[1]} are of another shape than those that "
            f"{run.folder} learnt from: they are of another camera, and say nothing of this one"
        )
    manifest = Manifest("moments", (replace(moments[0].video, path=path.name),), path.parent)
    manifest = with_zones(at_range_of_run(manifest, run.levels), run.zones or None)
    video = manifest.videos[0]
    parts = [_Part(detector, moment, video) for moment in moments]
    last = max(moment.end for moment in moments)
    with open_footage(manifest, video) as reader:
        footage = watched(reader)
        for frame in footage:
            if frame.index >= last:
                break
            for part in parts:
                part.push(frame, footage.info)
            advance((frame.index + 1) / last)
    return [part.attended() for part in parts]


class _Part:
    """One moment, while its recording goes by."""

    def __init__(self, detector: Teachable, moment: Moment, video: Video) -> None:
        self._detector, self._moment, self._video = detector, moment, video
        own = detector.threshold
        # A camera may ring earlier than its run: what it rang for is odd.
        self._threshold = own if moment.threshold is None else min(own, moment.threshold)
        self._begins = video.clock.seconds(moment.start) - LEAD_SECONDS
        self._stream: AttentiveStream | None = None
        self._frames = self._odd = 0
        self._oddest: FrameScore | None = None

    def push(self, frame: Frame, info: MediaInfo) -> None:
        """Take the next frame of the recording."""
        moment, detector = self._moment, self._detector
        if frame.index >= moment.end or frame.seconds < self._begins:
            return
        if self._stream is None:
            self._stream = detector.attentive(info, source=moment.of, threshold=self._threshold)
            if moment.stayed and moment.word == "normal":  # what is odd is as long as was seen
                self._stream.attend_to_stay(moment.boxes, moment.stayed)
        inside = frame.index >= moment.start
        self._stream.attend(moment.boxes if inside else None)
        for score in self._stream.push(frame):
            if inside:
                size = self._video.width, self._video.height
                self._see(weighed(score, size, self._video.zones, self._threshold)[0])

    def _see(self, score: FrameScore) -> None:
        self._frames += 1
        if score.value > self._threshold:
            self._odd += 1
            if self._oddest is None or score.value > self._oddest.value:
                self._oddest = score

    def attended(self) -> Attended:
        """What was found.

        Raises:
            OddframeError: the recording ends before the moment.
        """
        if self._stream is None or not self._frames:
            raise OddframeError(
                f"{self._moment.path}: no frame of {self._moment.of} can be decoded any more"
            )
        self._stream.finish()
        oddest = self._oddest
        reason = oddest.reason if oddest else ""
        return Attended(
            self._stream.lesson(), self._stream.learnt(), self._frames, self._odd, reason
        )
