"""The page of one camera: its picture, what its file says of it, and what can be changed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from oddframe.errors import OddframeError
from oddframe.pages.rendering import drawn
from oddframe.pages.tables import Facts
from oddframe.serving.camera_facts import facts_of
from oddframe.serving.lesson_form import LessonForm, lesson_form
from oddframe.serving.limit_form import LimitForm, limit_form, meant_by
from oddframe.serving.now import Tile, tile_of
from oddframe.serving.refit_form import RefitForm, refit_form
from oddframe.serving.schedule_form import ScheduleForm, schedule_form
from oddframe.serving.site import SeenCamera, Site, no_camera, page
from oddframe.serving.stills import still_of
from oddframe.serving.zone_form import ZoneForm, ZoneRow, rows_of, typed_rows

_SAVED = {
    "zones": "The zones are saved, and watched from now on.",
    "limit": "Saved; what is told is told by it from now on.",
    "schedule": "The hours are saved, and hold from now on.",
    "later": "It is saved; the cameras are still being begun anew with it.",
}


@dataclass(frozen=True)
class Typed:
    """What somebody typed that could not be taken.

    Attributes:
        part: of the page: ``zones``, ...
        form: names and values.
        said: why, a line.
        status: of HTTP.
    """

    part: str = ""
    form: Mapping[str, str] | None = None
    said: str = ""
    status: int = 200

    def of(self, part: str) -> Mapping[str, str] | None:
        """What was typed in a part; None where nothing was."""
        return self.form if part == self.part else None

    def wrong(self, part: str) -> str:
        """What is wrong with it; ``""`` of nothing."""
        return self.said if part == self.part else ""


@dataclass(frozen=True)
class AlertsForm:
    """Who is told of a camera.

    Attributes:
        camera: its address.
        sinks: names, and what each does.
        said: what came of a test; ``""`` of none.
        took: whether it was taken.
        may_change: whether who looks may send one.
    """

    template: ClassVar[str] = "serving/alerts.html"
    camera: str
    sinks: Sequence[tuple[str, str]]
    said: str
    took: bool
    may_change: bool


@dataclass(frozen=True)
class _Camera:
    template: ClassVar[str] = "serving/settings.html"
    tile: Tile
    others: Sequence[tuple[str, str]]
    saved: str
    no_file: bool
    facts: Facts
    zones: ZoneForm
    limit: LimitForm
    schedule: ScheduleForm
    lessons: LessonForm | None
    refits: RefitForm | None
    alerts: AlertsForm


@dataclass(frozen=True)
class _NoCamera:
    template: ClassVar[str] = "serving/no_cameras.html"


def first(site: Site, request: Request) -> Response:
    """The first camera, from whose page the others are reached."""
    if site.cameras:
        return RedirectResponse(page_of(site.cameras[0].name), 303)
    return page(site, request, "Cameras", _NoCamera())


def camera_page(site: Site, request: Request) -> Response:
    """The page as it is."""
    return shown(site, request, Typed())


def shown(site: Site, request: Request, typed: Typed) -> Response:
    """The page, with what was typed and is not saved."""
    camera = site.camera(request.path_params["camera"])
    if camera is None:
        return no_camera()
    saving = None if site.watch is None else site.watch.saving
    mark = typed.form.get("mark", "") if typed.form else "" if saving is None else saving.mark
    may_change, place = site.may_change(request), (page_of(camera.name), mark)
    content = _Camera(
        tile=tile_of(site, camera),
        others=[(one.name, page_of(one.name)) for one in site.cameras if one is not camera],
        saved=_SAVED.get(request.query_params.get("saved", ""), ""),
        no_file=saving is None,
        facts=Facts(facts_of(camera, None if site.watch is None else site.watch.second_look)),
        zones=_zones(site, camera, typed, mark, may_change),
        limit=limit_form(
            site,
            camera,
            typed.of("limit") or _looked_for(request),
            said=typed.wrong("limit"),
            place=place,
            may_change=may_change,
        ),
        schedule=schedule_form(
            camera.plan.camera.schedule,
            typed.of("schedule"),
            said=typed.wrong("schedule"),
            place=place,
            may_change=may_change,
        ),
        lessons=lesson_form(
            site, camera, said=typed.wrong("lessons"), place=place[0], may_change=may_change
        ),
        refits=None
        if site.refits is None
        else refit_form(
            site,
            camera,
            site.refits,
            said=typed.wrong("refit"),
            place=place,
            may_change=may_change,
        ),
        alerts=AlertsForm(
            camera=place[0],
            sinks=[] if site.watch is None else site.watch.sinks_of(camera.name),
            said=typed.wrong("alerts"),
            took=typed.status == 200,
            may_change=may_change,
        ),
    )
    return page(site, request, camera.name, content, script="camera.js", status=typed.status)


def meant(site: Site, request: Request) -> Response:
    """What a threshold or a budget would have meant, to be put into the page."""
    camera = site.camera(request.path_params["camera"])
    if camera is None:
        return no_camera()
    try:
        found = meant_by(site, camera, dict(request.query_params))
    except OddframeError as error:
        return PlainTextResponse(str(error), 400)
    return HTMLResponse(str(drawn(found)))


def _looked_for(request: Request) -> dict[str, str] | None:
    """What is asked of a threshold or a budget in the address, without scripts."""
    given = request.query_params
    wanted = {name: given[name] for name in ("by", "threshold", "budget") if name in given}
    return wanted if "by" in wanted else None


def page_of(camera: str) -> str:
    """The address of a camera's page."""
    return f"/camera/{quote(camera, safe='')}"


def _zones(site: Site, camera: SeenCamera, typed: Typed, mark: str, may_change: bool) -> ZoneForm:
    plan = camera.plan
    form = typed.of("zones")
    rows = rows_of(plan.zones, may_change=may_change) if form is None else typed_rows(form)
    warning = ""
    trained = not plan.detector.traits.needs_no_footage
    if trained and plan.zones.ignored_mark != plan.run.zones.ignored_mark:
        warning = (
            "The zones to ignore are others than those that the run learnt with: what is painted "
            "out, or is no more, may look odd to it. Fit the camera again with these zones."
        )
    return ZoneForm(
        camera=page_of(camera.name),
        still=still_of(camera.name) if camera.latest is not None else "",
        rows=rows,
        blank=ZoneRow(number=str(len(rows)), may_change=may_change),
        origin=_origin(site, camera),
        warning=warning,
        said=typed.wrong("zones"),
        mark=mark,
        may_change=may_change,
    )


def _origin(site: Site, camera: SeenCamera) -> str:
    """Where the zones of a camera are said."""
    saving = None if site.watch is None else site.watch.saving
    if camera.plan.camera.zones is None:
        return "These are the zones of its run." if camera.plan.zones else ""
    where = "" if saving is None else saving.where(camera.name, "zones")
    if where == "camera":
        return ""
    return "These are the zones of all cameras in the file. Saved here, they are this one's alone."
