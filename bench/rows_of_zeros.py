"""``unmasking`` and ``mc2st`` on UCSD Ped2 as their public code computes them, and as we do.

    oddframe prepare ucsd-ped2 ../shared/data/ped2 --out ped2.jsonl
    python bench/rows_of_zeros.py ped2.jsonl

Each rule for frames in which nothing moves (``zero_rows``), with three ways of smoothing: none, our
Gaussian, and the public code's 25 taps, whose ends are padded with zeros. A look at test labels.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from oddframe.detectors import load
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.media.frames import MediaInfo
from oddframe.media.opening import open_video
from oddframe.media.pictures import PictureFrame
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from provenance import provenance, publish, run

SIZE = (160, 120)
_PLACES = np.linspace(-12.5, 12.5, 25)
TAPS = np.exp(-(_PLACES**2) / (2 * 13**2))
TAPS /= TAPS.sum()
"""The public code's filter of 25 frames."""
HEADS = ("detector", "zero_rows", "raw", "smoothed", "25 taps", "macro, smoothed", "per video, raw")


def scores_of(detector: Any, greys: dict[str, np.ndarray], fps: float) -> dict[str, np.ndarray]:
    """Unsmoothed scores of videos of grey pictures ``(frames, 120, 160)``."""
    found = {}
    for name, pictures in greys.items():
        stream = detector.stream(MediaInfo(0, fps, *SIZE, name=name))
        scores = []
        for number, picture in enumerate(pictures):
            scores += stream.push(PictureFrame(number, number / fps, picture))
        found[name] = np.array([score.value for score in scores + stream.finish()])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    head = provenance()
    truth = Manifest.read(options.manifest)
    greys = {}
    for video in truth.split("test"):
        with open_video(truth.locate(video), video.fps) as reader:
            greys[video.id] = np.stack([frame.grey(SIZE) for frame in reader])
        fps = video.fps
    rows = []
    for name, rule in product(("unmasking", "mc2st"), ("half", "newer", "constant")):
        module = load(name)
        detector = module.DETECTOR.untrained(module.CONFIG(zero_rows=rule), 0)
        raw = scores_of(detector, greys, fps)
        ways = {
            "raw": raw,
            "smoothed": {
                key: gaussian_filter1d(part, detector.smoothing_seconds * fps, mode="nearest")
                for key, part in raw.items()
            },
            "taps": {key: np.convolve(part, TAPS, "same") for key, part in raw.items()},
            "per video": {key: (part - part.min()) / np.ptp(part) for key, part in raw.items()},
        }
        measured = {
            way: evaluate_scores(Scores(values, {}), truth).metrics for way, values in ways.items()
        }
        micro = {way: metrics["micro_auc"] for way, metrics in measured.items()}
        cells = [micro["raw"], micro["smoothed"], micro["taps"]]
        cells += [measured["smoothed"]["macro_auc"], micro["per video"]]
        spans = [f"{part.value:.3f} [{part.low:.3f}, {part.high:.3f}]" for part in cells]
        rows.append([name, rule, *spans])
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    publish(head, [f"| {' | '.join(line)} |" for line in lines], {"rows": rows}, options.out)


if __name__ == "__main__":
    run(main)
