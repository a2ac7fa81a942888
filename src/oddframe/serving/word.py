"""A person's word on events: what it is by now, and the form that gives another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from oddframe.journal.live_event import LiveEvent, Verdict

_SAID: dict[Verdict | None, str] = {
    "odd": "odd",
    "normal": "normal here",
    "later": "later",
    None: "",
}


@dataclass(frozen=True)
class Word:
    """The word on some events, and its form.

    Attributes:
        ids: of the events, as the form gives them.
        verdict: the word; ``""`` of none.
        was: the same as a form sends it, so that nobody says something else over a word that was
            given meanwhile.
        may_decide: whether who looks may give another.
        back: address where one comes to by the form; ``""`` for the list.
    """

    template: ClassVar[str] = "serving/word.html"
    ids: str
    verdict: str
    was: str
    may_decide: bool
    back: str


def word_on(
    events: Iterable[LiveEvent], verdict: Verdict | None, may_decide: bool, back: str = ""
) -> Word:
    """The word on some events; the arguments are as of :class:`Word`."""
    return Word(
        " ".join(event.id for event in events), _SAID[verdict], verdict or "none", may_decide, back
    )
