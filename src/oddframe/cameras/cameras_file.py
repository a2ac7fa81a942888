"""The cameras file: every camera that is watched, how, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from oddframe.alerts.sink import Sink
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.cameras.address import KEYS as ADDRESS_KEYS
from oddframe.cameras.address import address_of
from oddframe.cameras.schedule import ALWAYS, Schedule, read_schedule
from oddframe.cameras.schedule import KEYS as SCHEDULE_KEYS
from oddframe.cameras.second_look import KEYS as SECOND_LOOK_KEYS
from oddframe.cameras.second_look import SecondLooks, read_second_look
from oddframe.errors import OddframeError, unknown
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.yaml_table import YamlTable, read_yaml, yaml_of
from oddframe.journal.live_event import checked_camera
from oddframe.journal.retention import Retention
from oddframe.sources.source import Source, source_of
from oddframe.zones.zone import Zones
from oddframe.zones.zone_file import read_zones, zones_of

WHAT = "a cameras file"
"""For messages."""
LONGEST_ROLL = 60.0
"""Seconds of film before an event, and after it, at most: they wait in memory."""
A_WEEK = 7 * 86_400.0
"""Seconds of anything else, at most."""
_FEWEST_ALARMS, _MOST_ALARMS = 1 / (24 * 366), 3600.0
"""An hour: one a year, one a second."""
_MOST_GIGABYTES, _MOST_DAYS = 1e6, 36_525.0
Keep = Literal["film", "pictures", "blurred", "scores"]
"""What there is of an event beside its numbers: a clip and a picture, a picture, a coarse one,
nothing."""
_LIMITS = ("threshold", "alarms_per_hour", "alarms_per_day")
_RETENTION = ("gigabytes", "days", "free_gigabytes")
_SHARED = (
    "run",
    "transport",
    "timeout",
    *_LIMITS,
    "zones",
    "schedule",
    "minimum_seconds",
    "longest_seconds",
    "cool_down",
    "pre_roll",
    "post_roll",
    "keep",
    "retention",
)
"""What may stand at the top, for all cameras, or in a camera, for it alone."""
_OF_FILE = ("cameras", "alerts", "second_look", *_SHARED)
_OF_CAMERA = ("name", *ADDRESS_KEYS, "alerts", *_SHARED)


@dataclass(frozen=True)
class Camera:
    """One camera, and how it is watched.

    Attributes:
        name: its name, which is that of its folder.
        source: where its film comes from.
        run: folder of the run that judges it.
        threshold: instead of the run's own; None for that.
        alarms_per_hour: the most there may be in the long run; None for as many as there are.
        zones: instead of those that the run was trained with; None for these.
        schedule: when it is armed.
        minimum_seconds: what is odd for a shorter time is no event.
        longest_seconds: after which an event is closed that still goes on.
        cool_down: seconds after an alarm in which nobody is told of another.
        pre_roll, post_roll: seconds of film before and after an event.
        keep: what there is of its events beside numbers, here and in what is sent.
        retention: how much of that, and for how long.
        alerts: names of the sinks that are told of them.
    """

    name: str
    source: Source
    run: Path
    threshold: float | None = None
    alarms_per_hour: float | None = None
    zones: Zones | None = None
    schedule: Schedule = ALWAYS
    minimum_seconds: float = 0.0
    longest_seconds: float = 600.0
    cool_down: float = 30.0
    pre_roll: float = 5.0
    post_roll: float = 5.0
    keep: Keep = "film"
    retention: Retention = field(default_factory=Retention)
    alerts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        alarms = self.alarms_per_hour
        if alarms is not None and not _FEWEST_ALARMS <= alarms <= _MOST_ALARMS:
            raise OddframeError(
                f"camera '{self.name}': expected a budget from an alarm a year to {_MOST_ALARMS:g} "
                f"an hour, found {alarms:g} an hour; leave it out to be told of all"
            )


@dataclass(frozen=True)
class CamerasFile:
    """What a cameras file says.

    Attributes:
        path: the file.
        cameras: in its order; at least one, no two of one name.
        sinks: who may be told, by name; not opened yet.
        second_look: which server is asked about alarms; None of none.
    """

    path: Path
    cameras: tuple[Camera, ...]
    sinks: Mapping[str, Sink]
    second_look: SecondLooks | None = None


def read_cameras(path: AnyPath) -> CamerasFile:
    """Read and check a cameras file; nothing is connected to.

    Raises:
        OddframeError: naming the file and the key, for anything that does not fit.
    """
    path = as_path(path, "cameras")
    return _cameras_in(read_yaml(path, WHAT, "write one as docs/cameras.md shows"), path)


def cameras_of(text: str, path: Path) -> CamerasFile:
    """As :func:`read_cameras`, of what a file is going to say.

    Raises:
        OddframeError: as there.
    """
    return _cameras_in(yaml_of(text, path, WHAT), path)


def _cameras_in(content: Mapping[str, Any], path: Path) -> CamerasFile:
    common = YamlTable(path, content, _OF_FILE)
    sinks = read_sinks(path, common.mapping("alerts"))
    cameras: list[Camera] = []
    for row in common.tables("cameras", _OF_CAMERA):
        camera = _Reading(row, common).camera(tuple(sinks))
        # Folders of another case are the same on some disks.
        if camera.name.lower() in {other.name.lower() for other in cameras}:
            raise row.error(f"camera '{camera.name}': there are two of that name; rename one")
        cameras.append(camera)
    if not cameras:
        raise common.error("expected a list of cameras under 'cameras', found none")
    return CamerasFile(path, tuple(cameras), sinks, _second_look(common, cameras))


def _second_look(common: YamlTable, cameras: list[Camera]) -> SecondLooks | None:
    if "second_look" not in common:
        return None
    found = read_second_look(common.table("second_look", SECOND_LOOK_KEYS))
    if not any(camera.keep == "film" for camera in cameras):
        raise common.error(
            "'second_look' sends pictures of films, and no camera keeps any; leave it out, or give "
            "a camera 'keep: film'"
        )
    return found


class _Reading:
    """A camera's own keys, and for what is not among them those at the top."""

    def __init__(self, own: YamlTable, common: YamlTable) -> None:
        self._own, self._common = own, common

    def camera(self, sinks: tuple[str, ...]) -> Camera:
        own = self._own
        try:
            name = checked_camera(own.text("name"))
        except OddframeError as error:
            raise own.error(str(error)) from None
        run = self._of("run").path("run")
        if run is None:
            raise own.error(f"camera '{name}': 'run' is missing; it is a run folder")
        threshold, alarms = self._limit()
        minimum, longest = self._seconds("minimum_seconds"), self._seconds("longest_seconds")
        if minimum >= longest:
            raise own.error(
                f"camera '{name}': expected 'minimum_seconds' below 'longest_seconds', found "
                f"{minimum:g} and {longest:g}"
            )
        return self._camera(
            name=name,
            source=self._source(name),
            run=run,
            threshold=threshold,
            alarms_per_hour=alarms,
            zones=self._zones(),
            schedule=self._schedule(),
            minimum_seconds=minimum,
            longest_seconds=longest,
            cool_down=self._seconds("cool_down"),
            pre_roll=self._seconds("pre_roll", LONGEST_ROLL),
            post_roll=self._seconds("post_roll", LONGEST_ROLL),
            keep=self._of("keep").choice("keep", get_args(Keep), Camera.keep),
            retention=self._retention(),
            alerts=self._alerts(name, sinks),
        )

    def _camera(self, **given: Any) -> Camera:
        try:
            return Camera(**given)
        except OddframeError as error:
            raise self._own.error(str(error)) from None

    def _of(self, key: str) -> YamlTable:
        """The table that says a key, if any does."""
        return self._own if key in self._own else self._common

    def _source(self, name: str) -> Source:
        address = address_of(self._own)
        timeout = self._of("timeout").number("timeout", Source.timeout)
        transport = self._of("transport").choice("transport", ("tcp", "udp"), "tcp")
        try:
            return source_of(address, transport=transport, timeout=timeout)
        except OddframeError as error:
            raise self._own.error(f"camera '{name}': {error}") from None

    def _limit(self) -> tuple[float | None, float | None]:
        """A threshold or alarms per hour; what a camera says takes the place of all at the top."""
        table = self._own if any(key in self._own for key in _LIMITS) else self._common
        given = [key for key in _LIMITS if key in table]
        if len(given) > 1:
            raise table.wrong(given[1], f"either it or '{given[0]}'", "both")
        if not given:
            return None, None
        key = given[0]
        value = table.number(key, 0.0)
        if key == "threshold":
            return value, None
        return None, value / 24 if key == "alarms_per_day" else value

    def _seconds(self, key: str, most: float = A_WEEK) -> float:
        return self._of(key).number(key, getattr(Camera, key), most)

    def _zones(self) -> Zones | None:
        table = self._of("zones")
        if "zones" not in table:
            return None
        if isinstance(table.any("zones"), str):
            path = table.path("zones")
            assert path is not None, "words are a path"
            return read_zones(path)
        return zones_of(table)

    def _schedule(self) -> Schedule:
        table = self._of("schedule")
        return (
            read_schedule(table.table("schedule", SCHEDULE_KEYS)) if "schedule" in table else ALWAYS
        )

    def _retention(self) -> Retention:
        usual = Retention()
        table = self._of("retention").table("retention", _RETENTION, optional=True)

        def gigabytes(key: str, default: int) -> int:
            return round(1e9 * table.number(key, default / 1e9, _MOST_GIGABYTES))

        return Retention(
            most_bytes=gigabytes("gigabytes", usual.most_bytes),
            most_days=table.number("days", usual.most_days, _MOST_DAYS),
            least_free=gigabytes("free_gigabytes", usual.least_free),
        )

    def _alerts(self, name: str, sinks: tuple[str, ...]) -> tuple[str, ...]:
        """Names of sinks; all of the file where a camera names none."""
        if "alerts" not in self._own:
            return sinks
        chosen = self._own.values("alerts")
        for one in chosen:
            if one not in sinks:
                raise self._own.error(f"camera '{name}': {unknown('alert', str(one), sinks)}")
        return tuple(map(str, chosen))
