"""What an owner asks for to fit a camera again: record, fit, use what was fitted, and go back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from oddframe.errors import OddframeError, in_words
from oddframe.refitting.fits import Fit
from oddframe.refitting.refits import Refits, Used
from oddframe.serving.camera_page import Typed, page_of, shown
from oddframe.serving.forms import form_of, number_of
from oddframe.serving.refit_form import pieces_in
from oddframe.serving.site import SeenCamera, Site, no_camera
from oddframe.serving.whole_page import whole_page

_Asked = Callable[[Site, SeenCamera, Refits, Mapping[str, str]], None]


async def record(site: Site, request: Request) -> Response:
    """Record from now on, or no more."""
    return await _asked(site, request, _record)


async def pieces(site: Site, request: Request) -> Response:
    """Fit from pieces, or remove them."""
    return await _asked(site, request, _pieces)


async def fits(site: Site, request: Request) -> Response:
    """Stop a fit, go on with it, remove it, or use its run."""
    return await _asked(site, request, _fits)


async def back(site: Site, request: Request) -> Response:
    """The run of before."""
    return await _asked(site, request, _back)


def piece(site: Site, request: Request) -> Response:
    """The film of a piece."""
    camera, name = request.path_params["camera"], request.path_params["piece"]
    if site.refits is None or site.camera(camera) is None:
        return no_camera()
    found = site.refits.recordings(camera)
    path = next((one.path for one in found if one.name == name), None)
    if path is None:
        return PlainTextResponse("there is no such piece any more\n", 404)
    return FileResponse(path, media_type="video/mp4", content_disposition_type="inline")


def drill(site: Site, request: Request) -> Response:
    """The page of a fit's drill."""
    camera, number = request.path_params["camera"], request.path_params["fit"]
    try:
        if site.refits is None or site.camera(camera) is None:
            raise OddframeError("no such camera is watched now")
        page = site.refits.fit(camera, number).drill
    except OddframeError as error:
        return PlainTextResponse(f"{error}\n", 404)
    if page is None:
        return PlainTextResponse("it has no drill\n", 404)
    return whole_page(page)


async def _asked(site: Site, request: Request, what: _Asked) -> Response:
    return await run_in_threadpool(_done, site, request, what, await form_of(request))


def _done(site: Site, request: Request, what: _Asked, form: dict[str, str]) -> Response:
    camera = site.camera(request.path_params["camera"])
    if camera is None or site.refits is None:
        return no_camera()
    try:
        what(site, camera, site.refits, form)
    except Exception as error:  # a disk, or a run of somebody's own code
        return shown(site, request, Typed("refit", form, in_words(error), 409))
    return RedirectResponse(f"{page_of(camera.name)}#refit", 303)


def _record(_: Site, camera: SeenCamera, refits: Refits, form: Mapping[str, str]) -> None:
    if form.get("what") == "stop":
        refits.stop_recording(camera.name)
        return
    refits.record(camera.plan, _number(form, "hours"), _number(form, "gigabytes"))


def _pieces(_: Site, camera: SeenCamera, refits: Refits, form: Mapping[str, str]) -> None:
    if form.get("what") == "remove":
        refits.forget(camera.name, pieces_in(form))
        return
    refits.begin_fit(camera.plan, pieces_in(form))


def _fits(site: Site, camera: SeenCamera, refits: Refits, form: Mapping[str, str]) -> None:
    fit = refits.fit(camera.name, form.get("fit", ""))
    match form.get("what"):
        case "stop":
            refits.stop_fit(fit)
        case "go on":
            refits.go_on(fit)
        case "remove":
            refits.remove_fit(fit, () if site.watch is None else site.watch.plans)
        case "use":
            _use(site, camera, refits, fit, form)
        case _:
            raise OddframeError("expected a fit to stop, to go on with, to use or to remove")


def _use(site: Site, camera: SeenCamera, refits: Refits, fit: Fit, form: Mapping[str, str]) -> None:
    """The threshold of a run is on its own scale: one of the run of before goes with it."""
    if fit.state != "fitted":
        raise OddframeError(f"fit {fit.number} has no run to use")
    before = Used(str(camera.plan.camera.run), _own_threshold(site, camera))
    _change(site, camera, {"run": str(fit.run.resolve()), "threshold": None}, form)
    refits.note_used(camera.name, before)


def _back(site: Site, camera: SeenCamera, refits: Refits, form: Mapping[str, str]) -> None:
    used = refits.used(camera.name)
    if used is None:
        raise OddframeError("there is no run of before to go back to")
    changes: dict[str, object] = {"run": str(Path(used.run))}
    if camera.plan.camera.alarms_per_hour is None:
        changes["threshold"] = used.threshold
    _change(site, camera, changes, form)
    refits.note_rolled_back(camera.name)


def _change(
    site: Site, camera: SeenCamera, changes: Mapping[str, object], form: Mapping[str, str]
) -> None:
    if site.watch is None or site.watch.saving is None:
        raise OddframeError("there is no cameras file to save to")
    site.watch.saving.change(camera.name, changes, form.get("mark", ""))


def _own_threshold(site: Site, camera: SeenCamera) -> float | None:
    saving = None if site.watch is None else site.watch.saving
    own = saving is not None and saving.where(camera.name, "threshold") == "camera"
    return camera.plan.camera.threshold if own else None


def _number(form: Mapping[str, str], name: str) -> float:
    value = number_of(form.get(name, ""))
    if not math.isfinite(value):
        raise OddframeError(f"expected a number of {name}, found '{form.get(name, '').strip()}'")
    return value
