"""What is asked of an export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.footage.given import Footage
from oddframe.runs.run_folder import Run


@dataclass(frozen=True)
class ExportRequest:
    """A run that becomes a package.

    Attributes:
        run: the run, read.
        out: the folder to make.
        footage: normal footage on which parity is looked at; None for the run's own.
        root: folder that the paths of the run's manifest are relative to, if the data moved.
        features: of a run of features, those on which parity is looked at; None for the run's own.
        int8: the convolutions of a detector of clips compute with integers of 8 bits.
    """

    run: Run
    out: Path
    footage: Footage | None = None
    root: Path | None = None
    features: Path | None = None
    int8: bool = False
