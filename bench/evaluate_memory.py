"""How much memory ``oddframe evaluate`` takes, beside the size of the scores themselves.

    python bench/evaluate_memory.py

Simulated scores, all values distinct (the largest case): noise and a rise in the events; half of
the videos are anomalous, of 13 classes, with a tenth of all frames. What is measured is the verb as
it is called, reading included, in a process of its own: the peak of its resident memory above what
it holds once it has evaluated a few small videos, so that everything is imported.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from oddframe.scores import Scores
from oddframe.verbs.evaluate import evaluate
from oddframe.videos import Event, Manifest, Video
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
MB = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2_000_000)
    parser.add_argument("--videos", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--report", action="store_true", help="with the report page as well")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "evaluate_memory.txt")
    options = parser.parse_args()

    head = provenance()
    size = options.frames * 4 / MB
    lines = ["", f"{'':34}{'scores':>10}{'peak above imports':>22}{'ratio':>8}{'seconds':>10}"]
    result = []
    for videos in options.videos:
        with tempfile.TemporaryDirectory() as folder:
            few, many = Path(folder) / "few", Path(folder) / "many"
            simulate(few, 3000, 30)
            simulate(many, options.frames, videos)
            # A new process, so that nothing that was freed before is there to be used again.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                work = pool.submit(peak, few, many, options.resamples, options.report)
                above, seconds = work.result()
        name = f"{options.frames:,} frames, {videos:,} videos"
        lines.append(
            f"{name:34}{size:7.1f} MB{above / MB:19.1f} MB{above / MB / size:8.1f}{seconds:10.1f}"
        )
        result.append({"videos": videos, "frames": options.frames, "peak_mb": above / MB})
        result[-1] |= {"ratio": above / MB / size, "seconds": seconds, "report": options.report}
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


def peak(few: Path, many: Path, resamples: int, report: bool) -> tuple[int, float]:
    """Bytes above what is resident after a small evaluation, and the seconds of the large one."""
    for folder in (few, many):
        before, started = resident("VmRSS"), time.perf_counter()
        evaluate(
            *(folder / "scores.npz", folder / "manifest.jsonl", folder / "report"),
            resamples=resamples,
            report=report,
        )
    return resident("VmHWM") - before, time.perf_counter() - started


def resident(which: str) -> int:
    """Resident memory in bytes: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {which} in /proc/self/status")


if __name__ == "__main__":
    run(main)
