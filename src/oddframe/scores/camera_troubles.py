"""Troubles of the camera itself, apart from what is odd in its scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from oddframe.media.clock import Clock

_GAP_SECONDS = 10.0
"""The same trouble again so soon is one."""


@dataclass(frozen=True)
class CameraTrouble:
    """One trouble of a camera.

    Attributes:
        start, end: half-open interval in frames, from when it was sure.
        what: its name, such as ``covered``.
    """

    start: int
    end: int
    what: str


def note_trouble(troubles: list[CameraTrouble], what: str, frame: int, clock: Clock) -> None:
    """Add a frame with a trouble to what is known of a video, which frames come to in order.

    Args:
        troubles: changed in place.
        what: the trouble's name.
        frame: 0-based index.
        clock: says when the frames are shown; a reader may give more than it knows of.
    """
    now = clock.seconds(min(frame, clock.frames))
    for index in range(len(troubles) - 1, -1, -1):
        if troubles[index].what == what:
            if now - clock.seconds(min(troubles[index].end, clock.frames)) <= _GAP_SECONDS:
                troubles[index] = replace(troubles[index], end=frame + 1)
                return
            break
    troubles.append(CameraTrouble(frame, frame + 1, what))


def trouble_rows(troubles: Iterable[CameraTrouble], clock: Clock) -> list[dict[str, Any]]:
    """Troubles as ``events.json`` has them, in frames and in time."""
    rows = []
    for one in troubles:
        start, end = clock.span(one.start, one.end)
        row: dict[str, Any] = {"start": one.start, "end": one.end, "what": one.what}
        row |= {"start_seconds": round(start, 3), "end_seconds": round(end, 3)}
        for name, seconds in (("start_time", start), ("end_time", end)):
            if (moment := clock.moment(seconds)) is not None:
                row[name] = moment.isoformat(timespec="milliseconds")
        rows.append(row)
    return rows


def troubles_from(rows: Iterable[Mapping[str, Any]]) -> tuple[CameraTrouble, ...]:
    """The troubles of which these are the fields, as JSON gives them back.

    Raises:
        KeyError, TypeError, ValueError: other fields.
    """
    return tuple(CameraTrouble(int(r["start"]), int(r["end"]), str(r["what"])) for r in rows)
