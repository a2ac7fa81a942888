"""Films and pictures of events, found by the event's id and never by a path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from oddframe.journal.live_event import LiveEvent
from oddframe.runs.sights import SIGHTS, read_sights
from oddframe.scores.sights import Sight
from oddframe.serving.moment import event_of
from oddframe.serving.site import Site

_KINDS = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".jpg": "image/jpeg"}
_KEPT = {"cache-control": "private, max-age=3600"}


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


def _file(site: Site, event: LiveEvent, name: str, *, save: bool = False) -> Response:
    files = site.reader.state.files_of(event)
    # A sidecar may say anything; only names that are this event's own are looked for.
    if not files.own(name):
        return _gone()
    path = files.root / name
    if path.is_symlink() or not path.is_file():
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
