"""A scoring of the archive: what was odd, its films, its files; and the page that a job made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from oddframe.archive.job import Job
from oddframe.console.player_times import offset
from oddframe.console.words import duration
from oddframe.errors import OddframeError
from oddframe.files.text_files import read_json
from oddframe.pages.tables import Cell, Facts, Table
from oddframe.reporting.wording import number
from oddframe.scoring.result_folder import ANNOTATED, EVENTS
from oddframe.serving.archive_page import JobRow, job_of, job_row, may_change_in
from oddframe.serving.local_time import moment
from oddframe.serving.site import Site, page
from oddframe.serving.whole_page import whole_page

_MOST_EVENTS = 200
_MOST_WARNINGS = 20
_MOST_TROUBLES = 20


@dataclass(frozen=True)
class _Scoring:
    template: ClassVar[str] = "serving/scoring.html"
    job: JobRow
    warnings: Sequence[str]
    facts: Facts
    events: Table | None
    left: str
    films: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, str]]


def scoring(site: Site, request: Request) -> Response:
    """The page of a scoring, or of a comparison."""
    try:
        kept, job = job_of(site, request)
    except OddframeError as error:
        return PlainTextResponse(f"{error}\n", 404)
    row = job_row(kept, job, may_change=may_change_in(site, request))
    told = _told_of(job)
    place = f"/archive/{job.number}"
    content = _Scoring(
        job=replace(row, can_compare=False),
        warnings=job.warnings()[:_MOST_WARNINGS],
        facts=Facts(_facts(job, told.troubles)),
        events=_table(told.moments[:_MOST_EVENTS]) if told.moments else None,
        left=told.wrong or _left_out(len(told.moments) - _MOST_EVENTS),
        films=[(film.stem, f"{place}/films/{at}") for at, film in enumerate(films_of(job))],
        files=[(path.name, f"{place}/files/{name}") for name, path in _files(job).items()],
    )
    return page(site, request, job.title, content, script="archive.js")


def report(site: Site, request: Request) -> Response:
    """The page that a job made, or that lies in a run folder."""
    key, page = request.path_params["job"], None
    if site.archive is not None and key.startswith("found-"):
        page = next((one.report for _, one in site.archive.in_runs() if one.key == key), None)
    elif (job := _done_job(site, request)) is not None:
        page = job.page
    return whole_page(page) if page is not None and page.is_file() else _gone()


def film(site: Site, request: Request) -> Response:
    """A video with its scores drawn in."""
    job = _done_job(site, request)
    films = films_of(job) if job is not None else []
    place = request.path_params["film"]
    if not 0 <= place < len(films):
        return _gone()
    return FileResponse(films[place], media_type="video/mp4", content_disposition_type="inline")


def file(site: Site, request: Request) -> Response:
    """A file of a scoring, to be kept."""
    job = _done_job(site, request)
    path = _files(job).get(request.path_params["name"]) if job is not None else None
    if job is None or path is None or not path.is_file():
        return _gone()
    return FileResponse(path, filename=f"{job.number}-{path.name}")


@dataclass(frozen=True)
class _Told:
    """What ``events.json`` says.

    Attributes:
        moments: the rows of the table of what was odd.
        troubles: what was wrong with the cameras that filmed, which is no odd moment.
        wrong: what is wrong with the file; ``""`` if nothing is.
    """

    moments: Sequence[list[Cell]] = ()
    troubles: Sequence[str] = ()
    wrong: str = ""


def _told_of(job: Job) -> _Told:
    file = job.result / EVENTS
    if not file.exists():
        return _Told()
    try:
        told = read_json(file, "events")["videos"]
        return _Told(
            [_row(name, row) for name in told for row in told[name]["events"]],
            [_trouble(name, row) for name in told for row in told[name].get("camera", ())],
        )
    except OddframeError as error:
        return _Told(wrong=str(error))
    except (KeyError, TypeError, ValueError, OverflowError):
        damaged = f"{file.name} is damaged, so what was odd is not listed; score the footage again"
        return _Told(wrong=damaged)


def _trouble(video: str, row: Mapping[str, Any]) -> str:
    start, end = offset(float(row["start_seconds"])), offset(float(row["end_seconds"]))
    return f"{video}: {row['what']}, {start} to {end}"


def _row(video: str, row: Mapping[str, Any]) -> list[Cell]:
    start, end = float(row["start_seconds"]), float(row["end_seconds"])
    when = str(row.get("start_time", "")).replace("T", " ") or duration(start)
    peak = Cell(number(float(row["peak_score"])), "number value")
    return [Cell(video), Cell(when), Cell(duration(end - start)), peak, Cell(str(row["reason"]))]


def _table(rows: Sequence[list[Cell]]) -> Table:
    head = [Cell("video"), Cell("from"), Cell("lasts"), Cell("highest", "number"), Cell("why")]
    return Table("Odd moments", head, rows)


def _left_out(amount: int) -> str:
    return f"{amount} more are in the report" if amount > 0 else ""


def _facts(job: Job, troubles: Sequence[str]) -> list[tuple[str, str]]:
    facts = [("asked for", moment(job.asked))]
    if job.kind == "score":
        facts += [("footage", job.footage), ("run", job.run)]
        if troubles:
            more = f"; {len(troubles) - _MOST_TROUBLES} more" * (len(troubles) > _MOST_TROUBLES)
            facts.append(("the camera itself", "; ".join(troubles[:_MOST_TROUBLES]) + more))
    else:
        facts.append(("scorings", ", ".join(job.of)))
    return facts


def films_of(job: Job) -> list[Path]:
    """The videos into which a scoring drew its scores."""
    if job.kind != "score" or job.state != "done":
        return []
    return sorted(path for path in (job.result / ANNOTATED).rglob("*.mp4") if path.is_file())


def _files(job: Job) -> dict[str, Path]:
    if job.kind != "score" or job.state != "done":
        return {}
    return {"scores": job.scores, "events": job.result / EVENTS}


def _done_job(site: Site, request: Request) -> Job | None:
    try:
        _, job = job_of(site, request)
    except OddframeError:
        return None
    return job if job.state == "done" else None


def _gone() -> Response:
    return PlainTextResponse("there is no such file any more\n", 404)
