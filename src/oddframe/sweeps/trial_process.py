"""The process of one trial: trains, scores and evaluates, and ends when its parent does.

    python -m oddframe.sweeps.trial_process TRIAL_FOLDER

Each trial has a process of its own: memory that a training has lost, threads that it has started
and a crash in a native library end with it, and its output goes to a file of its own. Whatever of
the three steps is there already is kept, so a trial that was killed goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from oddframe.errors import OddframeError
from oddframe.files.atomic import cannot_write
from oddframe.files.folder_lock import alone_in
from oddframe.processes.child import end_with_parent
from oddframe.sweeps.trial_job import ORACLE_SCORES, REPORT, SCORES, TrialJob

if TYPE_CHECKING:
    from oddframe.fitting.request import FitRequest
    from oddframe.footage.given import Footage

_LOCK_SECONDS = 30.0
"""An orphan of an earlier attempt is gone after a moment; a stranger is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial of a folder; returns 0, or 2 after a one-line error."""
    (name,) = sys.argv[1:] if arguments is None else arguments
    folder = Path(name)
    try:
        with alone_in(folder, _LOCK_SECONDS):
            run_trial(folder)
    except (OddframeError, OSError) as error:
        said = error
        if isinstance(error, OSError):  # a full disk, most often
            said = cannot_write(Path(error.filename or folder), error)
        print(f"oddframe: {said}", file=sys.stderr)
        return 2
    return 0


def run_trial(folder: Path) -> None:
    """Train, score and evaluate as ``job.json`` says; what is there already is kept.

    Raises:
        OddframeError: whatever is wrong with data, settings, or the disk.
    """
    from oddframe.fitting.fit import fit_run
    from oddframe.fitting.request import FitRequest
    from oddframe.footage.given import Footage
    from oddframe.tracking import chosen
    from oddframe.tracking.following import followed
    from oddframe.training.hardware import Hardware

    job = TrialJob.read(folder)
    # Around all of it, so that the evaluation is uploaded as well.
    with followed(folder, chosen(job.track)):
        footage = Footage.given(Path(job.manifest), _path(job.root))
        request = FitRequest(
            footage=footage,
            out=folder,
            detector=job.detector,
            features=_path(job.features),
            settings=job.settings,
            seed=job.seed,
            resume=True,
            oracle=job.oracle,
            hardware=Hardware(job.device, job.precision),
        )
        fit_run(request)
        if job.score:
            _score_and_evaluate(request, footage)


def _score_and_evaluate(trained: FitRequest, footage: Footage) -> None:
    from oddframe.results.evaluated import EvaluateRequest, evaluate_into, kept_evaluation
    from oddframe.runs.run_folder import read_run
    from oddframe.scoring.footage import score_footage
    from oddframe.scoring.meta import is_scored
    from oddframe.scoring.request import Manner, ScoreRequest, Wanted

    folder = trained.out
    videos = footage.read()
    splits = [name for name in ("val", "test") if videos.split(name)]
    if not splits:
        raise OddframeError(
            f"{footage.path}: no videos in split 'val' or 'test' to score; say 'score: false' in "
            "the sweep file"
        )
    wanted = {Manner(): folder / SCORES}
    if trained.oracle:
        wanted[Manner(oracle=True)] = folder / ORACLE_SCORES
    for manner, path in wanted.items():
        if not is_scored(path, folder, manner, footage.path):
            score_footage(
                ScoreRequest(
                    run=read_run(folder, manner.checkpoint),
                    footage=footage,
                    split=",".join(splits),
                    features=trained.features,
                    manner=manner,
                    wanted=Wanted(path),
                )
            )
    request = EvaluateRequest(
        scores=folder / SCORES,
        manifest=footage.path,
        out=folder / REPORT,
        root=footage.root,
        split=splits[-1],
        oracle=folder / ORACLE_SCORES if trained.oracle else None,
        report=False,
    )
    if kept_evaluation(request) is None:
        evaluate_into(request)


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main())
