"""Detected events: where scores pass a threshold, merged, with a reason and a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown
from oddframe.media.clock import Clock
from oddframe.scores.sights import Sight, sight_from

MERGE_SECONDS = 1.0
"""Detections closer than this are one event: a person asks "when", not "which frames"."""


@dataclass(frozen=True)
class EventRule:
    """Which frames make an event. It travels with scores (``meta``) and with ``events.json``.

    Attributes:
        threshold: a frame is odd if its score is strictly greater; infinite where nothing is.
        merge_seconds: runs of odd frames whose gap is at most this long are one event.
        min_seconds: events shorter than this, after merging, are none.
    """

    threshold: float
    merge_seconds: float = MERGE_SECONDS
    min_seconds: float = 0.0

    def __post_init__(self) -> None:
        if math.isnan(self.threshold):
            raise OddframeError("threshold: expected a number, found nan")
        for option, value in {"merge": self.merge_seconds, "min-length": self.min_seconds}.items():
            if not 0 <= value < math.inf:
                raise OddframeError(f"--{option}: expected seconds, 0 or more, found {value:g}")

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> EventRule | None:
        """The rule that travels with scores; None without a threshold.

        Raises:
            OddframeError: something else than numbers.
        """
        if meta.get("threshold") is None:
            return None
        given = {field.name: meta[field.name] for field in fields(cls) if field.name in meta}
        for name, value in given.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value):
                raise OddframeError(
                    f"expected a finite number as '{name}' in the meta data of scores, found "
                    f"{shown(value)}; score again, or remove it"
                )
        return cls(**given)

    @property
    def is_finite(self) -> bool:
        """Whether there is a threshold."""
        return math.isfinite(self.threshold)

    @property
    def words(self) -> str:
        """How runs become events, for a protocol."""
        short = f", events shorter than {self.min_seconds:g} s left out" * (self.min_seconds > 0)
        return f"gaps of up to {self.merge_seconds:g} s merged{short}"


@dataclass(frozen=True)
class Detection:
    """One detected event of a video.

    Attributes:
        start, end: half-open interval in frames.
        peak: frame of the highest score.
        peak_score, mean_score: scores over the interval.
        cue: name of the cue that weighs most at the peak, or ``""`` if the detector has none.
        reason: a sentence for a person.
        boxes: ``(x1, y1, x2, y2)`` in pixels of the video, the oddest first.
        nearest: when the normal footage showed what is nearest to what looks odd there.
        zone: name of the watched zone that it is in; ``""`` where it is in none.
        boxes_at: frame that cue, reason, boxes, nearest and zone are of; None where it is the peak.
    """

    start: int
    end: int
    peak: int
    peak_score: float
    mean_score: float
    cue: str = ""
    reason: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    nearest: Sight | None = None
    zone: str = ""
    boxes_at: int | None = None

    @property
    def pictured(self) -> int:
        """The frame on which its boxes are drawn: what moves is elsewhere at the peak."""
        return self.peak if self.boxes_at is None else self.boxes_at


def find_detections(scores: np.ndarray, rule: EventRule, clock: Clock) -> list[Detection]:
    """Runs of frames with a score above the threshold, merged over short gaps, long enough.

    Args:
        scores: ``(frames,)``.
        rule: what makes an event.
        clock: when the frames are shown.
    """
    above = np.flatnonzero(np.asarray(scores) > rule.threshold)
    if above.size == 0:
        return []
    gap, least = clock.ticks_in(rule.merge_seconds), clock.ticks_in(rule.min_seconds)
    begins, ends = clock.ticks[above], clock.ticks[above] + clock.held[above]
    breaks = np.flatnonzero(begins[1:] - ends[:-1] > gap)
    starts = above[np.concatenate(([0], breaks + 1))]
    stops = above[np.concatenate((breaks, [above.size - 1]))] + 1
    result = []
    for start, end in zip(starts.tolist(), stops.tolist(), strict=True):
        if clock.held[start:end].sum() < least:
            continue
        part = scores[start:end]
        peak = start + int(np.argmax(part))
        result.append(Detection(start, end, peak, float(scores[peak]), float(np.mean(part))))
    return result


def oddest_moments(
    scores: Mapping[str, np.ndarray],
    clocks: Mapping[str, Clock],
    most: int,
    levels: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, list[Detection]]:
    """The moments of all videos together with the highest scores, where no threshold names any.

    A moment is what lies within :data:`MERGE_SECONDS` of a peak, as far as it stands out; no two
    share a frame, and none is as low as the lowest score.

    Args:
        scores: video id to ``(frames,)``.
        clocks: video id to when its frames are shown.
        most: how many, at most.
        levels: video id to the score above which its moments stand out; by default all do.

    Returns:
        Video id to its moments, the earliest first.
    """
    lowest = min(float(values.min()) for values in scores.values())
    left = {
        name: np.where(values > levels.get(name, lowest), values, -math.inf)
        for name, values in scores.items()
    }
    found: dict[str, list[Detection]] = {name: [] for name in scores}
    for _ in range(most):
        name = max(left, key=lambda name: float(left[name].max()))
        values, peak = scores[name], int(left[name].argmax())
        if left[name][peak] == -math.inf:
            break
        clock = clocks[name]
        ticks = clock.ticks[: len(values)]
        away = np.abs(ticks - ticks[peak])
        reach = clock.ticks_in(MERGE_SECONDS)
        others = np.flatnonzero((away > reach) | (values <= levels.get(name, -math.inf)))
        start = int(others[others < peak].max(initial=-1)) + 1
        end = int(others[others > peak].min(initial=len(values)))
        mean = float(values[start:end].mean())
        found[name].append(Detection(start, end, peak, float(values[peak]), mean))
        left[name][away <= 2 * reach] = -math.inf
    return {name: sorted(parts, key=lambda one: one.start) for name, parts in found.items()}


@dataclass(frozen=True)
class Reason:
    """Why a frame is odd, and where, whatever threshold makes an event of it.

    Attributes:
        frame: 0-based index.
        cue, reason, boxes, nearest, zone: as of a :class:`Detection`.
    """

    frame: int
    cue: str
    reason: str
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    nearest: Sight | None = None
    zone: str = ""


def explained(
    found: Iterable[Detection], reasons: Iterable[Reason], clock: Clock
) -> list[Detection]:
    """Detections with a reason: smoothing may move a peak, so the nearest frame of it speaks.

    Args:
        found: detections.
        reasons: why frames of the video are odd; those up to a second beside a detection count.
        clock: says when each frame of the video is shown.
    """
    result = []
    known = [(reason, clock.seconds(min(reason.frame, clock.frames))) for reason in reasons]
    for one in found:
        start, end = clock.span(one.start, one.end)
        inside = [reason for reason, at in known if start - 1 < at < end + 1]
        if inside:
            why = min(inside, key=lambda reason: abs(reason.frame - one.peak))
            said = {part.name: getattr(why, part.name) for part in fields(why)}
            at = said.pop("frame")
            one = replace(one, **said, boxes_at=at if one.peak != at < clock.frames else None)
        result.append(one)
    return result


def boxes_from(rows: Iterable[Iterable[Any]]) -> tuple[tuple[int, int, int, int], ...]:
    """Boxes as JSON gives them back.

    Raises:
        TypeError, ValueError: something else.
    """
    return tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in rows)


def detections_from(rows: Iterable[Mapping[str, Any]]) -> list[Detection]:
    """The detections of which these are the fields, as JSON gives them back.

    Raises:
        KeyError, TypeError, ValueError: other fields.
    """
    return [
        Detection(
            start=int(row["start"]),
            end=int(row["end"]),
            peak=int(row["peak"]),
            peak_score=float(row["peak_score"]),
            mean_score=float(row["mean_score"]),
            cue=str(row["cue"]),
            reason=str(row["reason"]),
            boxes=boxes_from(row["boxes"]),
            nearest=sight_from(row.get("nearest")),
            zone=str(row.get("zone", "")),
            boxes_at=None if row.get("boxes_at") is None else int(row["boxes_at"]),
        )
        for row in rows
    ]
