"""What the run of a camera was taught, version by version, and what of it is to be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oddframe.detectors.teachable import is_teachable
from oddframe.drills.page import PAGE
from oddframe.drills.request import OWN, drill_folder
from oddframe.errors import OddframeError
from oddframe.runs.lessons import LessonNote, Version, Versions, read_versions
from oddframe.serving.local_time import moment
from oddframe.serving.site import SeenCamera, Site
from oddframe.teaching.wording import drilled, lesson_in_words

_MOST = 20


@dataclass(frozen=True)
class VersionRow:
    """A version of a run.

    Attributes:
        number: from 1; 0 as it was fitted.
        what: when it was made, or that it was fitted.
        state: ``""``, or that it judges the camera or will, was taken back, or is being taken back.
        lessons: what it was taught: words, and the address of the event, which may be ``""``.
        without: versions whose lessons it took back.
        drill: what its drill said; ``""`` of none.
        page: address of the page of that drill; ``""`` of none.
        may_go: whether who looks may take its lessons back.
        camera: address of the camera's page.
    """

    template: ClassVar[str] = "serving/version.html"
    number: int
    what: str
    state: str
    lessons: Sequence[tuple[str, str]]
    without: str
    drill: str
    page: str
    may_go: bool
    camera: str


@dataclass(frozen=True)
class LessonForm:
    """All versions, the newest first.

    Attributes:
        run: the run folder.
        versions: of it; none where it was never taught.
        more: how many earlier ones there are.
        said: what is wrong; ``""`` of nothing.
    """

    template: ClassVar[str] = "serving/lessons.html"
    run: str
    versions: Sequence[VersionRow]
    more: int
    said: str


def lesson_form(
    site: Site, camera: SeenCamera, *, said: str, place: str, may_change: bool
) -> LessonForm | None:
    """The versions of a camera's run; None of a detector that cannot be taught.

    Args:
        site: what the page stands on.
        camera: which.
        said: what was wrong with what was asked for.
        place: address of the camera's page.
        may_change: whether who looks may take lessons back.
    """
    if not is_teachable(camera.plan.detector):
        return None
    folder, may_go = camera.plan.run.folder, may_change and site.tutor is not None
    rows: list[VersionRow] = []
    more = 0
    try:
        versions = read_versions(folder)
        rows = _rows(site, versions, place, camera.plan.run.version, may_go)
        more = max(0, 1 + len(versions.versions) - _MOST)
    except OddframeError as error:
        said = said or str(error)
    return LessonForm(str(folder), rows, more, said)


def _rows(
    site: Site, versions: Versions, place: str, judging: int, may_go: bool
) -> list[VersionRow]:
    """The newest of them, and no more: what each says is asked of the journal and of its drill."""
    if not versions.versions:
        return []
    holding = versions.holding
    return [
        VersionRow(
            number=one.number,
            what=_what(one),
            state=_state(site, versions, one, judging),
            lessons=[_lesson(site, note) for note in one.lessons],
            without=", ".join(map(str, one.without)),
            drill=drilled(versions.folder, one.number),
            page=f"{place}/lessons/{one.number}/drill" if _page(versions, one.number) else "",
            may_go=may_go and one in holding,
            camera=place,
        )
        for one in [*reversed(versions.versions), Version(0, "")][:_MOST]
    ]


def _what(version: Version) -> str:
    if not version.number:
        return "as it was fitted"
    how = "taught" if version.lessons else "made"
    return f"{how} {moment(datetime.fromisoformat(version.at).timestamp())}"


def _state(site: Site, versions: Versions, version: Version, judging: int) -> str:
    if site.tutor is not None and (said := site.tutor.going(versions.folder, version.number)):
        return said
    if version.number in versions.withdrawn:
        return "taken back"
    if version.number == judging:
        return "judges this camera"
    # Taught by hand: the watch has the one that it read.
    return "judges it once the cameras are read again" if version.number == versions.newest else ""


def _lesson(site: Site, note: LessonNote) -> tuple[str, str]:
    known = site.reader.event(note.of)
    if known is None:  # taught by hand, from a scoring; or it is forgotten by now
        return f"{note.of} is {lesson_in_words(note)}", ""
    return lesson_in_words(note), f"/review/{known.id}"


def _page(versions: Versions, number: int) -> bool:
    return (drill_folder(versions.folder, OWN, number) / PAGE).is_file()
