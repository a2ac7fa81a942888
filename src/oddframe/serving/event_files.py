"""Films and pictures of events, found by the event's id and never by a path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from oddframe.errors import OddframeError
from oddframe.journal.live_event import LiveEvent, time_of_id
from oddframe.runs.sights import SIGHTS, read_sights
from oddframe.scores.sights import Sight
from oddframe.serving.site import Site

_KINDS = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".jpg": "image/jpeg"}
_KEPT = {"cache-control": "private, max-age=3600"}


def event_of(site: Site, request: Request) -> LiveEvent | None:
    """The event whose id is in the address; None if there is none."""
    event_id = str(request.path_params["event"])
    try:
        time_of_id(event_id)
        return site.reader.event(event_id)
    except OddframeError:
        return None


def clip(site: Site, request: Request) -> Response:
    """A part of an event's film, also a range of its bytes; ``?save`` to keep it."""
    event = event_of(site, request)
    if event is None:
        return _gone()
    part = request.path_params["part"]
    if not 1 <= part <= len(event.clips):
        return _gone()
    return _file(site, event, event.clips[part - 1], save="save" in request.query_params)


def picture(site: Site, request: Request) -> Response:
    """An event's still."""
    event = event_of(site, request)
    return _gone() if event is None or event.picture is None else _file(site, event, event.picture)


def nearest(site: Site, request: Request) -> Response:
    """The moment of the run's normal footage that is nearest to an event."""
    event = event_of(site, request)
    if event is None or event.nearest is None or not event.run:
        return _gone()
    run = Path(event.run)
    file = run / SIGHTS
    jpeg = None
    if file.is_file():
        facts = file.stat()
        jpeg = _sights(run, facts.st_mtime_ns, facts.st_size).get(event.nearest)
    return Response(jpeg, media_type="image/jpeg", headers=_KEPT) if jpeg else _gone()


@lru_cache(maxsize=4)
def _sights(run: Path, changed: int, size: int) -> dict[Sight, bytes]:  # noqa: ARG001
    return read_sights(run)


def film_of(site: Site, event: LiveEvent) -> Path | None:
    """The first part of an event's film, where it is; None of none."""
    return None if event.clip is None else _own(site, event, event.clip)


def _own(site: Site, event: LiveEvent, name: str) -> Path | None:
    """A file of an event: a sidecar may say anything, and only names of its own are looked for."""
    files = site.reader.state.files_of(event)
    path = files.root / name
    return path if files.own(name) and path.is_file() and not path.is_symlink() else None


def _file(site: Site, event: LiveEvent, name: str, *, save: bool = False) -> Response:
    path = _own(site, event, name)
    if path is None:
        return _gone()
    shown = "attachment" if save else "inline"
    return FileResponse(
        path,
        media_type=_KINDS.get(path.suffix, "application/octet-stream"),
        filename=f"{event.camera}-{path.name}",
        content_disposition_type=shown,
        headers={"cache-control": "no-cache"} if event.is_open else _KEPT,
    )


def _gone() -> Response:
    return PlainTextResponse("there is no such file any more\n", 404)
