"""The verb ``drill``: know what a run would notice, without labels."""

from __future__ import annotations

from pathlib import Path

from oddframe.drills.drilling import Drilled, drill_run
from oddframe.drills.request import DrillRequest
from oddframe.files.paths import text_paths
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import read_run


@text_paths
def drill(
    run: Path,
    footage: Path | None = None,
    *,
    out: Path | None = None,
    root: Path | None = None,
    cases: int = 3,
    seed: int = 0,
    detector: str | None = None,
) -> Drilled:
    """Put real oddities into normal footage, and see which of them a run notices.

    Needs no labels: the footage is made faster, slower, backwards; somebody walks where nothing
    goes, something is left behind, a mover looks foreign, the camera is covered or moved, light
    changes. Where and when is known, so that the run can be judged. Stopped and started again, it
    goes on where it was.

    Args:
        run: run folder of a detector that looks at frames.
        footage: normal footage of the run's camera: a video, a folder, or a manifest; by default
            the run's own held-out normal footage, or what it learnt from if none was held out.
        out: folder for ``drill.html``, ``drill.json`` and pictures; by default
            ``drills/NAME`` in the run folder.
        root: folder that the paths of the manifest are relative to, if the data moved.
        cases: stretches of footage that each fault is put into, if there are so many.
        seed: fixes every draw.
        detector: the file (.py) of a detector of your own that the run was trained with; its code
            is run. A run never starts code by itself.

    Returns:
        Every case and the table, and the page.

    Raises:
        OddframeError: no such run or footage, a run of features, or footage too short for it.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    fitted = read_run(run, detector=detector)
    given = Footage.given(footage, root) if footage is not None else None
    return drill_run(DrillRequest(fitted, given, out, root, cases, seed))
