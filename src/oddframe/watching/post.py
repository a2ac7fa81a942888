"""What a camera on another machine says and asks, until the process that watches fetches it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.state_folder import StateFolder

Item = tuple[int | None, str, tuple[Any, ...]]
"""The number of a question, None where nothing is asked; what is to be called, and with what."""
_PATIENCE = 30.0
"""Seconds that a question waits for its answer."""
_FOLLOWED = 100
"""Events whose newest state is remembered: more than are filmed at any time."""


class Post:
    """Things to be done by others, in order. From any thread."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._urgent = False
        self._changed = threading.Condition()

    def put(self, what: str, *given: Any, urgent: bool = True) -> None:
        """Something is to be done.

        Args:
            what: its name.
            given: plain values, which are sent to another process.
            urgent: whether it is fetched at once, rather than with the next that is.
        """
        with self._changed:
            self._items.append((None, what, given))
            self._urgent = self._urgent or urgent
            self._changed.notify_all()

    def ask(self, what: str, *given: Any) -> Any:
        """As :meth:`put`; waits for what came of it.

        Raises:
            TimeoutError: nobody answers.
        """
        with self._changed:
            number, self._asked = self._asked, self._asked + 1
            self._items.append((number, what, given))
            self._urgent = True
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: number in self._answers, _PATIENCE):
                raise TimeoutError("the process that watches does not answer")
            return self._answers.pop(number)

    def answer(self, answers: Mapping[int, Any]) -> None:
        """Answers came."""
        with self._changed:
            self._answers.update(answers)
            self._changed.notify_all()

    def fetch(self, wait: float) -> list[Item]:
        """All that is there, as soon as something is urgent, or ``wait`` seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._urgent, wait)
            items, self._items, self._urgent = self._items, [], False
            return items


class FarJournal:
    """The journal, for a camera on another machine than that of its only writer.

    What is written is put into the post. The events that the camera has had before it began are
    given to it, since an SQLite journal cannot be read from another machine while it is written.

    Args:
        state: the state folder, on a path that both machines share.
        past: events of the camera that its budget counts.
        post: takes what is written.
    """

    def __init__(self, state: StateFolder, past: list[LiveEvent], post: Post) -> None:
        self.state, self._past, self._post = state, past, post
        self._newest: dict[str, LiveEvent] = {}

    def write(self, event: LiveEvent, picture: bytes | None = None) -> LiveEvent:
        """As :meth:`oddframe.journal.journal.Journal.write`."""
        if picture is not None:
            files = self.state.files_of(event)
            event = replace(event, picture=files.name(files.picture))
        self._newest[event.id] = event
        if len(self._newest) > _FOLLOWED:
            del self._newest[next(iter(self._newest))]
        self._post.put("write", event, picture)
        return event

    def event(self, event_id: str) -> LiveEvent | None:
        """As it was written here last."""
        return self._newest.get(event_id)

    def events(self, asked: Question) -> list[LiveEvent]:
        """Those that are asked for from before this began, the newest first."""
        return asked.among(self._past)

    def watching(self, camera: str, at: float) -> None:
        """As :meth:`oddframe.journal.journal.Journal.watching`."""
        self._post.put("watching", camera, at)

    def gap_begins(self, camera: str, at: float, reason: str) -> None:
        """As :meth:`oddframe.journal.journal.Journal.gap_begins`."""
        self._post.put("gap_begins", camera, at, reason)

    def gap_ends(self, camera: str, at: float) -> None:
        """As :meth:`oddframe.journal.journal.Journal.gap_ends`."""
        self._post.put("gap_ends", camera, at)

    def camera_is(self, camera: str, at: float, state: str, reason: str = "") -> None:
        """As :meth:`oddframe.journal.journal.Journal.camera_is`."""
        self._post.put("camera_is", camera, at, state, reason)

    def scored(self, camera: str, at: float, score: float, threshold: float) -> None:
        """As :meth:`oddframe.journal.journal.Journal.scored`."""
        self._post.put("scored", camera, at, score, threshold, urgent=False)

    def flush(self, within: float) -> bool:
        """As :meth:`oddframe.journal.journal.Journal.flush`."""
        return self._post.ask("flush", within)
