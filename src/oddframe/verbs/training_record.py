"""What a report shows of a training: its curve and sample pictures, read from the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from oddframe.atomic import sha256_of
from oddframe.training.run_folder import (
    CHECKPOINT,
    METRICS,
    ORACLE,
    read_curve,
    sample_paths,
)


class TrainingRecord(TypedDict):
    """Arguments of :func:`oddframe.reporting.page.write_report`; empty where there is nothing."""

    curve: list[dict[str, Any]]
    samples: list[Path]


def training_record(run: Path) -> TrainingRecord:
    """The curve and the sample pictures of a run."""
    return {"curve": read_curve(run / METRICS), "samples": sample_paths(run)}


def record_of_scores(meta: Mapping[str, Any]) -> TrainingRecord:
    """The same of the run that made some scores, if it is on this machine.

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
    return {"curve": [], "samples": []}
