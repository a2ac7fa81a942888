"""Throughput of feature extraction beside the straightforward loops.

Joins clips of ``$ODDFRAME_DATA/surveillance-fights`` into one video and extracts ten-crop features
with the default backbone's ONNX network in three ways:

- every frame: for each crop, the video is decoded anew, as scripts do that write one file per
  crop; each of the 16 frames of a snippet is converted, resized, cut and given to the network
  alone. What the public frame-by-frame scripts do.
- sampled frames: the same loop, but it knows that only 4 frames per snippet are wanted, and
  skips the others after decoding. Same features as oddframe's.
- oddframe: one decoding pass for all crops, in a thread beside the network; batches.

Prints a table and one JSON line, in snippets per second (a snippet has all its crops). The times
do not include loading the network.

    python bench/extract_speed.py [--frames 480] [--crops 10] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from oddframe.features.backbones import DEFAULT, Backbone, BackboneOptions, load_backbone
from oddframe.features.backbones.lite0_snippets import Lite0Snippets
from oddframe.features.crops import crop_names, cut, resized
from oddframe.features.extraction import Extracting, extract_anew, unfinished
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.footage.folder import prepare_folder
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter

SIZE = (320, 240)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=480)
    parser.add_argument("--crops", default="10")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    network = load_backbone(DEFAULT, BackboneOptions())
    assert isinstance(network, Lite0Snippets)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        video = joined_clips(work / "videos" / "joined.mp4", options.frames)
        found: dict[str, np.ndarray] = {}
        ways: dict[str, Callable[[], np.ndarray]] = {
            "every frame": lambda: one_by_one(video, network, options.crops, 1),
            "sampled frames": lambda: one_by_one(video, network, options.crops, 4),
            "oddframe": lambda: ours(work, network, options.crops),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        # In turns, so that a neighbour's load falls on all alike.
        for _ in range(options.repeats):
            for name, way in ways.items():
                start = time.perf_counter()
                found[name] = way()
                seconds[name].append(time.perf_counter() - start)
    difference = float(np.abs(found["sampled frames"] - found["oddframe"]).max())
    snippets = len(found["oddframe"])
    speeds = {name: snippets / statistics.median(times) for name, times in seconds.items()}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{snippets} snippets of {SIZE[0]}x{SIZE[1]} pixels, crops {options.crops}")
    for name, speed in speeds.items():
        print(f"{name:<16}{speed:8.2f} snippets/s  oddframe is {speeds['oddframe'] / speed:.2f}x")
    print(f"largest difference to the loop over sampled frames: {difference:.2g}")
    result = {"crops": options.crops, "snippets": snippets, "snippets_per_second": speeds}
    print(json.dumps({**result, "seconds": seconds, "largest_difference": difference}))


def joined_clips(path: Path, frames: int) -> Path:
    """The first frames of real clips, one after the other."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("ODDFRAME_DATA", default)) / "surveillance-fights"
    path.parent.mkdir(parents=True)
    count = 0
    with VideoWriter(path, 25.0, SIZE) as writer:
        for clip in sorted(data.glob("*/*.mp4")):
            with open_video(clip) as reader:
                for frame in reader:
                    if count < frames:
                        writer.write(frame.rgb(SIZE))
                        count += 1
            if count == frames:
                break
    return path


def one_by_one(video: Path, network: Lite0Snippets, layout: str, every: int) -> np.ndarray:
    """One decoding pass per crop, one frame at a time: ``(snippets, crops, channels)``."""
    side = network.input_size
    crops = []
    for crop in range(len(crop_names(layout))):
        embeddings = []
        with open_video(video) as reader:
            size = resized(layout, reader.info.width, reader.info.height, side)
            for frame in reader:
                if frame.index % every == 0:
                    image = cut(frame.rgb(size), layout, side)[crop]
                    embeddings.append(network.embed(image[None])[0])
        per_snippet = 16 // every
        snippets = np.stack(embeddings).reshape(-1, per_snippet, embeddings[0].size)
        change = np.abs(np.diff(snippets, axis=1)).mean(axis=1)
        crops.append(np.concatenate([snippets.mean(axis=1), change], axis=1))
    return np.stack(crops, axis=1)


def ours(work: Path, network: Backbone, layout: str) -> np.ndarray:
    """The same through :func:`extract_anew`, reading and writing included."""
    manifest = prepare_folder(work / "videos")
    with tempfile.TemporaryDirectory(dir=work) as out:
        plan = SnippetPlan(crops=layout)
        how = Extracting(manifest, DEFAULT, BackboneOptions(), plan, Path(out))
        extract_anew(how, network, unfinished(how, network, manifest.videos))
        return np.array(FeatureFolder.open(out).read("joined"))


if __name__ == "__main__":
    main()
