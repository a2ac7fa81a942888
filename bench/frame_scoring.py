"""Scoring with detectors of normal footage: frames per second, real time, and memory.

    python bench/frame_scoring.py [--footage FOLDER] [--out bench/results/frame_scoring.txt]

Each recipe's detector is made fresh, since its speed does not depend on its weights, or fitted to
the footage where it is fitted at once, and scores frame folders as a stream; so do the detectors
that are never trained, with their default settings. Beside those whose
clips are pictures runs the straightforward loop: for each clip all its images are read and resized
anew, and the network sees one clip at a time. Peak memory is that of a process that scores a video
file, at two lengths.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import yaml

from jpeg_footage import jpeg_footage
from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.detectors import available, load
from oddframe.detectors.contract import FrameDetector
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError
from oddframe.media.image_series import list_images
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.settings.reading import read_settings
from oddframe.verbs.train import train
from provenance import provenance, publish, run

REAL_TIME = 25.0
RECIPES = Path(__file__).resolve().parents[1] / "recipes" / "ped2-small"


def prepared(recipe: Path, footage: Path, work: Path) -> Path:
    """What :func:`fresh` takes: the recipe, or a run of it that is fitted to the footage.

    A name without a suffix is that of a detector which is never trained.
    """
    if not recipe.suffix:
        train(None, work / recipe.stem, detector=recipe.stem)
        return work / recipe.stem
    content = yaml.safe_load(recipe.read_text())
    if load(content["detector"]).DETECTOR.traits.trained == "in steps":
        return recipe
    train([footage], work / recipe.stem, **content)
    return work / recipe.stem


def fresh(source: Path) -> Any:
    """A recipe's detector with random weights, as it is after loading a run; or that of a run."""
    if source.is_dir():
        return read_run(source).detector
    content = yaml.safe_load(source.read_text())
    module = load(content["detector"])
    config = read_settings(module.CONFIG, content["detector"], content.get("settings", {}))
    torch.manual_seed(0)
    return module.DETECTOR(config).to(memory_format=torch.channels_last).eval()


def streaming(detector: FrameDetector, footage: list[Path]) -> float:
    """Frames per second from image files to scores."""
    frames, started = 0, time.perf_counter()
    for folder in footage:
        with open_video(folder) as video:
            frames += sum(1 for _ in scores_of(detector, video))
    return frames / (time.perf_counter() - started)


def naive(detector: ClipDetector, footage: list[Path]) -> float:
    """The same frames, each clip read and measured by itself."""
    frames, started = 0, time.perf_counter()
    for folder in footage:
        files = list_images(folder)
        for last in range(detector.span - 1, len(files)):
            detector.measure_clips(clip_of(detector, files, last)[None])
        frames += len(files)
    return frames / (time.perf_counter() - started)


def clip_of(detector: ClipDetector, files: list[Path], last: int) -> np.ndarray:
    """The clip that ends with an image, read as the public code reads it."""
    config = detector.config
    first = last + 1 - detector.span
    grey = config.channels == 1
    images = []
    for file in files[first : last + 1 : config.frame_step]:
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
        assert image is not None, file
        image = cv2.resize(image, (config.size, config.size))
        images.append(image[..., None] if grey else cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return np.stack(images)


def write_video(path: Path, footage: list[Path], frames: int) -> Path:
    """A video of so many frames: the footage played again and again."""
    files = itertools.cycle(file for folder in footage for file in list_images(folder))
    images = (cv2.imread(str(file), cv2.IMREAD_COLOR) for file in files)
    first = next(images)
    assert first is not None
    with VideoWriter(path, REAL_TIME, (first.shape[1], first.shape[0])) as writer:
        for image in itertools.islice(images, frames):
            assert image is not None
            writer.write(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return path


def peak_memory(source: Path, video: Path) -> float:
    """MB at most in a fresh process that scores the video."""
    command = [sys.executable, __file__, "--child", str(source), str(video)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(output.splitlines()[-1])


def child(source: Path, path: Path) -> None:
    detector = fresh(source)
    with open_video(path) as video:
        for _ in scores_of(detector, video):
            pass
    print(peak_megabytes())


def peak_megabytes() -> float:
    """The most memory that this process ever held."""
    # Not getrusage: across exec it keeps the peak of the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise OddframeError("/proc/self/status: no peak memory; this bench needs Linux")
    return int(found[1]) / 1024


def measure(options: argparse.Namespace, work: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The lines of the table and the numbers in them."""
    manifest = jpeg_footage(options.footage, work)
    footage = [manifest.locate(video) for video in manifest.videos[: options.videos]]
    frames = sum(video.frames for video in manifest.videos[: options.videos])
    never = {name for name in available() if load(name).DETECTOR.traits.needs_no_footage}
    names = options.recipes or [
        *(file.stem for file in sorted(RECIPES.glob("*.yaml"))),
        *sorted(never),
    ]
    recipes = [Path(name) if name in never else RECIPES / f"{name}.yaml" for name in names]
    lengths = options.memory_frames
    videos = [write_video(work / f"{length}.mp4", footage, length) for length in lengths]
    memory = " ".join(f"{f'MB, {length}':>10}" for length in lengths)
    lines = [
        f"{frames} frames; memory for videos of {' and '.join(map(str, lengths))} frames",
        f"{'recipe':<24} {'size':>4} {'frames/s':>9} {'x real time':>12} {'naive/s':>8} "
        f"{'ratio':>6} {memory}",
    ]
    rows = []
    for recipe in recipes:
        source = prepared(recipe, manifest.root, work)
        detector = fresh(source)
        streaming(detector, footage[:1])  # sets up memory
        fast = streaming(detector, footage)
        of_pictures = isinstance(detector.config, ClipConfig)
        side = detector.config.size if of_pictures else getattr(detector.config, "side", 120)
        slow = naive(detector, footage) if of_pictures else math.nan
        beside = f"{slow:>8.1f} {fast / slow:>5.2f}x" if of_pictures else f"{'-':>8} {'-':>6}"
        peaks = [peak_memory(source, video) for video in videos]
        lines.append(
            f"{recipe.stem:<24} {side:>4} {fast:>9.1f} {fast / REAL_TIME:>12.2f} "
            f"{beside} {' '.join(f'{peak:>10.0f}' for peak in peaks)}"
        )
        print(lines[-1], file=sys.stderr)
        row = {"recipe": recipe.stem, "size": side, "frames_per_second": fast, "peak_mb": peaks}
        rows.append({**row, "naive_frames_per_second": slow} if of_pictures else row)
    return lines, rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--footage", type=Path, help="folder of frame folders; by default Ped2")
    parser.add_argument(
        "--recipes",
        nargs="*",
        default=[],
        help=f"names in {RECIPES.name}/, or detectors that are never trained",
    )
    parser.add_argument("--videos", type=int, default=3, help="frame folders that are scored")
    parser.add_argument("--memory-frames", type=int, nargs=2, default=[300, 3000])
    parser.add_argument("--out", type=Path, help="also write the output to this file")
    parser.add_argument("--child", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        child(*options.child)
        return
    head = provenance()
    with tempfile.TemporaryDirectory() as folder:
        lines, rows = measure(options, Path(folder))
    result = {"real_time_fps": REAL_TIME, "memory_frames": options.memory_frames, "rows": rows}
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
