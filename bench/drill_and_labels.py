"""Does the drill rank runs as labels do? Both of every run, and their rank correlation.

    python bench/drill_and_labels.py ped2 runs/ped2/* --out drills --cases 2

Each run is drilled on its own held-out normal footage, causally. Its labelled test videos are
judged causally too, and their micro AUC is the other number; what lies in ``--out`` is kept. Runs
of one scene are compared with one another, since how hard a scene is moves both numbers.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scipy.stats import spearmanr

from oddframe.drills.drilling import drill_run
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import Drill, is_drill, read_drill
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.score import score
from oddframe.videos.manifest import Manifest


def drilled(run: Path, detector: str | None, folder: Path, cases: int) -> Drill:
    """The run's drill, made or kept."""
    if not is_drill(folder):
        drill_run(DrillRequest(read_run(run, detector=detector), out=folder, cases=cases))
    return read_drill(folder)


def labelled(run: Path, detector: str | None, folder: Path) -> float:
    """Micro AUC of the run's causal scores on its test videos, without resampling."""
    kept = folder / "auc.json"
    if not kept.exists():
        path = folder / "scores.npz"
        manifest = run / "manifest.jsonl"
        score(run, [manifest], out=path, causal=True, maps=False, detector=detector)
        result = evaluate_scores(Scores.read(path), Manifest.read(manifest), resamples=0)
        kept.write_text(json.dumps(result.metrics["micro_auc"].value))
    return float(json.loads(kept.read_text()))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", help="what the runs have in common; names the folder in --out")
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--own", help="file of the detector of runs called own-NAME")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=2)
    options = parser.parse_args()
    print("| scene | run | test micro AUC | drill, mean AUC of odd rows | drill, share noticed |")
    print("|---|---|---|---|---|")
    known, surprises, shares = [], [], []
    for run in options.runs:
        folder = options.out / options.scene / run.name
        own = options.own if run.name.startswith("own-") else None
        drill = drilled(run, own, folder / "drill", options.cases)
        odd = [row for row in drill.rows if row.expected == "odd" and row.of]
        share = sum(row.noticed for row in odd) / sum(row.of for row in odd)
        known.append(labelled(run, own, folder))
        surprises.append(drill.surprise())
        shares.append(share)
        numbers = f"{known[-1]:.3f} | {surprises[-1]:.3f} | {share:.2f}"
        print(f"| {options.scene} | {run.name} | {numbers} |", flush=True)
    for name, values in (("AUC", surprises), ("share noticed", shares)):
        found = spearmanr(known, values)
        print(
            f"Spearman, {name}: {found.statistic:.2f} (p = {found.pvalue:.2f}), {len(known)} runs"
        )


if __name__ == "__main__":
    sys.exit(main())
