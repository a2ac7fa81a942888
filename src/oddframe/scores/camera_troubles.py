"""Troubles of the camera itself, apart from what is odd in its scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from oddframe.media.clock import Clock
from oddframe.scores.event_times import times_of

GAP_SECONDS = 10.0
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
            if now - clock.seconds(min(troubles[index].end, clock.frames)) <= GAP_SECONDS:
                troubles[index] = replace(troubles[index], end=frame + 1)
                return
            break
    troubles.append(CameraTrouble(frame, frame + 1, what))


def trouble_rows(troubles: Iterable[CameraTrouble], clock: Clock) -> list[dict[str, Any]]:
    """Troubles as ``events.json`` has them, in frames and in time."""
    return [{**asdict(one), **times_of(one.start, one.end, clock)} for one in troubles]


def troubles_from(rows: Iterable[Mapping[str, Any]]) -> tuple[CameraTrouble, ...]:
    """The troubles of which these are the fields, as JSON gives them back.

    Raises:
        KeyError, TypeError, ValueError: other fields.
    """
    return tuple(CameraTrouble(int(r["start"]), int(r["end"]), str(r["what"])) for r in rows)
