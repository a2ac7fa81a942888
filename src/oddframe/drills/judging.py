"""One faulted clip through the run's detector: noticed or missed, when, where, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.detectors.contract import FrameDetector, merge_seconds_of
from oddframe.detectors.frame_score import FrameScore
from oddframe.drills.clip import Clip, ClipVideo, as_it_is
from oddframe.drills.cutouts import Box
from oddframe.drills.result import Case, Verdict
from oddframe.drills.stage import Fault, Faulted, Part
from oddframe.drills.stride import Stride, Watching
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.untested import silenced

GRACE_SECONDS = 1.0
"""An alarm that begins so soon after a fault has ended is for it."""


@dataclass(frozen=True)
class Scored:
    """What a detector said of a clip, frame by frame, causally.

    Attributes:
        values: scores, float32 ``(frames,)``.
        frames: all that it said, without maps.
    """

    values: np.ndarray
    frames: tuple[FrameScore, ...]

    def alarmed(self, threshold: float, start: int, end: int) -> np.ndarray:
        """The frames of an interval that are above the threshold."""
        return start + np.flatnonzero(self.values[start:end] > threshold)


@dataclass(frozen=True)
class Untouched:
    """What a detector said of a stretch of footage as it is.

    Attributes:
        values: scores ``(frames,)``.
        camera: whether it named a trouble of the camera, at each frame.
        alarms: alarms in it, counted as the promise counts them.
        seconds: its length.
        watched: how many seconds the stream had watched before it.
    """

    values: list[float]
    camera: list[bool]
    alarms: int
    seconds: float
    watched: float = 0.0

    @property
    def troubles(self) -> int:
        """Troubles of the camera that were named, each counted once for as long as it lasts."""
        pairs = zip([False, *self.camera], self.camera, strict=False)
        return sum(now and not before for before, now in pairs)


def score_clip(detector: FrameDetector, video: ClipVideo, before: Watching | None = None) -> Scored:
    """Let a detector watch pictures, as ``score`` would have it; nothing is smoothed.

    Args:
        detector: the detector.
        video: the pictures.
        before: a stream that has seen the first of them, and more before; a copy goes on from it.
            Without it, a stream begins with them.
    """
    watching = before.fork() if before else Watching.begun(detector, video)
    watching.watch(video)
    said = watching.finish()
    values = np.array([one.value for one in said], np.float32)
    tested = np.array([one.tested for one in said], bool)
    (values,) = silenced([(values, tested)], detector.threshold)
    return Scored(values, tuple(said))


def watch_untouched(detector: FrameDetector, clip: Clip, stride: Stride | None = None) -> Untouched:
    """What a detector says of a clip as it is, in its stride or without one."""
    scored = score_clip(detector, as_it_is(clip), stride.start if stride else None)
    clock = Clock.of_times(clip.seconds[: len(scored.values)], clip.fps)
    rule = EventRule(detector.threshold, merge_seconds_of(detector))
    alarms = find_detections(scored.values, rule, clock)
    named = [bool(one.camera) for one in scored.frames]
    watched = stride.watched if stride else 0.0
    return Untouched(scored.values.tolist(), named, len(alarms), clip.length, watched)


def judge(
    fault: Fault,
    part: Part,
    faulted: Faulted,
    scored: Scored,
    untouched: Untouched,
    normal: np.ndarray,
    clip: Clip,
    threshold: float,
) -> Case:
    """What came of one fault, up to the end of a part of it.

    Args:
        fault, part, faulted: what was done to the clip.
        scored: what the detector said of it.
        untouched: what it said of the clip as it is.
        normal: its scores of all untouched footage, sorted.
        clip: the clip.
        threshold: the run's own.
    """
    clock = clip.seconds
    end = int(np.searchsorted(clock, clock[part.end - 1] + GRACE_SECONDS, side="right"))
    end = min(max(end, part.end), faulted.frames)
    if part.strength:  # it lasts on, and a longer stay is another question
        end = part.end
    above = scored.alarmed(threshold, part.start, end)
    troubles = [one.camera for one in scored.frames[part.start : end] if one.camera]
    first, last = faulted.shows or (part.start, end)
    rings = any(value > threshold for value in untouched.values[first:last])
    before_camera = any(untouched.camera[first:last])
    odd = bool(above.size)
    camera = troubles[0] if troubles and not before_camera else ""
    said = bool(camera) if fault.expected == "camera" else odd
    verdict: Verdict = "noticed" if said else "missed"
    if rings and fault.expected != "camera":
        verdict = "rings anyway"
    peak = part.start + int(np.argmax(scored.values[part.start : end]))
    at = int(above[0]) if odd else peak
    whole = scored.frames[at]
    boxes = faulted.boxes(min(at, faulted.frames - 1))
    return Case(
        kind=fault.kind,
        name=fault.name,
        size=fault.size,
        strength=part.strength or fault.strength,
        expected=fault.expected,
        video=clip.video,
        begins=round(clip.start + float(clock[part.start]), 3),
        lasts=round(float(clock[min(part.end, len(clock)) - 1] - clock[part.start]), 3),
        verdict=verdict,
        alarmed=odd,
        camera=camera,
        delay=round(float(clock[at] - clock[part.start]), 3) if odd else None,
        peak=round(float(scored.values[peak]), 4),
        shown=peak,
        place=_hits(whole.boxes, boxes) if odd and whole.boxes and boxes else None,
        reason=scored.frames[peak].reason or whole.reason,
        boxes=_way(faulted, part),
        surprise=round(_ranked(scored.values[part.start : part.end], normal), 4),
    )


def _hits(said: tuple[Box, ...], true: tuple[Box, ...]) -> bool:
    """Whether the oddest place that was said meets one that is odd."""
    x1, y1, x2, y2 = said[0]
    return any(x1 < b[2] and b[0] < x2 and y1 < b[3] and b[1] < y2 for b in true)


def _way(faulted: Faulted, part: Part) -> tuple[Box, ...]:
    """Where a thing is at a few moments of a fault that is at one place at a time."""
    moments = np.linspace(part.start, part.end - 1, 5).astype(int)
    found = [faulted.boxes(int(at)) for at in moments]
    return tuple(dict.fromkeys(one[0] for one in found)) if all(len(o) == 1 for o in found) else ()


def _ranked(odd: np.ndarray, normal: np.ndarray) -> float:
    """AUC: share of pairs of faulted and untouched frames in which the faulted scores higher."""
    below = np.searchsorted(normal, odd, side="left")
    upto = np.searchsorted(normal, odd, side="right")
    return float((below + upto).mean()) / (2 * normal.size)
