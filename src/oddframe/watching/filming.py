"""Clips of a camera's alarms: from before an event until after it, where there is room for them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from oddframe.cameras.cameras_file import Camera
from oddframe.errors import in_words
from oddframe.journal.live_event import LiveEvent
from oddframe.sources.clip_writer import ClipWriter
from oddframe.sources.packet_ring import PacketRing
from oddframe.watching.outside import Outside

MARGIN = 5.0
"""Seconds that the ring holds beyond the pre-roll, in which an event is found out about and room is
made for its clip."""
COMING = 20_000_000
"""Bytes that a clip is expected to have: 20 s of 8 Mbit/s."""
_SLOW = 30.0
"""Seconds that the end of watching waits for a clip at most."""
_LATE = 10
"""Seconds after an event in which it may still come to the disk, and be filmed."""


class Filming:
    """The clips of one camera.

    Args:
        camera: what is asked: pre-roll, post-roll, what is kept.
        outside: who makes room, and is told.
        ring: of the camera's reader.
    """

    def __init__(self, camera: Camera, outside: Outside, ring: PacketRing) -> None:
        self._camera, self._outside, self._ring = camera, outside, ring
        self._films: dict[str, _Film] = {}

    def adopt(self, other: Filming) -> None:
        """Wait for the clips of another too, which has ended, with the same ring."""
        self._films |= other._films

    def named(self, event: LiveEvent) -> LiveEvent:
        """An event with the name that its clip is going to have."""
        files = self._outside.journal.state.files_of(event)
        return replace(event, clip=files.name(files.clip()))

    def begin(self, event: LiveEvent, began: float) -> None:
        """Film an event from some seconds before it began, once it is on disk.

        Args:
            event: it, which the journal was given.
            began: when it did, on the clock of the frames.
        """
        self._films = {name: film for name, film in self._films.items() if film.is_alive()}
        film = _Film(self._camera, self._outside, self._ring, event, began)
        self._films[event.id] = film
        film.start()

    def end(self, event: LiveEvent, over: float) -> None:
        """Film for some seconds more.

        Args:
            event: it.
            over: when it was, on the clock of the frames.
        """
        if film := self._films.get(event.id):
            film.until = over + self._camera.post_roll
            film.over.set()

    def stop(self) -> None:
        """Wait until the clips that are going on are whole."""
        until = time.monotonic() + _SLOW
        for film in self._films.values():
            film.over.set()
            film.join(max(0.0, until - time.monotonic()))


class _Film(threading.Thread):
    """Makes room for one clip, writes it, and tells the journal what came of it.

    Attributes:
        over: set when the event is.
        until: then, until when to film, on the clock of the frames; until nobody says, no longer.
    """

    def __init__(
        self,
        camera: Camera,
        outside: Outside,
        ring: PacketRing,
        event: LiveEvent,
        began: float,
    ) -> None:
        super().__init__(name=f"oddframe-film-{camera.name}", daemon=True)
        self.over = threading.Event()
        self._camera, self._outside, self._ring = camera, outside, ring
        self._journal, self._say = outside.journal, outside.say
        self._event = event
        self._began, self._lead = began, 0.0
        self._since = self.until = began - camera.pre_roll

    def run(self) -> None:
        journal = self._journal
        clips: list[str] = []
        try:
            clips = self._filmed()
        except Exception as error:  # whatever a disk may do; the event is told all the same
            self._say(f"{self._camera.name}: no clip: {in_words(error)}")
        self.over.wait()
        newest = journal.event(self._event.id) or self._event
        event = journal.write(
            replace(newest, clip=clips[0] if clips else None, later_clips=tuple(clips[1:]))
        )
        if clips and not event.is_open:
            self._outside.look(event, self._lead)

    def _filmed(self) -> list[str]:
        """The names of the clips."""
        camera, journal = self._camera, self._journal
        files = journal.state.files_of(self._event)
        if not self._is_on_disk(files.sidecar):
            self._say(f"{camera.name}: no clip: its event is not on disk")
            return []
        room = self._outside.room(camera, self._event.seen, COMING)
        if room.trouble:
            self._say(f"{camera.name}: {room.trouble}")
        if not room.enough:
            return []
        longest = camera.pre_roll + camera.longest_seconds + camera.post_roll + MARGIN
        writer = ClipWriter(self._ring, files.clip(), self._since, longest)
        while not self.over.wait(1.0) and not writer.is_done:
            pass
        writer.finish(self.until)
        while not writer.wait(1.0):
            pass
        if writer.failure:
            self._say(f"{camera.name}: {writer.failure}")
        if writer.first is not None:
            self._lead = self._began - writer.first
        return [files.name(part) for part in writer.parts if part.is_file()]

    def _is_on_disk(self, sidecar: Path) -> bool:
        """Whether the event is, for which is waited while it goes on, and a little longer.

        A clip whose event is lost would be nobody's: nothing shows it, and nothing removes it.
        """
        late = 0
        while not sidecar.is_file():
            if late > _LATE or self._journal.flush(1.0):
                return sidecar.is_file()
            late += self.over.is_set()
        return True
