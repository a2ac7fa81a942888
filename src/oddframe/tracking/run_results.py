"""The results of a run: its evaluations, wherever they lie in its folder, as names and numbers.

What was chosen on the very videos that it is measured on is oracle, and its name says so first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.evaluation.result import FORMAT, Evaluation, Measured

LOCAL = ("tensorboard", "wandb")
"""Folders in a run folder that trackers write; nothing is read back from them."""
ORACLE_RESULT = "oracle/"
"""How the names of results begin that were chosen on the videos they are measured on."""


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


def evaluations_in(folder: Path) -> dict[Path, Evaluation]:
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


def selected_results(config: Mapping[str, Any]) -> dict[str, Measured]:
    """At which step the saved states were found, and what the validation found there."""
    results = {}
    for split, kept in (config.get("selected") or {}).items():
        for name, value in kept.items() if isinstance(kept, Mapping) else ():
            where = f"{ORACLE_RESULT}selected" if split == "oracle" else f"selected/{split}"
            if is_number(value):
                results[f"{where}/{name}"] = Measured(float(value))
    return results


def evaluated_results(folder: Path, evaluations: Mapping[Path, Evaluation]) -> dict[str, Measured]:
    """What the evaluations found, by name; of two of one split, one has its folder in its name."""
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


def is_number(value: Any) -> bool:
    """Whether a value can stand in a curve or a table."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)
