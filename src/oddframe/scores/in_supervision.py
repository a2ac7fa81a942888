"""Odd places as ``supervision.Detections``, for programs that draw and count with that library.

An anomaly score is no probability, so it is in ``data["score"]`` and not ``confidence``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.scores.detections import Detection

if TYPE_CHECKING:
    from supervision import Detections  # ty: ignore[import-not-found]

Box = tuple[int, int, int, int]


def of_events(events: Sequence[tuple[int, Detection]]) -> Detections:
    """A detection for each box of events; ``tracker_id`` is the number of its event.

    Args:
        events: the number of each, and the event.

    Raises:
        OddframeError: supervision is not installed.
    """
    rows = [(number, one, box) for number, one in events for box in one.boxes]
    made = of_boxes(
        [box for _, _, box in rows],
        [one.peak_score for _, one, _ in rows],
        [one.cue for _, one, _ in rows],
        [one.reason for _, one, _ in rows],
    )
    made.tracker_id = np.array([number for number, _, _ in rows], int)
    made.data["frame"] = np.array([one.pictured for _, one, _ in rows], int)
    return made


def of_boxes(
    boxes: Sequence[Box], scores: Sequence[float], cues: Sequence[str], reasons: Sequence[str]
) -> Detections:
    """A detection for each box: its score, cue and reason are in ``data``.

    Args:
        boxes: ``(x1, y1, x2, y2)`` in pixels.
        scores: of each, higher is odder.
        cues: what weighs most in each, the name of its class; ``""`` is called ``odd``.
        reasons: of each, a sentence.

    Raises:
        OddframeError: supervision is not installed.
    """
    data: dict[str, Any] = {
        "class_name": np.array([cue or "odd" for cue in cues], str),
        "score": np.array(scores, float),
        "reason": np.array(reasons, str),
    }
    return _library().Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        class_id=np.zeros(len(boxes), int),
        data=data,
    )


def _library() -> Any:
    try:
        return import_module("supervision")
    except ModuleNotFoundError as error:
        raise OddframeError(
            f"this needs {error.name}, which is not installed; install supervision with: pip "
            "install supervision"
        ) from error
