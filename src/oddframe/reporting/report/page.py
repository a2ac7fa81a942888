"""The report: one HTML file that opens offline, and its pictures as files beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.console.words import sentence
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation
from oddframe.evaluation.thresholds import are_probabilities
from oddframe.files.atomic import atomic_path, write_text
from oddframe.pages.document import Introduction, html_document
from oddframe.reporting.drawing.plots import (
    PROBABILITIES,
    plots_folder,
    write_precision_recall,
    write_roc,
    write_timeline,
)
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis
from oddframe.reporting.report.camera import camera_section
from oddframe.reporting.report.moments import moments_section
from oddframe.reporting.report.numbers import numbers_section
from oddframe.reporting.report.protocol import protocol_section
from oddframe.reporting.report.shown_videos import ShownVideo, drawn_videos, read_videos
from oddframe.reporting.report.term_curves import terms_section
from oddframe.reporting.report.timelines import timelines_section
from oddframe.reporting.report.training import training_section
from oddframe.reporting.report.training_samples import samples_section
from oddframe.reporting.report.video_table import videos_section
from oddframe.reporting.wording import HIGHEST, doubts, summary
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.scores.sights import Sight
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import require_files_apart


def write_report(
    folder: Path,
    *,
    title: str,
    manifest: Manifest,
    scores: Scores,
    detections: Mapping[str, Sequence[Detection]],
    evaluation: Evaluation | None = None,
    maps: Mapping[str, np.ndarray] | None = None,
    camera: Mapping[str, Sequence[CameraTrouble]] | None = None,
    split: str | None = "test",
    training_note: str = "",
    terms: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    curve: Sequence[Mapping[str, Any]] = (),
    samples: Sequence[Path] = (),
    sights: Mapping[Sight, bytes] | None = None,
    advance: Callable[[int], object] | None = None,
) -> Path:
    """Write ``report.html``, ``plots/``, ``events/`` and ``samples/`` into the folder.

    Without matplotlib there is no ``plots/``; the page has all of it.

    Each video that is drawn (of many some: ``drawn_videos``) is decoded once for its pictures. A
    video that cannot be read gets a note in their place; the report is made all the same.

    Args:
        folder: made if it is not there.
        title: heading of the page.
        manifest: gives footage, frame rates and annotated events.
        scores: anomaly scores of the videos shown; ``meta["threshold"]`` is drawn.
        detections: video id to detected events; videos without any may be left out.
        evaluation: numbers to show; None for footage without annotation.
        maps: video id to score maps ``(frames, h, w)``, on the scale of the scores.
        camera: video id to troubles of the camera itself.
        split: the manifest's videos to show; None for all.
        training_note: a sentence on what the detector was fitted on.
        terms: video id to what its score was combined from, by name ``(frames,)``, higher = odder.
        curve: the lines of the training's ``metrics.jsonl``.
        sights: moments of the normal footage, a JPEG each, to show beside what looks odd.
        samples: the training's sample pictures, ``step-<number>.png``, the earliest first.
        advance: called with 1 after each frame that is read, for a progress bar.

    Returns:
        The path of ``report.html``.

    Raises:
        OddframeError: no video in the split; scores, maps or terms that do not fit the videos; a
            training curve or a sample picture that cannot be read; or a folder that cannot be
            written.
    """
    folder = Path(folder)
    videos = manifest.videos if split is None else manifest.split(split)
    if not videos:
        raise OddframeError(
            f"manifest of {manifest.dataset}: no video in split '{split}' to report on"
        )
    require_files_apart((video.id for video in videos), folder)
    scores = scores.align(videos) if split is None else scores.of_split(manifest, split)
    threshold = scores.threshold
    maps = maps or {}
    for video in videos:
        if video.id in maps and len(maps[video.id]) != video.frames:
            raise OddframeError(
                f"score maps of '{video.id}': expected {video.frames}, one per frame, found "
                f"{len(maps[video.id])}; score the video again"
            )
    alarming = scores.alarming
    drawn = drawn_videos(videos, alarming, detections)
    some = [video for video in videos if video.id in drawn]
    # Before the footage is read, which takes long: these may be refused.
    plots = plots_folder(folder)
    learnt = {
        "What the score is made of": terms_section(plots, some, scores, terms or {}, detections),
        "Training": training_section(curve),
        "Training samples": samples_section(folder, samples),
    }
    shown = read_videos(manifest, videos, scores, detections, maps, threshold, drawn, advance)
    # Probabilities have an axis of their own: from 0 to 1, whatever the scores reach.
    unit = are_probabilities([scores]) and (threshold is None or 0 <= threshold <= 1)
    if plots is not None:
        _write_plots(plots, shown, threshold, evaluation, unit)
    _write_events(folder, shown)
    axis = ScoreAxis(0.0, 1.0) if unit else score_axis(scores.values.values(), threshold)
    found = doubts(scores.meta, evaluation)
    numbers = numbers_section(evaluation, bool(found), plots) if evaluation else None
    sections = {
        "Numbers": numbers,
        f"Moments of the {HIGHEST}" if threshold is None else "Odd moments": moments_section(
            shown, threshold, sights or {}
        ),
        "The camera itself": camera_section(videos, camera or {}),
        "All videos": videos_section(shown, threshold) if len(some) < len(videos) else None,
        "Timelines": timelines_section([part for part in shown if part.drawn], axis, threshold),
        **learnt,
        "How this came about": protocol_section(manifest, scores, evaluation),
    }
    lead = summary(videos, scores, detections)
    page = html_document(title, _introduction(lead, training_note, found), sections)
    return write_text(folder / "report.html", page)


def _write_plots(
    plots: Path,
    shown: Sequence[ShownVideo],
    threshold: float | None,
    evaluation: Evaluation | None,
    unit: bool,
) -> None:
    if evaluation is not None and "roc" in evaluation.curves:
        write_roc(plots / "roc.png", {"scores": evaluation})
    if evaluation is not None and "pr" in evaluation.curves:
        write_precision_recall(plots / "precision_recall.png", {"scores": evaluation})
    for entry in shown:
        if not entry.drawn:
            continue
        write_timeline(
            plots / "timelines" / f"{entry.video.id}.png",
            entry.video,
            {"score": entry.scores},
            thresholds={"score": threshold},
            detections=entry.detections,
            axis=PROBABILITIES if unit else None,
        )


def _write_events(folder: Path, shown: Sequence[ShownVideo]) -> None:
    for entry in shown:
        for peak, jpeg in entry.pictures.events.items() if entry.drawn else ():
            with atomic_path(folder / "events" / f"{entry.video.id}_{peak}.jpg") as temporary:
                temporary.write_bytes(jpeg)


def _introduction(lead: str, training_note: str, warnings: Sequence[str]) -> Introduction:
    notes = [training_note] if training_note else []
    return Introduction(lead, notes, [sentence(line) for line in warnings])
