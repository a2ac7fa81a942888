"""Which of the scores that a run can give notices more, by the drill and without any labels.

    python bench/drilled_scores.py runs/mnad-prediction --out drills --cases 3

A run's networks are kept, and what its terms are combined to is varied, as far as the setting
``score`` has choices. Each learns its scales and its threshold from the run's held-out normal
footage and is drilled on that footage, all on the same cases. Nothing of a test video is read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.clips.calibration import calibrate_detector
from oddframe.comparison.drilled import DrillComparison
from oddframe.drills.drilling import drill_run
from oddframe.drills.request import DrillRequest
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video
from oddframe.media.watched_video import watched
from oddframe.runs.run_folder import read_run
from oddframe.videos.manifest import Manifest
from one_class_ped2 import variants


def held_out(
    detector: Any, manifest: Manifest
) -> Iterator[tuple[str, Iterator[np.ndarray], Clock, Container[int]]]:
    """What the detector sees of the run's held-out normal videos."""
    for video in manifest.normal("val"):
        with watched(open_video(manifest.locate(video), video.fps)) as reader:
            yield video.id, map(detector.looks.of, reader), video.clock, reader.breaks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=3)
    options = parser.parse_args()
    run = read_run(options.run)
    manifest = Manifest.read(options.run / "manifest.jsonl")
    folders = {}
    for name, detector in variants(run.detector):
        calibrate_detector(detector, held_out(detector, manifest))
        folder = options.out / (name.lstrip(", ") or "score")
        drilled = replace(run, detector=detector)
        drill_run(DrillRequest(drilled, out=folder, cases=options.cases))
        folders[folder.name] = folder
    compared = DrillComparison.of(folders)
    compared.write(options.out)
    for name, drill in compared.drills.items():
        print(f"{name}: mean AUC of odd rows {drill.surprise():.3f}")
    print(compared.text())


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
