"""What a report shows of a training: its curve and sample pictures, read from the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from oddframe.console.words import count, notes_lines
from oddframe.files.atomic import sha256_of
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import CHECKPOINT, METRICS, ORACLE, Run, sample_paths
from oddframe.runs.sights import read_sights
from oddframe.scores.sights import Sight


class TrainingRecord(TypedDict):
    """Arguments of the report's ``write_report``; empty where there is nothing."""

    curve: list[dict[str, Any]]
    samples: list[Path]
    sights: dict[Sight, bytes]


def training_record(run: Path) -> TrainingRecord:
    """The curve of a run, its sample pictures, and those of its normal footage."""
    return {
        "curve": read_curve(run / METRICS),
        "samples": sample_paths(run),
        "sights": read_sights(run),
    }


def record_of_scores(meta: Mapping[str, Any]) -> TrainingRecord:
    """The training record of the run that made some scores, if it is on this machine.

    The scores name the run's folder, maybe relative to another place than this, so it only counts
    if it holds the very checkpoint that the scores were made with.

    Args:
        meta: what travels with the scores.
    """
    if meta.get("run") and meta.get("run_sha256"):
        run = Path(str(meta["run"]))
        files = (run / name for name in (CHECKPOINT, ORACLE))
        if any(file.is_file() and sha256_of(file) == meta["run_sha256"] for file in files):
            return training_record(run)
    return {"curve": [], "samples": [], "sights": {}}


def training_note(run: Run, by_hand: float | None = None) -> str:
    """A sentence on what a run was fitted on, for a report.

    Args:
        run: the run.
        by_hand: the threshold that stands in for the run's own and for what that promises.
    """
    fitted_on = run.config.get("fitted_on", {})
    amount, anomalous = fitted_on.get("videos"), fitted_on.get("anomalous")
    videos = "normal videos" if amount is None else count(amount, "normal video")
    if amount is not None and anomalous is not None:
        videos = f"{count(amount, 'labelled video')}, {anomalous} of them anomalous"
    minutes = f" ({fitted_on['minutes']} minutes)" if "minutes" in fitted_on else ""
    origin = f"fitted on {videos}{minutes}"
    if fitted_on.get("held_out_videos"):
        origin += (
            f", {fitted_on['held_out_videos']} more held out "
            f"({fitted_on['held_out_minutes']} minutes)"
        )
    if run.detector.traits.needs_no_footage:
        origin = "which is never trained"
        if amount := fitted_on.get("held_out_videos"):
            minutes = fitted_on["held_out_minutes"]
            origin += (
                f", with {count(amount, 'normal video')} ({minutes} minutes) for its threshold"
            )
    elif run.config.get("verb") == "import":
        origin = f"imported from {run.config.get('source', 'a checkpoint')}"
    parts = [f"Detector {run.detector.name}, {origin}"]
    notes = dict(run.detector.notes)
    if by_hand is not None:
        notes["threshold"] = f"threshold {by_hand:g}, given by hand"
    return "; ".join([*parts, *notes_lines(notes)]) + "."
