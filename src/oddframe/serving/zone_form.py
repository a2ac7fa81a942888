"""Zones as a form of names and numbers, and back; a picture over it is drawn by a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.errors import OddframeError
from oddframe.serving.forms import number_of
from oddframe.zones.zone import KINDS, NO_ZONES, Zones

MOST_ZONES = 60
_PLACES = 4
"""Decimals of a corner: a ten-thousandth of the picture."""
_CORNER = re.compile(r"\s*([-+.\deE]+)[\s,;]+([-+.\deE]+)\s*")
_WHAT = "name", "kind", "sensitivity", "corners", "gone"


@dataclass(frozen=True)
class ZoneRow:
    """A zone in the form.

    Attributes:
        number: in its fields' names.
        name, kind, sensitivity: as typed.
        corners: a line for each: right and down, as shares of the picture.
        gone: whether it is to be deleted.
        kinds: that there are.
        may_change: whether who looks may change it.
    """

    template: ClassVar[str] = "serving/zone_row.html"
    number: str
    name: str = ""
    kind: str = "ignore"
    sensitivity: str = "1"
    corners: str = ""
    gone: bool = False
    kinds: Sequence[str] = KINDS
    may_change: bool = True


@dataclass(frozen=True)
class ZoneForm:
    """The zones of a camera on its picture.

    Attributes:
        camera: its address.
        still: address of its picture; ``""`` of none.
        rows: the zones.
        blank: one more, for a browser without scripts, and as a pattern for one with.
        origin: where these zones are said.
        warning: what else to know of them; ``""`` of nothing.
        said: what is wrong with what was typed; ``""`` of nothing.
        mark: of the cameras file.
        may_change: whether who looks may change them.
    """

    template: ClassVar[str] = "serving/zones.html"
    camera: str
    still: str
    rows: Sequence[ZoneRow]
    blank: ZoneRow
    origin: str
    warning: str
    said: str
    mark: str
    may_change: bool


def rows_of(zones: Zones, *, may_change: bool) -> list[ZoneRow]:
    """Zones as they are."""
    return [
        ZoneRow(
            number=str(number),
            name=zone.name,
            kind=zone.kind,
            sensitivity=f"{zone.sensitivity:g}",
            corners="\n".join(f"{x:g} {y:g}" for x, y in zone.polygon),
            may_change=may_change,
        )
        for number, zone in enumerate(zones or NO_ZONES)
    ]


def typed_rows(form: Mapping[str, str]) -> list[ZoneRow]:
    """Zones as somebody typed them, to be shown again."""
    return [
        ZoneRow(
            number=str(number),
            name=said["name"],
            kind=said["kind"],
            sensitivity=said["sensitivity"],
            corners=said["corners"],
            gone=bool(said["gone"]),
        )
        for number, said in enumerate(_typed(form))
    ]


def zones_in(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Zones as the cameras file says them, of a form; what they must be is checked with the file.

    Raises:
        OddframeError: corners or a sensitivity that are no numbers, or too many zones.
    """
    zones = []
    for said in _typed(form):
        if said["gone"]:
            continue
        name = " ".join(said["name"].split())
        zone: dict[str, Any] = {"name": name, "kind": said["kind"]}
        zone["polygon"] = [_corner(name, line) for line in said["corners"].splitlines() if line]
        sensitivity = _number(said["sensitivity"].strip() or "1")
        if sensitivity is None:
            raise OddframeError(
                f"zone '{name}': expected a sensitivity such as 1 or 0.5, found "
                f"'{said['sensitivity']}'"
            )
        if sensitivity != 1:
            zone["sensitivity"] = sensitivity
        zones.append(zone)
    if len(zones) > MOST_ZONES:
        raise OddframeError(f"expected {MOST_ZONES} zones at most here, found {len(zones)}")
    return zones


def _typed(form: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What was typed of each zone; nothing of one that was left blank."""
    numbers = {match[1] for name in form if (match := re.fullmatch(r"zone-(\d{1,4})-\w+", name))}
    for number in sorted(numbers, key=int):
        said = {what: form.get(f"zone-{number}-{what}", "") for what in _WHAT}
        if said["name"].strip() or said["corners"].strip():
            yield said


def _corner(zone: str, line: str) -> list[float]:
    match = _CORNER.fullmatch(line)
    corner = [_number(part) for part in match.groups()] if match else []
    if len(corner) != 2 or None in corner:
        raise OddframeError(
            f"zone '{zone}': expected a corner as two numbers from 0 to 1, such as '0.25 0.4', "
            f"found '{line.strip()}'"
        )
    return [round(part, _PLACES) for part in corner if part is not None]


def _number(words: str) -> float | None:
    value = number_of(words)
    if not abs(value) < 1e9:
        return None
    return int(value) if value % 1 == 0 else value
