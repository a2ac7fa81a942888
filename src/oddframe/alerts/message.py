"""A message: what a sink is told, as JSON and in words."""

from __future__ import annotations

import hashlib
import math
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from oddframe.console.characters import made_visible
from oddframe.errors import OddframeError
from oddframe.files.text_files import shown

Kind = Literal["new", "update", "end", "health", "test"]
KINDS: tuple[str, ...] = get_args(Kind)
"""An event begins, changes, ends; a camera's own state; a person asks whether it arrives."""

_ID = re.compile(r"[\x21-\x7e]{1,200}")
"""Ids travel in headers and in lines: no spaces, and nothing but ASCII."""


@dataclass(frozen=True)
class Message:
    """What happened at a camera, for one or all sinks.

    Attributes:
        id: the same for the same news, also after a restart: whoever gets it twice knows by it.
        kind: one of ``KINDS``.
        camera: the camera's name.
        event: plain values. For ``new``, ``update`` and ``end`` the event as the journal writes it
            (``id``, ``start``, ``end``, ``peak``, ``threshold``, ``reason``, ``zone``, ``picture``
            and so on); for ``health``, ``state`` and ``reason``.
        made_at: Unix seconds.
    """

    id: str
    kind: Kind
    camera: str
    event: Mapping[str, Any] = field(default_factory=dict)
    made_at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"expected the id of a message in 1 to 200 characters: {self.id!r}")

    @property
    def event_id(self) -> str:
        """The id of the event that it is about; its own where it is about none."""
        return str(self.event.get("id") or self.id)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "camera": self.camera,
            "made_at": float(self.made_at),
            "event": dict(self.event),
        }

    @classmethod
    def from_json(cls, content: Any, where: str) -> Message:
        """A message from plain values.

        Args:
            content: as ``to_json`` gives it.
            where: the file, for messages.

        Raises:
            OddframeError: it is none.
        """
        expected = {"id": str, "kind": str, "camera": str, "made_at": float, "event": dict}
        right = (
            isinstance(content, dict)
            and set(content) == set(expected)
            and all(isinstance(content[key], kind) for key, kind in expected.items())
            and content["kind"] in KINDS
            and _ID.fullmatch(content["id"])
            and math.isfinite(content["made_at"])
        )
        if not right:
            raise OddframeError(f"{where}: expected a message to a sink, found {shown(content)}")
        return cls(**content)


def message_of(event: Mapping[str, Any], kind: Kind, count: int = 0) -> Message:
    """The message on an event, with the id that the same news has after a restart.

    Args:
        event: as the journal writes it, with ``id`` and ``camera``.
        kind: ``new``, ``update`` or ``end``.
        count: the number of an update, from 1 on.
    """
    ending = f"{kind}-{count}" if count else kind
    return Message(f"{event['id']}.{ending}", kind, str(event["camera"]), event)


def health_message(camera: str, state: str, reason: str = "", at: float | None = None) -> Message:
    """The message that a camera's own state has changed.

    Args:
        camera: its name.
        state: in a word or two: ``down``, ``back``, ``covered``.
        reason: why, if it is known.
        at: Unix seconds; None means now.
    """
    at = time.time() if at is None else at
    event = {"state": state, "reason": reason or None, "since": at}
    return Message(f"{plain_name(camera)}.health-{at:.3f}", "health", camera, event, at)


def a_test(camera: str) -> Message:
    """A message that says that it is only a test; each is another one."""
    return Message(f"test.{uuid.uuid4().hex}", "test", camera)


def in_words(message: Message) -> str:
    """One line for people: ``front: odd since 14:03:12: pace; gate; score 5.20, threshold 4.00``.

    Times are those of this machine's time zone.
    """
    return made_visible(" ".join(_words(message).split()))


def _words(message: Message) -> str:
    event, camera = message.event, message.camera
    if message.kind == "test":
        return f"{camera}: a test message of oddframe; nothing happened"
    if message.kind == "health":
        reason = event.get("reason")
        return f"{camera}: {event.get('state', 'unknown')}" + (f" ({reason})" if reason else "")
    start, end = _number(event.get("start")), _number(event.get("end"))
    words = "odd" if start is None else f"odd since {_clock(start)}"
    if message.kind == "end" and start is not None and end is not None:
        words = f"odd from {_clock(start)} to {_clock(end)} ({max(0.0, end - start):.0f} s)"
    about = [str(part) for part in (event.get("reason"), event.get("zone")) if part]
    peak, threshold = _number(event.get("peak")), _number(event.get("threshold"))
    if peak is not None:
        limit = "" if threshold is None else f", threshold {threshold:.2f}"
        about.append(f"score {peak:.2f}{limit}")
    if event.get("ending") == "longest":
        about.append("it is still so: is this the new normal?")
    return f"{camera}: {words}" + (f": {'; '.join(about)}" if about else "")


def plain_name(name: str) -> str:
    """A name in ``A-Z a-z 0-9 _ -`` for topics, ids and folders; others get letters that differ."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if plain == name and name:
        return name
    return f"{plain[:40]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _number(value: Any) -> float | None:
    right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if right else None


def _clock(at: float) -> str:
    try:
        moment = datetime.fromtimestamp(at).astimezone()
    except (OverflowError, OSError, ValueError):
        return f"{at:.0f} s"
    same_day = moment.date() == datetime.now().astimezone().date()
    return moment.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")
