"""Zones as people write them in YAML, and as they travel in manifests and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.plain_values import typed
from oddframe.files.yaml_table import YamlTable, read_yaml
from oddframe.zones.zone import KINDS, Kind, Point, Zone, Zones

KEYS = ("name", "kind", "polygon", "sensitivity")


def read_zones(path: AnyPath) -> Zones:
    """A file of zones: a list under the key ``zones``.

    Raises:
        OddframeError: no such file, an unknown key, a zone that is none, or no zones.
    """
    path = as_path(path, "zones")
    advice = "draw some as docs/zones.md shows"
    table = YamlTable(path, read_yaml(path, "a file of zones", advice), ("zones",))
    zones = zones_of(table)
    if not zones:
        raise OddframeError(f"{path}: there are no zones in it; {advice}, or leave it out")
    return zones


def zones_of(table: YamlTable) -> Zones:
    """The zones under the key ``zones`` of a place in a file; none where it is missing.

    Raises:
        OddframeError: an unknown key, or a zone that is none.
    """
    given = [_values(row) for row in table.tables("zones", KEYS)]
    try:
        return Zones(tuple(Zone(*values) for values in given))
    except OddframeError as error:
        raise table.error(str(error)) from None


def _values(row: YamlTable) -> tuple[str, Kind, tuple[Point, ...], float]:
    """What a zone is made of."""
    polygon = row.values("polygon")
    try:
        corners = typed(polygon, tuple[Point, ...], "polygon")
    except OddframeError:
        wanted = "corners [x, y], numbers from 0 to 1"
        raise row.wrong("polygon", wanted, polygon) from None
    kind: Kind = "ignore" if row.choice("kind", KINDS) == "ignore" else "watch"
    return row.text("name"), kind, corners, row.number("sensitivity", 1.0)


def rows_of(zones: Zones) -> list[dict[str, Any]]:
    """Zones as plain values, for JSON and YAML."""
    return [
        {
            "name": zone.name,
            "kind": zone.kind,
            "polygon": [list(corner) for corner in zone.polygon],
            **({"sensitivity": zone.sensitivity} if zone.sensitivity != 1 else {}),
        }
        for zone in zones
    ]


def zones_from(rows: Sequence[Mapping[str, Any]] | None) -> Zones:
    """The zones of which :func:`rows_of` gave these plain values.

    Raises:
        OddframeError: something else.
    """
    return Zones(tuple(typed(list(rows or ()), list[Zone], "zones")))
