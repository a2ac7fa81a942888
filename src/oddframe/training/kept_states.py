"""The states that a training keeps: what is left of an earlier one, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oddframe.runs.run_folder import (
    BEST,
    METRICS,
    ORACLE,
    log,
    read_config,
    write_config,
)
from oddframe.training.loop import read_curve


def forget_kept_states(folder: Path) -> None:
    """Remove what a training left that was begun and given up in the folder."""
    for name in (BEST, ORACLE):
        (folder / name).unlink(missing_ok=True)


def write_what_was_kept(folder: Path, kept: Mapping[str, Mapping[str, float]]) -> None:
    """``selected`` in ``config.yaml`` and the log: the validation of each kept state.

    Args:
        folder: the run folder.
        kept: judge to the step and the metrics of its best state, from the loop.
    """
    looks = read_curve(folder / METRICS)
    for split, numbers in kept.items():
        count = sum(line["split"] == split for line in looks)
        log(folder, f"best of {count} looks at {split}: {dict(numbers)}")
    if kept:
        selected = {split: dict(numbers) for split, numbers in kept.items()}
        write_config(folder, {**read_config(folder), "selected": selected})
