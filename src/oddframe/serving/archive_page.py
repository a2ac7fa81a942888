"""The archive: footage that lies there, what was found in it, and scorings compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from oddframe.archive.archive import Archive
from oddframe.archive.finished import Finished, found_in, in_runs
from oddframe.archive.footage_list import MOST_LISTED, ListedFootage
from oddframe.archive.job import Job
from oddframe.archive.known_runs import KnownRun
from oddframe.archive.queue import LEAST_FREE
from oddframe.archive.uploads import MOST_BYTES, Upload
from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.scoring.result_folder import EVENTS
from oddframe.serving.local_time import moment
from oddframe.serving.site import Site, page

_STATES = {"going": "odd", "done": "up", "failed": "down", "waiting": "quiet", "stopped": "quiet"}


@dataclass(frozen=True)
class JobRow:
    """A scoring or a comparison, as it is now.

    Attributes:
        number: its own.
        title: what a person calls it.
        address: of its page.
        state, kind: what state it is in, and how that looks.
        said: how far it is, what came of it, or why it failed.
        share: of it that is done, 0 to 100; None where nobody knows.
        report: address of the page that it made; ``""`` of none.
        can_compare: whether it may be chosen to be compared.
        may_change: whether who looks may stop or remove it.
    """

    template: ClassVar[str] = "serving/job.html"
    number: int
    title: str
    address: str
    state: str
    kind: str
    said: str
    share: int | None
    report: str
    can_compare: bool
    may_change: bool


@dataclass(frozen=True)
class RunRow:
    """A run, and what lies in its folder.

    Attributes:
        name, detector, promise: as of :class:`KnownRun`.
        scorings: what the command line put there: what a form calls it, what was scored, what was
            found, and the address of its report.
        may_change: whether who looks may compare them.
    """

    template: ClassVar[str] = "serving/run.html"
    name: str
    detector: str
    promise: str
    scorings: Sequence[tuple[str, str, str, str]]
    may_change: bool


@dataclass(frozen=True)
class _Archive:
    template: ClassVar[str] = "serving/archive.html"
    said: str
    trouble: str
    runs: Sequence[KnownRun]
    rows: Sequence[RunRow]
    groups: Sequence[tuple[str, Sequence[ListedFootage]]]
    more: str
    is_given_footage: bool
    largest: str
    most_bytes: int
    least_free: str
    jobs: Sequence[JobRow]
    can_compare: bool
    uploads: Sequence[tuple[Upload, str]]
    may_change: bool


def archive(site: Site, request: Request) -> Response:
    """The page as it is; with ``?jobs`` its jobs alone, for whoever asks again and again."""
    return shown(site, request)


def shown(site: Site, request: Request, said: str = "", status: int = 200) -> Response:
    """The page, with what is wrong with what was asked for."""
    kept = site.archive
    if kept is None:
        return PlainTextResponse("there is no archive here\n", 404)
    may_change = may_change_in(site, request)
    alone = "jobs" in request.query_params
    runs = [] if alone else kept.runs()
    in_folders = in_runs(runs)
    jobs = [job_row(kept, job, may_change=may_change) for job in kept.queue.jobs()]
    listed = kept.listed() if may_change and not alone else []
    content = _Archive(
        said=said,
        trouble=kept.trouble,
        runs=runs,
        rows=[_run_row(run, in_folders, may_change=may_change) for run in runs],
        groups=[(group, list(of)) for group, of in groupby(listed, key=lambda one: one.group)],
        more=f"Only the first {MOST_LISTED} are listed." if len(listed) == MOST_LISTED else "",
        is_given_footage=bool(kept.footage),
        largest=f"{MOST_BYTES / 1e9:g} GB",
        most_bytes=MOST_BYTES,
        least_free=f"{LEAST_FREE / 1e9:g} GB",
        jobs=jobs,
        can_compare=may_change and bool(jobs or in_folders),
        uploads=[(one, _of_upload(one)) for one in kept.uploads.all()],
        may_change=may_change,
    )
    return page(site, request, "Archive", content, script="archive.js", status=status)


def job_of(site: Site, request: Request) -> tuple[Archive, Job]:
    """The job that an address names.

    Raises:
        OddframeError: there is none.
    """
    if site.archive is None:
        raise OddframeError("there is no archive here")
    return site.archive, site.archive.queue.job(request.path_params["job"])


def may_change_in(site: Site, request: Request) -> bool:
    """Whether who asks may change the archive, and it could be."""
    able = site.archive is not None and not site.archive.trouble
    return able and request.scope.get("role") == "owner"


def job_row(kept: Archive, job: Job, *, may_change: bool) -> JobRow:
    """A job as a page shows it."""
    done = kept.queue.done_of(job) if job.state == "going" else None
    said = job.said
    if job.state == "going":
        scored = len(list(job.result.glob(".scoring/videos/[!.]*.npz")))
        said = ", ".join(
            part
            for part in (
                f"{count(scored, 'video')} scored" if scored else "",
                done.words if done is not None else "begins" if not scored else "",
            )
            if part
        )
    elif job.state == "done" and job.kind == "score":
        said = "; ".join(part for part in (found_in(job.result / EVENTS), said) if part)
    is_done = job.state == "done"
    return JobRow(
        number=job.number,
        title=job.title,
        address=f"/archive/{job.number}",
        state=job.state,
        kind=_STATES[job.state],
        said=said,
        share=None if done is None or done.share is None else round(100 * done.share),
        report=f"/archive/{job.number}/report" if is_done and job.page.is_file() else "",
        can_compare=is_done and job.kind == "score",
        may_change=may_change,
    )


def _run_row(
    run: KnownRun, found: Iterable[tuple[KnownRun, Finished]], *, may_change: bool
) -> RunRow:
    scorings = [
        (
            one.key,
            one.footage,
            found_in(one.events),
            f"/archive/{one.key}/report" * bool(one.report),
        )
        for whose, one in found
        if whose.id == run.id
    ]
    return RunRow(run.name, run.detector, run.promise, scorings, may_change)


def _of_upload(upload: Upload) -> str:
    return f"{upload.recording.words}, {upload.bytes / 1e6:,.1f} MB, taken in {moment(upload.at)}"
