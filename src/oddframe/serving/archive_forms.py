"""What an owner asks of the archive: take a video in, score, compare, stop, remove."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.archive.archive import Archive
from oddframe.archive.job import Job
from oddframe.archive.uploads import Incoming
from oddframe.errors import OddframeError, in_words
from oddframe.serving.archive_page import job_of, may_change_in, shown
from oddframe.serving.forms import MOST_FIELDS, form_of
from oddframe.serving.multipart import Begun, Multipart, boundary_of
from oddframe.serving.site import Site

DROP = "/archive/drop"
"""Where a video is sent, which is longer than a form."""
_LONGEST_FIELD = 1000
_Asked = Callable[[Archive, Mapping[str, str]], Job | None]


async def score(site: Site, request: Request) -> Response:
    """Score footage that lies here."""
    return await _asked(site, request, _score)


async def compare(site: Site, request: Request) -> Response:
    """Compare scorings."""
    return await _asked(site, request, _compare)


async def uploads(site: Site, request: Request) -> Response:
    """Remove a video that was dropped."""
    return await _asked(site, request, _forget)


async def change(site: Site, request: Request) -> Response:
    """Stop a job, go on with it, or remove it."""

    def changed(kept: Archive, form: Mapping[str, str]) -> Job | None:
        _, job = job_of(site, request)
        match form.get("what"):
            case "stop":
                kept.queue.stop(job)
            case "go on":
                kept.queue.go_on(job)
            case "remove":
                kept.queue.remove(job)
                return None
            case _:
                raise OddframeError("expected a job to stop, to go on with, or to remove")
        return job

    return await _asked(site, request, changed)


async def drop(site: Site, request: Request) -> Response:
    """Take a video in while it comes, look at what it is, and score it."""
    kept = site.archive
    if kept is None or not may_change_in(site, request):
        return PlainTextResponse("nothing can be taken in here\n", 409)
    try:
        job = await _taken_in(kept, request)
    except (OddframeError, OSError) as error:
        return await run_in_threadpool(shown, site, request, in_words(error), 409)
    return RedirectResponse(f"/archive/{job.number}", 303)


async def _taken_in(kept: Archive, request: Request) -> Job:
    form = Multipart(boundary_of(request.headers.get("content-type", "")))
    fields: dict[str, str] = {}
    with ExitStack() as until_kept:
        incoming: Incoming | None = None
        name = ""
        async for part in _parts(form, request):
            if isinstance(part, Begun) and part.file is None:
                name = part.name
                fields[name] = ""
                if len(fields) > MOST_FIELDS:
                    raise OddframeError("expected a video and a run, found something else")
            elif isinstance(part, Begun):
                if incoming is not None:
                    raise OddframeError("expected one video at a time, found several")
                name = ""
                await run_in_threadpool(kept.run, fields.get("run", ""))  # before it takes long
                incoming = until_kept.enter_context(kept.uploads.incoming(part.file or ""))
            elif incoming is not None and not name:
                await run_in_threadpool(incoming.write, part)
            elif name:
                fields[name] += part.decode("utf-8", "replace")
                if len(fields[name]) > _LONGEST_FIELD:
                    raise OddframeError("expected a video and a run, found something else")
        if not form.is_whole or incoming is None:
            raise OddframeError("expected a video, found a form that ends before it does")
        upload = await run_in_threadpool(kept.uploads.keep, incoming)
    annotate = fields.get("annotate") == "yes"
    return await run_in_threadpool(
        kept.score_upload, fields.get("run", ""), upload, annotate=annotate
    )


async def _parts(form: Multipart, request: Request) -> AsyncIterator[Begun | bytes]:
    async for piece in request.stream():
        for part in form.fed(piece):
            yield part


async def _asked(site: Site, request: Request, what: _Asked) -> Response:
    return await run_in_threadpool(_done, site, request, what, await form_of(request))


def _done(site: Site, request: Request, what: _Asked, form: Mapping[str, str]) -> Response:
    if site.archive is None or not may_change_in(site, request):
        return PlainTextResponse("nothing can be changed here\n", 409)
    try:
        job = what(site.archive, form)
    except (OddframeError, OSError) as error:
        return shown(site, request, in_words(error), 409)
    return RedirectResponse(f"/archive/{job.number}" if job is not None else "/archive", 303)


def _score(kept: Archive, form: Mapping[str, str]) -> Job:
    annotate = form.get("annotate") == "yes"
    run, footage = form.get("run", ""), form.get("footage", "")
    if footage.startswith("upload-"):
        upload = kept.upload(footage.removeprefix("upload-"))
        return kept.score_upload(run, upload, annotate=annotate)
    return kept.score_listed(run, footage, annotate=annotate)


def _compare(kept: Archive, form: Mapping[str, str]) -> Job:
    keys = {name for name in form if name.startswith(("job-", "found-"))}
    return kept.compare(keys, truth=form.get("truth") == "yes")


def _forget(kept: Archive, form: Mapping[str, str]) -> None:
    kept.forget(kept.upload(form.get("upload", "")))
