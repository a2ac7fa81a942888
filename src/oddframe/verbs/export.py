"""The verb ``export``: a run becomes a package that scores without PyTorch."""

from __future__ import annotations

from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.exporting.export import Exported, export_run
from oddframe.exporting.package import CheckedPackage, check_package
from oddframe.exporting.request import ExportRequest
from oddframe.files.paths import text_paths
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import read_run


@text_paths
def export(
    run: Path | None = None,
    out: Path | None = None,
    *,
    footage: Path | None = None,
    root: Path | None = None,
    features: Path | None = None,
    int8: bool = False,
    detector: str | None = None,
    check: Path | None = None,
) -> Exported | CheckedPackage:
    """Make a package of a run: a folder that scores without PyTorch, or see whether one is right.

    The package is a run folder that ``score``, ``watch``, ``serve``, ``drill`` and ``info`` read as
    any other: the networks as ONNX, memories, scales and threshold as arrays. It is written only if
    it answers as the run does, on the run's held-out normal footage and on black, white, noise and
    another size: scores, terms and maps within a thousandth, the same frames odd. It keeps a few of
    these frames, and ``--check`` asks it again on the machine that is to score.

    Args:
        run: run folder of a trained detector.
        out: the folder to make.
        footage: normal footage to compare on: a video, a folder, or a manifest; by default the
            run's own held-out normal footage.
        root: folder that the paths of the manifest are relative to, if the data moved.
        features: of a run of features, the folder of features to compare on; by default the one
            that it was trained on.
        int8: the convolutions of a detector of clips compute with integers of 8 bits. Scales and
            threshold are learnt anew with them on the normal footage, and the package must rank
            frames as the run does (Spearman .99) and find the same moments odd, to a frame.
        detector: the file (.py) of a detector of your own that the run was trained with; its code
            is run, and the package needs it no more.
        check: a package to look at on this machine, in place of a run and an out.

    Returns:
        What was written, or what was found.

    Raises:
        OddframeError: no such run or package; nothing was learnt in it; no footage to compare on;
            or a package that answers otherwise than its run.
    """
    if check is not None:
        if any(given is not None for given in (run, out, footage, root, features, detector)):
            raise OddframeError("export: --check PACKAGE is given alone")
        return check_package(check)
    if run is None or out is None:
        raise OddframeError("export: give a run and --out PACKAGE, or --check PACKAGE")
    given = Footage.given(footage, root) if footage is not None else None
    known = read_run(run, detector=detector)
    return export_run(ExportRequest(known, out, given, root, features, int8))
