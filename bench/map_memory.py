"""How much memory and processor time ``oddframe evaluate`` takes for score maps of many videos.

    python bench/map_memory.py

Made-up maps of float16: smooth noise, and a blob where half of the videos have a masked object. It
is the verb that is measured, reading included, in a process of its own: the peak of its resident
memory above what it holds once it has evaluated two small videos. Half of the videos have masks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from evaluate_memory import MB, peak
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
FRAMES, MAP, SIZE = 100, (60, 90), (180, 120)
"""Frames of a video, height and width of a map, width and height of a video."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "map_memory.txt")
    options = parser.parse_args()

    head = provenance()
    columns = ("maps", "peak above imports", "processor", "pixel AUC", "RBDC", "TBDC")
    lines = ["", f"{'':28}" + "".join(f"{name:>20}" for name in columns)]
    result = []
    for videos in options.videos:
        with tempfile.TemporaryDirectory() as folder:
            few, many = Path(folder) / "few", Path(folder) / "many"
            simulate(few, 2)
            simulate(many, videos)
            size = sum(file.stat().st_size for file in (many / "maps").iterdir())
            # A new process, so that nothing that was freed before is there to be used again.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                found = pool.submit(peak, few, many, options.resamples, False).result()
        values = [found.metrics[name] for name in ("pixel_auc", "rbdc", "tbdc")]
        cells = [f"{size / MB:.0f} MB", f"{found.above / MB:.0f} MB", f"{found.processor:.0f} s"]
        cells += [f"{value:.6f}" for value in values]
        name = f"{videos} videos, {videos * FRAMES:,} maps"
        lines.append(f"{name:28}" + "".join(f"{cell:>20}" for cell in cells))
        result.append({"videos": videos, "maps_mb": size / MB, "peak_mb": found.above / MB})
        result[-1] |= {"processor_seconds": found.processor, "values": values}
    publish(head, lines, result, options.out)


def simulate(folder: Path, videos: int) -> None:
    """Write ``scores.npz``, ``maps/``, ``masks/`` and ``manifest.jsonl``."""
    generator = np.random.default_rng(0)
    (folder / "maps").mkdir(parents=True)
    (folder / "masks").mkdir()
    rows, columns = np.mgrid[: MAP[0], : MAP[1]]
    found, values = [], {}
    for index in range(videos):
        name = f"video_{index:05d}"
        noise = generator.normal(size=(FRAMES, *MAP)).astype(np.float32)
        maps = np.stack([cv2.GaussianBlur(one, (0, 0), 2) for one in noise]) * 4
        odd = index % 2 == 1
        if odd:
            mask = np.zeros((FRAMES, *SIZE[::-1]), bool)
            y, x = generator.integers(15, 45), generator.integers(20, 70)
            blob = 2 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 50)
            maps[30:60] += blob.astype(np.float32)
            mask[30:60] = cv2.resize(blob, SIZE) > 1
            np.save(folder / "masks" / f"{name}.npy", mask)
        events = (Event(30, 60, f"class {index % 13}"),) if odd else ()
        label, masked = ("anomalous", f"masks/{name}.npy") if odd else ("normal", None)
        found.append(Video(name, "", "test", label, FRAMES, 25.0, *SIZE, (), events, mask=masked))
        np.save(folder / "maps" / f"{name}.npy", maps.astype(np.float16))
        values[name] = maps.max(axis=(1, 2))
    Manifest("made-up", tuple(found), root=folder).write(folder / "manifest.jsonl")
    Scores(values, {"detector": "simulated"}).write(folder / "scores.npz")


if __name__ == "__main__":
    run(main)
