"""All weakly supervised detectors on the spliced fights: five seeds each, video labels only.

    python bench/spliced_fights.py ../shared/data/surveillance-fights --out /tmp/fights
    oddframe extract /tmp/fights/manifest.jsonl --backbone efficientnet-lite0-change \
        --out /tmp/fights_change
    python bench/weak_fights.py /tmp/fights/manifest.jsonl /tmp/fights_change --out /tmp/fights_runs

Each run selects its checkpoint by the labels of the validation videos and is scored once on the
test videos. The table gives frame AUC and AP as mean and standard deviation over the seeds, and
for the mean of the five seeds' scores (one ensemble) the 95 % bootstrap interval over the test
videos; the trivial baselines are beside them. The column *oracle* is the mean over seeds of the
checkpoint that is best on the test videos, which papers report and which nobody can have.
Finished runs are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.bags.snippets import score_video
from oddframe.errors import OddframeError
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Measured
from oddframe.features.feature_folder import FeatureFolder
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import CHECKPOINT, ORACLE, read_run
from oddframe.scores.frame_scores import Scores
from oddframe.training.loop import METRICS
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest

SETTINGS: dict[str, dict[str, Any]] = {
    "random-scores": {},
    "sultani": {"optimiser": "adam"},
    "sultani (raw)": {"optimiser": "adam", "normalise": False},
    "rtfm": {"width": 128},
    "mgfn": {"widths": [64, 128, 256], "depths": [3, 2, 1]},
    "s3r": {},
}
"""What differs from the detectors' own settings: networks that two CPU cores can train.

Adam for the ranking baseline, and the learning rate 0.001 rather than 0.0001 for RTFM, were chosen
by the validation videos with seed 0.
"""
SHARED = {"steps": 160, "validate_every": 20, "batch_size": 16}


def run_one(name: str, seed: int, manifest: Path, features: Path, out: Path) -> Path:
    folder = out / f"{name.replace(' (', '-').strip(')')}-{seed}"
    if not (folder / CHECKPOINT).exists():
        started = time.monotonic()
        train(
            [manifest],
            folder,
            detector=name.partition(" ")[0],
            features=features,
            settings=SHARED | SETTINGS[name],
            seed=seed,
            oracle=True,
            resume=True,
            device="cpu",
        )
        seconds = time.monotonic() - started
        (folder / "seconds.txt").write_text(f"{seconds:.1f}\n")
        print(f"{folder.name}: {seconds:.0f} s", file=sys.stderr)
    return folder


def scores_of(folder: Path, checkpoint: str, features: FeatureFolder, truth: Manifest) -> Scores:
    detector: Any = read_run(folder, checkpoint).detector
    return Scores({v.id: score_video(detector, features, v) for v in truth.split("test")})


def number(part: Measured) -> float:
    return float(part.value or 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--detectors", nargs="+", default=list(SETTINGS))
    options = parser.parse_args()
    truth, features = Manifest.read(options.manifest), FeatureFolder.open(options.features)
    rows = []
    baselines: dict[str, dict[str, Measured]] = {}
    for name in options.detectors:
        aucs, aps, oracle_aucs, oracle_aps, selected, seconds = [], [], [], [], [], []
        together: dict[str, np.ndarray] = {}
        for seed in range(options.seeds):
            folder = run_one(name, seed, options.manifest, options.features, options.out)
            chosen = scores_of(folder, CHECKPOINT, features, truth)
            chosen.write(options.out / "scores" / f"{name}-{seed}.npz")
            found = evaluate_scores(chosen, truth, resamples=0).metrics
            best = evaluate_scores(
                scores_of(folder, ORACLE, features, truth), truth, resamples=0
            ).metrics
            aucs.append(number(found["micro_auc"]))
            aps.append(number(found["average_precision"]))
            oracle_aucs.append(number(best["micro_auc"]))
            oracle_aps.append(number(best["average_precision"]))
            seconds.append(float((folder / "seconds.txt").read_text()))
            looks = [x for x in read_curve(folder / METRICS) if x["split"] == "val"]
            selected.append(max(x["video_auc"] for x in looks))
            for video_id, values in chosen.values.items():
                together[video_id] = together.get(video_id, 0) + values / options.seeds
        mean = Scores(together, {"detector": name})
        mean.write(options.out / "scores" / f"{name}-mean.npz")
        evaluation = evaluate_scores(mean, truth)
        baselines = evaluation.baselines
        auc, ap = evaluation.metrics["micro_auc"], evaluation.metrics["average_precision"]
        rows.append(
            {
                "detector": name,
                "auc_mean": np.mean(aucs),
                "auc_std": np.std(aucs, ddof=1),
                "ap_mean": np.mean(aps),
                "ap_std": np.std(aps, ddof=1),
                "ensemble_auc": [auc.value, auc.low, auc.high],
                "ensemble_ap": [ap.value, ap.low, ap.high],
                "val_video_auc": np.mean(selected),
                "oracle_auc": np.mean(oracle_aucs),
                "oracle_ap": np.mean(oracle_aps),
                "train_seconds": np.mean(seconds),
            }
        )
    print(
        "| detector | AUC, mean ± sd of seeds | AP, mean ± sd | AUC of the mean scores | AP of "
        "the mean scores | val video AUC | oracle AUC / AP | s per training |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        spans = [
            "{:.3f} [{:.3f}, {:.3f}]".format(*row[key]) for key in ("ensemble_auc", "ensemble_ap")
        ]
        print(
            f"| {row['detector']} | {row['auc_mean']:.3f} ± {row['auc_std']:.3f} "
            f"| {row['ap_mean']:.3f} ± {row['ap_std']:.3f} | {spans[0]} | {spans[1]} "
            f"| {row['val_video_auc']:.3f} | {row['oracle_auc']:.3f} / {row['oracle_ap']:.3f} "
            f"| {row['train_seconds']:.0f} |"
        )
    for name, metrics in baselines.items():
        auc, ap = number(metrics["micro_auc"]), number(metrics["average_precision"])
        print(f"| *{name}* | {auc:.3f} | {ap:.3f} | | | | | |")
    print(json.dumps({"rows": rows}, default=float))


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
