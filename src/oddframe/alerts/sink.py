"""What a sink is, and what may come of a message that it is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from oddframe.alerts.message import KINDS, Message

_NEW = 60.0
"""Seconds after which what a message names is on disk, or never will be."""


@dataclass(frozen=True)
class Accepted:
    """The sink has it; it is not sent again."""


@dataclass(frozen=True)
class Later:
    """Not now: it waits.

    Attributes:
        reason: for people, without secrets.
        after: seconds that the sink asks for, if it does.
        everybody: whether no message would be taken now, not only this one.
    """

    reason: str
    after: float | None = None
    everybody: bool = True


@dataclass(frozen=True)
class Refused:
    """The sink will never take this message: it is given up."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """The sink wants no messages any more: it is off until the next start."""

    reason: str


Outcome = Accepted | Later | Refused | Gone


@dataclass(frozen=True)
class CameraState:
    """How a camera is at the moment; what is None is not known, or not said now.

    Attributes:
        score: the anomaly score of the last frame.
        video: whether frames come.
        armed: whether its events become alarms.
        odd: whether an event is going on that people are told of.
    """

    score: float | None = None
    video: bool | None = None
    armed: bool | None = None
    odd: bool | None = None


class Sink(Protocol):
    """Somewhere that messages go. Methods are called by one thread, unless they say otherwise.

    Attributes:
        name: as in the cameras file.
        kinds: the kinds of messages that it takes, of ``KINDS``.
        batch: how many messages it takes at once.
        cool_down: seconds from an accepted message to the next try.
    """

    name: str
    kinds: tuple[str, ...]
    batch: int
    cool_down: float

    def describe(self) -> str:
        """One line on what it would do with a message, without secrets. From any thread."""
        ...

    def open(self, link: Link) -> None:
        """Get ready; must neither wait for anybody nor fail where nobody answers."""
        ...

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Give it messages, at most ``batch``; returns within some seconds, whatever happens."""
        ...

    def state(self, camera: str, state: CameraState) -> None:
        """How a camera is, for those who show it; must not wait. From any thread."""
        ...

    def close(self) -> None:
        """Let go of connections; returns within some seconds."""
        ...


def nothing(*_: object) -> None:
    """What is done where nobody wants to know."""


@dataclass(frozen=True)
class Link:
    """What a sink gets from those who use it.

    Attributes:
        cameras: the names of all cameras.
        root: the state folder; pictures and clips of events lie below it.
        wake: to be called when a sink that was away is back.
        arm: to be called where a person switches a camera's alarms on or off by the sink.
        say: is given one line that people should see.
        settle: waits a moment, until the files that new messages name are on disk.
    """

    cameras: tuple[str, ...]
    root: Path
    wake: Callable[[], None] = nothing
    arm: Callable[[str, bool], None] = nothing
    say: Callable[[str], None] = nothing
    settle: Callable[[], object] = nothing

    def picture(self, message: Message) -> Path | None:
        """The picture of a message's event, if there is one below the state folder."""
        return self.below("picture", message)

    def below(self, key: str, message: Message) -> Path | None:
        """The file that an event names, if it is there and below the state folder."""
        name = message.event.get(key)
        if not isinstance(name, str) or not name:
            return None
        if time.time() - message.made_at < _NEW:
            self.settle()
        root = self.root.resolve()
        try:
            path = (root / name).resolve()
            return path if path.is_relative_to(root) and path.is_file() else None
        except (OSError, ValueError):
            return None

    def jpeg(self, message: Message, most: int) -> bytes | None:
        """The bytes of a message's picture, unless it has more than ``most``."""
        path = self.picture(message)
        try:
            if path is None or path.stat().st_size > most:
                return None
            return path.read_bytes()
        except OSError:  # retention may take it at any time
            return None


class PlainSink:
    """What most sinks are: one message at a time, at once, no states, nothing to hold open.

    Args:
        name: as in the cameras file.
        kinds: of messages that it takes.
    """

    batch = 1
    cool_down = 0.0

    def __init__(self, name: str, kinds: tuple[str, ...] = KINDS) -> None:
        self.name, self.kinds = name, kinds
        self.link = Link((), Path())

    def open(self, link: Link) -> None:
        """Get ready."""
        self.link = link

    def state(self, camera: str, state: CameraState) -> None:
        """Nothing is shown."""

    def close(self) -> None:
        """Nothing is held."""
