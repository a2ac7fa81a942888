"""Scoring with a detector that looks at frames: one video, one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from oddframe.detections import Detection, find_detections
from oddframe.detectors.base import FrameDetector, FrameScore
from oddframe.errors import OddframeError
from oddframe.media import open_video
from oddframe.score_maps import map_writer
from oddframe.videos import Manifest, Video


def score_frames(
    detector: FrameDetector,
    manifest: Manifest,
    video: Video,
    map_path: Path,
    causal: bool,
    threshold: float,
    count: Callable[[str, int, int | None], None],
) -> tuple[np.ndarray, list[Detection]]:
    """Scores and events of one video.

    Args:
        detector: the detector.
        manifest: says where the video is.
        video: the video.
        map_path: file for its score maps, if the detector gives any.
        causal: no smoothing over later frames.
        threshold: scores above it make an event.
        count: told what is being done, the frames done, and how many there are.

    Raises:
        OddframeError: the video cannot be read or has no frame.
    """
    raw = np.empty(video.frames, np.float32)
    # The best frame of each second above the threshold keeps its reason; all would not be flat.
    reasons: dict[int, FrameScore] = {}
    seen = 0
    with open_video(manifest.locate(video), video.fps) as reader, map_writer(map_path) as writer:
        for frame in detector.score_frames(reader):
            if frame.frame == raw.size:
                raw = np.concatenate([raw, np.empty(raw.size, np.float32)])
            raw[frame.frame] = frame.value
            seen = frame.frame + 1
            if frame.score_map is not None:
                writer.write(frame.score_map)
            second = int(frame.frame / video.fps)
            if frame.reason and (second not in reasons or frame.value > reasons[second].value):
                reasons[second] = replace(frame, score_map=None)
            count(video.id, seen, video.frames)
    if not seen:
        raise OddframeError(f"{manifest.locate(video)}: no frame of the video can be decoded")
    values = raw[:seen]
    if not causal and detector.smoothing_seconds > 0:
        from scipy.ndimage import gaussian_filter1d

        sigma = detector.smoothing_seconds * video.fps
        values = gaussian_filter1d(values, sigma, mode="nearest")
    found = find_detections(values, threshold, video.fps)
    return values, [_explained(detection, reasons, video.fps) for detection in found]


def _explained(detection: Detection, reasons: dict[int, FrameScore], fps: float) -> Detection:
    # Smoothing may move the peak a little, so the nearest explained frame of the event speaks.
    inside = [f for f in reasons.values() if detection.start - fps < f.frame < detection.end + fps]
    if not inside:
        return detection
    nearest = min(inside, key=lambda frame: abs(frame.frame - detection.peak))
    return replace(detection, cue=nearest.cue, reason=nearest.reason, boxes=nearest.boxes)
