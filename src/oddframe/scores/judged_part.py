"""Scores of videos of which only a part was judged: from when, to when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from oddframe.console.player_times import offset, seconds_at
from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed
from oddframe.files.text_files import shown
from oddframe.media.clock import Clock

PART = "part"
"""In ``meta`` of scores, where only a part of each video was judged: its fields."""
_ROUNDING = 1e-6
"""Of a frame: a time that is a frame's own is that frame, whatever rounding says."""


@dataclass(frozen=True)
class JudgedPart:
    """The part of each video that is judged, in seconds from its first frame.

    Attributes:
        start: when it begins.
        end: when it ends; None for the end of the video.
    """

    start: float = 0.0
    end: float | None = None

    @classmethod
    def given(cls, start: str | float | None, end: str | float | None) -> JudgedPart | None:
        """The part between two times as people give them; None where neither is given.

        Args:
            start: seconds, ``M:SS`` or ``H:MM:SS``.
            end: likewise.

        Raises:
            OddframeError: something else, or an end that is not after the start.
        """
        if start is None and end is None:
            return None
        first = 0.0 if start is None else _seconds("--start", start)
        last = None if end is None else _seconds("--end", end)
        if last is not None and last <= first:
            raise OddframeError(
                f"--end: expected a time after --start, {offset(first)}, found {offset(last)}"
            )
        return cls(first, last)

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> JudgedPart | None:
        """The part that travels with scores; None where whole videos were judged.

        Raises:
            OddframeError: something else is there.
        """
        stated = meta.get(PART)
        return None if stated is None else typed(stated, cls, f"'{PART}' in the meta data")

    def row(self) -> dict[str, float | None]:
        """What :meth:`of` reads."""
        return asdict(self)

    @property
    def words(self) -> str:
        """``0:10.0 to 0:50.0``, ``0:10.0 to the end``."""
        return f"{offset(self.start)} to {'the end' if self.end is None else offset(self.end)}"

    @property
    def suffix(self) -> str:
        """What results of it are called by."""
        until = "" if self.end is None else f"-to-{self.end:g}s"
        return f"-from-{self.start:g}s" * (self.start > 0) + until

    def length(self, clock: Clock) -> float:
        """Seconds of film of a video that were judged."""
        first, end = self.frames(clock)
        return float(clock.lasting[first:end].sum())

    def frames(self, clock: Clock) -> tuple[int, int | None]:
        """The frames ``[first, end)`` that are shown in it; no end where it has none.

        Args:
            clock: of the video.

        Raises:
            OddframeError: the video has none of it.
        """
        first = math.floor(clock.frame_at(self.start) + _ROUNDING)
        if first >= clock.frames:
            length = offset(clock.seconds(clock.frames))
            raise OddframeError(f"ends at {length}, before --start {offset(self.start)}")
        end = None if self.end is None else math.ceil(clock.frame_at(self.end) - _ROUNDING)
        return first, end if end is not None and end < clock.frames else None


def _seconds(option: str, given: str | float) -> float:
    try:
        found = seconds_at(given) if isinstance(given, str) else None
        seconds = float(given) if found is None else found
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 <= seconds < math.inf or isinstance(given, bool):
        raise OddframeError(
            f"{option}: expected a time from the beginning of the video, in seconds or as 1:30 or "
            f"1:02:30, found {shown(given)}"
        )
    return seconds
