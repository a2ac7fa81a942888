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
from oddframe.evaluation.result import FORMAT, Evaluation, Measured
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
from oddframe.tracking.state import run_id

LOCAL = ("tensorboard", "wandb")
"""Folders in a run folder that trackers write; nothing is read back from them."""
FAILED = "failed: "
"""How the line of ``log.txt`` begins that says why a training ended early."""
MOST_TIMELINES = 20
"""Timelines taken from each report, evenly spread over its videos."""
ORACLE_RESULT = "oracle/"
"""How the names of results begin that were chosen on the videos they are measured on."""
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
    evaluations = _evaluations(folder)
    return RunRecord(
        id=run_id(folder),
        name=f"{group}-{folder.name}" if group else folder.name,
        folder=folder,
        group=group,
        state=_state(folder),
        parameters=dict(_flat({k: v for k, v in config.items() if k != "selected"})),
        tags=_tags(folder, config),
        curve=_curve(folder),
        results={**_selected(config), **_results(folder, evaluations)},
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


def inside(folder: Path, pattern: str) -> list[Path]:
    """Files anywhere in a run folder, sorted; not hidden ones, and none that a tracker wrote."""
    found = []
    for path in folder.rglob(pattern):
        parts = path.relative_to(folder).parts
        if parts[0] not in LOCAL and not any(part.startswith(".") for part in parts):
            found.append(path)
    return sorted(found)


def is_oracle(meta: Mapping[str, Any]) -> bool:
    """Whether scores with this ``meta`` are of a checkpoint that was chosen on the test videos."""
    return str(meta.get("checkpoint", "")).startswith("oracle")


def is_oracle_evaluation(evaluation: Evaluation) -> bool:
    """Whether all numbers of an evaluation are of such a checkpoint."""
    return is_oracle(evaluation.protocol.get("scores_meta") or {})


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
                if name not in ("step", "epoch", "split") and _is_number(value)
            ]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise OddframeError(
            f"{path}: expected lines with step, split and numbers, found {error!r}; restore it, or "
            "delete it to track the run without its curve"
        ) from error
    return tuple(points)


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _evaluations(folder: Path) -> dict[Path, Evaluation]:
    """Folder to evaluation, that in ``report`` first."""
    found = {}
    for path in inside(folder, "metrics.json"):
        try:
            mine = json.loads(path.read_text(encoding="utf-8")).get("format") == FORMAT
            if mine:
                found[path.parent] = Evaluation.read(path)
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise OddframeError(
                f"{path}: expected metrics.json, found {error!r}; evaluate again, or delete it"
            ) from error
    return dict(sorted(found.items(), key=lambda item: (item[0].name != "report", item[0])))


def _selected(config: Mapping[str, Any]) -> dict[str, Measured]:
    """At which step the saved states were found, and what the validation found there."""
    results = {}
    for split, kept in (config.get("selected") or {}).items():
        for name, value in kept.items() if isinstance(kept, Mapping) else ():
            where = f"{ORACLE_RESULT}selected" if split == "oracle" else f"selected/{split}"
            if _is_number(value):
                results[f"{where}/{name}"] = Measured(float(value))
    return results


def _results(folder: Path, evaluations: Mapping[Path, Evaluation]) -> dict[str, Measured]:
    results: dict[str, Measured] = {}
    for place, evaluation in evaluations.items():
        for name, value in _measured(evaluation):
            if value.value is None or not math.isfinite(value.value):
                continue
            if results.get(name, value) != value:
                # Another evaluation of the same split: told apart by where it lies.
                oracle = ORACLE_RESULT if name.startswith(ORACLE_RESULT) else ""
                where = place.relative_to(folder).as_posix()
                name = f"{oracle}{where}/{name.removeprefix(ORACLE_RESULT)}"
            results[name] = value
    return results


def _measured(evaluation: Evaluation) -> Iterator[tuple[str, Measured]]:
    """Names and numbers; what was chosen on the evaluated videos is oracle and says so first."""
    chosen = is_oracle_evaluation(evaluation)
    cut = evaluation.protocol.get("skip_first", 0)
    # Runs stand in one column by these names, and fewer frames are another test.
    split = f"{evaluation.split}-from-frame-{cut}" if cut else evaluation.split
    own = f"{ORACLE_RESULT if chosen else ''}{split}"
    for name, value in evaluation.metrics.items():
        yield f"{own}/{name}", value
    for group, metrics in evaluation.classes.items():
        for name, value in metrics.items():
            yield f"{own}/class/{group}/{name}", value
    for at, decision in evaluation.decisions.items():
        where = f"{ORACLE_RESULT if decision.oracle or chosen else ''}{split}"
        # With their intervals and classes they would be most of all numbers on a tracker's page.
        for name, value in decision.metrics.items():
            yield f"{where}/at/{at}/{name}", Measured(value.value)
    for name, value in evaluation.oracle.items():
        yield f"{ORACLE_RESULT}{split}/{name}", value


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
