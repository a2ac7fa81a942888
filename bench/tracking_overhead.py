"""What tracking costs a training: seconds of the command with each tracker, and of an upload.

    python bench/tracking_overhead.py [--steps 200] [--out bench/results/tracking_overhead.txt]

A ``sultani`` is trained on made-up features by the command ``oddframe train``, in a process of its
own each time: without a tracker, with each of them, with all. The ways take turns, so that a
neighbour's load falls on all alike, and the median is told. MLflow writes into a database of its
own, W&B offline. The upload is timed alone, as ``oddframe track`` does it again, with the packages
already imported.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.tracking import load_tracker
from oddframe.tracking.pictures import with_drawn_pictures
from oddframe.tracking.record import read_record
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video
from provenance import provenance, publish, run


def write_features(folder: Path, videos: int, channels: int) -> Path:
    """Features in which a direction marks the anomalous videos; returns the manifest."""
    random = np.random.default_rng(0)
    direction = random.normal(size=channels).astype(np.float32)
    features, listed = folder / "features", []
    features.mkdir()
    for index in range(videos):
        split = "val" if index % 4 > 1 else "train"
        odd = index % 2 == 1
        values = random.normal(size=(64, 1, channels)).astype(np.float32)
        values[20:28] += direction * odd
        name = f"{split}_{index:04d}"
        np.save(features / f"{name}.npy", values)
        label, classes = ("anomalous", ("odd",)) if odd else ("normal", ())
        listed.append(Video(name, "", split, label, 1024, 25.0, 0, 0, classes))
    return Manifest("made-up", tuple(listed)).write(folder / "manifest.jsonl")


def train(manifest: Path, run: Path, specs: list[str], options: argparse.Namespace) -> float:
    """Seconds of the whole command."""
    words = [sys.executable, "-m", "oddframe", "train", str(manifest), "--out", str(run)]
    words += ["--features", str(manifest.parent / "features"), "--detector", "sultani"]
    words += ["--device", "cpu", "--track", ",".join(specs) or "none"]
    words += ["--settings.steps", str(options.steps)]
    words += ["--settings.validate_every", str(options.validate_every)]
    started = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    taken = time.perf_counter() - started
    if done.returncode or "stopped" in done.stderr:
        raise OddframeError(f"{' '.join(words)}: {done.stderr}")
    return taken


def upload(run: Path, specs: list[str]) -> float:
    """Seconds of sending a run again, to all of these."""
    started = time.perf_counter()
    with with_drawn_pictures(read_record(run)) as record:
        for spec in specs:
            tracker = load_tracker(spec)
            tracker.upload(record)
            tracker.close()
    return time.perf_counter() - started


def measure(options: argparse.Namespace, work: Path) -> tuple[list[str], dict[str, Any]]:
    """The lines of the table and the numbers in them."""
    places = {"tensorboard": "", "wandb": "", "mlflow": f"=sqlite:///{work / 'mlflow.db'}"}
    each = {name: [f"{name}{place}"] for name, place in places.items()}
    ways = {"none": [], **each, "all": [spec for specs in each.values() for spec in specs]}
    manifest = write_features(work, options.videos, options.channels)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    uploads: dict[str, list[float]] = {name: [] for name in ways}
    # The first makes what is made once, the pooled segments and the database; it is not counted.
    train(manifest, work / "first", ways["all"], options)
    upload(work / "first", ways["all"])
    for repeat in range(options.repeats):
        for name, specs in ways.items():
            run = work / f"{name}-{repeat}"
            seconds[name].append(train(manifest, run, specs, options))
            if specs:
                uploads[name].append(upload(run, specs))
    shape = f"{options.videos} videos, {options.channels} channels, {options.steps} steps"
    lines = [f"sultani, {shape}, a validation every {options.validate_every}"]
    lines.append(f"{'tracked to':<12} {'training':>12} {'ratio':>8} {'upload':>12}")
    rows = []
    base = statistics.median(seconds["none"])
    for name in ways:
        taken = statistics.median(seconds[name])
        sent = statistics.median(uploads[name]) if uploads[name] else None
        said = f"{sent:>10.2f} s" if sent is not None else ""
        lines.append(f"{name:<12} {taken:>10.2f} s {taken / base:>7.2f}x {said:>12}")
        rows.append({"tracker": name, "seconds": taken, "ratio": taken / base, "upload": sent})
    return lines, {"settings": shape, "repeats": options.repeats, "rows": rows}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--validate-every", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the output to this file")
    options = parser.parse_args(arguments)
    head, here = provenance(), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        # What a tracker leaves in the current folder goes away with the rest.
        os.chdir(folder)
        try:
            lines, result = measure(options, Path(folder))
        finally:
            os.chdir(here)
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
