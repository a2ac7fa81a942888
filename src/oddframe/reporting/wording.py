"""How numbers, metrics and findings are put to a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from oddframe.console.words import count, duration, sentence
from oddframe.evaluation.evaluate import PER_VIDEO_WARNING
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.media.clock import MOST_WATCHED
from oddframe.reporting.times import shown_time
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import NO_THRESHOLD, Scores, is_per_video
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.standing_out import flat_videos
from oddframe.scores.untested import untested_videos
from oddframe.videos.video import Event, Video, events_from_labels

HIGHEST = "highest scores; no threshold"
"""What moments are called that no threshold made events of."""


def number(value: float) -> str:
    """Three digits that matter: ``0.952``, ``3.41``, ``48.2``, ``1,204``."""
    if abs(value) <= 1:
        return f"{value:.3f}"
    if abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def value(part: Measured) -> str:
    """``0.952``; a dash where it is undefined."""
    return "–" if part.value is None else number(part.value)


def interval(part: Measured) -> str:
    """``[0.910, 0.978]``, or nothing where there is no interval."""
    if part.low is None or part.high is None:
        return ""
    return f"[{number(part.low)}, {number(part.high)}]"


def measured(part: Measured) -> str:
    """``0.952 [0.910, 0.978]``; a dash where the number is undefined."""
    return value(part) if part.value is None else f"{value(part)} {interval(part)}".strip()


def metric_label(name: str, normal_hours: float) -> str:
    """``Micro AUC``; of a rate with what it was counted in: ``False alarms per hour, in 14 s``.

    Args:
        name: name of the metric.
        normal_hours: footage in which false alarms were counted; 0 if not known.
    """
    shown = metric_name(name)
    if not (normal_hours and shown.per_hour):
        return shown.label
    return f"{shown.label}, in {duration(3600 * normal_hours)}"


def normal_footage(hours: float) -> str:
    """``14 s of normal footage``; nothing where there is none, or it is not known."""
    return f"{duration(3600 * hours)} of normal footage" if hours else ""


def not_filmed(videos: Iterable[Video]) -> list[str]:
    """Lines on the time that recordings leave out, if they leave any out."""
    clocks = [video.clock for video in videos]
    jumping = [clock for clock in clocks if clock.jumps]
    lines = []
    if jumping:
        unseen = sum(clock.seconds(clock.frames) - clock.length for clock in jumping)
        gaps = sum(len(clock.jumps) for clock in jumping)
        lines.append(
            f"gaps: {duration(unseen)} in {count(gaps, 'gap')} of {count(len(jumping), 'video')} "
            "were not filmed, and count nowhere"
        )
    slow = [clock for clock in clocks if clock.is_time_lapse]
    if slow:
        length, watched = sum(c.length for c in slow), sum(c.watched for c in slow)
        lines.append(
            f"time-lapse: {count(len(slow), 'video')} of {duration(length)} in all, of which "
            f"{duration(watched)} count as watched, {MOST_WATCHED:g} s for each frame"
        )
    return lines


def is_annotated(video: Video) -> bool:
    """Whether it is known which of the video's frames are anomalous."""
    return video.label == "normal" or bool(video.events)


def annotated_events(video: Video) -> list[Event]:
    """The annotated events as metrics count them: those that overlap or touch are one."""
    return [
        replace(run, name=", ".join(dict.fromkeys(e.name for e in overlapping(run, video))))
        for run in events_from_labels(video.frame_labels())
    ]


def overlapping(part: Detection | Event, video: Video) -> list[Event]:
    """The events, as they were annotated, that share frames with a part of the video."""
    return [e for e in video.events if e.start < part.end and part.start < e.end]


def missed(video: Video, detections: Sequence[Detection]) -> list[Event]:
    """The annotated events that no detection touches."""
    return [
        event
        for event in annotated_events(video)
        if not any(d.start < event.end and event.start < d.end for d in detections)
    ]


def summary(
    videos: Sequence[Video], scores: Scores, detections: Mapping[str, Sequence[Detection]]
) -> str:
    """What was found, in one or two sentences for somebody who looks after a camera.

    Args:
        videos: those that were scored.
        scores: of these videos.
        detections: video id to events.
    """
    part = JudgedPart.of(scores.meta)
    lengths = (part.length(v.clock) if part else v.clock.length for v in videos)
    length = duration(sum(lengths))
    footage = f"{count(len(videos), 'video')} ({length})"
    found = [(d, video) for video in videos for d in detections.get(video.id, ())]
    if scores.threshold is None:
        return _without_threshold(videos, footage, scores)
    if not found:
        why = ": no score is above the threshold"
        return sentence(nothing_odd(videos, footage, scores.meta, why))
    detection, video = max(found, key=lambda pair: pair[0].peak_score)
    with_any = len({video.id for _, video in found})
    where = "" if len(videos) == 1 else f"{with_any} of "
    text = (
        f"{count(len(found), 'odd moment')} in {where}{footage}; the oddest is at "
        f"{shown_time(video.clock, detection.pictured)} in “{video.id}”"
    )
    text += f": {detection.reason.rstrip('. ')}." if detection.reason else "."
    return text + _against_truth(videos, detections)


def nothing_odd(
    videos: Sequence[Video], footage: str, meta: Mapping[str, Any], why: str = ""
) -> str:
    """What is said of videos without an event at the threshold; no praise for what was not seen.

    Args:
        videos: those that were scored.
        footage: what they are called.
        meta: what travels with the scores.
        why: what is said where something could be compared.
    """
    unseen = len(_untested(videos, meta))
    if unseen == len(videos):
        return f"no verdict on {footage}: nothing could be compared"
    besides = f"; in {unseen} of them nothing could be compared" if unseen else ""
    return f"nothing odd in {footage}{why}{besides}"


def none_stands_out(videos: Sequence[Video], scores: Scores) -> str:
    """What is said of the videos of which no moment stands out; nothing where there are none.

    Args:
        videos: those that were scored, without a threshold.
        scores: of these videos.
    """
    found = set(flat_videos(scores.values, scores.meta))
    flat = [video for video in videos if video.id in found]
    if not flat:
        return ""
    if len(flat) < len(videos):
        return f"no moment stands out in {len(flat)} of them, so none of theirs is named"
    alarming = scores.alarming
    video = max(flat, key=lambda video: float(alarming[video.id].max()))
    peak = int(alarming[video.id].argmax())
    highest = f"the highest score is {number(float(alarming[video.id][peak]))}, at "
    highest += shown_time(video.clock, peak)
    if len(videos) > 1:
        return f"no moment stands out in any of them, so none is named: {highest} in “{video.id}”"
    middle = number(float(np.median(scores[video.id])))
    return (
        f"no moment stands out, so none is named: half of all frames score {middle} or more, and "
        f"{highest}"
    )


def _without_threshold(videos: Sequence[Video], footage: str, scores: Scores) -> str:
    said = [no_verdict(videos, footage, scores.meta), none_stands_out(videos, scores)]
    silent = {*flat_videos(scores.values, scores.meta), *_untested(videos, scores.meta)}
    if telling := [video for video in videos if video.id not in silent]:
        alarming = scores.alarming
        video = max(telling, key=lambda video: float(alarming[video.id].max()))
        peak = shown_time(video.clock, int(alarming[video.id].argmax()))
        said.append(f"the highest score is at {peak} in “{video.id}”")
    return " ".join(sentence(line) for line in said if line)


def _untested(videos: Sequence[Video], meta: Mapping[str, Any]) -> list[str]:
    return untested_videos(meta, {video.id: video.frames for video in videos})


def no_verdict(videos: Sequence[Video], footage: str, meta: Mapping[str, Any]) -> str:
    """What is said where a verdict would stand, if the scores have no threshold.

    Args:
        videos: those that were scored.
        footage: what they are called.
        meta: what travels with the scores.
    """
    if videos and len(_untested(videos, meta)) == len(videos):
        return f"no verdict on {footage}: nothing could be compared"
    source = str(meta.get("threshold_source") or "")
    why = "scores have no threshold"
    if meta.get("run"):
        how = source.removeprefix(NO_THRESHOLD) if source.startswith(NO_THRESHOLD) else ""
        why = f"run has no threshold ({how or 'give --threshold'})"
    return f"scored {footage}; no verdict, since the {why}"


def _against_truth(videos: Sequence[Video], detections: Mapping[str, Sequence[Detection]]) -> str:
    annotated = [video for video in videos if is_annotated(video)]
    events = sum(len(annotated_events(video)) for video in annotated)
    if not annotated or not events:
        return ""
    lost = sum(len(missed(video, detections.get(video.id, ()))) for video in annotated)
    false = sum(
        not overlapping(detection, video)
        for video in annotated
        for detection in detections.get(video.id, ())
    )
    return (
        f" Of {count(events, 'annotated event')}, {events - lost} "
        f"{'is' if events - lost == 1 else 'are'} found; {count(false, 'detection')} "
        f"{'touches' if false == 1 else 'touch'} no annotated event."
    )


def doubts(meta: Mapping[str, Any], evaluation: Evaluation | None) -> list[str]:
    """Why scores and the numbers made of them must not be set beside honest ones, if so.

    Args:
        meta: what travels with the scores.
        evaluation: the numbers, if there are any.
    """
    protocol = evaluation.protocol if evaluation is not None else {}
    found = [str(warning) for warning in protocol.get("warnings", [])]
    if part := JudgedPart.of(meta):
        found.append(
            f"only {part.words} of each video was judged, as if it began and ended there; scores "
            "of other frames say nothing"
        )
    if evaluation is None and is_per_video(meta):
        found.append(PER_VIDEO_WARNING)
    # Names and addresses may hold the word by chance.
    stated = {**protocol, **protocol.get("scores_meta", {}), **meta}
    others = ("run", "source", "found", "scores_meta", "oracle_meta")
    values = (str(stated[key]) for key in stated if key not in others)
    if any(re.search(r"\boracle\b", value, re.IGNORECASE) for value in values):
        found.append(
            "something was chosen on the test set (oracle), so the numbers are an upper bound and "
            "not what new videos will give"
        )
    return found


def hint(evaluation: Evaluation) -> list[str]:
    """One line where the ranking is far worse than chance, as it is if a low score means odd."""
    auc = evaluation.metrics.get("micro_auc", Measured(None))
    if auc.value is None or auc.value > 0.4 or (0.49 if auc.high is None else auc.high) >= 0.5:
        return []
    return [
        f"AUC {number(auc.value)} is far below 0.5; higher must mean odder: if in these scores low "
        "means odd, evaluate their negative"
    ]


_PROTOCOL = ("normalisation", "smoothing_seconds", "causal")


def oracle_notes(evaluation: Evaluation) -> list[str]:
    """What sets the oracle's scores apart from the others, other than the checkpoint, if anything.

    What one of the two does not state cannot be told to differ, except for the normalisation per
    video, which is said wherever only one of them has it.
    """
    if not evaluation.oracle:
        return []
    ours = evaluation.protocol.get("scores_meta", {})
    theirs = evaluation.protocol.get("oracle_meta", {})
    notes = []
    if is_per_video(theirs):
        notes.append("the oracle's scores are normalised per video")
    one_sided = is_per_video(ours) != is_per_video(theirs)
    apart = [
        f"{key.replace('_', ' ')} is “{_stated(theirs, key)}” there and “{_stated(ours, key)}” here"
        for key in _PROTOCOL
        if (key == "normalisation" and one_sided)
        or (key in ours and key in theirs and ours[key] != theirs[key])
    ]
    if apart:
        notes.append(
            "the oracle and these scores differ in more than the checkpoint, so the two columns "
            f"are not comparable: {'; '.join(apart)}"
        )
    return notes


def _stated(meta: Mapping[str, Any], key: str) -> str:
    value = meta.get(key, "not stated")
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def is_oracle(name: str, part: Measured) -> bool:
    """Whether this one number was chosen on the test set."""
    return "oracle" in name.lower() or "oracle" in part.note.lower()
