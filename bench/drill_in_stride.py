"""What a drill says of a run, how much of that is by a stream in its stride, and what it costs.

    python bench/drill_in_stride.py street FOLDER
    python bench/drill_in_stride.py RUN FOLDER

``street`` is a run on two recordings of 225 s of the tests' street, made in the folder if it is not
there. Started with the code of another commit on ``PYTHONPATH`` and another folder for the drill,
it shows what has changed since.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from oddframe.cli import main
from oddframe.drills.after_training import FEW
from oddframe.drills.drilling import drill_run
from oddframe.drills.faults import FAULTS
from oddframe.drills.material import USUAL
from oddframe.drills.request import DrillRequest
from oddframe.runs.run_folder import read_run

SECONDS = 225.0
KINDS = ("pace", "presence", "control", "look")


def street_run(root: Path) -> Path:
    """The run, made or kept."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.made.street import Street

    street = Street(root)
    if not (street.run / "checkpoint.pt").is_file():
        for seed in range(2):
            street.film(root / "normal" / f"{seed}.mp4", street.images(SECONDS, seed))
        words = ["train", str(root / "normal"), "--out", str(street.run), "--drill", "false"]
        if status := main([*words, *street.options()]):
            raise SystemExit(status)
    return street.run


def drilled(run: Path, out: Path, *, few: bool) -> None:
    """Drill a run once on its own held-out footage, and print what came of it."""
    faults = FEW if few else tuple(fault for fault in FAULTS if fault.kind in KINDS)
    begun = time.process_time()
    asked = DrillRequest(read_run(run), out=out, faults=faults, cases=1, longest=USUAL)
    drill = drill_run(asked).drill
    took = time.process_time() - begun
    watched = getattr(drill, "watched", 0.0)
    print(f"{took:.1f} s of processor time; {watched:.0f} s watched before a stretch")
    print(f"threshold {drill.threshold:.2f}; {drill.false_alarms} false alarms")
    for row in drill.rows:
        key = row.kind, row.name, row.size, row.strength
        peaks = ", ".join(f"{case.peak:.2f}" for case in drill.cases if case.row == key)
        name = " ".join(part for part in key[1:] if part)
        print(f"{name}: {row.noticed} of {row.of}, AUC {row.surprise:.3f}, highest {peaks}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    made = given.run == "street"
    drilled(
        street_run(given.folder) if made else Path(given.run), given.folder / "drill", few=not made
    )
