"""Asking the journal in the process that writes it: what is not on disk yet counts too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from oddframe.journal.live_event import LATEST, LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.reading import ALL, BrokenJournalError, JournalReader
from oddframe.journal.records import RecordedGap, RecordedState, ScoreMinute
from oddframe.journal.state_folder import StateFolder
from oddframe.journal.writing import DiskWriter

A_MOMENT = 1.0
"""Seconds that an answer waits for the disk."""


class FreshReader(JournalReader):
    """Answers that count events which wait for the disk, and wait a moment for all else.

    A journal that turns out to be broken is made anew, and asked again.

    Args:
        state: the folder.
        writer: the only one who writes there.
    """

    def __init__(self, state: StateFolder, writer: DiskWriter) -> None:
        super().__init__(state)
        self._writer = writer

    def flush(self, within: float) -> bool:
        """Wait until all that was given before is on disk.

        Args:
            within: seconds to wait at most.

        Returns:
            Whether it is.
        """
        return self._writer.flush(within)

    def event(self, event_id: str) -> LiveEvent | None:
        """As :meth:`JournalReader.event`."""
        return self._writer.events().get(event_id) or super().event(event_id)

    def events(self, asked: Question = ALL) -> list[LiveEvent]:
        """As :meth:`JournalReader.events`."""
        waiting = self._writer.events()  # first: what is written meanwhile is in one of both
        # Any of those that wait may be on disk as well, as it was before, and take up a place.
        written = super().events(replace(asked, most=asked.most + len(waiting)))
        found = [event for event in written if event.id not in waiting]
        found += asked.among(waiting.values())
        found.sort(key=lambda event: event.id, reverse=asked.latest_first)
        return found[: asked.most]

    def count(self, asked: Question = ALL) -> int:
        """As :meth:`JournalReader.count`."""
        self.flush(A_MOMENT)
        return super().count(asked)

    def newest(self) -> float:
        """As :meth:`JournalReader.newest`."""
        self.flush(A_MOMENT)
        return super().newest()

    def kept(self, camera: str, name: str) -> Any:
        """As :meth:`JournalReader.kept`."""
        waiting = self._writer.kept(camera, name)
        return super().kept(camera, name) if waiting is None else json.loads(waiting)

    def gaps(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[RecordedGap]:
        """As :meth:`JournalReader.gaps`."""
        self.flush(A_MOMENT)
        return super().gaps(camera, since, until)

    def states(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[RecordedState]:
        """As :meth:`JournalReader.states`."""
        self.flush(A_MOMENT)
        return super().states(camera, since, until)

    def minutes(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[ScoreMinute]:
        """As :meth:`JournalReader.minutes`."""
        self.flush(A_MOMENT)
        return super().minutes(camera, since, until)

    def _rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return super()._rows(question, *values)
        except BrokenJournalError:
            self._writer.make_anew()
            return super()._rows(question, *values)
