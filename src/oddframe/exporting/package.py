"""A package: a run folder that scores without PyTorch, and knows how it can be checked.

::

    PACKAGE/checkpoint.pt    the detector: memories, scales, threshold; arrays and plain values
    PACKAGE/network.onnx     its network, where it had one of PyTorch
    PACKAGE/config.yaml      how the run was made
    PACKAGE/package.json     what it is, of what, made where; SHA-256 of every file; parity
    PACKAGE/parity.npz       a few frames, or features, and what the run answered to them

Whatever reads a run reads it: ``score``, ``watch``, ``serve``, ``drill``, ``info``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import oddframe
from oddframe.errors import OddframeError
from oddframe.exporting.answers import Agreement, Answers, agreement, likeness
from oddframe.exporting.samples import REAL, Sample
from oddframe.exporting.this_machine import processor, versions
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.files.atomic import sha256_of, write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json
from oddframe.runs.run_folder import read_run

PACKAGE, PARITY = "package.json", "parity.npz"
FORMAT = "oddframe-package/1"
FLOAT32, INT8, AS_FITTED = "float32", "int8", "as it was fitted"
"""What a network computes with; the last where it was ONNX already, and is a copy."""


@dataclass(frozen=True)
class Package:
    """What ``package.json`` says.

    Attributes:
        detector: its name.
        run: name of the folder of the run that was exported.
        run_sha256: of its checkpoint.
        precision: :data:`FLOAT32`, :data:`INT8` or :data:`AS_FITTED`.
        files: name of each file to its SHA-256.
        samples: name of each sample to the SHA-256 of its numbers.
        parity: how far package and run lay apart where it was made.
        made_with, made_on: versions and processor there.
        oddframe: version of oddframe that made it.
        format: of this file.
    """

    detector: str
    run: str
    run_sha256: str
    precision: str
    files: dict[str, str]
    samples: dict[str, str]
    parity: list[Agreement]
    made_with: dict[str, str] = field(default_factory=versions)
    made_on: dict[str, str] = field(default_factory=processor)
    oddframe: str = oddframe.__version__
    format: str = FORMAT


@dataclass(frozen=True)
class CheckedPackage:
    """A package that answers on this machine as its run did.

    Attributes:
        folder: of the package.
        package: what it says of itself.
        parity: how far it is from the run here, a row for each sample.
    """

    folder: Path
    package: Package
    parity: tuple[Agreement, ...]

    def text(self) -> str:
        """Lines for a terminal."""
        made = processor()
        flags = made.get("flags", "")
        here = f"{made['machine']}{f' ({flags})' if flags else ''}"
        same = f"{self.folder}: {self.package.detector} answers here as its run did, {here}"
        return "\n".join([same, *parity_lines(self.parity)])


def parity_lines(parity: Sequence[Agreement]) -> list[str]:
    """A line for each sample: how many frames, how far apart, how many odd."""
    width = max(len(one.sample) for one in parity)
    lines = []
    for one in parity:
        near = f", {one.at_threshold} at the threshold" if one.at_threshold else ""
        how = f"scores within {one.scores:.1e}, maps within {one.maps:.1e}"
        if one.alike:
            how = "the same moments" if one.ranks is None else f"ranks agree to {one.ranks:.4f}"
        lines.append(f"  {one.sample.ljust(width)}  {one.frames:4d}: {how}, {one.odd} odd{near}")
    return lines


def write_parity(folder: Path, samples: Sequence[Sample], answers: Sequence[Answers]) -> None:
    """Write samples, and what the run answered to each."""
    arrays: dict[str, np.ndarray] = {}
    for number, (sample, said) in enumerate(zip(samples, answers, strict=True)):
        arrays[f"{number}/name"] = np.array(sample.name)
        arrays[f"{number}/fps"] = np.array(sample.fps)
        arrays[f"{number}/content"] = sample.content
        arrays |= {f"{number}/answers/{name}": part for name, part in said.arrays().items()}
    write_arrays(folder / PARITY, arrays)


def read_parity(folder: Path) -> list[tuple[Sample, Answers]]:
    """What :func:`write_parity` wrote.

    Raises:
        OddframeError: missing, damaged, or something else.
    """
    path = folder / PARITY
    arrays = read_arrays(path, "samples and answers to them")
    found = []
    try:
        for number in range(len({name.partition("/")[0] for name in arrays})):
            own = {n.partition("/")[2]: v for n, v in arrays.items() if n.startswith(f"{number}/")}
            sample = Sample(str(own["name"]), own["content"], float(own["fps"]))
            said = {
                n.removeprefix("answers/"): v for n, v in own.items() if n.startswith("answers")
            }
            found.append((sample, Answers.from_arrays(said)))
    except (KeyError, ValueError) as error:
        raise OddframeError(
            f"{path}: expected samples and answers to them, {error} is missing; copy the whole "
            "package anew, or export its run again"
        ) from None
    return found


def write_package(folder: Path, package: Mapping[str, Any]) -> Package:
    """Write ``package.json`` of all files that are in a folder, and of what it is given."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    made = Package(files=sums, **package)
    write_json(folder / PACKAGE, asdict(made))
    return made


def read_package(folder: Path) -> Package:
    """What a package says of itself; the files it names are the ones that are there.

    Raises:
        OddframeError: no package, of another format, a file that is missing or another one.
    """
    path = folder / PACKAGE
    if not path.is_file():
        raise OddframeError(
            f"{folder}: no package, {PACKAGE} is missing; make one with 'oddframe export RUN --out "
            "PACKAGE'"
        )
    content = read_json(path, "what a package is")
    form = content.get("format") if isinstance(content, dict) else None
    if form != FORMAT:
        raise OddframeError(
            f"{path}: expected a package of format '{FORMAT}', found {form!r}; export its run "
            "again with this version of oddframe"
        )
    package = typed(content, Package, str(path))
    for name, wanted in package.files.items():
        if not (folder / name).is_file():
            raise OddframeError(
                f"{folder / name}: missing; copy the whole package anew, or export its run again"
            )
        if (found := sha256_of(folder / name)) != wanted:
            raise OddframeError(
                f"{folder / name}: is not the file that was exported (SHA-256 {found[:16]}..., "
                f"expected {wanted[:16]}...); copy the whole package anew, or export its run again"
            )
    return package


def check_package(folder: Path) -> CheckedPackage:
    """Ask a package on this machine what its run was asked, and compare.

    Raises:
        OddframeError: no package, damaged, or it answers otherwise than its run did.
    """
    package = read_package(folder)
    detector = read_run(folder).detector
    found = []
    for sample, wanted in read_parity(folder):
        if package.samples.get(sample.name) != sample.sha256:
            raise OddframeError(
                f"{folder / PARITY}: sample '{sample.name}' is not the one that the run was asked; "
                "export the run again"
            )
        (said,) = sample.answers([detector])
        limits = detector.threshold, detector.threshold
        # A processor rounds integers otherwise than another.
        found.append(compared(package.precision, sample.name, wanted, said, limits))
    require_parity(found, f"{folder}: does not answer on this machine as its run did")
    return CheckedPackage(folder, package, tuple(found))


def compared(
    precision: str, sample: str, wanted: Answers, found: Answers, limits: tuple[float, float]
) -> Agreement:
    """How far two answers to a sample lie apart, as is asked of networks of that precision.

    Args:
        precision: of the package.
        sample: its name.
        wanted, found: of the detector that was exported, and of the package.
        limits: the threshold of each.
    """
    if precision == INT8:
        return likeness(sample, wanted, found, limits, ranked=sample in REAL)
    return agreement(sample, wanted, found, limits[0])


def require_parity(parity: Sequence[Agreement], what: str) -> None:
    """Refuse answers that lie too far apart.

    Args:
        parity: how far.
        what: how the message begins.

    Raises:
        OddframeError: naming the first sample of which answers differ.
    """
    for one in parity:
        if one.fault:
            raise OddframeError(f"{what}: of sample '{one.sample}' {one.fault}")
