"""Scorings that are done: those of the page, and what the command line left in run folders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from oddframe.archive.job import Job
from oddframe.archive.known_runs import KnownRun, id_of
from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.scores.events_file import read_events
from oddframe.scoring.result_folder import EVENTS, REPORT

_MOST = 200


@dataclass(frozen=True)
class Finished:
    """A scoring that is done.

    Attributes:
        key: what a form calls it.
        name: of its run, and what tells it from others of that.
        footage: what was scored, as a person calls it.
        path: of that; None where it is not known.
        scores: the scores file; events and report lie beside it.
    """

    key: str
    name: str
    footage: str
    path: Path | None
    scores: Path

    @property
    def events(self) -> Path:
        """Its odd moments."""
        return self.scores.parent / EVENTS

    @property
    def report(self) -> Path | None:
        """Its report page; None where none was asked for."""
        page = self.scores.parent / REPORT / "report.html"
        return page if page.is_file() else None


def found_in(events: Path) -> str:
    """How much was odd, in words; ``""`` where ``events.json`` is not there, or damaged."""
    try:
        facts = events.stat()
    except OSError:
        return ""
    return _found_in(events, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=4 * _MOST)
def _found_in(events: Path, changed: int, size: int) -> str:  # noqa: ARG001
    try:
        videos = read_events(events)
    except OddframeError:
        return ""
    amount = sum(map(len, videos.values()))
    return f"{count(amount, 'odd moment')} in {count(len(videos), 'video')}"


def of_job(job: Job) -> Finished:
    """A scoring of the page, that is done."""
    name = f"{job.run.rpartition('/')[2]} ({job.number})"
    return Finished(f"job-{job.number}", name, job.footage, Path(job.words[2]), job.scores)


def in_runs(runs: Iterable[KnownRun]) -> list[tuple[KnownRun, Finished]]:
    """What ``oddframe score`` put into run folders; links are not followed."""
    found = []
    for run in runs:
        for file in sorted((run.folder / "scores").glob("*/scores.npz")):
            if any(path.is_symlink() for path in (file, file.parent, file.parent.parent)):
                continue
            name, footage = f"{run.folder.name} ({file.parent.name})", file.parent.name
            found.append((run, Finished(f"found-{id_of(file)}", name, footage, None, file)))
    return found[:_MOST]
