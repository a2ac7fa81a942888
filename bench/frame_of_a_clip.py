"""How a frame comes by its error where whole clips are reconstructed: four ways, on one run.

    python bench/frame_of_a_clip.py runs/conv-ae-clip ped2.jsonl

A clip of ten has an error for each of its frames, and every frame lies in ten clips; papers do not
say which of the errors is the frame's. The run is one of ``conv-ae-clip`` (errors are sums of
absolute differences, as its term is). Frame AUC raw and with each test video scaled by its own
extremes. It looks at test labels, and chooses nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from oddframe.calibration.video_scales import over_greatest, within_video
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from provenance import provenance, publish, run

AT_ONCE = 16
SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "raw": lambda errors: errors,
    "Hasan's form": over_greatest,
    "range form": within_video,
}


@torch.no_grad()
def errors_by_place(detector: Any, images: np.ndarray) -> np.ndarray:
    """Error of frame t as the k-th of a clip, ``(frames, frames of a clip)``; NaN where none is."""
    length = detector.clip_length
    found = np.full((len(images), length), np.nan)
    starts = np.arange(len(images) - length + 1)
    for some in np.split(starts, range(AT_ONCE, len(starts), AT_ONCE)):
        clips = np.stack([images[start : start + length] for start in some])
        clip = detector.centred(detector.as_pixels(torch.from_numpy(clips)))
        away = (detector.reconstructed(clip) - clip).abs().sum((2, 3, 4)).numpy()
        for start, row in zip(some, away, strict=True):
            found[start + np.arange(length), np.arange(length)] = row
    return found


def ways(errors: np.ndarray) -> dict[str, np.ndarray]:
    """One error a frame, four ways; a frame without one takes that of the nearest that has one."""
    length = errors.shape[1]
    clips = [np.trace(errors[end - length + 1 : end + 1]) for end in range(length - 1, len(errors))]
    return {
        "the clip that ends with it": _filled(errors[:, -1]),
        "the clip in whose middle it lies": _filled(errors[:, length // 2]),
        "the mean over all clips that hold it": np.nanmean(errors, axis=1),
        "all frames of the clip that ends with it": _filled(
            np.concatenate([np.full(length - 1, np.nan), clips])
        ),
    }


def _filled(values: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(~np.isnan(values))
    return values[np.clip(np.arange(len(values)), known[0], known[-1])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    head = provenance()
    detector: Any = read_run(options.run).detector
    truth = Manifest.read(options.manifest)
    found: dict[str, dict[str, np.ndarray]] = {}
    for video in truth.split("test"):
        with open_video(truth.locate(video), video.fps) as reader:
            images = np.stack([detector.looks.of(frame) for frame in reader])
        for way, values in ways(errors_by_place(detector, images)).items():
            found.setdefault(way, {})[video.id] = values
    lines = [f"| a frame's error is that of | {' | '.join(SCALES)} | macro |", "|---" * 5 + "|"]
    rows = []
    for way, videos in found.items():
        row: dict[str, Any] = {"way": way}
        for name, scale in SCALES.items():
            scores = Scores({video: scale(values) for video, values in videos.items()})
            metrics = evaluate_scores(scores, truth, resamples=0).metrics
            row[name] = metrics["micro_auc"].value
            row["macro"] = metrics["macro_auc"].value
        rows.append(row)
        lines.append(f"| {way} | {' | '.join(f'{row[k]:.3f}' for k in (*SCALES, 'macro'))} |")
    publish(head, lines, {"rows": rows}, options.out)


if __name__ == "__main__":
    run(main)
