"""A few pictures of an alarm's film, with its boxes, for whoever looks at it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.journal.live_event import LiveEvent
from oddframe.journal.picture import picture_of
from oddframe.media.opening import open_video

_BESIDE = 1.0
"""Seconds before and after an event that are shown too."""
_NEAR = 0.01
"""Seconds: a frame is at the time that is asked for if it is no earlier by more."""


@dataclass(frozen=True)
class FilmPictures:
    """Pictures of a film.

    Attributes:
        jpegs: in the order of time; none of a film without frames at these times.
        seconds: from the first to the last.
    """

    jpegs: tuple[bytes, ...]
    seconds: float


def pictures_of_film(
    film: Path, event: LiveEvent, began: float, most: int, *, blurred: bool
) -> FilmPictures:
    """Pictures that are spread over an event, and one of its peak.

    Args:
        film: the first part of its film.
        event: it, which is over. Its boxes, which are those of the peak, are drawn in all of them.
        began: the second of the film in which it did.
        most: how many, at least 2; there are fewer where the film has fewer frames.
        blurred: whether each is in coarse blocks, as ``keep: blurred`` has them.

    Raises:
        OddframeError: the film cannot be read.
    """
    lasted = (event.end or event.seen) - event.start
    peak = began + min(max(event.peak_at - event.start, 0.0), lasted)
    spread = np.linspace(max(0.0, began - _BESIDE), began + lasted + _BESIDE, most - 1)
    times = sorted([*spread.tolist(), peak])
    jpegs: list[bytes] = []
    shown: list[float] = []
    with open_video(film) as video:
        size = video.info.width, video.info.height
        boxes = event.boxes if event.size in (None, size) else ()
        for frame in video:
            if not times:
                break
            if frame.seconds < times[0] - _NEAR:
                continue
            while times and frame.seconds >= times[0] - _NEAR:
                times.pop(0)
            jpegs.append(picture_of(frame.rgb(), boxes, blurred=blurred))
            shown.append(frame.seconds)
    return FilmPictures(tuple(jpegs), shown[-1] - shown[0] if shown else 0.0)
