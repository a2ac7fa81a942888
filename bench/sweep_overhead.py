"""What a sweep costs per trial, beside the same trainings started by hand.

    python bench/sweep_overhead.py [--trials 8] [--out bench/results/sweep_overhead.txt]

``random-scores`` trains nothing, so a trial is all start-up, scoring and evaluation, and what the
sweep adds is seen best. By hand are three commands, ``oddframe train``, ``score`` and ``evaluate``;
the process of a trial does the three at once. Both ways take turns, one trial at a time, without
trackers. The time between the ends of two trials is what a trial costs in a sweep; the rest is paid
once: reading the file, starting Ray, the first worker, and the end of it all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from made_up_bags import write_bags
from oddframe.errors import OddframeError
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.trial_record import moment
from provenance import provenance, publish, run


def oddframe(*words: object) -> float:
    """Seconds that a command takes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "oddframe", *map(str, words)]
    variables = {**os.environ, "ODDFRAME_TRACK": "none", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise OddframeError(f"{' '.join(command[2:])}: {done.stderr.strip()}")
    return time.perf_counter() - started


def by_hand(manifest: Path, features: Path, run: Path, seed: int) -> dict[str, float]:
    """Seconds of each of the three commands."""
    data, scores = (manifest, "--features", features), run / "scores.npz"
    options = ("--detector", "random-scores", "--device", "cpu", "--seed", seed, "--out", run)
    return {
        "train": oddframe("train", *data, *options),
        "score": oddframe("score", run, *data, "--split", "val,test", "--out", scores),
        "evaluate": oddframe(
            "evaluate", scores, manifest, "--out", run / "report", "--report=false"
        ),
    }


def in_sweep(manifest: Path, features: Path, folder: Path, trials: int) -> dict[str, Any]:
    """Seconds of a sweep: all; of each trial but the first, with and without what Ray adds."""
    content = {
        "detector": "random-scores",
        "manifest": str(manifest),
        "features": str(features),
        "runs": [{}],
        "seeds": trials,
        "device": "cpu",
        "out": str(folder),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.with_suffix(".yaml")
    file.write_text(yaml.safe_dump(content))
    whole = oddframe("sweep", file, "--workers", 1)
    attempts = [record.attempts[-1] for record in SweepFolder(folder).records()]
    attempts.sort(key=lambda attempt: attempt.ended or "")
    found: dict[str, Any] = {"whole": whole, "between": [], "processes": []}
    for before, attempt in pairwise(attempts):
        assert before.ended is not None
        assert attempt.ended is not None
        seconds = (moment(attempt.ended) - moment(before.ended)).total_seconds()
        found["between"].append(seconds)
        found["processes"].append(attempt.seconds)
    return found


def measure(trials: int, repeats: int, work: Path) -> tuple[list[str], dict[str, Any]]:
    """The lines of the table and the numbers in them."""
    manifest, features = write_bags(work)
    hand: list[dict[str, float]] = []
    between: list[float] = []
    processes: list[float] = []
    once: list[float] = []
    for repeat in range(repeats):
        found = in_sweep(manifest, features, work / "sweeps" / str(repeat), trials)
        between += found["between"]
        processes += found["processes"]
        once.append(found["whole"] - trials * statistics.median(found["between"]))
        for seed in range(trials):
            hand.append(by_hand(manifest, features, work / f"hand-{repeat}-{seed}", seed))
    steps = {name: statistics.median(row[name] for row in hand) for name in hand[0]}
    alone = statistics.median(sum(row.values()) for row in hand)
    trial, process = statistics.median(between), statistics.median(processes)
    ratio = trial / alone
    lines = [
        f"random-scores, {repeats} x {trials} trials, one at a time; medians",
        f"{'by hand, three commands':<34} {alone:>7.2f} s  "
        + ", ".join(f"{name} {seconds:.2f}" for name, seconds in steps.items()),
        f"{'a trial in a sweep':<34} {trial:>7.2f} s  its process {process:.2f}",
        f"{'added by Ray and the sweep':<34} {trial - process:>7.2f} s  a trial",
        f"{'more than by hand':<34} {trial - alone:>7.2f} s  ratio {ratio:.2f}",
        f"{'once for a sweep':<34} {statistics.median(once):>7.2f} s",
    ]
    return lines, {
        "trials": trials * repeats,
        "by_hand": alone,
        **{f"by_hand_{name}": seconds for name, seconds in steps.items()},
        "in_sweep": trial,
        "process": process,
        "ratio": ratio,
        "once": statistics.median(once),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=8, help="trials of a sweep, at least 2")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--out", type=Path, help="also write the output to this file")
    options = parser.parse_args(arguments)
    head = provenance()
    with tempfile.TemporaryDirectory() as folder:
        lines, result = measure(options.trials, options.repeats, Path(folder))
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
