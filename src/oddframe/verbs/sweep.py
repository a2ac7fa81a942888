"""The verb ``sweep``: many trainings of one detector, on one machine or a cluster."""

from __future__ import annotations

import sys
from pathlib import Path

from oddframe.cluster.connection import check_ray
from oddframe.console.characters import made_visible
from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.files.paths import text_paths
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.result import SweepResult
from oddframe.sweeps.sweep_file import read_sweep


@text_paths
def sweep(
    file: Path,
    *,
    out: Path | None = None,
    status: bool = False,
    ray: str | None = None,
    workers: int | None = None,
    limit: int = 200,
) -> SweepResult:
    """Train a detector many times: each combination of a grid, a list, draws; each seed.

    The same command goes on with a sweep that was killed, tries failed trials again, and runs
    those that were added to the file.

    Args:
        file: the sweep file, YAML.
        out: folder of the sweep; by default what the file says, or ``sweeps/NAME``.
        status: only show how far it is, also while it runs.
        ray: address of a Ray cluster, ``HOST:PORT`` or ``auto``; by default this machine alone.
        workers: trials at a time; by default as many as there is room for.
        limit: refuse to begin more trials than this.

    Returns:
        The sweep; its text is the table of trials and configurations.

    Raises:
        OddframeError: a mistake in the file, too many trials, the folder in use, Ray missing or
            out of reach, or no trial succeeded.
    """
    if workers is not None and workers < 1:
        raise OddframeError(f"--workers: expected at least 1, found {workers}")
    if not status:
        check_ray()  # before the file, since checking its settings imports PyTorch
    planned = read_sweep(file, out, check=not status)
    if not status:
        _check_count(planned, limit)
        from oddframe.sweeps.tuning import run_sweep

        run_sweep(planned, address=ray, workers=workers, limit=limit, say=_say)
    return SweepResult.of(planned, ended=not status)


def _check_count(planned: Sweep, limit: int) -> None:
    if planned.count > limit:
        configurations = count(planned.count // len(planned.seeds), "configuration")
        each = f" ({configurations}, {count(len(planned.seeds), 'seed')})"
        raise OddframeError(
            f"{planned.file}: these are {count(planned.count, 'trial')}{each}, more than "
            f"--limit {limit}; shorten the grid, or begin them all with --limit {planned.count}"
        )


def _say(line: str) -> None:
    print(made_visible(line), file=sys.stderr, flush=True)
