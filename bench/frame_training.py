"""Training on clips: samples per second, and who waits for whom.

    python bench/frame_training.py [--footage FOLDER] [--out bench/results/frame_training.txt]

Beside oddframe's way (frames decoded and resized once, memory-mapped) runs the straightforward
one that the public code has: for each clip of each step its images are read and resized. Both
serve the very same clips. Data alone is timed at several sizes in turns, so that a neighbour's
load falls on all alike; then a small ``future-frame`` is trained by oddframe's own loop on either
data, with and without ``channels_last``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor

from jpeg_footage import jpeg_footage
from oddframe.clips.batches import ClipBatches
from oddframe.clips.cached_files import FRAME_CACHE, cache_bytes, cache_frames
from oddframe.clips.frame_cache import FrameCache
from oddframe.clips.looks import picture_looks
from oddframe.detectors.one_class.future_frame import FutureFrame, FutureFrameConfig
from oddframe.media.image_series import list_images
from oddframe.training.loop import Batches, Schedule, train
from oddframe.videos.manifest import Manifest
from provenance import provenance, publish, run

CLIP_LENGTH = 5
WAYS = ("memory-mapped frames", "images per clip")


class ImageBatches(ClipBatches):
    """The same clips, each read from its images and resized, as the public code does."""

    def __init__(self, manifest: Manifest, size: int, grey: bool, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._images = {video.id: list_images(manifest.locate(video)) for video in manifest}
        self._size, self._grey = (size, size), grey

    def batch(self, step: int, part: int = 0, parts: int = 1) -> dict[str, Tensor]:
        clips = [self._read(place) for place in self.served(step)[part::parts]]
        return {"clip": torch.from_numpy(np.stack(clips))}

    def _read(self, place: np.ndarray) -> np.ndarray:
        files = self._images[self.windows.videos[place[0]]]
        flags = cv2.IMREAD_GRAYSCALE if self._grey else cv2.IMREAD_COLOR
        images = []
        for file in files[place[1] : place[1] + CLIP_LENGTH]:
            image = cv2.imread(str(file), flags)
            assert image is not None, file
            images.append(cv2.resize(image, self._size))
        clip = np.stack(images)
        return clip[..., None] if self._grey else clip


class Timed:
    """Batches that remember when they were asked for and how long they took."""

    def __init__(self, batches: ClipBatches) -> None:
        self._batches = batches
        self.asked: list[float] = []
        self.waited: list[float] = []

    @property
    def steps_per_epoch(self) -> int:
        return self._batches.steps_per_epoch

    def batch(self, step: int, part: int, parts: int) -> dict[str, Tensor]:
        self.asked.append(time.perf_counter())
        found = self._batches.batch(step, part, parts)
        self.waited.append(time.perf_counter() - self.asked[-1])
        return found


def ways(
    manifest: Manifest, cache: FrameCache, size: int, grey: bool, batch: int
) -> dict[str, ClipBatches]:
    arguments = (cache, cache.videos, CLIP_LENGTH, 1, batch, 0, 0)
    mapped = ClipBatches(*arguments)
    return dict(zip(WAYS, (mapped, ImageBatches(manifest, size, grey, *arguments)), strict=True))


def data_rates(batches: dict[str, ClipBatches], clips: int, repeats: int) -> dict[str, float]:
    """Median clips per second of each way."""
    rates: dict[str, list[float]] = {name: [] for name in batches}
    for repeat in range(repeats):
        for name, way in batches.items():
            steps = range(repeat * clips // way.batch_size, (repeat + 1) * clips // way.batch_size)
            started = time.perf_counter()
            for step in steps:
                way.batch(step)
            taken = time.perf_counter() - started
            rates[name].append(len(steps) * way.batch_size / taken)
    return {name: statistics.median(values) for name, values in rates.items()}


def training(
    batches: ClipBatches, config: FutureFrameConfig, steps: int, channels_last: bool, work: Path
) -> tuple[float, float]:
    """Samples per second and the share of the time spent waiting for data."""
    torch.manual_seed(0)
    learner = FutureFrame(config)
    if channels_last:
        learner.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
    timed = Timed(batches)
    fabric = Fabric(accelerator="cpu", devices=1)
    # The first step sets up memory; the last one is followed by saving. Neither is counted.
    _train(fabric, learner, timed, Schedule(steps + 2, steps + 2), work)
    seconds = timed.asked[-1] - timed.asked[1]
    return batches.batch_size * steps / seconds, sum(timed.waited[1:-1]) / seconds


def _train(
    fabric: Fabric, learner: FutureFrame, batches: Batches, schedule: Schedule, work: Path
) -> None:
    with tempfile.TemporaryDirectory(dir=work) as folder:
        train(fabric, learner, batches, schedule, Path(folder))


def measure(options: argparse.Namespace, work: Path) -> tuple[list[str], dict[str, Any]]:
    """The lines of the table and the numbers in them."""
    manifest = jpeg_footage(options.footage, work)
    frames = sum(video.frames for video in manifest)
    grey = options.colour == "grey"
    lines = [f"{len(manifest)} videos of {frames} frames, {options.colour}, clips of {CLIP_LENGTH}"]
    lines.append(
        f"{'data alone':<12} {WAYS[0]:>20} {WAYS[1]:>18} {'ratio':>8} {'cached once in':>16}"
    )
    result: dict[str, Any] = {"videos": len(manifest), "frames": frames, "data": [], "training": []}
    for size in options.sizes:
        started = time.perf_counter()
        looks = picture_looks(size, options.colour)
        cache = cache_frames(manifest, manifest.videos, looks, work / FRAME_CACHE, work)
        made = time.perf_counter() - started
        both = ways(manifest, cache, size, grey, options.batch)
        rates = data_rates(both, options.clips, options.repeats)
        mapped, read = (rates[name] for name in WAYS)
        megabytes = cache_bytes(manifest.videos, looks) / 1e6
        lines.append(
            f"{f'{size} px':<12} {mapped:>12.0f} clips/s {read:>10.1f} clips/s "
            f"{mapped / read:>7.1f}x {made:>5.1f} s {megabytes:>5.0f} MB"
        )
        row = {"size": size, "mapped_clips": mapped, "read_clips": read, "ratio": mapped / read}
        result["data"].append({**row, "caching_seconds": made, "megabytes": megabytes})
    config = FutureFrameConfig(
        size=options.sizes[0],
        colour=options.colour,
        width=options.width,
        discriminator_width=options.width,
        batch_size=options.batch,
    )
    shape = f"{config.size} px, width {options.width}, batch {options.batch}"
    lines.append(f"future-frame, {shape}:")
    looks = picture_looks(config.size, config.colour)
    cache = cache_frames(manifest, manifest.videos, looks, work / FRAME_CACHE, work)
    for channels_last in (True, False):
        layout = "channels_last" if channels_last else "contiguous"
        for name, way in ways(manifest, cache, config.size, grey, options.batch).items():
            speed, share = training(way, config, options.steps, channels_last, work)
            lines.append(
                f"  {layout:<14} {name:<21} {speed:>7.2f} samples/s, {share:>5.1%} waiting for data"
            )
            row = {"layout": layout, "data": name, "samples": speed, "waiting": share}
            result["training"].append(row)
    return lines, {**result, "settings": shape}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--footage", type=Path, help="folder of frame folders; by default Ped2")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--colour", choices=("rgb", "grey"), default="rgb")
    parser.add_argument("--clips", type=int, default=200, help="clips of a repeat of data alone")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=30, help="training steps that are timed")
    parser.add_argument("--out", type=Path, help="also write the output to this file")
    options = parser.parse_args(arguments)
    head = provenance()
    with tempfile.TemporaryDirectory() as folder:
        lines, result = measure(options, Path(folder))
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
