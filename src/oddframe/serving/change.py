"""What an owner changes of a camera, to its cameras file and to the watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.errors import OddframeError, in_words
from oddframe.serving.camera_page import Typed, page_of, shown
from oddframe.serving.forms import form_of
from oddframe.serving.limit_form import limit_in
from oddframe.serving.schedule_form import schedule_in
from oddframe.serving.site import SeenCamera, Site, no_camera
from oddframe.serving.zone_form import zones_in

Changes = dict[str, Any]
_Made = Callable[[Site, SeenCamera, Mapping[str, str]], Changes]


async def zones(site: Site, request: Request) -> Response:
    """Other zones."""
    return await _changed(site, request, "zones", _zones)


async def limit(site: Site, request: Request) -> Response:
    """Another threshold, or another budget."""
    return await _changed(site, request, "limit", lambda _site, _camera, form: limit_in(form))


async def schedule(site: Site, request: Request) -> Response:
    """Other armed hours."""
    return await _changed(site, request, "schedule", _schedule)


async def try_sink(site: Site, request: Request) -> Response:
    """Send a test message, and show what came of it."""
    form = await form_of(request)
    return await run_in_threadpool(_tried, site, request, form.get("sink", ""))


def _tried(site: Site, request: Request, sink: str) -> Response:
    camera = site.camera(request.path_params["camera"])
    if camera is None or site.watch is None or sink not in dict(site.watch.sinks_of(camera.name)):
        return PlainTextResponse("no such camera, or it tells nobody of that name\n", 404)
    try:
        said, status = site.watch.try_sink(camera.name, sink), 200
    except OddframeError as error:
        said, status = str(error), 502
    return shown(site, request, Typed("alerts", {}, said, status))


async def _changed(site: Site, request: Request, part: str, made: _Made) -> Response:
    form = await form_of(request)
    return await run_in_threadpool(_change, site, request, part, made, form)


def _change(
    site: Site,
    request: Request,
    part: str,
    made: _Made,
    form: dict[str, str],
) -> Response:
    camera = site.camera(request.path_params["camera"])
    if camera is None or site.watch is None:
        return no_camera()
    if site.watch.saving is None:
        return PlainTextResponse("there is no cameras file to save to\n", 409)
    try:
        changes = made(site, camera, form)
        watched = site.watch.saving.change(camera.name, changes, form.get("mark", ""))
    except Exception as error:  # a run may be of somebody's own code
        said = in_words(error)
        return shown(site, request, Typed(part, form, said, 409))
    saved = part if watched else "later"
    return RedirectResponse(f"{page_of(camera.name)}?saved={saved}#{part}", 303)


def _schedule(site: Site, _: SeenCamera, form: Mapping[str, str]) -> Changes:
    said = schedule_in(form)
    assert site.watch is not None
    assert site.watch.saving is not None
    always = said.get("every_day") == "always" and not site.watch.saving.is_shared("schedule")
    return {"schedule": None if always else said}


def _zones(site: Site, camera: SeenCamera, form: Mapping[str, str]) -> Changes:
    rows = zones_in(form)
    if rows or camera.plan.run.zones:
        return {"zones": rows}
    assert site.watch is not None
    assert site.watch.saving is not None
    # Where others have some, it says that it has none.
    return {"zones": [] if site.watch.saving.is_shared("zones") else None}
