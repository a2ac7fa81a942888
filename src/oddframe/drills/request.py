"""What a drill is asked: which run, on what footage, which faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.drills.faults import FAULTS
from oddframe.drills.material import LONGEST
from oddframe.drills.stage import Fault
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import Run

OWN = "own"
"""What a drill on the run's own footage is called."""


@dataclass(frozen=True)
class DrillRequest:
    """What is drilled.

    Attributes:
        run: the run, read.
        footage: normal footage of its camera; None for the run's own.
        out: folder for what comes of it; None for one in the run folder.
        root: folder that the paths of the run's manifest are relative to, if the data moved.
        cases: how often each fault is made, if the footage has room.
        seed: fixes every draw.
        faults: which faults.
        longest: seconds of the first stretch, which has room for a long stay.
    """

    run: Run
    footage: Footage | None = None
    out: Path | None = None
    root: Path | None = None
    cases: int = 3
    seed: int = 0
    faults: Sequence[Fault] = FAULTS
    longest: float = LONGEST

    @property
    def folder(self) -> Path:
        """Where everything goes."""
        name = OWN if self.footage is None else self.footage.name
        return self.out or drill_folder(self.run.folder, name, self.run.version)


def drill_folder(run: Path, name: str, version: int) -> Path:
    """Where the drill of a version of a run is, where nobody says otherwise.

    Args:
        run: the run folder.
        name: of the footage; :data:`OWN` for the run's.
        version: how often the run had been taught.
    """
    return run / "drills" / (f"{name}-version-{version}" if version else name)
