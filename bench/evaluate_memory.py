"""How much memory and processor time ``oddframe evaluate`` takes, beside the size of the scores.

    python bench/evaluate_memory.py

Simulated scores, all values distinct (the largest case): noise and a rise in the events; half of
the videos are anomalous, of 13 classes, with a tenth of all frames. There is no footage, so the
report has no pictures. What is measured is the verb as it is called, with intervals, baselines and
report, reading included, in a process of its own: the peak of its resident memory above what it
holds once it has evaluated a few small videos, so that everything is imported.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from oddframe.evaluation.result import Evaluation
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.evaluate import evaluate
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
MB = 1e6


class Peak(NamedTuple):
    """Memory and time of one evaluation, and its numbers."""

    above: int
    """Bytes above what is resident after a small evaluation."""
    processor: float
    """Seconds of all threads."""
    seconds: float
    report: int
    """Bytes of the report page, 0 without one."""
    metrics: dict[str, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2_000_000)
    parser.add_argument("--videos", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "evaluate_memory.txt")
    options = parser.parse_args()

    head = provenance()
    size = options.frames * 4 / MB
    columns = ("scores", "peak above imports", "processor", "elapsed", "report")
    lines = ["", f"{'':34}" + "".join(f"{name:>20}" for name in columns)]
    result = []
    for videos in options.videos:
        with tempfile.TemporaryDirectory() as folder:
            few, many = Path(folder) / "few", Path(folder) / "many"
            simulate(few, 3000, 30)
            simulate(many, options.frames, videos)
            # A new process, so that nothing that was freed before is there to be used again.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                work = pool.submit(peak, few, many, options.resamples, True)
                found = work.result()
        cells = [f"{size:.1f} MB", f"{found.above / MB:.1f} MB", f"{found.processor:.1f} s"]
        cells += [f"{found.seconds:.1f} s", f"{found.report / MB:.1f} MB"]
        name = f"{options.frames:,} frames, {videos:,} videos"
        lines.append(f"{name:34}" + "".join(f"{cell:>20}" for cell in cells))
        result.append({"videos": videos, "frames": options.frames, "peak_mb": found.above / MB})
        result[-1] |= {"processor_seconds": found.processor, "seconds": found.seconds}
        result[-1] |= {"report_mb": found.report / MB}
    publish(head, lines, result, options.out)


def simulate(folder: Path, frames: int, videos: int) -> None:
    """Write ``scores.npz`` and ``manifest.jsonl`` of made-up videos of different lengths."""
    generator = np.random.default_rng(0)
    shares = generator.lognormal(0, 0.7, videos)
    lengths = np.maximum((shares / shares.sum() * frames).astype(int), 20)
    lengths[-1] += frames - lengths.sum()
    found, values = [], {}
    for index, length in enumerate(map(int, lengths)):
        start, odd = length // 3, max(length // 5, 1)
        events = (Event(start, start + odd, f"class {index % 13}"),) if index % 2 else ()
        label = "anomalous" if events else "normal"
        name = f"video_{index:05d}"
        found.append(Video(name, "", "test", label, length, 25.0, 0, 0, (), events))
        noise = generator.normal(size=length) + found[-1].frame_labels()
        values[name] = noise.astype(np.float32)
    Manifest("made-up", tuple(found)).write(folder / "manifest.jsonl")
    Scores(values, {"detector": "simulated", "threshold": 2.0}).write(folder / "scores.npz")


def peak(few: Path, many: Path, resamples: int, report: bool) -> Peak:
    """Memory and time of a large evaluation after a small one."""

    def measured(folder: Path) -> Evaluation:
        return evaluate(
            *(folder / "scores.npz", folder / "manifest.jsonl", folder / "report"),
            resamples=resamples,
            report=report,
        )

    measured(few)
    before, processor, started = resident("VmRSS"), time.process_time(), time.perf_counter()
    numbers = measured(many)
    page = many / "report" / "report.html"
    return Peak(
        resident("VmHWM") - before,
        time.process_time() - processor,
        time.perf_counter() - started,
        page.stat().st_size if report else 0,
        {name: number.value for name, number in numbers.metrics.items()},
    )


def resident(which: str) -> int:
    """Resident memory in bytes: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {which} in /proc/self/status")


if __name__ == "__main__":
    run(main)
