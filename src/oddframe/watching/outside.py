"""What a watched camera tells others, and what it asks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from oddframe.alerts.message import Message
from oddframe.alerts.sink import CameraState
from oddframe.cameras.cameras_file import Camera
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.retention import Room
from oddframe.journal.state_folder import StateFolder


class CameraJournal(Protocol):
    """What a camera writes in the journal: all as :class:`oddframe.journal.journal.Journal` has it.

    Attributes:
        state: the state folder.
    """

    state: StateFolder

    def write(self, event: LiveEvent, picture: bytes | None = None) -> LiveEvent:
        """An event opened, went on, or was closed."""
        ...

    def event(self, event_id: str) -> LiveEvent | None:
        """The newest state of an event."""
        ...

    def events(self, asked: Question) -> list[LiveEvent]:
        """Those that are asked for, the newest first."""
        ...

    def watching(self, camera: str, at: float) -> None:
        """It is going to be watched."""
        ...

    def gap_begins(self, camera: str, at: float, reason: str) -> None:
        """No frames come any more."""
        ...

    def gap_ends(self, camera: str, at: float) -> None:
        """Frames come again."""
        ...

    def camera_is(self, camera: str, at: float, state: str, reason: str = "") -> None:
        """What it is now."""
        ...

    def scored(self, camera: str, at: float, score: float, threshold: float) -> None:
        """The score of one frame."""
        ...

    def flush(self, within: float) -> bool:
        """Wait until what was given before is on disk; whether it is."""
        ...


@dataclass(frozen=True)
class Outside:
    """What a watched camera tells others.

    Attributes:
        journal: of the state folder.
        room: makes room for a clip of a camera, at a time of its events, of so many bytes.
        send: takes a message, and the sinks that it is for; never waits.
        show: takes the camera's name and how it is; never waits.
        say: takes a line for a person.
        look: takes an alarm that is over and its film on disk, and the second of that film in which
            it began; never waits.
    """

    journal: CameraJournal
    room: Callable[[Camera, float, int], Room]
    send: Callable[[Message, tuple[str, ...]], None]
    show: Callable[[str, CameraState], None]
    say: Callable[[str], None]
    look: Callable[[LiveEvent, float], None] = lambda *_: None
