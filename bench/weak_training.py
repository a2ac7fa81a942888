"""Training on bags of UCF-Crime's shape: steps per second, and who waits for whom.

    python bench/synthetic_features.py ANNOTATIONS --out /tmp/ucf --share 0.05 --dtype float16
    oddframe prepare ucf-crime ANNOTATIONS --features /tmp/ucf --allow_partial true \
        --out /tmp/ucf.jsonl
    python bench/weak_training.py /tmp/ucf.jsonl /tmp/ucf

Beside oddframe's way (segments pooled once, memory-mapped) runs the straightforward one that the
public code has: for each sample of each step the video's whole feature file is read and pooled.
Both feed the same RTFM the same bags. Data alone is timed at the published batch of 32 + 32
videos, training at ``--batch``, since two CPU cores need a minute for a step of 64 ten-crop bags.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

from oddframe.bags.batches import BagBatches
from oddframe.bags.segments import SEGMENT_CACHE, average_segments, pool_segments
from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.videos.manifest import Manifest

SEGMENTS = 32


class StraightforwardBatches(BagBatches):
    """The same bags, each from its video's feature file."""

    def __init__(self, features: FeatureFolder, ids: list[str], *arguments: object) -> None:
        super().__init__(*arguments)  # ty: ignore[invalid-argument-type]
        self._features, self._ids = features, ids

    def batch(self, step: int, part: int = 0, parts: int = 1) -> dict[str, torch.Tensor]:
        bags = {}
        for label in ("normal", "anomalous"):
            rows = self.served(label, step)[part::parts]
            files = [self._features.files[self._ids[row]][0] for row in rows]
            pooled = [
                average_segments(np.load(file).astype(np.float32), SEGMENTS) for file in files
            ]
            bags[label] = torch.from_numpy(np.stack(pooled))
        return bags


def data_rate(batches: BagBatches, steps: int) -> float:
    started = time.perf_counter()
    for step in range(steps):
        batches.batch(step)
    return steps / (time.perf_counter() - started)


def training(batches: BagBatches, shape: BagShape, steps: int) -> tuple[float, float]:
    """Steps per second, and the share of the time spent waiting for data."""
    learner = RTFM(RTFMConfig(), shape)
    optimiser = learner.optimisers()["network"]
    learner.train()
    waited, started = 0.0, 0.0
    for step in range(steps + 1):
        if step == 1:  # the first step sets up memory
            waited, started = 0.0, time.perf_counter()
        before = time.perf_counter()
        batch = batches.batch(step)
        waited += time.perf_counter() - before
        loss = learner.losses("network", batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    took = time.perf_counter() - started
    return steps / took, waited / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("--batch", type=int, default=4, help="bags per class in the training steps")
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    features = FeatureFolder.open(options.features)
    videos = Manifest.read(options.manifest).split("train", "val")
    ids = [video.id for video in videos]
    there = set((options.features / SEGMENT_CACHE).glob("*.npy"))
    started = time.perf_counter()
    segments = pool_segments(features, ids, SEGMENTS, "average", options.features)
    pooling = time.perf_counter() - started
    made = set((options.features / SEGMENT_CACHE).glob("*.npy")) - there
    shape = BagShape(features.crops, features.channels)
    snippets = sum(features.snippets(video_id) for video_id in ids)
    result: dict[str, float | str | int | None] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "videos": len(ids),
        "snippets": snippets,
        "pooling_seconds": pooling if made else None,
    }
    ways = {
        "memory-mapped segments": lambda n: BagBatches(segments, videos, n, 0),
        "whole files per sample": lambda n: StraightforwardBatches(
            features, ids, segments, videos, n, 0
        ),
    }
    both = f"training, {options.batch} + {options.batch}"
    print(f"{'':<24} {'data alone, 32 + 32':>20} {both:>18} {'waiting for data':>17}")
    for name, way in ways.items():
        rate = data_rate(way(32), 5)
        speed, share = training(way(options.batch), shape, options.steps)
        print(f"{name:<24} {rate:>12.2f} steps/s {speed:>10.3f} steps/s {share:>16.1%}")
        key = name.split()[0].replace("-", "_")
        result |= {f"{key}_data": rate, f"{key}_training": speed, f"{key}_waiting": share}
    longest = max(ids, key=lambda i: min(features.snippets(i), 4000))
    bag = features.read(longest)[:4000]
    detector = RTFM(RTFMConfig(), shape)
    started = time.perf_counter()
    detector.score_snippets(bag)
    rate = len(bag) / (time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    frames = rate * 16
    print(f"scoring {rate:.0f} ten-crop snippets/s = {frames / 30:.0f} times real time at 30 fps")
    print(f"peak memory {memory:.0f} MB")
    result |= {"scoring_snippets": rate, "peak_mb": memory}
    print(json.dumps(result))


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
