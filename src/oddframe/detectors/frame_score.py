"""What a detector says of one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from oddframe.scores.sights import Sight


@dataclass(frozen=True)
class Since:
    """When what is odd at a frame began, as is known by now.

    Attributes:
        seconds: of the video.
        score: what the frames since then have at least, where later frames may be used.
    """

    seconds: float
    score: float


@dataclass(frozen=True)
class FrameScore:
    """The score of one frame.

    Attributes:
        frame: its number, from 0.
        value: anomaly score, higher = odder; final, unless terms are scaled within a whole video.
        score_map: localisation ``(h, w)`` on the scale of the score, or None.
        cue: name of the cue that weighs most, or ``""``.
        reason: why the frame is odd, a sentence for a person.
        boxes: the oddest places, ``(x1, y1, x2, y2)`` in pixels of the video, the oddest first.
        terms: what the score was combined from, by name, as measured; higher = odder.
        camera: name of the camera's own trouble at this frame, such as ``covered``, ``moved`` or
            ``frozen``; ``""`` where it is fine, or the detector does not watch it. It is no oddity
            of the scene, and may be there whatever the score is.
        began: when what is odd here began, where that was only known later.
        nearest: when the normal footage showed what is nearest to what looks odd here.
        tested: whether anything was found out about this frame. If not, its score says nothing, and
            no alarm comes of it, whatever the threshold is.
        baselines: what simple rules say that see what the detector sees, by name, higher = odder:
            it has to be better than these.
    """

    frame: int
    value: float
    score_map: np.ndarray | None = None
    cue: str = ""
    reason: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)
    camera: str = ""
    began: tuple[Since, ...] = ()
    nearest: Sight | None = None
    tested: bool = True
    baselines: Mapping[str, float] = field(default_factory=dict)
