"""The report's list of troubles of the camera itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.reporting.times import shown_span
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.videos.video import Video


@dataclass(frozen=True)
class CameraTroubles:
    """Troubles of the camera.

    Attributes:
        lines: a line for each, the earliest of the first video first.
    """

    template: ClassVar[str] = "report/camera.html"
    lines: Sequence[str]


def camera_section(
    videos: Sequence[Video], troubles: Mapping[str, Sequence[CameraTrouble]]
) -> CameraTroubles | None:
    """What befell the camera; nothing where it was well."""
    lines = camera_lines(videos, troubles)
    return CameraTroubles(lines) if lines else None


def camera_lines(
    videos: Sequence[Video], troubles: Mapping[str, Sequence[CameraTrouble]]
) -> list[str]:
    """``test/evening  0:12 to 0:20  covered`` for each trouble."""
    return [
        f"{video.id}  {shown_span(video.clock, one.start, one.end)}  {one.what}"
        for video in videos
        for one in troubles.get(video.id, ())
    ]
