"""What the page stands on: the journal, whoever writes it, and who may look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse

import oddframe
from oddframe.archive.archive import Archive
from oddframe.cameras.second_look import SecondLooks
from oddframe.journal.journal import Journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.pages.rendering import Shown, drawn
from oddframe.refitting.refits import Refits
from oddframe.serving.sessions import Sessions
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.tally import ReaderState
from oddframe.watching.camera import CameraCounts
from oddframe.watching.plan import Plan
from oddframe.watching.saving import Saving
from oddframe.watching.scorer import ScoredFrame

MOST_COUNTED = 999
"""More than so many undecided events are ``999+``."""


class SeenCamera(Protocol):
    """A camera that is watched, as ``watching/`` has it.

    Attributes:
        name: its name.
        plan: how it is watched.
    """

    name: str
    plan: Plan

    @property
    def state(self) -> ReaderState:
        """How its source does."""
        ...

    @property
    def counts(self) -> CameraCounts:
        """What was counted of it."""
        ...

    @property
    def latest(self) -> ScoredFrame | None:
        """The frame that was judged last; None before that, or where it is on another machine."""
        ...


class SeenWatch(Protocol):
    """What watches cameras, as ``watching/`` has it.

    Attributes:
        saving: its cameras file; None without one.
    """

    saving: Saving | None

    @property
    def cameras(self) -> Sequence[SeenCamera]:
        """Those that are watched now."""
        ...

    @property
    def plans(self) -> Sequence[Plan]:
        """What is wanted of cameras, also of those that are not watched yet."""
        ...

    @property
    def second_look(self) -> SecondLooks | None:
        """Which server is asked about alarms; None of none."""
        ...

    def is_armed(self, camera: str) -> bool:
        """Whether a person wants to be told of one, whatever its schedule says."""
        ...

    def arm(self, camera: str, armed: bool) -> None:
        """What a person wants."""
        ...

    def sinks_of(self, camera: str) -> Sequence[tuple[str, str]]:
        """Names of the sinks that are told of a camera, and what each does."""
        ...

    def ring_of(self, camera: str) -> PacketRing | None:
        """The packets of a camera, as they come; None without any."""
        ...

    def try_sink(self, camera: str, sink: str) -> str:
        """Send a test message to one; a line, or an error."""
        ...

    def read_again(self) -> None:
        """Take the cameras file and its runs as they are now, soon."""
        ...


class Teaching(Protocol):
    """What the page asks of a tutor."""

    def said(self, event_ids: Iterable[str]) -> None:
        """A person just said something of these events."""
        ...

    def status(self, event: LiveEvent) -> str:
        """What became of the word on an event, a line; ``""`` of nothing."""
        ...

    def take_back(self, run: Path, version: int) -> None:
        """A person wants a run to be without what a version was taught."""
        ...

    def going(self, run: Path, version: int) -> str:
        """Whether a version's lessons are being taken back, or why they were not."""
        ...


@dataclass(frozen=True)
class Site:
    """What the page stands on.

    Attributes:
        reader: of the journal.
        journal: the same, where this process writes it; None where another one does, or none may.
        sessions: who may look.
        watch: what this process watches; None of nothing.
        tutor: who teaches its runs what persons say; None where nobody does.
        refits: what cameras are fitted from again; None where none are watched.
        archive: footage that lies there, and what was found in it; None where there is none.
        closing: set when the server is about to end: what goes on for long ends by itself then.
    """

    reader: JournalReader
    journal: Journal | None
    sessions: Sessions
    watch: SeenWatch | None = None
    tutor: Teaching | None = None
    refits: Refits | None = None
    archive: Archive | None = None
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def cameras(self) -> Sequence[SeenCamera]:
        """Those that are watched by this process now."""
        return () if self.watch is None else self.watch.cameras

    def camera(self, name: str) -> SeenCamera | None:
        """The camera of this name, if it is watched now."""
        return next((one for one in self.cameras if one.name == name), None)

    def undecided(self) -> int:
        """Events that wait for a word, up to :data:`MOST_COUNTED` and one."""
        return self.reader.count(Question(state="undecided", most=MOST_COUNTED + 1))

    def still_looks(self, request: Request) -> bool:
        """Whether who asked is who they were: what goes on for long ends with the session."""
        return self.sessions.role_of(request.scope["session"]) == request.scope["role"]

    def may_decide(self, request: Request) -> bool:
        """Whether who asks may give a word, and it could be kept."""
        return self.journal is not None and request.scope.get("role") == "owner"

    def may_change(self, request: Request) -> bool:
        """Whether who asks may change cameras, and there is a file that would say so."""
        has_file = self.watch is not None and self.watch.saving is not None
        return has_file and request.scope.get("role") == "owner"


@dataclass(frozen=True)
class Place:
    """An entry of the bar on top.

    Attributes:
        name, address: what it says, and where it leads.
        here: whether this page is in it.
        waiting: how much waits there; ``""`` for nothing.
    """

    name: str
    address: str
    here: bool = False
    waiting: str = ""


@dataclass(frozen=True)
class _Page:
    template: ClassVar[str] = "serving/page.html"
    version: str
    title: str
    places: Sequence[Place]
    content: Shown
    script: str
    logged_in: str
    trouble: str


def page(
    site: Site,
    request: Request,
    title: str,
    content: Shown,
    *,
    script: str = "",
    status: int = 200,
) -> HTMLResponse:
    """A whole page.

    Args:
        site: what it stands on.
        request: who asks.
        title: of the window, and of the page.
        content: below the bar.
        script: a file of ``pages/static/``; the page can be read without it.
        status: of HTTP.
    """
    path = request.url.path
    count = site.undecided() if request.scope.get("role") else 0
    waiting = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count) if count else ""
    now = [Place("Now", "/now", path.startswith("/now"))] if site.cameras else []
    places = [
        *now,
        Place("Review", "/review", path.startswith("/review"), waiting),
        Place("Timeline", "/timeline", path.startswith("/timeline")),
        *([Place("Cameras", "/camera", path.startswith("/camera"))] if site.cameras else ()),
        *([Place("Archive", "/archive", path.startswith("/archive"))] if site.archive else ()),
    ]
    role = request.scope.get("role")
    return HTMLResponse(
        str(
            drawn(
                _Page(
                    version=oddframe.__version__,
                    title=title,
                    places=places if role else [],
                    content=content,
                    script=script,
                    logged_in=role if role and site.sessions.are_needed else "",
                    trouble=site.journal.trouble if site.journal is not None else "",
                )
            )
        ),
        status,
    )


def no_camera() -> PlainTextResponse:
    """The answer of a camera's address where none of that name is watched."""
    return PlainTextResponse("no such camera is watched now\n", 404)


def address(path: str, **parts: object) -> str:
    """An address with what is asked for; what is None or empty is left out."""
    given = {name: value for name, value in parts.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
