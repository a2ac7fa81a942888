"""The verb ``track``: what is in run folders goes to trackers, in place of what was sent before."""

from __future__ import annotations

from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.files.paths import text_paths
from oddframe.tracking import TRACKERS, check_installed, chosen
from oddframe.tracking.sending import Tracked, send_runs


@text_paths
def track(
    runs: list[Path], *, to: list[str] | None = None, experiment: str | None = None
) -> Tracked:
    """Send what is in run folders to trackers.

    What an earlier upload of the same run left is replaced, so it can be repeated at any time:
    after a failure, or when there are new scores and evaluations.

    Args:
        runs: run folders, and sweep folders for all their trials.
        to: the trackers: ``mlflow``, ``wandb``, ``tensorboard``, each also with a place:
            ``mlflow=URI``, ``wandb=PROJECT``, ``tensorboard=FOLDER``; by default those of the
            environment variable ``ODDFRAME_TRACK``, or MLflow.
        experiment: what the runs are filed under.

    Returns:
        Where to look.

    Raises:
        OddframeError: no run folder, no such tracker, one that is not installed; or some upload
            failed, after all others were made.
    """
    specs = chosen(to)
    if not specs and to is not None:
        raise OddframeError(f"track: no tracker to send to; give one of {', '.join(TRACKERS)}")
    if not specs:
        check_installed("mlflow")
        specs = ["mlflow"]
    return send_runs(runs, specs, experiment)
