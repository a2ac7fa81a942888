"""Those whom a watched camera tells of what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oddframe.alerts.message import Message
from oddframe.alerts.sink import CameraState
from oddframe.journal.journal import Journal


@dataclass(frozen=True)
class Outside:
    """What a watched camera tells others.

    Attributes:
        journal: of the state folder.
        send: takes a message, and the sinks that it is for; never waits.
        show: takes the camera's name and how it is; never waits.
        say: takes a line for a person.
    """

    journal: Journal
    send: Callable[[Message, tuple[str, ...]], None]
    show: Callable[[str, CameraState], None]
    say: Callable[[str], None]
