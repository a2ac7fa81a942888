"""Detectors of normal footage on UCSD Ped2, trained from their recipes, under both protocols.

    oddframe prepare ucsd-ped2 ../shared/data/ped2 --out /tmp/ped2.jsonl
    python bench/one_class_ped2.py /tmp/ped2.jsonl recipes/ped2-small/*.yaml --out /tmp/ped2_runs

Each run selects its checkpoint and learns the scale of its scores on held-out normal videos, and
is scored on the test videos: frame by frame (``held out``), and smoothed over time. Beside it is
the protocol of the papers: scores scaled within each test video, and the checkpoint that is best
on the test videos (``oracle``), which nobody can have. Finished runs and measured terms are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.ndimage import gaussian_filter1d
from torch import nn

from oddframe.detectors import load
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Measured
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import CHECKPOINT, ORACLE, read_run
from oddframe.scores.frame_scores import Scores
from oddframe.settings.checked import settings_of
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest

Terms = dict[str, dict[str, np.ndarray]]
"""Video to term to values of its frames."""


def run_one(recipe: Path, manifest: Path, out: Path, oracle: bool) -> Path:
    """Train from a recipe, or take the run that is there."""
    folder = out / recipe.stem
    if not (folder / CHECKPOINT).exists():
        given: dict[str, Any] = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        started = time.monotonic()
        steps = load(given["detector"]).DETECTOR.traits.trained == "in steps"
        train([manifest], folder, **given, oracle=oracle and steps, resume=True, device="cpu")
        seconds = time.monotonic() - started
        (folder / "seconds.txt").write_text(f"{seconds:.1f}\n")
        print(f"{folder.name}: {seconds:.0f} s", file=sys.stderr)
    return folder


def measure(detector: Any, truth: Manifest, path: Path) -> Terms:
    """Terms of all test frames, measured once."""
    if not path.exists():
        arrays = {}
        for video in truth.split("test"):
            with open_video(truth.locate(video), video.fps) as reader:
                found = [score.terms for score in scores_of(detector, reader)]
            for name in found[0]:
                values = np.array([part[name] for part in found])
                arrays[f"{video.id}|{name}"] = values
        write_arrays(path, arrays)
    terms: Terms = {}
    for key, values in read_arrays(path, "one array per video and term").items():
        video_id, _, name = key.partition("|")
        terms.setdefault(video_id, {})[name] = values
    return terms


def variants(detector: Any) -> Iterator[tuple[str, Any]]:
    """A run's detector, and those that differ only in what its terms are combined to."""
    known = settings_of(type(detector.config))
    if "score" not in known or not known["score"].choices:
        yield "", detector
        return
    changes = [{"score": score} for score in known["score"].choices]
    if (
        "published_output" in known and detector.config.as_published
    ):  # P_normal, of P_abnormal's run
        changes += [
            {**change, "published_output": "normal"}
            for change in changes
            if change["score"] != "psnr"  # it has no output of the classifier
        ]
    for change in changes:
        other = type(detector).from_state(detector.state())
        other.config = replace(detector.config, **change)
        yield f", {change['score']}{', output normal' * (len(change) > 1)}", other


def combined(detector: Any, terms: Terms, truth: Manifest, *, how: str) -> Scores:
    values = {}
    for video in truth.split("test"):
        scores = detector.combine(terms[video.id], per_video=how == "per video")
        if how == "smoothed":
            sigma = detector.smoothing_seconds * video.fps
            scores = gaussian_filter1d(scores, sigma, mode="nearest")
        values[video.id] = scores
    return Scores(values, {"detector": detector.name, "normalisation": how})


def parameters_of(detector: Any) -> int:
    """Numbers that were learnt; of a plane its normal and its offset."""
    if isinstance(detector, nn.Module):
        return sum(part.numel() for part in detector.parameters())
    return detector.plane.normal.size + 1


def span(part: Measured) -> str:
    return f"{part.value:.3f} [{part.low:.3f}, {part.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("recipes", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-oracle", action="store_true", help="do not look at the test videos")
    options = parser.parse_args()
    truth = Manifest.read(options.manifest)
    rows: list[dict[str, Any]] = []
    for recipe in options.recipes:
        folder = run_one(recipe, options.manifest, options.out, not options.no_oracle)
        run = read_run(folder)
        kept: Any = run.detector
        terms = measure(kept, truth, folder / f"terms-{run.sha256[:8]}.npz")
        oracle = None
        if (folder / ORACLE).exists():
            best = read_run(folder, ORACLE)
            oracle = measure(best.detector, truth, folder / f"terms-{best.sha256[:8]}.npz")
        for name, detector in variants(kept):
            row: dict[str, Any] = {
                "detector": recipe.stem + name,
                "parameters": parameters_of(detector),
                "seconds": float((folder / "seconds.txt").read_text()),
            }
            for how in ("held out", "smoothed", "per video"):
                scores = combined(detector, terms, truth, how=how)
                scores.write(options.out / "scores" / f"{recipe.stem}{name} {how}.npz")
                found = evaluate_scores(scores, truth).metrics
                row[how] = found["micro_auc"]
                row[f"{how}, macro"] = found["macro_auc"]
            if oracle:
                scores = combined(detector, oracle, truth, how="per video")
                found = evaluate_scores(scores, truth, resamples=0)
                row["oracle"] = found.metrics["micro_auc"].value
            rows.append(row)
    baselines = evaluate_scores(
        Scores({v.id: np.zeros(v.frames, np.float32) for v in truth.split("test")}), truth
    ).baselines
    print(
        "| recipe | parameters | held out | held out, smoothed | per video | per video, oracle "
        "| training, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        best_of_test = f"{row['oracle']:.3f}" if "oracle" in row else ""
        print(
            f"| {row['detector']} | {row['parameters']:,} | {span(row['held out'])} "
            f"| {span(row['smoothed'])} | {span(row['per video'])} | {best_of_test} "
            f"| {row['seconds']:.0f} |"
        )
    for name, metrics in baselines.items():
        print(f"| *{name}* | | {metrics['micro_auc'].value:.3f} | | | | |")
    plain = [
        {key: vars(part) if isinstance(part, Measured) else part for key, part in row.items()}
        for row in rows
    ]
    print(json.dumps({"rows": plain}, default=float))


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
