"""Teaching a run: lessons of moments, the version that comes of them, and the way back."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

from oddframe.console.progress import Progress, progress
from oddframe.console.words import count
from oddframe.detectors.teachable import Teachable, is_teachable
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import atomic_path, sha256_of
from oddframe.files.folder_lock import alone_in
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.lessons import (
    FITTED,
    FOLDER,
    LessonNote,
    Version,
    Versions,
    Word,
    read_versions,
    write_lesson,
)
from oddframe.runs.run_folder import CHECKPOINT, Run, log, read_run
from oddframe.teaching.attending import Attended, attend
from oddframe.teaching.moments import Moment
from oddframe.teaching.taught import Taught

_MOST_ROUNDS = 6
"""What hides behind what was odder shows once that is excused."""


def teach(run: Run, moments: Sequence[Moment]) -> Taught:
    """Teach a run what a person says of moments.

    What is called normal is learnt until nothing of the moment is odd any more, so far as it can
    be: the camera's own trouble cannot be called normal.

    Args:
        run: the run; its folder is changed.
        moments: in any order.

    Raises:
        OddframeError: a detector that cannot be taught, a recording that cannot be read, or
            somebody else who is teaching the run.
    """
    with _alone(run) as versions, progress() as bar:
        work = _Work(run, _fitted(run), versions, bar)
        ordered = sorted(moments, key=lambda one: (one.word == "normal", str(one.path)))
        # What is odd first: what is like it is not called normal then.
        for _, group in groupby(ordered, key=lambda one: (one.word, one.path)):
            work.learn(list(group))
        if not work.notes:
            return Taught(**vars(run), versions=versions, unmoved=tuple(work.unmoved))
        version = Version(versions.newest + 1, _now(), tuple(work.notes))
        _make(run, replace(versions, versions=(*versions.versions, version)))
        return _taught(run, version, tuple(work.unmoved))


def take_back(run: Run, version: int | None = None) -> Taught:
    """Take back what a version was taught; by default the newest that still holds.

    Raises:
        OddframeError: there is none, or it was taken back already.
    """
    with _alone(run) as versions:
        holds = [one.number for one in versions.holding]
        if not holds:
            raise OddframeError(f"{run.folder}: nothing was taught that could be taken back")
        number = holds[-1] if version is None else version
        if number not in holds:
            raise OddframeError(
                f"{run.folder}: version {number} taught nothing that still holds; those that do: "
                f"{', '.join(map(str, holds))}"
            )
        made = Version(versions.newest + 1, _now(), without=(number,))
        _make(run, replace(versions, versions=(*versions.versions, made)))
        return _taught(run, made)


class _Work:
    """Lessons that are being learnt.

    Each is learnt as if nothing else had been called normal: it holds whatever else is taken back.
    """

    def __init__(self, run: Run, fitted: Teachable, versions: Versions, bar: Progress) -> None:
        self._run, self._fitted, self._bar = run, fitted, bar
        self._odd = _said(versions)["odd"]
        self._next = versions.next_lesson
        self.notes: list[LessonNote] = []
        self.unmoved: list[str] = []

    def learn(self, moments: Sequence[Moment]) -> None:
        """Learn moments of one recording that are called the same."""
        parts: list[list[dict[str, Any]]] = [[] for _ in moments]
        first = found = self._attend(moments, [], "looking again")
        for turn in range(1, _MOST_ROUNDS):
            for part, one in zip(parts, found, strict=True):
                if one.lesson is not None and (one.odd or turn == 1):
                    part.append(one.lesson)
            if moments[0].word == "odd":
                self._odd += [lesson for part in parts for lesson in part]
                break
            normal, before = [lesson for part in parts for lesson in part], found
            found = self._attend(moments, normal, f"looking whether it is still odd, {turn}")
            if not any(
                one.odd < was.odd and one.odd for one, was in zip(found, before, strict=True)
            ):
                break
        for moment, part, before, after in zip(moments, parts, first, found, strict=True):
            self._keep(moment, part, before, after)

    def _attend(
        self, moments: Sequence[Moment], normal: list[dict[str, Any]], what: str
    ) -> list[Attended]:
        detector, _ = self._fitted.taught(normal, self._odd)
        return attend(detector, self._run, moments, partial(self._bar.share, what))

    def _keep(
        self, moment: Moment, part: list[dict[str, Any]], before: Attended, after: Attended
    ) -> None:
        if not part:
            why = before.reason or "nothing is odd in it now"
            self.unmoved.append(f"{moment.of}: nothing to learn: {why}")
            return
        left = ""
        if moment.word == "normal" and after.odd:
            left = f"{after.odd} of {count(after.frames, 'frame')} still odd: {after.reason}"
        note = LessonNote(
            self._next, moment.word, moment.of, moment.reason or before.reason, before.learnt, left
        )
        write_lesson(self._run.folder, note.number, part)
        self._next += 1
        self.notes.append(note)


def _said(versions: Versions) -> dict[Word, list[dict[str, Any]]]:
    """What the lessons hold that hold now, by what was said."""
    said: dict[Word, list[dict[str, Any]]] = {"normal": [], "odd": []}
    for note in versions.lessons:
        said[note.word] += versions.parts(note.number)
    return said


@contextmanager
def _alone(run: Run) -> Generator[Versions]:
    """Be the only one who teaches a run; what a killed process left undone is done first.

    Raises:
        OddframeError: a detector that cannot be taught, or somebody else who teaches it.
    """
    if not is_teachable(run.detector):
        raise OddframeError(f"{run.folder}: {run.detector.name} cannot be taught; fixed-camera can")
    if not run.folder.is_dir():
        raise OddframeError(f"{run.folder}: no such run folder")
    with alone_in(run.folder / FOLDER, option="RUN"):
        versions = read_versions(run.folder)
        _check_own(run)
        if versions.newest != run.version:
            _make(run, versions)
        yield versions


def _check_own(run: Run) -> None:
    """Check that what the versions of a run are made of is there, and is of this run.

    Raises:
        OddframeError: a version would be made of a checkpoint that was taught already, or take the
            place of one that was fitted anew.
    """
    fitted = run.folder / FITTED
    if run.version and not fitted.exists():
        raise OddframeError(
            f"{fitted}: is missing, and {run.folder} is version {run.version}, made of it; "
            "put it back, or train again"
        )
    if not run.version and fitted.exists() and sha256_of(fitted) != run.sha256:
        raise OddframeError(
            f"{run.folder}: was fitted again since it was taught; move {run.folder / FOLDER} away, "
            "which is of the one before"
        )


def _fitted(run: Run) -> Teachable:
    """The detector as it was fitted."""
    fitted = run.detector
    if (run.folder / FITTED).exists():
        fitted = read_run(run.folder, FITTED, run.source.get("file")).detector
    assert is_teachable(fitted), "the same detector"
    return fitted


def _make(run: Run, versions: Versions) -> None:
    """Make the newest version: what is asked for is on disk before the checkpoint is.

    Killed in between, the run is the version before, and whoever teaches it next makes the newest.
    """
    fitted_file = run.folder / FITTED
    if not fitted_file.exists():
        with atomic_path(fitted_file) as temporary:
            shutil.copyfile(run.folder / CHECKPOINT, temporary)
    said = _said(versions)
    detector, withheld = _fitted(run).taught(said["normal"], said["odd"])
    if withheld:
        warnings.warn(
            f"{run.folder}: {count(withheld, 'look')} that you called normal are left out, since "
            "they are like what you called odd at the same place",
            OddframeWarning,
            stacklevel=4,
        )
    versions.write()
    write_checkpoint(run.folder / CHECKPOINT, detector, versions.newest)
    log(run.folder, f"version {versions.newest}: {_in_words(versions.versions[-1])}")


def _taught(run: Run, made: Version, unmoved: tuple[str, ...] = ()) -> Taught:
    """The run as it is now."""
    now = read_run(run.folder, detector=run.source.get("file"))
    return Taught(**vars(now), versions=read_versions(run.folder), made=made, unmoved=unmoved)


def _in_words(version: Version) -> str:
    if version.without:
        return f"without what version {version.without[0]} was taught"
    words = [f"{note.of} is {note.word}" for note in version.lessons]
    return "; ".join(words)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
