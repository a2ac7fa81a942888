"""Reading a sweep file: YAML, each of whose keys is checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from oddframe.errors import OddframeError, nearest
from oddframe.files.yaml_table import YamlTable, read_yaml
from oddframe.settings.reading import check_seed
from oddframe.sweeps.plan import Distribution, Kind, Stopping, Sweep
from oddframe.sweeps.sweep_checks import check_data, check_trials

_SWEEPS = "sweeps"
"""Where sweeps go that say nothing else."""
_MOST = 10_000
"""More trials than anybody runs; the product of a few long lists is soon beyond counting."""
_HIGHER_IS_BETTER = ("auc", "precision")
_KEYS = (
    *("detector", "manifest", "features", "root", "out", "settings", "grid", "runs"),
    *("distributions", "samples", "search", "seeds", "metric", "mode", "stopping", "retries"),
    *("resources", "device", "precision", "oracle", "score", "track"),
)


def read_sweep(file: Path, out: Path | None = None, *, check: bool = True) -> Sweep:
    """Read and check a sweep file.

    Args:
        file: YAML; its paths are relative to the working directory.
        out: folder of the sweep; by default the file's key ``out``, or ``sweeps/NAME`` after the
            file.
        check: also check that the data is there and that the detector takes the settings of every
            trial, which imports it. Without, reading takes milliseconds.

    Raises:
        OddframeError: in one line, whatever is wrong with the file.
    """
    table = YamlTable(file, read_yaml(file, "a sweep"), _KEYS)
    features = table.path("features")
    grid, runs, distributions = _grid(table), _runs(table), _distributions(table)
    _check_form(table, grid, runs, distributions)
    metric = _metric(table, "val/error" if features is None else "val/video_auc")
    resources = table.table("resources", ("cpus", "gpus"), optional=True)
    sweep = Sweep(
        file=file.absolute(),
        folder=(out or table.path("out") or Path(_SWEEPS) / file.stem).absolute(),
        detector=table.text("detector"),
        manifest=_needed_path(table, "manifest"),
        features=features,
        root=table.path("root"),
        settings=_settings(table, "settings", table.mapping("settings")),
        grid=grid,
        runs=runs,
        distributions=distributions,
        samples=table.whole("samples", None if distributions else 0, 1),
        seeds=_seeds(table),
        metric=metric,
        mode=_one_of(table, "mode", ("max", "min"), _usual_mode(metric)),
        search=_one_of(table, "search", ("random", "optuna"), "optuna"),
        stopping=_stopping(table),
        retries=table.whole("retries", 1, 0),
        cpus=resources.number("cpus", 1.0),
        gpus=resources.number("gpus", 0.0),
        device=table.text("device", "auto"),
        precision=table.text("precision", "32-true"),
        oracle=table.flag("oracle"),
        score=table.flag("score", True),
        track=_track(table),
    )
    if not sweep.cpus and not sweep.gpus:
        raise table.wrong("resources", "a share of a CPU or of a GPU for each trial", "none")
    _check_count(table, sweep)
    if check:
        check_data(table, sweep)
        check_trials(table, sweep)
    return sweep


def _needed_path(table: YamlTable, key: str) -> Path:
    path = table.path(key)
    if path is None:
        raise table.error(f"'{key}' is missing; it is a path")
    return path


def _settings(table: YamlTable, key: str, value: Any) -> dict[str, Any]:
    """Names and values of settings; whether the detector has them is seen with each trial."""
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise table.wrong(key, "names and values of settings", value)
    if "seed" in value:
        raise table.error(f"'{key}': a seed is no setting; give 'seeds' beside it")
    return dict(value)


def _one_of(table: YamlTable, key: str, known: tuple[str, ...], default: str) -> Any:
    return table.choice(key, known, default)


def _usual_mode(metric: str) -> str:
    return "max" if metric.endswith(_HIGHER_IS_BETTER) else "min"


def _stopping(table: YamlTable) -> Stopping | None:
    if "stopping" not in table:
        return None
    stopping = table.table("stopping", ("grace", "reduction"))
    return Stopping(stopping.whole("grace", None, 1), stopping.whole("reduction", 3, 2))


def _check_form(
    table: YamlTable,
    grid: Mapping[str, Any],
    runs: Sequence[Any],
    distributions: Mapping[str, Distribution],
) -> None:
    if not grid and not runs and not distributions:
        raise table.error(
            "expected 'grid', 'runs' or 'distributions'; to repeat one configuration over seeds "
            "write 'runs: [{}]'"
        )
    if distributions and (grid or runs):
        raise table.error(
            "'distributions' stand alone, found 'grid' or 'runs' beside them; make two sweep files"
        )
    for key in ("samples", "search"):
        if key in table and not distributions:
            raise table.error(f"'{key}' is about 'distributions', and there are none; leave it out")


def _grid(table: YamlTable) -> dict[str, tuple[Any, ...]]:
    if "grid" not in table:
        return {}
    grid = _settings(table, "grid", table.any("grid"))
    if not grid:
        raise table.wrong("grid", "settings with a list of values each", grid)
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise table.wrong(f"grid.{name}", "a list of values", values)
    return {name: tuple(values) for name, values in grid.items()}


def _runs(table: YamlTable) -> tuple[dict[str, Any], ...]:
    if "runs" not in table:
        return ()
    runs = table.any("runs")
    if not isinstance(runs, list) or not runs:
        raise table.wrong("runs", "a list of settings", runs)
    return tuple(_settings(table, f"runs, number {at}", run) for at, run in enumerate(runs, 1))


def _distributions(table: YamlTable) -> dict[str, Distribution]:
    if "distributions" not in table:
        return {}
    given = _settings(table, "distributions", table.any("distributions"))
    if not given:
        raise table.wrong("distributions", "settings with a distribution each", given)
    return {name: _distribution(table, name, value) for name, value in given.items()}


def _distribution(table: YamlTable, name: str, value: Any) -> Distribution:
    where, kinds = f"distributions.{name}", get_args(Kind)
    if not isinstance(value, dict) or len(value) != 1:
        raise table.wrong(where, f"one of {', '.join(kinds)}, such as {{uniform: [0, 1]}}", value)
    kind, values = next(iter(value.items()))
    if kind not in kinds:
        raise table.error(
            f"'{where}': unknown distribution '{kind}'; {nearest(str(kind), kinds)}there are "
            f"{', '.join(kinds)}"
        )
    if not isinstance(values, list) or not values:
        raise table.wrong(where, "a list", values)
    if kind == "choice":
        return Distribution(kind, tuple(values))
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if len(values) != 2 or not numbers or not all(map(math.isfinite, values)):
        raise table.wrong(where, "two numbers", values)
    if values[0] >= values[1]:
        raise table.wrong(where, "the lower number first", values)
    if kind == "log_uniform" and values[0] <= 0:
        raise table.wrong(where, "numbers above 0, since there is no logarithm of others", values)
    if kind == "integer" and not all(isinstance(v, int) for v in values):
        raise table.wrong(where, "two whole numbers", values)
    return Distribution(kind, tuple(values))


def _seeds(table: YamlTable) -> tuple[int, ...]:
    given = table.any("seeds") if "seeds" in table else 1
    if type(given) is int:
        if not 1 <= given <= _MOST:
            raise table.wrong("seeds", f"1 to {_MOST:,} seeds", given)
        return tuple(range(given))
    whole = isinstance(given, list) and all(type(seed) is int for seed in given)
    if not whole or not given or len(set(given)) != len(given):
        raise table.wrong("seeds", "a number of seeds, or a list of different ones", given)
    for seed in given:
        try:
            check_seed(seed)
        except OddframeError:
            raise table.wrong("seeds", "numbers from 0 to 2^63 - 1", seed) from None
    return tuple(given)


def _metric(table: YamlTable, default: str) -> str:
    metric = table.text("metric", default)
    if not re.fullmatch(r"val/(?!(step|epoch|split)$)\S+", metric):
        raise table.wrong(
            "metric",
            f"a metric of the validation, such as {default}, because what is chosen on the test "
            "videos is an oracle",
            metric,
        )
    return metric


def _track(table: YamlTable) -> list[str] | None:
    given = table.any("track") if "track" in table else None
    if given is None:
        return None
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise table.wrong("track", "names of trackers, or none", given)
    return [name.strip() for name in names if name.strip() not in ("", "none")]


def _check_count(table: YamlTable, sweep: Sweep) -> None:
    # The product, before anything is expanded.
    gridded = math.prod(map(len, sweep.grid.values())) if sweep.grid else 0
    count = (sweep.samples + gridded + len(sweep.runs)) * len(sweep.seeds)
    if count > _MOST:
        raise table.error(
            f"these are {count:,} trials, expected at most {_MOST:,}; shorten the lists, or draw "
            "a few with 'distributions'"
        )
