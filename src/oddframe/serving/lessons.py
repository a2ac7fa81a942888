"""An owner takes back what the run of a camera was taught; the page of a version's drill."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.drills.page import PAGE
from oddframe.drills.request import OWN, drill_folder
from oddframe.errors import OddframeError
from oddframe.runs.lessons import read_versions
from oddframe.serving.camera_page import Typed, page_of, shown
from oddframe.serving.forms import form_of
from oddframe.serving.site import Site, no_camera
from oddframe.serving.whole_page import whole_page


async def take_back(site: Site, request: Request) -> Response:
    """What a version was taught, soon."""
    return await run_in_threadpool(_take_back, site, request, await form_of(request))


def _take_back(site: Site, request: Request, form: dict[str, str]) -> Response:
    camera = site.camera(request.path_params["camera"])
    if camera is None or site.tutor is None:
        return no_camera()
    folder, given = camera.plan.run.folder, form.get("version", "")
    try:
        holding = {str(one.number): one.number for one in read_versions(folder).holding}
        if given not in holding:
            raise OddframeError(f"version {given} has taught nothing that still holds")
    except OddframeError as error:
        return shown(site, request, Typed("lessons", form, str(error), 409))
    site.tutor.take_back(folder, holding[given])
    return RedirectResponse(f"{page_of(camera.name)}#lessons", 303)


def drill(site: Site, request: Request) -> Response:
    """The page of a version's drill on the run's own footage."""
    camera, given = site.camera(request.path_params["camera"]), request.path_params["version"]
    if camera is None:
        return no_camera()
    page = drill_folder(camera.plan.run.folder, OWN, given) / PAGE
    if not page.is_file():
        return PlainTextResponse("it has no drill\n", 404)
    return whole_page(page)
