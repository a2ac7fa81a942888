"""What is kept: so many bytes and days of each camera, and so much of the disk left free.

The oldest events go first, those that a person called odd last. An event goes with all its files,
and nothing else is ever removed, whatever lies in the folder. What is open, or just over, stays.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from oddframe.journal.journal import Journal
from oddframe.journal.live_event import LiveEvent

JUST_OVER = 300.0
"""Seconds after its end in which an event may still be written to: its clip runs on."""

DAYS_OF_SCORES = 400
"""How long gaps, states and the scores of each minute are kept: about 30 MB a camera."""

_A_DAY = 86_400.0
_A_MOMENT = 1.0
_AT_ONCE = 100


@dataclass(frozen=True)
class Retention:
    """What is kept of a camera.

    Attributes:
        most_bytes: of the files of its events.
        most_days: after which an event goes, also one that a person called odd.
        least_free: bytes of the disk that stay free for others; for them the oldest events of all
            cameras go.
    """

    most_bytes: int = 20_000_000_000
    most_days: float = 30.0
    least_free: int = 2_000_000_000


@dataclass(frozen=True)
class Room:
    """What came of making room.

    Attributes:
        enough: whether what is coming may be written.
        events: how many were removed.
        removed: bytes of their files.
        trouble: why there is not enough, or what could not be removed, a line; ``""`` of nothing.
    """

    enough: bool
    events: int
    removed: int
    trouble: str


def make_room(
    journal: Journal, camera: str, retention: Retention, now: float, coming: int = 0
) -> Room:
    """Keep to what is kept of a camera: before each clip, and now and then without one.

    It waits for the disk; whoever must not, calls it in a thread.

    Args:
        journal: of the state folder.
        camera: whose.
        retention: what is kept of it.
        now: Unix seconds, on the clock of its events.
        coming: bytes that are going to be written.
    """
    journal.flush(_A_MOMENT)
    work, used = _Removal(journal, now), journal.sizes().get(camera, 0)
    journal.forget_scores(camera, now - DAYS_OF_SCORES * _A_DAY)
    for event in work.oldest(camera, now - retention.most_days * _A_DAY):
        work.remove(event)
    over = used - work.removed + coming - retention.most_bytes
    over = work.remove_oldest(camera, over)
    free = shutil.disk_usage(journal.state.root).free
    missing = retention.least_free + coming - free
    if missing > 0:
        # No more than is missing, even if nothing becomes free by it: on a disk with snapshots,
        # or that somebody else fills, everything would go for nothing.
        work.remove_oldest(None, missing)
        missing = retention.least_free + coming - shutil.disk_usage(journal.state.root).free
    root, trouble = journal.state.root, work.trouble
    if over > 0:
        trouble = (
            f"{root}: camera '{camera}' keeps {retention.most_bytes / 1e6:,.0f} MB, too little for "
            "what is going on; no clip is written, allow it more"
        )
    elif missing > 0:
        trouble = (
            f"{root}: {missing / 1e6:,.0f} MB are missing to the {retention.least_free / 1e6:,.0f} "
            "MB that stay free on this disk; no clip is written, free some space"
        )
    return Room(over <= 0 and missing <= 0, work.events, work.removed, trouble)


class _Removal:
    """Removes events, and counts."""

    def __init__(self, journal: Journal, now: float) -> None:
        self.events = self.removed = 0
        self.trouble = ""
        self._journal, self._now = journal, now
        self._seen: set[str] = set()

    def oldest(self, camera: str | None, until: float) -> Iterator[LiveEvent]:
        """Events to be removed, in order; each once."""
        until = min(until, self._now - JUST_OVER)
        while True:
            most = _AT_ONCE + len(self._seen)
            part = self._journal.oldest(camera, until, most)
            new = [event for event in part if event.id not in self._seen]
            if not new:
                return
            for event in new:
                self._seen.add(event.id)
                yield event

    def remove_oldest(self, camera: str | None, wanted: int) -> int:
        """Remove events until so many bytes are gone; how many are missing to it."""
        if wanted > 0:
            for event in self.oldest(camera, self._now):
                wanted -= self.remove(event)
                if wanted <= 0:
                    break
        return wanted

    def remove(self, event: LiveEvent) -> int:
        """The bytes that were removed."""
        try:
            removed = self._journal.forget(event)
        except OSError as error:
            self.trouble = f"{error.filename}: cannot be removed ({error.strerror}); remove it"
            return 0
        self.events, self.removed = self.events + 1, self.removed + removed
        folder = self._journal.state.files_of(event).folder
        if event.start < self._now - 2 * _A_DAY:
            with suppress(OSError):  # something else is in it
                folder.rmdir()
        return removed
