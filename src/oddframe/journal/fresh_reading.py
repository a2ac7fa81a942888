"""Asking the journal in the process that writes it: what is not on disk yet counts too."""

from __future__ import annotations

import json
from typing import Any

from oddframe.journal.live_event import LATEST, LiveEvent
from oddframe.journal.reading import MOST, BrokenJournalError, JournalReader
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

    def open_events(self) -> list[LiveEvent]:
        """As :meth:`JournalReader.open_events`."""
        waiting = self._writer.events()
        known = {event.id: event for event in super().open_events()} | waiting
        return [known[event_id] for event_id in sorted(known) if known[event_id].is_open]

    def events(
        self,
        camera: str | None = None,
        since: float = 0.0,
        until: float = LATEST,
        *,
        undecided: bool = False,
        before: str | None = None,
        most: int = MOST,
    ) -> list[LiveEvent]:
        """As :meth:`JournalReader.events`."""
        waiting = self._writer.events()  # first: what is written meanwhile is in one of both
        written = super().events(
            camera, since, until, undecided=undecided, before=before, most=most
        )
        found = {event.id: event for event in written if event.id not in waiting}
        for event in waiting.values():
            if (
                camera in (None, event.camera)
                and event.start < until
                and (LATEST if event.end is None else event.end) >= since
                and not (undecided and event.verdict in ("odd", "normal"))
                and (before is None or event.id < before)
            ):
                found[event.id] = event
        return [found[event_id] for event_id in sorted(found, reverse=True)][:most]

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
