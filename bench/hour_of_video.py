"""Memory and processor time of a method that is never trained, over a long video.

    python bench/hour_of_video.py unmasking ped2.jsonl --frames 90000

The test videos of a manifest are shown again and again, as grey pictures of 160x120 that are held
in memory; one hour of 25 frames a second by default. What a process holds at its peak is printed
every ten minutes of video, so that growth is seen.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from oddframe.detectors import load
from oddframe.media.frames import MediaInfo
from oddframe.media.opening import open_video
from oddframe.media.pictures import PictureFrame
from oddframe.videos.manifest import Manifest
from provenance import provenance, publish, run

SIZE = (160, 120)
FPS = 25.0
SHOWN_EVERY = 15_000


def pictures(manifest: Manifest) -> Iterator[np.ndarray]:
    """The test videos' frames in grey."""
    for video in manifest.split("test"):
        with open_video(manifest.locate(video), video.fps) as reader:
            for frame in reader:
                yield frame.grey(SIZE)


def peak_mb() -> float:
    """What this process has held at most, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s*(\d+)", status)
    assert found
    return int(found[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("detector")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--frames", type=int, default=90_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    head = provenance()
    module = load(options.detector)
    held = list(pictures(Manifest.read(options.manifest)))
    stream = module.DETECTOR.untrained(module.CONFIG(), 0).stream(
        MediaInfo(0, FPS, *SIZE, name="hour")
    )
    lines = [f"before: {peak_mb():.0f} MB"]
    begun, given = time.process_time(), 0
    for number in range(options.frames):
        picture = PictureFrame(number, number / FPS, held[number % len(held)])
        given += len(stream.push(picture))
        if (number + 1) % SHOWN_EVERY == 0:
            spent = time.process_time() - begun
            lines.append(
                f"{number + 1} frames, {given} scores: {peak_mb():.0f} MB, {spent:.1f} s of CPU"
            )
    given += len(stream.finish())
    spent = time.process_time() - begun
    lines.append(f"finished, {given} scores: {peak_mb():.0f} MB, {spent:.1f} s of CPU")
    row = {"detector": options.detector, "frames": given, "peak_mb": peak_mb(), "seconds": spent}
    publish(head, lines, {"rows": [row]}, options.out)


if __name__ == "__main__":
    run(main)
