"""From a run to a package: networks as ONNX, asked what the run is asked, written if they agree.

A package is whole or absent: it is made in a hidden folder beside its place, and moved there.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from oddframe.console.progress import progress
from oddframe.errors import OddframeError
from oddframe.exporting.held_out import HeldOut, HeldOutFeatures
from oddframe.exporting.package import (
    AS_FITTED,
    FLOAT32,
    INT8,
    PACKAGE,
    Package,
    compared,
    parity_lines,
    require_parity,
    write_package,
    write_parity,
)
from oddframe.exporting.request import ExportRequest
from oddframe.exporting.samples import HELD_OUT_FRAMES
from oddframe.files.atomic import cannot_write, check_can_write
from oddframe.files.folder_lock import alone_in
from oddframe.runs.exported_network import write_exported
from oddframe.runs.lessons import FOLDER as LESSONS
from oddframe.runs.run_folder import CHECKPOINT, CONFIG, Run, read_run
from oddframe.runs.sights import SIGHTS

_WHOLE = "package"


@dataclass(frozen=True)
class Exported:
    """A package that was written.

    Attributes:
        folder: where.
        package: what it says of itself.
        megabytes: of all its files.
    """

    folder: Path
    package: Package
    megabytes: float

    def text(self) -> str:
        """Lines for a terminal."""
        made = self.package
        what = f"{made.detector} without PyTorch, {made.precision}, {self.megabytes:.1f} MB"
        return "\n".join(
            [
                f"{self.folder}: {what}; it answers as {made.run} does:",
                *parity_lines(made.parity),
                f"on the machine that is to score: oddframe export --check {self.folder}",
            ]
        )


def export_run(request: ExportRequest) -> Exported:
    """Make a package of a run.

    Raises:
        OddframeError: a run that nothing was learnt in, or of a detector that no package can hold;
            no footage to look at parity on; a package that answers otherwise than the run.
        CannotWriteError: the folder cannot be written, or something is there.
    """
    run, out = request.run, request.out
    _require_exportable(run)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise OddframeError(f"{out}: something is there; give --out another folder, or remove it")
    check_can_write(out)
    held_out = _held_out(request)
    with _whole_or_absent(out) as folder, progress() as bar:
        bar.share("exporting", 0.0)
        precision = _write_detector(folder, request, held_out)
        shutil.copy(run.folder / CONFIG, folder / CONFIG)
        bar.share("comparing with the run", 0.5)
        found = read_run(folder).detector
        samples = held_out.samples()
        limits = run.detector.threshold, found.threshold
        wanted, said = held_out.answers([run.detector, found])
        parity = [compared(precision, HELD_OUT_FRAMES, wanted, said, limits)]
        answers = []
        for sample in samples:
            wanted, said = sample.answers([run.detector, found])
            parity.append(compared(precision, sample.name, wanted, said, limits))
            # A network of integers is checked elsewhere against itself.
            answers.append(said if precision == INT8 else wanted)
            if precision != INT8:
                (live,) = sample.answers([found], live=True)
                parity.append(compared(precision, f"{sample.name}, live", wanted, live, limits))
        require_parity(parity, f"{run.folder}: the package would not answer as the run does")
        write_parity(folder, samples, answers)
        package = write_package(
            folder,
            {
                "detector": run.detector.name,
                "run": run.folder.name,
                "run_sha256": run.sha256,
                "precision": precision,
                "samples": {sample.name: sample.sha256 for sample in samples},
                "parity": parity,
            },
        )
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return Exported(out, package, size / 1e6)


def _require_exportable(run: Run) -> None:
    """Refuse what is no trained detector, or needs code that a package does not hold."""
    name, traits = run.detector.name, run.detector.traits
    if (run.folder / PACKAGE).is_file():
        raise OddframeError(f"{run.folder}: is a package already; copy the folder")
    if traits.trained == "never":
        raise OddframeError(
            f"{run.folder}: {name} learns nothing, so there is nothing to export; "
            "it scores as it is: oddframe score RUN VIDEO"
        )
    if traits.trained == "at once" and "file" in run.source:
        raise OddframeError(
            f"{run.folder}: {name} is made of its own file, which a package cannot hold; detectors "
            "that subclass ClipDetector or BagDetector can be exported"
        )


def _held_out(request: ExportRequest) -> HeldOut | HeldOutFeatures:
    if request.run.detector.traits.looks_at == "features":
        if request.footage is not None:
            raise OddframeError(
                f"{request.run.folder}: {request.run.detector.name} reads features; give "
                "--features, and leave out --footage"
            )
        return HeldOutFeatures.of(request)
    if request.features is not None:
        raise OddframeError(
            f"{request.run.folder}: {request.run.detector.name} looks at frames; give --footage, "
            "and leave out --features"
        )
    return HeldOut.of(request)


def _write_detector(
    folder: Path, request: ExportRequest, held_out: HeldOut | HeldOutFeatures
) -> str:
    """The checkpoint and what belongs to it; what the network computes with.

    Where no network of PyTorch is in it, they are as they were.
    """
    run = request.run
    if run.detector.traits.trained == "at once":
        if request.int8:
            raise OddframeError(
                f"{run.folder}: the network of {run.detector.name} stays the one that it was "
                "fitted with (fixed-camera's computes with integers of 8 bits); leave out --int8"
            )
        shutil.copy(run.folder / CHECKPOINT, folder / CHECKPOINT)
        if (run.folder / SIGHTS).is_file():
            shutil.copy(run.folder / SIGHTS, folder / SIGHTS)
        if (run.folder / LESSONS).is_dir():
            shutil.copytree(run.folder / LESSONS, folder / LESSONS)
        return AS_FITTED
    from oddframe.bags.detector import BagDetector
    from oddframe.clips.detector import ClipDetector
    from oddframe.exporting.bag_export import exported_bags
    from oddframe.exporting.clip_export import exported_clips

    if isinstance(run.detector, ClipDetector) and isinstance(held_out, HeldOut):
        exported = exported_clips(run.detector)
        if request.int8:
            from oddframe.exporting.int8 import in_integers

            exported = in_integers(exported, held_out.images(exported.looks))
            held_out.calibrate(exported)
        write_exported(folder / CHECKPOINT, exported, "clips")
    elif isinstance(run.detector, BagDetector) and not request.int8:
        write_exported(folder / CHECKPOINT, exported_bags(run.detector), "bags")
    else:
        raise OddframeError(
            f"{run.folder}: {run.detector.name} cannot be exported{' with --int8' * request.int8}; "
            "detectors that subclass ClipDetector can, and, without --int8, of BagDetector"
        )
    return INT8 if request.int8 else FLOAT32


@contextmanager
def _whole_or_absent(out: Path) -> Generator[Path]:
    """A folder to fill, which takes its place where the block ends well.

    What a process that was killed has left beside it is removed by the next that writes there.
    """
    stage = out.absolute().parent / f".{out.name}.partial"
    try:
        with alone_in(stage):
            try:
                shutil.rmtree(stage / _WHOLE, ignore_errors=True)
                (stage / _WHOLE).mkdir()
                yield stage / _WHOLE
                if out.exists():
                    out.rmdir()
                (stage / _WHOLE).rename(out)
            finally:
                shutil.rmtree(stage / _WHOLE, ignore_errors=True)
        with suppress(OSError):  # of one that was killed, or somebody else's by now
            stage.rmdir()
    except OSError as error:
        raise cannot_write(out, error) from error
