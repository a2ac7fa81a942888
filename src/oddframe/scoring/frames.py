"""Scoring with a detector that looks at frames: one video, one pass."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from oddframe.calibration.zoned_scores import weighed
from oddframe.detectors.contract import FrameDetector, has_terms
from oddframe.detectors.frame_score import FrameScore, Since
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.part_of_video import PartOfVideo
from oddframe.media.watched_video import watched
from oddframe.numerics.smoothing import gaussian_weights, weighted_neighbours
from oddframe.scores.baseline_scores import write_baselines
from oddframe.scores.camera_troubles import CameraTrouble, note_trouble
from oddframe.scores.detections import Reason
from oddframe.scores.maps import map_writer
from oddframe.scores.terms import write_terms
from oddframe.scores.untested import spans_of
from oddframe.scoring.kept import VideoScores
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

_SAME_SECONDS = 0.5
"""What began so close together is one thing."""
_TOGETHER = 8
"""So many things are told apart while they last."""


def score_frames(
    detector: FrameDetector,
    manifest: Manifest,
    video: Video,
    *,
    maps: Path | None,
    terms: Path,
    baselines: Path,
    causal: bool,
    per_video: bool,
    count: Callable[[str, int, int | None], None],
    within: tuple[int, int | None] | None = None,
) -> VideoScores:
    """Scores of one video, why its odd frames are odd, and where its picture is cut.

    Args:
        detector: the detector.
        manifest: says where the video is.
        video: the video.
        maps: file for its score maps, if the detector gives any; None if nobody wants them.
        terms: file for what the scores are combined from, if it is more than one term.
        baselines: file for what simple rules say beside it, if the detector has any.
        causal: no smoothing over later frames.
        per_video: scale each term within the video (see
            :class:`oddframe.detectors.contract.TermDetector`), unsmoothed.
        count: told what is being done, the frames done, and how many there are.
        within: ``[first, end)`` of the frames in its file that are the video (None: to the last),
            where it is a part of that.

    Raises:
        OddframeError: the video cannot be read or has no frame.
    """
    raw = np.empty(video.frames, np.float32)
    # The best frame of each second keeps its reason; all would not be flat.
    best: dict[int, tuple[FrameScore, str]] = {}
    measured: dict[str, array[float]] = {}
    simple: dict[str, array[float]] = {}
    told: array[int] = array("b")
    troubles: list[CameraTrouble] = []
    begun: list[tuple[int, Since]] = []
    seen = 0
    with (
        open_footage(manifest, video) as reader,
        map_writer(maps) if maps is not None else nullcontext() as writer,
    ):
        footage = watched(reader if within is None else PartOfVideo(reader, *within))
        size = footage.info.width, footage.info.height
        for measured_frame in scores_of(detector, footage, video.id):
            frame, zone = weighed(measured_frame, size, video.zones, detector.threshold)
            if frame.frame == raw.size:
                raw = np.concatenate([raw, np.empty(raw.size, np.float32)])
            raw[frame.frame] = frame.value
            seen = frame.frame + 1
            for name, value in frame.terms.items():
                measured.setdefault(name, array("d")).append(value)
            for name, value in frame.baselines.items():
                simple.setdefault(name, array("d")).append(value)
            told.append(frame.tested)
            if not causal:
                for since in frame.began:
                    _add(begun, frame.frame, since)
            if frame.camera:
                note_trouble(troubles, frame.camera, frame.frame, video.clock)
            if writer is not None and frame.score_map is not None:
                writer.write(frame.score_map)
            # A reader may give more frames than were counted; they share the last second.
            second = int(video.clock.seconds(min(frame.frame, video.frames)))
            if frame.reason and (second not in best or frame.value > best[second][0].value):
                best[second] = replace(frame, score_map=None), zone
            count(video.id, seen, video.frames)
    if not seen:
        raise OddframeError(f"{manifest.locate(video)}: no frame of the video can be decoded")
    values, tested = raw[:seen], np.array(told, bool)
    cuts = tuple(sorted(at for at, kind in footage.breaks.items() if kind == "cut"))
    write_baselines(baselines, {name: np.array(said) for name, said in simple.items()})
    if has_terms(detector):
        of_video = {name: np.array(values) for name, values in measured.items()}
        write_terms(terms, detector.scaled_terms(of_video, per_video=per_video))
        if per_video:
            values = detector.combine(of_video, per_video=True)
    clock = replace(video.clock, frames=seen, cuts=cuts)
    values = raised(values, begun, clock)
    if not (causal or per_video) and detector.smoothing_seconds > 0:
        values = smoothed(values, clock, detector.smoothing_seconds)
    reasons = (
        Reason(part.frame, part.cue, part.reason, part.boxes, part.nearest, zone)
        for part, zone in best.values()
    )
    return VideoScores(values, tuple(reasons), cuts, tuple(troubles), spans_of(tested))


def _add(begun: list[tuple[int, Since]], frame: int, since: Since) -> None:
    """Note when what is odd at a frame began, and forget what this says too."""
    for index in range(len(begun) - 1, max(-1, len(begun) - 1 - _TOGETHER), -1):
        _, before = begun[index]
        if since.seconds <= before.seconds + _SAME_SECONDS and since.score >= before.score:
            del begun[index]
    begun.append((frame, since))


def raised(values: np.ndarray, begun: list[tuple[int, Since]], clock: Clock) -> np.ndarray:
    """Scores where what is odd at a frame was so since it began, as is known afterwards.

    Args:
        values: ``(frames,)``.
        begun: frames, and when what is odd there began.
        clock: of the video.
    """
    values = values.copy()
    for last, since in begun:
        first = max(0, int(clock.frame_at(since.seconds)))
        values[first:last] = np.maximum(values[first:last], since.score)
    return values


def smoothed(values: np.ndarray, clock: Clock, seconds: float) -> np.ndarray:
    """Gaussian smoothing in time; nothing over time that was not filmed, nor over a cut."""
    weights = gaussian_weights(seconds * clock.rate)
    ticks = clock.on_grid(values)
    ends = np.cumsum(clock.held)
    edges = [0, *(int(ends[frame - 1]) for frame in clock.breaks), ticks.size]
    parts = [ticks[a:b] for a, b in itertools.pairwise(edges)]
    smooth = [weighted_neighbours(part, weights) for part in parts]
    return clock.off_grid(np.concatenate(smooth)).astype(np.float32)
