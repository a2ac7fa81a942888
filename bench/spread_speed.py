"""Extraction in one process, and spread over workers on Ray: videos per second.

    python bench/spread_speed.py [--footage FOLDER] [--out bench/results/spread_speed.txt]

Both ways make the same features, which is checked byte for byte. One process uses every core (a
thread of ONNX Runtime for each, and one that decodes ahead), a worker uses one. What it costs to
start the cluster and the workers' networks, and to end them, is measured with videos of one frame
and stands apart. The ways are timed in turns, so that a neighbour's load falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.cluster.spread import Workers
from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone, BackboneOptions, load_backbone
from oddframe.features.extraction import Extracting, extract_anew, unfinished
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.features.spread_extraction import extract_spread
from oddframe.footage.given import Footage
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video
from provenance import provenance, publish, run

SIZE = (320, 240)


def generated(folder: Path, videos: int, frames: int) -> Manifest:
    """Videos of a texture that moves, which compress like footage rather than like noise."""
    for index in range(videos):
        random = np.random.default_rng(index)
        coarse = random.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
        image = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
        folder.mkdir(parents=True, exist_ok=True)
        with VideoWriter(folder / f"{index:04d}.mp4", 25.0, SIZE) as writer:
            for frame in range(frames):
                writer.write(np.roll(image, 2 * frame, axis=1))
    return Footage.given(folder).read()


def seconds(
    manifest: Manifest,
    videos: tuple[Video, ...],
    backbone: Backbone,
    options: BackboneOptions,
    crops: str,
    workers: int,
    out: Path,
) -> float:
    """Seconds that the features of the videos take, by so many workers; 1 is without Ray."""
    how = Extracting(manifest, backbone.name, options, SnippetPlan(crops=crops), out)
    started = time.perf_counter()
    if workers == 1:
        _, failed = extract_anew(how, backbone, unfinished(how, backbone, videos))
    else:
        failed = extract_spread(how, videos, Workers(workers)).failed
    taken = time.perf_counter() - started
    for video_id, why in failed.items():
        raise OddframeError(f"{video_id}: {why}")
    return taken


def measure(options: argparse.Namespace, work: Path) -> tuple[list[str], dict[str, Any]]:
    """The lines of the table and the numbers in them."""
    manifest = (
        Footage.given(options.footage).read()
        if options.footage
        else generated(work / "films", options.videos, options.frames)
    )
    manifest = Manifest(manifest.dataset, manifest.videos[: options.videos], manifest.root)
    tiny = generated(work / "tiny", options.workers, 1)
    chosen = BackboneOptions(options.weights)
    backbone = load_backbone(options.backbone, chosen)
    times: dict[str, list[float]] = {"one": [], "spread": [], "tiny": []}
    for repeat in range(options.repeats):
        for name, workers, footage in (
            ("one", 1, manifest),
            ("spread", options.workers, manifest),
            ("tiny", options.workers, tiny),
        ):
            out = work / f"{name}-{repeat}"
            times[name].append(
                seconds(footage, footage.videos, backbone, chosen, options.crops, workers, out)
            )
        check_same(work / f"one-{repeat}", work / f"spread-{repeat}")
    one, both, start = (statistics.median(times[name]) for name in ("one", "spread", "tiny"))
    count = len(manifest)
    frames = sum(video.frames for video in manifest)
    under_way = max(both - start, 1e-3)  # with very few videos nothing else is measurable
    lines = [
        f"{count} videos of {frames} frames, {options.backbone}, crops {options.crops}, median of "
        f"{options.repeats}",
        f"{'':<34} {'seconds':>8} {'videos/s':>9} {'ratio':>7}",
        f"{'one process':<34} {one:>8.1f} {count / one:>9.2f} {1:>6.2f}x",
        f"{f'{options.workers} workers':<34} {both:>8.1f} {count / both:>9.2f} {one / both:>6.2f}x",
        f"{'  of it, start and end':<34} {start:>8.1f}",
        f"{'  without start and end':<34} {under_way:>8.1f} {count / under_way:>9.2f} "
        f"{one / under_way:>6.2f}x",
    ]
    result = {"videos": count, "frames": frames, "backbone": options.backbone}
    result |= {"crops": options.crops, "workers": options.workers, "seconds": times}
    result |= {"ratio": one / both, "start": start, "ratio_without_start": one / under_way}
    return lines, result


def check_same(alone: Path, together: Path) -> None:
    """Both folders hold the same bytes."""
    for file in alone.rglob("*.npy"):
        if file.read_bytes() != (together / file.relative_to(alone)).read_bytes():
            raise OddframeError(f"{file.name}: the workers' features differ from one process's")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--footage", type=Path, help="folder of videos; by default generated ones")
    parser.add_argument("--videos", type=int, default=40, help="how many")
    parser.add_argument("--frames", type=int, default=250, help="of a generated video")
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--crops", default="1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the output to this file")
    options = parser.parse_args(arguments)
    if options.workers < 2 or options.videos < 2:
        parser.error("two workers and two videos at least")
    head = provenance()
    with tempfile.TemporaryDirectory() as folder:
        lines, result = measure(options, Path(folder))
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
