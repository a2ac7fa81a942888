"""Plots and timelines of a run that no report has drawn yet."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from oddframe.evaluation.result import Evaluation
from oddframe.runs.run_folder import MANIFEST
from oddframe.scores.frame_scores import Scores
from oddframe.tracking.record import MOST_TIMELINES, RunRecord, spread
from oddframe.tracking.run_results import inside, is_oracle, is_oracle_evaluation
from oddframe.videos.manifest import Manifest


@contextmanager
def with_drawn_pictures(record: RunRecord) -> Generator[RunRecord]:
    """The record with what its reports lack, as files that are gone after the block.

    That is ROC and precision-recall curves of evaluations without plots, and timelines of scores,
    evenly spread over the videos, where no report shows any of those scores. Without matplotlib
    none of them is drawn, which a warning says.

    Raises:
        OddframeError: scores or a manifest that are damaged.
    """
    from oddframe.reporting.drawing.plots import can_plot

    if not can_plot():
        yield record
        return
    with tempfile.TemporaryDirectory(prefix="oddframe-track-") as work:
        drawn = [*_curves(record, Path(work)), *_timelines(record, Path(work))]
        yield replace(record, pictures=(*record.pictures, *drawn))


def _curves(record: RunRecord, work: Path) -> Iterator[tuple[str, Path]]:
    from oddframe.reporting.drawing.plots import write_precision_recall, write_roc

    writers = {
        "roc": ("roc", write_roc),
        "precision_recall": ("pr", write_precision_recall),
    }
    there = {path for _, path in record.pictures}
    for name, file in record.files:
        if file.name != "metrics.json":
            continue
        evaluation = Evaluation.read(file)
        prefix = "oracle/" if is_oracle_evaluation(evaluation) else ""
        for plot, (curve, write) in writers.items():
            shown = file.parent / "plots" / f"{plot}.png"
            if curve in evaluation.curves and shown not in there:
                where = f"{prefix}{name.removesuffix('metrics.json')}{plot}"
                yield where, write(work / f"{where}.png", {"scores": evaluation})


def _timelines(record: RunRecord, work: Path) -> Iterator[tuple[str, Path]]:
    from oddframe.reporting.drawing.plots import write_timeline

    if any("/timelines/" in f"/{name}" for name, _ in record.pictures):
        return
    manifest = record.folder / MANIFEST
    if not manifest.is_file():
        return
    videos = {video.id: video for video in Manifest.read(manifest)}
    for file in inside(record.folder, "scores.npz"):
        scores = Scores.read(file)
        prefix = "oracle/" if is_oracle(scores.meta) else ""
        where = file.parent.relative_to(record.folder).as_posix()
        where = f"{prefix}{where}/" if where != "." else prefix
        known = [key for key in sorted(scores) if key in videos]
        fitting = [key for key in known if len(scores[key]) == videos[key].frames]
        for key in spread(fitting, MOST_TIMELINES):
            name = f"{where}timelines/{key}"
            yield (
                name,
                write_timeline(
                    work / f"{name}.png",
                    videos[key],
                    {"score": scores[key]},
                    thresholds={"score": scores.threshold},
                ),
            )
