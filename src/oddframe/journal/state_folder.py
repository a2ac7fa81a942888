"""Where things lie in the folder that watching keeps: ``--state DIR``.

::

    DIR/journal.sqlite                                 what there is, to be found fast
    DIR/cameras/NAME/YYYY-MM-DD/HHMMSS-ID.json         an event: the truth of it
    DIR/cameras/NAME/YYYY-MM-DD/HHMMSS-ID.mp4, .jpg    its clip and its picture
    DIR/outbox/                                        messages that are not accepted yet
    DIR/learning/NAME/hours/, fits/N/                  normal life that is recorded, and fits of it
    DIR/archive/uploads/N/, jobs/N/                    videos that were dropped; scorings of these
    DIR/learning/lessons.txt                           what teaching said

Date and time are those in the event's id, in UTC, so the files of an event keep their names
whatever is found out about it later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.journal.live_event import LiveEvent, checked_camera, time_of_id

DEFAULT = "oddframe-state"
"""The folder where nobody names another."""

CLIP_ENDINGS = (".mp4", ".mkv")
"""MP4, and Matroska for what MP4 does not hold."""

_CLIP = r"(?:-([1-9]\d*))?\.(?:mp4|mkv)"
"""What follows the stem in the name of a clip: the part, from 2 on, and the ending."""


@dataclass(frozen=True)
class EventFiles:
    """The files of one event, whether they are there or not.

    Attributes:
        root: the state folder.
        camera, event_id: whose they are.
    """

    root: Path
    camera: str
    event_id: str

    @cached_property
    def folder(self) -> Path:
        """The day's folder, in UTC."""
        return self.root / "cameras" / self.camera / f"{self._moment:%Y-%m-%d}"

    @cached_property
    def stem(self) -> str:
        """What their names begin with: ``134501-01k9...``."""
        return f"{self._moment:%H%M%S}-{self.event_id}"

    @cached_property
    def sidecar(self) -> Path:
        """The event itself, as JSON."""
        return self.folder / f"{self.stem}.json"

    @property
    def picture(self) -> Path:
        """The still with boxes and heat."""
        return self.folder / f"{self.stem}.jpg"

    def clip(self, part: int = 1, ending: str = CLIP_ENDINGS[0]) -> Path:
        """The film; parts from 2 on follow where the camera changed its size or codec.

        Args:
            part: from 1.
            ending: one of :data:`CLIP_ENDINGS`.
        """
        if part < 1 or ending not in CLIP_ENDINGS:
            raise ValueError(f"part {part} as {ending} is no name of a clip")
        return self.folder / f"{self.stem}{f'-{part}' * (part > 1)}{ending}"

    def name(self, path: Path) -> str:
        """How the event calls one of its files: relative to the state folder, with ``/``."""
        return path.relative_to(self.root).as_posix()

    def clips(self) -> list[Path]:
        """The clips that are there, the first part first."""
        found = [(int(match[1] or 1), path) for path, match in self._matches(_CLIP)]
        return [path for _, path in sorted(found)]

    def there(self) -> list[Path]:
        """All files of this event that are there, the sidecar last: nothing else is ever ours."""
        rest = [path for path in (self.picture, self.sidecar) if path.is_file()]
        return [*self.clips(), *rest]

    def own(self, name: str) -> bool:
        """Whether what an event calls a file of its own is one, by its name."""
        begins = self.name(self.folder / self.stem)
        return name.startswith(begins) and bool(
            re.fullmatch(rf"{_CLIP}|\.jpg", name.removeprefix(begins))
        )

    def _matches(self, ends: str) -> Iterator[tuple[Path, re.Match[str]]]:
        if not self.folder.is_dir():
            return
        pattern = re.compile(re.escape(self.stem) + ends)
        for path in self.folder.iterdir():
            if (match := pattern.fullmatch(path.name)) and path.is_file():
                yield path, match

    @cached_property
    def _moment(self) -> datetime:
        return datetime.fromtimestamp(time_of_id(self.event_id), UTC)


@dataclass(frozen=True)
class StateFolder:
    """The folder; asking where something lies makes nothing.

    Attributes:
        root: the folder itself.
    """

    root: Path

    @property
    def journal(self) -> Path:
        """The SQLite journal."""
        return self.root / "journal.sqlite"

    @property
    def outbox(self) -> Path:
        """Messages that are not accepted yet, a folder for each sink."""
        return self.root / "outbox"

    @property
    def cameras(self) -> Path:
        """A folder for each camera."""
        return self.root / "cameras"

    def learning(self, camera: str) -> Path:
        """What is recorded of a camera to fit it again, and its fits."""
        return self.root / "learning" / checked_camera(camera)

    def event_files(self, camera: str, event_id: str) -> EventFiles:
        """The files of an event.

        Raises:
            OddframeError: these are no names of a camera and an event.
        """
        time_of_id(event_id)
        return EventFiles(self.root, checked_camera(camera), event_id)

    def files_of(self, event: LiveEvent) -> EventFiles:
        """The files of an event."""
        return EventFiles(self.root, event.camera, event.id)

    def with_its_files(self, event: LiveEvent) -> LiveEvent:
        """The event with the names of those of its files that are there."""
        files = self.files_of(event)
        clips = [files.name(path) for path in files.clips() if path.stat().st_size]
        picture = files.name(files.picture) if files.picture.is_file() else None
        clip = clips[0] if clips else None
        return replace(event, clip=clip, later_clips=tuple(clips[1:]), picture=picture)

    def events_on_disk(self) -> Iterator[EventFiles]:
        """Every event that has a sidecar in its place, in no order; other files are nobody's."""
        for sidecar in self.cameras.glob("*/????-??-??/*.json"):
            try:
                files = self.event_files(sidecar.parent.parent.name, sidecar.stem[7:])
            except OddframeError:
                continue
            if files.sidecar == sidecar:
                yield files
