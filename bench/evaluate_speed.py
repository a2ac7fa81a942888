"""How much processor time an evaluation of UCF-Crime's size takes, beside the naive bootstrap.

    python bench/evaluate_speed.py

290 videos, 1.1 million frames, 1000 resamples of whole videos. Frame counts and events are
UCF-Crime's own where $ODDFRAME_DATA (default ../shared/data) has them, else made up in its size;
the scores are simulated: noise that is correlated over time, an offset per video, and a rise in
the events, once with all values distinct (the slowest case) and once with one value per 16 frames
(what most weakly supervised methods give). The naive way recomputes a few
resamples with scikit-learn from their frames; its time for 1000 is extrapolated, and its numbers
are checked against ours. It computes five metrics: micro AUC, AP, EER, and AUC and AP on
anomalous videos.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

import oddframe
from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.frame_samples import Truth, frame_samples
from oddframe.files.atomic import write_text
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

HERE = Path(__file__).resolve().parent
LOAD = os.getloadavg()
METRICS = ("micro_auc", "average_precision", "equal_error_rate", "anomalous_auc", "anomalous_ap")
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--naive", type=int, default=5, help="resamples measured the naive way")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "evaluate_speed.txt")
    options = parser.parse_args()

    manifest, source = test_set()
    scores = simulated_scores(manifest.videos)
    truth = Truth.of(manifest.videos)
    weights = draw_videos(truth.anomalous, options.resamples)

    samples, frame_seconds = timed(lambda: frame_samples(scores, truth, weights).metrics)
    naive, naive_seconds = timed(
        lambda: [naive_metrics(scores, truth, row) for row in weights[1 : 1 + options.naive]]
    )
    each = naive_seconds / len(naive)
    evaluation, full_seconds = timed(
        lambda: evaluate_scores(scores, manifest, resamples=options.resamples)
    )
    coarse = Scores({key: snippets(scores[key]) for key in scores}, scores.meta)
    _, coarse_seconds = timed(
        lambda: evaluate_scores(coarse, manifest, resamples=options.resamples)
    )
    apart = max(
        abs(float(samples[name][1 + row]) - values[name])
        for row, values in enumerate(naive)
        for name in METRICS
    )
    number = evaluation.metrics["micro_auc"]
    extrapolated = each * options.resamples
    result = {
        "videos": evaluation.videos,
        "frames": evaluation.frames,
        "anomalous_frames": evaluation.anomalous_frames,
        "resamples": options.resamples,
        "frame_metrics_seconds": round(frame_seconds, 2),
        "evaluate_scores_seconds": round(full_seconds, 2),
        "evaluate_scores_snippets_seconds": round(coarse_seconds, 2),
        "naive_seconds_per_resample": round(each, 3),
        "naive_seconds_extrapolated": round(extrapolated, 1),
        "times_faster": round(extrapolated / frame_seconds),
        "largest_difference": apart,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load_average_before": LOAD[0],
    }
    lines = [
        f"date      {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"command   python bench/evaluate_speed.py {' '.join(sys.argv[1:])}".rstrip(),
        f"machine   {machine()}",
        f"software  oddframe {oddframe.__version__} ({commit()}), Python "
        f"{platform.python_version()}, NumPy {np.__version__}",
        f"data      {source}: {evaluation.videos} videos, {evaluation.frames:,} frames, "
        f"{evaluation.anomalous_frames:,} anomalous; simulated scores",
        f"micro AUC {number.value:.4f} [{number.low:.4f}, {number.high:.4f}]",
        "",
        f"{'what, with ' + str(options.resamples) + ' resamples of videos':64}{'processor s':>12}",
        f"{'frame metrics: micro, macro, anomalous-only, AP, EER, alarms':64}{frame_seconds:12.2f}",
        f"{'evaluate_scores: these, 13 classes, 5 baselines, curves':64}{full_seconds:12.2f}",
        f"{'evaluate_scores, one score per 16 frames':64}{coarse_seconds:12.2f}",
        f"{f'naive, five of them ({len(naive)} resamples measured, extrapolated)':64}"
        f"{extrapolated:12.1f}",
        f"largest difference to the naive numbers: {apart:.1e}",
        "",
        json.dumps(result),
    ]
    print("\n".join(lines))
    write_text(options.out, "\n".join(lines) + "\n")


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What it gives and the seconds of all threads, which other work on the machine moves least."""
    start = time.process_time()
    return work(), time.process_time() - start


def test_set() -> tuple[Manifest, str]:
    folder = Path(os.environ.get("ODDFRAME_DATA", HERE.parent.parent / "shared" / "data"))
    folder = folder / "annotations" / "ucf-crime"
    rows = folder / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"
    if not rows.exists():
        return Manifest("generated", made_up_videos()), "made up in UCF-Crime's size"
    with (folder / "frame_counts.csv").open() as stream:
        frames = {row["video"]: int(row["frames"]) for row in csv.DictReader(stream)}
    videos = []
    for line in rows.read_text().splitlines():
        file, name, *numbers = line.split()
        key = file.removesuffix(".mp4")
        # 1-based and inclusive; -1 means no interval.
        pairs = [(int(a), int(b)) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
        events = tuple(Event(a - 1, min(b, frames[key]), name) for a, b in pairs if a > 0)
        videos.append(video(key, frames[key], events))
    return Manifest("ucf-crime", tuple(videos)), "UCF-Crime's test annotation"


def made_up_videos() -> tuple[Video, ...]:
    generator = np.random.default_rng(0)
    videos = []
    for index in range(290):
        length = int(min(generator.lognormal(7.6, 1), 100_000)) + 500
        start = length // 3
        event = Event(start, start + min(length // 4, 700), f"class {index % 13}")
        videos.append(video(f"v{index}", length, (event,) if index < 140 else ()))
    return tuple(videos)


def video(key: str, frames: int, events: tuple[Event, ...]) -> Video:
    label = "anomalous" if events else "normal"
    classes = tuple({event.name for event in events})
    return Video(key, key, "test", label, frames, 30.0, 320, 240, classes, events)


def simulated_scores(videos: tuple[Video, ...]) -> Scores:
    from scipy.ndimage import gaussian_filter1d

    generator = np.random.default_rng(1)
    values = {}
    for one in videos:
        noise = gaussian_filter1d(generator.normal(size=one.frames), 15) * 7
        offset = 0.7 * generator.normal() + 0.8 * (one.label == "anomalous")
        values[one.id] = noise + offset + 1.2 * one.frame_labels()
    return Scores(values, {"detector": "simulated", "threshold": 1.5})


def snippets(scores: np.ndarray) -> np.ndarray:
    return np.repeat(scores[::16], 16)[: len(scores)]


def naive_metrics(scores: Scores, truth: Truth, weights: np.ndarray) -> dict[str, float]:
    drawn = np.repeat(np.arange(len(truth.videos)), weights)
    values = np.concatenate([scores[truth.videos[i].id] for i in drawn])
    labels = np.concatenate([truth.videos[i].frame_labels() for i in drawn])
    inside = np.repeat(truth.anomalous[drawn], truth.lengths[drawn])
    false, true, _ = roc_curve(labels, values, drop_intermediate=False)
    after = int(np.argmax(false + true >= 1))
    x, y = false[after - 1 : after + 1], true[after - 1 : after + 1]
    share = (1 - x[0] - y[0]) / (x[1] + y[1] - x[0] - y[0])
    return {
        "micro_auc": float(roc_auc_score(labels, values)),
        "average_precision": float(average_precision_score(labels, values)),
        "equal_error_rate": float(x[0] + share * (x[1] - x[0])),
        "anomalous_auc": float(roc_auc_score(labels[inside], values[inside])),
        "anomalous_ap": float(average_precision_score(labels[inside], values[inside])),
    }


def machine() -> str:
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        rows = [row for row in info.read_text().splitlines() if row.startswith("model name")]
        name = rows[0].split(":", 1)[1].strip() if rows else name
    return f"{os.cpu_count()} cores, {name}; load average before: {LOAD[0]:.1f}"


def commit() -> str:
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no commit"


if __name__ == "__main__":
    main()
