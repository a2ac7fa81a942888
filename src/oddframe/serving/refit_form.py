"""A camera is fitted again: what is recorded of it, what was fitted, and which run judges it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from oddframe.console.words import count, duration
from oddframe.errors import OddframeError
from oddframe.journal.question import Question
from oddframe.refitting.fits import Fit
from oddframe.refitting.recordings import Recording
from oddframe.refitting.refits import Refits
from oddframe.serving.local_time import moment
from oddframe.serving.site import SeenCamera, Site


@dataclass(frozen=True)
class PieceRow:
    """A piece that was recorded.

    Attributes:
        name: of it, in the form.
        address: of its film.
        when: it began.
        what: how long and large it is.
        events: how much was odd in it, but for what a person called normal; ``""`` if nothing was.
        chosen: whether it is to be learnt from unless somebody says otherwise.
    """

    template: ClassVar[str] = "serving/piece.html"
    name: str
    address: str
    when: str
    what: str
    events: str
    chosen: bool


@dataclass(frozen=True)
class FitRow:
    """A fit.

    Attributes:
        number: its own.
        what: from when, from how much.
        state: ``fitting``, ``fitted``, ``stopped``, or ``used``.
        said: what it says of itself.
        drill: address of the page of its drill; ``""`` of none.
        camera: address of the camera's page.
        mark: of the cameras file.
        may_change: whether who looks may use it.
    """

    template: ClassVar[str] = "serving/fit.html"
    number: int
    what: str
    state: str
    said: str
    drill: str
    camera: str
    mark: str
    may_change: bool


@dataclass(frozen=True)
class RefitForm:
    """The form.

    Attributes:
        camera: address of its page.
        recording: until when it is recorded; ``""`` if it is not.
        ended: why recording ended early; ``""`` if it did not.
        pieces: what was recorded, the latest first.
        fits: the latest first.
        former: the run of before, which can be had back; ``""`` of none.
        said: what is wrong with what was asked for; ``""`` of nothing.
        mark: of the cameras file.
        may_change: whether who looks may record and fit.
    """

    template: ClassVar[str] = "serving/refit.html"
    camera: str
    recording: str
    ended: str
    pieces: Sequence[PieceRow]
    fits: Sequence[FitRow]
    former: str
    said: str
    mark: str
    may_change: bool


def refit_form(
    site: Site,
    camera: SeenCamera,
    refits: Refits,
    *,
    said: str,
    place: tuple[str, str],
    may_change: bool,
) -> RefitForm:
    """The form as it is.

    Args:
        site: what the page stands on.
        camera: which.
        refits: of all cameras.
        said: what was wrong with what was asked for.
        place: address of the camera's page, and the mark of its file.
        may_change: whether who looks may change it.
    """
    name, recorder = camera.name, refits.recorder(camera.name)
    on = recorder is not None and recorder.is_alive()
    try:
        used = refits.used(name)
    except OddframeError as error:
        used, said = None, said or str(error)
    run = camera.plan.run.folder.resolve()
    return RefitForm(
        camera=place[0],
        recording=moment(recorder.until) if on and recorder is not None else "",
        ended=recorder.trouble if recorder is not None else "",
        pieces=[_piece(site, name, place[0], piece) for piece in reversed(refits.recordings(name))],
        fits=[
            _fit(fit, fit.run.resolve() == run, place, may_change=may_change)
            for fit in refits.fits(name)
        ],
        former="" if used is None else used.run,
        said=said,
        mark=place[1],
        may_change=may_change,
    )


def pieces_in(form: Mapping[str, str]) -> set[str]:
    """The names of the pieces that a form chooses, whatever they are."""
    return {name.removeprefix("piece-") for name in form if name.startswith("piece-")}


def _piece(site: Site, camera: str, place: str, piece: Recording) -> PieceRow:
    there = Question(camera, piece.start, max(piece.end, piece.start + 1))
    odd = site.reader.count(there) - site.reader.count(replace(there, state="normal"))
    return PieceRow(
        name=piece.name,
        address=f"{place}/hours/{piece.name}",
        when=moment(piece.start),
        what=f"{duration(max(1.0, piece.end - piece.start))}, {piece.bytes / 1e6:,.1f} MB",
        events=count(odd, "event") if odd else "",
        chosen=not odd,
    )


def _fit(fit: Fit, used: bool, place: tuple[str, str], *, may_change: bool) -> FitRow:
    pieces = count(fit.pieces, "piece")
    what = f"Fit {fit.number}, begun {moment(fit.began)}, from {pieces}"
    if fit.state == "fitting":
        what += f", for {duration(max(1.0, time.time() - fit.began))}"
    return FitRow(
        number=fit.number,
        what=what,
        state="used" if used else fit.state,
        said=fit.said,
        drill=f"{place[0]}/fits/{fit.number}/drill" if fit.drill else "",
        camera=place[0],
        mark=place[1],
        may_change=may_change,
    )
