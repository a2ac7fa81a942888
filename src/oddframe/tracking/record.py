"""What a tracker is given: everything about a run, read from its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import oddframe
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.files.atomic import sha256_of
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import (
    CHECKPOINT,
    CONFIG,
    LOG,
    METRICS,
    ORACLE,
    is_sweep,
    read_config,
    sample_paths,
)
from oddframe.tracking.run_results import (
    ORACLE_RESULT,
    evaluated_results,
    evaluations_in,
    inside,
    is_number,
    is_oracle_evaluation,
    selected_results,
)
from oddframe.tracking.state import run_id

FAILED = "failed: "
"""How the line of ``log.txt`` begins that says why a training ended early."""
MOST_TIMELINES = 20
"""Timelines taken from each report, evenly spread over its videos."""
TRACKED = "tracked: "
"""How the line of ``log.txt`` begins that says where a tracker shows the run."""
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Point:
    """One value of a training curve.

    Attributes:
        name: split and term: ``train/loss``, ``val/video_auc``, ``oracle/micro_auc``.
        step: training step.
        value: finite.
    """

    name: str
    step: int
    value: float


@dataclass(frozen=True)
class RunRecord:
    """A run as trackers see it.

    Attributes:
        id: hexadecimal uuid, the same for a folder for ever.
        name: how people call it.
        folder: the run folder, absolute.
        group: the sweep's name, if the run is one of its trials.
        state: ``finished`` has a checkpoint; ``failed`` says so in its log or its trial.
        parameters: the configuration, flat: ``settings.width`` to its value.
        tags: versions, and the checkpoint by path, SHA-256 and size; it is not sent itself.
        curve: in the order of writing; NaN is left out.
        results: ``test/micro_auc`` to its number with interval, and ``selected/val/video_auc``
            to what the kept state reached; those of a checkpoint or a threshold chosen on the
            very videos begin with ``oracle/``. Metrics at thresholds are without their intervals
            and classes, which only ``metrics.json`` and the report have.
        pictures: name without suffix (``samples/step-100``, ``report/timelines/<video>``) and
            PNG file.
        files: path inside the tracker (``report/report.html``) and the file.
    """

    id: str
    name: str
    folder: Path
    group: str | None
    state: Literal["unfinished", "finished", "failed"]
    parameters: dict[str, str | int | float | bool]
    tags: dict[str, str]
    curve: tuple[Point, ...]
    results: dict[str, Measured]
    pictures: tuple[tuple[str, Path], ...]
    files: tuple[tuple[str, Path], ...]


def read_record(folder: str | Path) -> RunRecord:
    """Read a run folder, finished or not.

    Raises:
        OddframeError: not a run folder, or something in it is damaged.
    """
    folder = Path(folder).resolve()
    check_run_folder(folder)
    sweep = folder.parent.parent if folder.parent.name == "trials" else None
    group = sweep.name if sweep and is_sweep(sweep) else None
    config = read_config(folder)
    evaluations = evaluations_in(folder)
    return RunRecord(
        id=run_id(folder),
        name=f"{group}-{folder.name}" if group else folder.name,
        folder=folder,
        group=group,
        state=_state(folder),
        parameters=dict(_flat({k: v for k, v in config.items() if k != "selected"})),
        tags=_tags(folder, config),
        curve=_curve(folder),
        results={**selected_results(config), **evaluated_results(folder, evaluations)},
        pictures=(*_samples(folder), *_plots(folder, evaluations)),
        files=tuple(_files(folder, evaluations)),
    )


def check_run_folder(folder: Path) -> None:
    """Refuse what ``train`` has not made.

    Raises:
        OddframeError: there is no such folder, or no ``config.yaml`` in it.
    """
    if not folder.exists():
        raise OddframeError(
            f"{folder}: there is no such folder; give one that 'oddframe train' or 'oddframe "
            "sweep' made"
        )
    if not (folder / CONFIG).is_file():
        raise OddframeError(
            f"{folder}: expected a run folder, found no {CONFIG} in it; give the folder that "
            "'oddframe train' made"
        )


def read_progress(record: RunRecord) -> RunRecord:
    """A run's record with the curve and the sample pictures that are there by now.

    Raises:
        OddframeError: the curve is damaged.
    """
    return replace(record, curve=_curve(record.folder), pictures=_samples(record.folder))


def step_of(picture: str) -> int | None:
    """The training step of ``samples/step-100``; None for pictures of no step."""
    _, found, number = picture.partition("samples/step-")
    return int(number) if found and number.isdigit() else None


def spread(items: list[_Item], most: int) -> list[_Item]:
    """At most so many of them, evenly spread from the first to the last."""
    if len(items) <= most:
        return items
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _state(folder: Path) -> Literal["unfinished", "finished", "failed"]:
    trial = folder / "trial.json"
    if trial.is_file():
        try:
            if json.loads(trial.read_text(encoding="utf-8"))["state"] == "failed":
                return "failed"
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise OddframeError(f"{trial}: expected a trial's state, found {error!r}") from error
    if (folder / CHECKPOINT).is_file():
        return "finished"
    said = log_of_training(folder)
    return "failed" if said and said[-1][20:].startswith(FAILED) else "unfinished"


def log_of_training(folder: Path) -> list[str]:
    """The lines of ``log.txt`` without those on tracking, which say nothing about the training."""
    log = folder / LOG
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    return [line for line in lines if not line[20:].startswith(("tracking ", TRACKED))]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str | int | float | bool]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        yield name, json.dumps(value, default=str)
    elif isinstance(value, float) and not math.isfinite(value):
        yield name, str(value)
    elif value is not None:
        yield name, value if isinstance(value, str | int | float | bool) else str(value)


def _tags(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    tags = {"oddframe": oddframe.__version__, "folder": str(folder)}
    tags |= {key: str(config[key]) for key in ("detector", "dataset") if key in config}
    for name, file in {"checkpoint": CHECKPOINT, "oracle_checkpoint": ORACLE}.items():
        path = folder / file
        if path.is_file():
            tags[name] = str(path)
            tags[f"{name}.sha256"] = sha256_of(path)
            tags[f"{name}.bytes"] = str(path.stat().st_size)
    return tags


def _curve(folder: Path) -> tuple[Point, ...]:
    path = folder / METRICS
    points = []
    try:
        for line in read_curve(path):
            step, split = int(line["step"]), str(line["split"])
            points += [
                Point(f"{split}/{name}", step, float(value))
                for name, value in line.items()
                if name not in ("step", "epoch", "split") and is_number(value)
            ]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise OddframeError(
            f"{path}: expected lines with step, split and numbers, found {error!r}; restore it, or "
            "delete it to track the run without its curve"
        ) from error
    return tuple(points)


def _samples(folder: Path) -> tuple[tuple[str, Path], ...]:
    return tuple((f"samples/{path.stem}", path) for path in sample_paths(folder))


def _plots(folder: Path, evaluations: Mapping[Path, Evaluation]) -> Iterator[tuple[str, Path]]:
    """What reports have drawn: all curves and bars, and some timelines of each report."""
    for plots in inside(folder, "plots"):
        place = plots.parent
        oracle = place in evaluations and is_oracle_evaluation(evaluations[place])
        where = "" if place == folder else f"{place.relative_to(folder).as_posix()}/"
        shown = spread(sorted((plots / "timelines").rglob("*.png")), MOST_TIMELINES)
        for path in [*sorted(plots.glob("*.png")), *shown]:
            name = path.relative_to(plots).with_suffix("").as_posix()
            yield f"{ORACLE_RESULT if oracle else ''}{where}{name}", path


def _files(folder: Path, evaluations: Mapping[Path, Evaluation]) -> Iterator[tuple[str, Path]]:
    names = (CONFIG, METRICS, LOG, "trial.json", "output.txt")
    paths = [folder / name for name in names]
    paths += [place / "metrics.json" for place in evaluations]
    paths += inside(folder, "report.html")
    for path in paths:
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path
