"""Detected events: where scores pass a threshold, merged, with a reason and a place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.atomic import write_json
from oddframe.errors import OddframeError

FORMAT = "oddframe-events/1"
MERGE_SECONDS = 1.0
"""Detections closer than this are one event: a person asks "when", not "which frames"."""


@dataclass(frozen=True)
class Detection:
    """One detected event of a video.

    Attributes:
        start, end: half-open interval in frames.
        peak: frame of the highest score.
        peak_score, mean_score: scores over the interval.
        cue: name of the cue that weighs most at the peak, or ``""`` if the detector has none.
        reason: a sentence for a person.
        boxes: ``(x1, y1, x2, y2)`` in pixels of the video, at the peak, the oddest first.
    """

    start: int
    end: int
    peak: int
    peak_score: float
    mean_score: float
    cue: str = ""
    reason: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()


def find_detections(
    scores: np.ndarray, threshold: float, fps: float, merge_seconds: float = MERGE_SECONDS
) -> list[Detection]:
    """Runs of frames with a score above the threshold, merged over short gaps.

    Args:
        scores: ``(frames,)``.
        threshold: a frame is odd if its score is strictly greater.
        fps: frames per second.
        merge_seconds: runs whose gap is at most this long become one detection.
    """
    above = np.flatnonzero(np.asarray(scores) > threshold)
    if above.size == 0:
        return []
    gap = round(merge_seconds * fps)
    breaks = np.flatnonzero(np.diff(above) - 1 > gap)
    starts = above[np.concatenate(([0], breaks + 1))]
    ends = above[np.concatenate((breaks, [above.size - 1]))] + 1
    result = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = scores[start:end]
        peak = start + int(np.argmax(part))
        result.append(Detection(start, end, peak, float(scores[peak]), float(np.mean(part))))
    return result


def detections_from(rows: Iterable[Mapping[str, Any]]) -> list[Detection]:
    """The detections of which these are the fields, as JSON gives them back.

    Raises:
        KeyError, TypeError, ValueError: other fields.
    """
    return [
        Detection(
            start=int(row["start"]),
            end=int(row["end"]),
            peak=int(row["peak"]),
            peak_score=float(row["peak_score"]),
            mean_score=float(row["mean_score"]),
            cue=str(row["cue"]),
            reason=str(row["reason"]),
            boxes=tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in row["boxes"]),
        )
        for row in rows
    ]


def write_events(
    path: str | Path, detections: Mapping[str, list[Detection]], fps: Mapping[str, float]
) -> Path:
    """Write ``events.json``: per video the detections, in frames and in seconds."""
    videos: dict[str, Any] = {}
    for video_id, found in detections.items():
        rate = fps[video_id]
        videos[video_id] = {
            "fps": rate,
            "events": [
                {
                    **asdict(detection),
                    "start_seconds": round(detection.start / rate, 3),
                    "end_seconds": round(detection.end / rate, 3),
                }
                for detection in found
            ],
        }
    return write_json(path, {"format": FORMAT, "videos": videos})


def read_events(path: str | Path) -> dict[str, list[Detection]]:
    """Read ``events.json``.

    Raises:
        OddframeError: missing file or another format.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise ValueError(f"format {content.get('format')!r}")
        return {
            video_id: detections_from(entry["events"])
            for video_id, entry in content["videos"].items()
        }
    except FileNotFoundError:
        raise OddframeError(f"{path}: no such file; make it with 'oddframe score'") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OddframeError(f"{path}: expected {FORMAT}, found {error}") from error
