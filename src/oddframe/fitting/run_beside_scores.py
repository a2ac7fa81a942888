"""Scoring without a run: one is made beside the scores, of a detector that is never trained."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oddframe.detectors import available, load, load_given
from oddframe.errors import OddframeError
from oddframe.files.atomic import begun_in
from oddframe.files.folder_lock import alone_in
from oddframe.fitting.fit import fit_run
from oddframe.fitting.request import FitRequest
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import CHECKPOINT, CONFIG, LOG
from oddframe.videos.names import LONGEST

RUN = "run"
"""The run's folder, in that of the scores."""


@contextmanager
def scores_without_run(
    detector: str | None, footage: Sequence[Path], out: Path | None, suffix: str = ""
) -> Generator[Path]:
    """The scores file that footage is to have, beside which a run of its own is ready to make it.

    A run that was made for it goes again where the block fails before anything is scored.

    Args:
        detector: the name or the file of a detector that is never trained.
        footage: what is to be scored.
        out: the scores file; by default ``scores.npz`` in a folder here that is named after both.
        suffix: what the name of that folder ends with.

    Raises:
        OddframeError: no detector, one that has to be trained, no such footage, or a run of
            another detector beside these scores.
    """
    first = footage[0]
    if (first / CHECKPOINT).is_file():
        raise OddframeError(f"{first}: is a run; give the footage that it is to score after it")
    given = Footage.of_all(footage)
    if detector is None:
        able = [name for name in available() if load(name).DETECTOR.traits.needs_no_footage]
        raise OddframeError(
            f"{first}: a run is missing that scores it; make one with 'oddframe train' and give "
            f"it first, or name a detector that needs none: --detector {' or '.join(able)}"
        )
    kind = load_given(detector).DETECTOR
    if not kind.traits.needs_no_footage:
        raise OddframeError(
            f"{kind.name} has to be trained before it scores anything: make a run with 'oddframe "
            f"train ... --detector {detector}', and give it before {first}"
        )
    path = out or Path(f"{kind.name}-{given.name}{suffix}") / "scores.npz"
    if out is None and len(os.fsencode(given.name + suffix)) > LONGEST:
        raise OddframeError(
            f"{first}: a name of more than {LONGEST} bytes, after which no folder can be named; "
            "shorten it"
        )
    folder = path.parent / RUN
    with begun_in(path.parent, *(f"{RUN}/{name}" for name in (CHECKPOINT, CONFIG, LOG))):
        with alone_in(folder):
            fit_run(FitRequest(None, folder, detector, resume=True))
        yield path
