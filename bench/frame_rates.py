"""The demo's scene at lower frame rates, judged by a run that was fitted at its own.

    python bench/frame_rates.py [--seed 210] [--rates 12.5,8,6,5,4,3]

Renders the scene, fits the default detector on its normal videos, encodes its test videos anew with
frames left out (FFmpeg), and scores these causally. Prints for each rate the frame AUC, the events
that rise above the threshold, and frames above it that are 3 s and more away from an event.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import cast

import numpy as np
from sklearn.metrics import roc_auc_score

from oddframe import train
from oddframe.datasets.synthetic import prepare_synthetic
from oddframe.detectors.contract import FrameDetector
from oddframe.detectors.stepping import scores_of
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import read_run
from oddframe.videos.video import Video

NEAR_SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=210)
    parser.add_argument("--rates", default="12.5,8,6,5,4,3")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        manifest = prepare_synthetic(work / "scene", seed=options.seed)
        train(work / "scene" / "training", work / "run", track=["none"])
        detector = cast(FrameDetector, read_run(work / "run").detector)
        print("frames/s    AUC  events found  false frames")
        for rate in map(float, options.rates.split(",")):
            parts = []
            for video in manifest.split("test"):
                slow = work / f"{video.id}-{rate:g}.mp4"
                slowed = ["-vf", f"fps={rate:g}", "-crf", "18", "-g", "12", str(slow)]
                source = str(manifest.locate(video))
                subprocess.run(["ffmpeg", "-v", "error", "-i", source, *slowed], check=True)
                parts.append(judged(detector, slow, video))
            odd, scores, far, found = (np.concatenate(part) for part in zip(*parts, strict=True))
            false = (scores > detector.threshold) & far
            print(
                f"{rate:>8g} {roc_auc_score(odd, scores):>6.3f} "
                f"{f'{found.sum():.0f} of {found.size}':>13} {f'{false.sum()} of {far.sum()}':>13}",
                flush=True,
            )


def judged(detector: FrameDetector, path: Path, video: Video) -> tuple[np.ndarray, ...]:
    """Truth and score of each frame, whether it is far from all events; events that are found."""
    with open_video(path) as slow:
        seconds = np.array([frame.seconds for frame in slow])
    with open_video(path) as slow:
        scores = np.array([score.value for score in scores_of(detector, slow, video.id)])
    spans = [(event.start / video.fps, event.end / video.fps) for event in video.events]
    odd = np.zeros(seconds.size, bool)
    far = np.ones(seconds.size, bool)
    found = []
    for start, end in spans:
        inside = (seconds >= start) & (seconds < end)
        odd |= inside
        far &= (seconds < start - NEAR_SECONDS) | (seconds >= end + NEAR_SECONDS)
        found.append(bool((scores[inside] > detector.threshold).any()))
    return odd, scores, far, np.array(found, bool)


if __name__ == "__main__":
    main()
