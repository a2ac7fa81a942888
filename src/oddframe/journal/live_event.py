"""An event of a camera, from the moment it opens: what is written, sent and shown of it."""

from __future__ import annotations

import math
import re
import secrets
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed
from oddframe.files.text_files import shown
from oddframe.journal.second_look import SecondLook
from oddframe.scores.sights import Sight
from oddframe.videos.names import checked_id

Verdict = Literal["odd", "normal", "later"]
"""A person's word: odd, normal at this place, or to be looked at later."""

LATEST = 253_402_300_799.0
"""Unix seconds: the last one of the year 9999, which is the last that has a date."""

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: sorted as text they are sorted as numbers, on any disk, in any case."""
_TIME_DIGITS, _RANDOM_DIGITS = 10, 6
_ID = re.compile(f"[{_DIGITS}]{{{_TIME_DIGITS + _RANDOM_DIGITS}}}")


@dataclass(frozen=True)
class LiveEvent:
    """One odd event of one camera. Times are Unix seconds (UTC) of when it was filmed.

    Attributes:
        id: from :func:`new_event_id`: names its files and its messages.
        camera: name of the camera.
        start: when it began.
        end: when it was over; None while it is open.
        seen: the newest moment that it is known to have gone on at; where watching was killed, it
            ended then.
        peak: the highest score.
        peak_at: when that was.
        mean: of its scores by now.
        threshold: what they were compared with when it opened.
        reason: a sentence for a person.
        cue: name of the cue that weighs most at the peak; ``""`` of none.
        zone: name of the zone that it is in; ``""`` of none.
        boxes: ``(x1, y1, x2, y2)`` in pixels of the camera's picture, at the peak, the oddest
            first.
        size: (width, height) of that picture, which the boxes are pixels of; None if unknown.
        classes: what kinds of event it may be, the likeliest first.
        nearest: when the normal footage showed what is nearest to it.
        run: the run that found it.
        version: how often the run had been taught by then; 0 as it was fitted.
        clip: its film, relative to the state folder with ``/``; None of none.
        later_clips: what follows the clip where the camera changed its size or codec.
        picture: a still with boxes and heat, relative as well; None of none.
        verdict: a person's word; None until there is one.
        untold: why nobody was told of it: ``disarmed``, ``budget``, ``cool-down``; ``""`` if it is
            an alarm.
        ending: why it is over: ``quiet``, ``longest``, ``gap``, ``stopped``, ``interrupted`` (the
            process was killed), ...; ``""`` while it is open.
        second: what a model said that was asked about it; None of none.
    """

    id: str
    camera: str
    start: float
    end: float | None
    seen: float
    peak: float
    peak_at: float
    mean: float
    threshold: float
    reason: str = ""
    cue: str = ""
    zone: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    size: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()
    nearest: Sight | None = None
    run: str = ""
    version: int = 0
    clip: str | None = None
    later_clips: tuple[str, ...] = ()
    picture: str | None = None
    verdict: Verdict | None = None
    untold: str = ""
    ending: str = ""
    second: SecondLook | None = None

    def __post_init__(self) -> None:
        time_of_id(self.id)
        checked_camera(self.camera)
        for name in ("start", "seen", "peak_at", "end"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= LATEST:
                raise OddframeError(
                    f"event {self.id}: '{name}': expected Unix seconds, found {shown(value)}"
                )
        for name in ("peak", "mean", "threshold"):
            if not math.isfinite(value := getattr(self, name)):
                raise OddframeError(
                    f"event {self.id}: '{name}': expected a finite score, found {shown(value)}"
                )

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.end is None

    @property
    def clips(self) -> tuple[str, ...]:
        """The parts of its film, in order; none of none."""
        return () if self.clip is None else (self.clip, *self.later_clips)

    def closed(self, at: float, ending: str) -> LiveEvent:
        """The event as it is when it is over.

        Args:
            at: Unix seconds; where a clock was set back, the event ends no earlier than it began.
            ending: why; see the attribute.
        """
        end = max(at, self.start)
        return replace(self, end=end, seen=max(self.seen, end), ending=ending)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values: words, numbers, lists, None."""
        return {part.name: _plain(getattr(self, part.name)) for part in fields(self)}

    @classmethod
    def from_json(cls, content: Any, where: str) -> LiveEvent:
        """The event that gave :meth:`to_json`.

        Args:
            content: as JSON gives it back.
            where: how a message begins: the file.

        Raises:
            OddframeError: something else.
        """
        try:
            return typed(content, cls, where)
        except OddframeError as error:
            said = str(error)
            raise OddframeError(said if said.startswith(where) else f"{where}: {said}") from None


def new_event_id(at: float) -> str:
    """A name that no other event has, of 16 digits and small letters.

    Names are sorted as the times are, to the millisecond; the rest is chance (2**30), since two
    cameras may see the same thing at the same time.

    Args:
        at: when the event began, in Unix seconds.
    """
    number = round(min(max(at, 0.0), LATEST) * 1000) << (5 * _RANDOM_DIGITS)
    number |= secrets.randbits(5 * _RANDOM_DIGITS)
    shifts = range(5 * (_TIME_DIGITS + _RANDOM_DIGITS - 1), -1, -5)
    return "".join(_DIGITS[number >> shift & 31] for shift in shifts)


def time_of_id(event_id: str) -> float:
    """When the event of a name began, in Unix seconds, to the millisecond.

    Raises:
        OddframeError: this is no name of an event.
    """
    number = 0
    if _ID.fullmatch(event_id):
        for digit in event_id[:_TIME_DIGITS]:
            number = number << 5 | _DIGITS.index(digit)
    else:
        number = -1
    if not 0 <= number / 1000 <= LATEST:
        raise OddframeError(
            f"expected the id of an event, {_TIME_DIGITS + _RANDOM_DIGITS} digits and small "
            f"letters, found {shown(event_id)}"
        )
    return number / 1000


def checked_camera(given: str) -> str:
    """The name of a camera as it is kept; it is the name of its folder.

    Raises:
        OddframeError: it cannot be the name of one folder.
    """
    if "/" in given:
        raise OddframeError(
            f"camera '{given}': its name is that of a folder, and holds no '/'; rename it"
        )
    try:
        return checked_id(given)
    except OddframeError as error:
        raise OddframeError(f"camera{str(error).removeprefix('video')}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return value
