"""From continuous normal footage to what decides, and to the threshold and what it promises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from oddframe.calibration.alarm_rates import Stretch
from oddframe.calibration.threshold import (
    SURE,
    Threshold,
    choose_threshold,
    least_hours,
    most_alarms,
    time_lapse_counts,
)
from oddframe.console.words import duration
from oddframe.detectors.own_cameras.fixed_camera.evidence import Lasting, apart
from oddframe.detectors.own_cameras.fixed_camera.measuring import Measurements
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.own_cameras.fixed_camera.watching import stretch_seconds
from oddframe.media.clock import Clock
from oddframe.videos.video import Video

_MOST_TIME = 0.05
"""Share of normal time that is alarmed at most."""


def promised(
    scene: Scene,
    values: np.ndarray,
    evidence: np.ndarray,
    found: Measurements,
    videos: Sequence[Video],
    config: FixedCameraConfig,
) -> tuple[Scene, Threshold]:
    """The scene with what it knows of what lasts, and from where frames are odd.

    Alarms are one if no more lies between them than :func:`.apart` says.

    Args:
        scene: what was learnt.
        values: raw value of the cells at each moment of normal footage, each part held out.
        evidence: ``(moments, kinds)``.
        found: these moments.
        videos: the normal footage.
        config: says what is to be promised.
    """
    moments, seconds = np.array(found.seconds), sum(v.clock.watched for v in videos)
    pieces = [
        (np.s_[start:stop], Clock.of_times(moments[start:stop] - moments[start], rate))
        for start, stop, rate, _ in found.stretches
    ]
    watched = min(sum(clock.watched for _, clock in pieces), seconds)
    merge_seconds = apart(watched)
    lasting = Lasting.fit(
        [(evidence[p], clock) for p, clock in pieces],
        watched,
        merge_seconds,
        scene.followed,
    )
    parts = [scene.followed.parts(moment).sum() for moment in found.followed]
    surprise = scene.frame(values) + np.array(parts)
    scores = lasting.score(surprise, evidence)
    threshold = decide(
        [(scores[piece], clock) for piece, clock in pieces],
        watched / 3600,
        config.wanted_per_hour,
        merge_seconds,
        [video for *_, video in found.stretches],
    )
    seen = "each part in turn"
    if slow := time_lapse_counts(v.clock for v in videos):
        seen += f"; {slow}"
    if seconds > 3600 * config.fit_hours:
        seen += f"; stretches of {duration(stretch_seconds(config.fit_hours))}, spread over "
        seen += f"{seconds / 3600:.2f} h"
    remedy = ""
    if not threshold.is_kept:
        wanted, hours = config.wanted_per_hour, config.fit_hours
        remedy = what_it_takes(wanted, hours, seconds, threshold.spread)
    unit = 24.0 if config.false_alarms_per_day else 1.0
    return (
        replace(scene, lasting=lasting),
        replace(threshold, seen=seen, remedy=remedy, unit_hours=unit),
    )


def decide(
    stretches: Sequence[Stretch],
    hours: float,
    wanted: float,
    merge_seconds: float,
    files: Sequence[int],
) -> Threshold:
    """The threshold, as :func:`choose_threshold` has it, with two bounds.

    Alarms that never end are few, so it also leaves nineteen twentieths of normal time below it;
    that holds of pictures which are all alike too, of which nothing differs in calibration. And it
    is rounded up to a hundredth: a run keeps its memory in half precision, which may add a little.
    """
    found = choose_threshold(stretches, hours, wanted, merge_seconds=merge_seconds, files=files)
    usual = float(np.quantile(np.concatenate([scores for scores, _ in stretches]), 1 - _MOST_TIME))
    least = max(found.value, usual, -math.log10(_MOST_TIME))
    return replace(found, value=math.ceil(least * 100) / 100)


def what_it_takes(wanted: float, fit_hours: float, seconds: float, spread: float = 1.0) -> str:
    """What it takes to promise so many false alarms per hour: footage, watching it, or both.

    Args:
        wanted: false alarms per hour.
        fit_hours: how much is watched at most.
        seconds: length of the normal footage.
        spread: how much more than chance its files differ.
    """
    least = most_alarms(0, SURE, spread) / wanted
    parts = []
    if seconds <= 3600 * least:
        parts.append(f"give more than {least_hours(wanted, spread)} h of normal footage")
    if fit_hours < least:
        # Some seconds at the beginnings of videos are not watched.
        parts.append(f"watch more of it with --settings.fit_hours {_rounded_up(1.05 * least)}")
    return " and ".join(parts) or "give more normal footage"


def _rounded_up(hours: float) -> str:
    """To two digits, never down."""
    digits = 1 - math.floor(math.log10(hours))
    return f"{math.ceil(hours * 10**digits) / 10**digits:g}"
