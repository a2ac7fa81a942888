"""The short drill that ends a training: the faults that tell most, if the footage is worth it.

It takes as long however much footage there is, so short footage has fewer cases, or none: a fit and
its drill together should take no more than a quarter of the footage's length.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from oddframe.drills.drilling import drill_run
from oddframe.drills.faults import FAULTS
from oddframe.drills.material import USUAL
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import FILE, Drill, read_drill
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import Run
from oddframe.videos.manifest import Manifest

FOLDER = "drills/train"
"""In the run folder."""
SECONDS_A_CASE = 1200.0
"""Of normal footage, for each stretch of it that all faults are put into once."""
_MOST_CASES = 3
_KEYS = (
    "pace-everything-faster-2x",
    "direction-somebody-across-the-flow-usual",
    "direction-everything-backwards",
    "presence-somebody-where-nothing-goes-small",
    "presence-somebody-where-nothing-goes-usual",
    "presence-somebody-where-nothing-goes-large",
    "control-somebody-ordinary-pasted-where-things-go-usual",
    "staying-a-case-left-behind-small",
    "camera-the-camera-covered",
    "camera-darker-light-gamma-1-4",
)
FEW = tuple(fault for fault in FAULTS if fault.key in _KEYS)
"""Somebody in three sizes, running, against the way, a case left behind, and the camera; what must
not ring beside them."""


def cases_for(manifest: Manifest) -> int:
    """How often each fault is made, for the normal footage of a manifest; 0 if it is too short."""
    watched = sum(video.clock.watched for video in manifest.normal("train", "val"))
    return min(_MOST_CASES, int(watched / SECONDS_A_CASE))


def drill_of_training(run: Run, manifest: Manifest) -> Drill | None:
    """What a run that was just trained would notice, on its own held-out normal footage.

    It is kept in the run folder, and is not made again there.

    Args:
        run: the run, whose checkpoint is on disk: whatever ends the drill, nothing of it is lost.
        manifest: what it was trained on.

    Returns:
        The drill; None where the footage is too short for it, or, with a warning, where it failed.

    Raises:
        KeyboardInterrupt: Ctrl-C; the sentence says that the run is finished.
    """
    cases, folder = cases_for(manifest), run.folder / FOLDER
    if not cases:
        return None
    try:
        before = _kept(folder)
        if before and before.run_sha256 == run.sha256:
            return before
        asked = DrillRequest(run, out=folder, cases=cases, faults=FEW, longest=USUAL)
        return drill_run(asked).drill
    except OddframeError as error:
        warnings.warn(
            f"{run.folder}: the run is finished, but its drill failed ({error})",
            OddframeWarning,
            stacklevel=2,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped during the drill; the run {run.folder} is finished, and the same command "
            "with --resume goes on with its drill"
        ) from None
    return None


def _kept(folder: Path) -> Drill | None:
    """The drill that is there, if it can be read: otherwise another takes its place."""
    try:
        return read_drill(folder) if (folder / FILE).exists() else None
    except OddframeError:
        return None
