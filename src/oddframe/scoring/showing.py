"""What shows scores to a person: the report page, and the videos with scores drawn in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oddframe.console.progress import progress
from oddframe.runs.training_record import training_note, training_record
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.scores.terms import FOLDER as TERMS
from oddframe.scores.terms import read_terms
from oddframe.scoring.request import ScoreRequest
from oddframe.scoring.result_folder import ANNOTATED, REPORT
from oddframe.videos.manifest import Manifest


def write_page(
    request: ScoreRequest,
    manifest: Manifest,
    scores: Scores,
    detections: Mapping[str, list[Detection]],
    maps: Mapping[str, np.ndarray],
) -> Path:
    """The report page of scores, beside them; returns its path.

    Args:
        request: what the scores are of.
        manifest: the videos, as they were scored.
        scores, detections, maps: of each of them; not every video need have maps.
    """
    from oddframe.reporting.report.page import write_report

    folder, run = request.path.parent, request.run
    with progress() as bar:
        return write_report(
            folder / REPORT,
            title=f"Odd moments in {request.footage.path.resolve().name}",
            manifest=manifest,
            scores=scores,
            detections=detections,
            maps=maps,
            split=None,
            training_note=training_note(run, request.alarms.threshold),
            terms=read_terms(folder / TERMS, scores),
            **training_record(run.folder),
            advance=bar.counter("making the report", sum(video.frames for video in manifest)),
        )


def write_annotated_videos(
    request: ScoreRequest,
    manifest: Manifest,
    scores: Scores,
    detections: Mapping[str, list[Detection]],
    maps: Mapping[str, np.ndarray],
) -> Path:
    """A copy of each video with scores drawn in, beside the scores; returns their folder.

    Args:
        request: what the scores are of.
        manifest: the videos, as they were scored.
        scores, detections, maps: of each of them; not every video need have maps.
    """
    from oddframe.reporting.annotated_video import write_annotated_video

    folder, threshold = request.path.parent / ANNOTATED, request.rule.threshold
    with progress() as bar:
        for video in manifest:
            write_annotated_video(
                manifest.locate(video),
                folder / f"{video.id}.mp4",
                scores[video.id],
                threshold=threshold if math.isfinite(threshold) else None,
                maps=maps.get(video.id),
                detections=detections[video.id],
                truth=video.frame_labels() if video.events else None,
                clock=video.clock,
                levels=video.levels,
                advance=bar.counter(f"annotating {video.id}", video.frames),
            )
    return folder
