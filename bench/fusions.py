"""Ways to put the cues of a frame together in ``fixed-camera``: by the drill, and on labels.

    python bench/fusions.py RUN ... --out DIR [--cases 1]

``sum`` is what the detector does: the cells' surprise, and what each cue that follows things has
beyond one normal block in ten. The others take every cue as it is, trusted as there: the largest
surprise, the harmonic mean of the p-values (Wilson, 2019), and Fisher's method, whose cues count
by their trust since a surprise is multiplied by it. What lasts is put beside each in the same way.
The drill says which notices more on held-out normal footage; the labelled test videos, which are
judged causally, whether that holds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.own_cameras.fixed_camera.evidence import Lasting
from oddframe.detectors.own_cameras.fixed_camera.followed import followed_values
from oddframe.detectors.own_cameras.fixed_camera.frame_values import frame_value
from oddframe.detectors.own_cameras.fixed_camera.stream import FixedCameraStream
from oddframe.detectors.stepping import scores_of
from oddframe.drills.drilling import drill_run
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import is_drill, read_drill
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage

Fusion = Callable[[np.ndarray], float]
"""Surprises of the cells and of the four cues, ``(5,)``, to one surprise."""


def harmonic(surprises: np.ndarray) -> float:
    """Of the harmonic mean of the p-values."""
    return math.log10(np.mean(10.0**surprises))


def fisher(surprises: np.ndarray) -> float:
    """Of the chi-square of all p-values together."""
    statistic = 2 * math.log(10) * surprises.sum()
    return float(-chi2.logsf(statistic, 2 * surprises.size) / math.log(10))


FUSIONS: dict[str, Fusion] = {
    "sum": lambda found: float(found[0] + np.maximum(found[1:] - 1, 0).sum()),
    "largest": lambda found: float(found.max()),
    "harmonic mean p": harmonic,
    "Fisher": fisher,
}


def put_together_by(fusion: Fusion) -> None:
    """From now on, streams of this process score by a fusion."""
    surprises, judge = Lasting.surprises, _JUDGE
    kept: list[float] = []

    def remembered(self: Lasting, evidence: np.ndarray) -> np.ndarray:
        found = surprises(self, evidence)
        kept[:] = [float(found.max())]
        return found

    def judged(self: Any, frame: int, seconds: float) -> FrameScore:
        Lasting.surprises = remembered
        try:
            score = judge(self, frame, seconds)
        finally:
            Lasting.surprises = surprises
        scene = self._scene
        looks = self._appearance if self._sees_look else np.zeros_like(self._pace)
        cells = float(scene.frame(np.array(frame_value(looks + self._pace))))
        values = followed_values(self._motion).tolist()
        cues = [cue(value) for cue, value in zip(scene.followed.blocks, values, strict=True)]
        seen = float(scene.lasting.seen(np.array(fusion(np.array([cells, *cues])))))
        return replace(score, value=max(seen, *kept))

    FixedCameraStream._judge = judged


_JUDGE = FixedCameraStream._judge


def labelled(run: Path) -> float:
    """Micro AUC of the run's test videos, causally."""
    detector: Any = read_run(run).detector
    truth = Manifest.read(run / "manifest.jsonl")
    values = {}
    for video in truth.split("test"):
        with open_footage(truth, video) as reader:
            values[video.id] = np.array([one.value for one in scores_of(detector, reader)])
    found = evaluate_scores(Scores(values, {"detector": "fused"}), truth, resamples=0)
    return float(found.metrics["micro_auc"].value or 0)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=1)
    options = parser.parse_args()
    print(
        "| run | fusion | drill, mean AUC of odd rows | drill, noticed | test micro AUC, causal |"
    )
    print("|---|---|---|---|---|")
    for run in options.runs:
        for name, fusion in FUSIONS.items():
            put_together_by(fusion)
            folder = options.out / f"{run.parent.name}-{run.name}" / name
            if not is_drill(folder):
                drill_run(DrillRequest(read_run(run), out=folder, cases=options.cases))
            drill = read_drill(folder)
            odd = [row for row in drill.rows if row.expected == "odd" and row.of]
            noticed = f"{sum(row.noticed for row in odd)} of {sum(row.of for row in odd)}"
            surprise, auc = drill.surprise(), labelled(run)
            print(f"| {run} | {name} | {surprise:.3f} | {noticed} | {auc:.3f} |", flush=True)


if __name__ == "__main__":
    main()
