"""Annotations of one's own videos: a CSV or JSON file of events, or a CSV of 0 and 1 per frame.

An event file has the columns (or keys) ``video``, ``start_frame`` and ``end_frame`` or
``start_seconds`` and ``end_seconds``, and if wanted ``name``. Frames count from 0 and the end is
not included; seconds may be written ``1:30`` or ``0:01:30.5``. A row with empty start and end says
that a video was watched and is normal. JSON holds ``{"video": [{"start_frame": 10, "end_frame": 35,
"name": "fall"}, ...], ...}``.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np

from oddframe.console.player_times import seconds_at
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.csv_files import number_in, read_csv
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json, read_text, refuse_results, shown
from oddframe.media.clock import Clock
from oddframe.videos.names import checked_name
from oddframe.videos.video import Event

UNITS = ("frame", "seconds")
ROUNDING_SECONDS = 1.0
"""How far an end in seconds may lie beyond the video: players show whole seconds."""

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+", re.ASCII)
"""A frame that half of Europe reads as thousands, and a library writes as 1.000 for 1."""
_DAY = 86400
"""Seconds."""
_LOOKED_AT = 10
"""Lines by which a CSV beside a recording is known to be its labels, or something else."""

Span = tuple[float, float]
"""Start and end."""


@dataclass(frozen=True)
class Annotation:
    """One row of an event file; without spans the video was watched and has no event.

    Attributes:
        where: file and row, for messages.
        video: the video's name as written there, composed.
        frames: start and end in frames, if the row has them.
        seconds: start and end in seconds, if the row has them.
        name: class name of the event.
    """

    where: str
    video: str
    frames: Span | None
    seconds: Span | None
    name: str

    def says(self) -> tuple[Span | None, Span | None, str]:
        """All that it says of its video."""
        return self.frames, self.seconds, self.name

    def event(self, clock: Clock) -> Event | None:
        """The event in frames of a video with this clock, or None if the row has none.

        Raises:
            OddframeError: it does not fit into the video, or its frames and seconds contradict
                each other.
        """
        if not all(0 <= start < end for start, end in filter(None, (self.frames, self.seconds))):
            raise OddframeError(f"{self.where}: expected 0 <= start < end, found {self._said()}")
        found = None if self.frames is None else self._fitted(*self.frames, clock)
        if self.seconds is None:
            return found
        self._check_unit(*self.seconds, clock)
        self._check_filmed(*self.seconds, clock)
        start, end = (clock.frame_at(second) for second in self.seconds)
        if self.seconds[1] <= clock.seconds(clock.frames) + ROUNDING_SECONDS:
            end = min(end, clock.frames)
        timed = self._fitted(start, end, clock)
        if found and max(abs(found.start - timed.start), abs(found.end - timed.end)) > 1:
            raise OddframeError(
                f"{self.where}: frames {found.start} to {found.end} contradict the seconds, which "
                f"are frames {timed.start} to {timed.end}; keep one of the two pairs of columns"
            )
        return found or timed

    def _fitted(self, start: float, end: float, clock: Clock) -> Event:
        """The event between two places in frames."""
        if start >= clock.frames or end > clock.frames:
            raise OddframeError(
                f"{self.where}: the event from {self._said()} ends after the {clock.frames} frames "
                f"({clock.seconds(clock.frames):.1f} s) of '{self.video}'; {self._remedy(clock)}"
            )
        first, after = round(start), round(end)
        if first >= after:  # shorter than a frame: the one that shows its middle
            first = int((start + end) / 2)
            after = first + 1
        return Event(first, after, self.name)

    def _check_unit(self, start: float, end: float, clock: Clock) -> None:
        """Refuse fractions of a day, in which spreadsheets keep times.

        They are told from seconds where they would be times in the video, while as seconds the
        event is shorter than a frame, or written finer than anybody can see.
        """
        length = clock.seconds(clock.frames)
        short = end - start < float(clock.lasting[0]) / 2 or round(end, 4) != end
        if short and end < 1 and end * _DAY <= length + ROUNDING_SECONDS:
            times = [str(timedelta(seconds=round(part * _DAY))) for part in (start, end)]
            raise OddframeError(
                f"{self.where}: {self._said()} look like times that a spreadsheet keeps as "
                f"fractions of a day ({times[0]} to {times[1]}); write them so, or in seconds"
            )

    def _check_filmed(self, start: float, end: float, clock: Clock) -> None:
        for at in clock.jumps:
            left, back = clock.span(0, at)[1], clock.seconds(at)
            if left <= start and end <= back:
                raise OddframeError(
                    f"{self.where}: the event from {self._said()} lies where '{self.video}' has a "
                    f"gap, {left:.1f} to {back:.1f} s, in which nothing was filmed; "
                    f"{self._remedy(clock)}"
                )

    def _remedy(self, clock: Clock) -> str:
        """What to do; people copy the times of day that they are shown."""
        if clock.start is not None and self.seconds is not None:
            day = clock.start.replace(hour=0, minute=0, second=0, microsecond=0)
            begin = (clock.start - day).total_seconds()
            if 0 <= self.seconds[0] - begin <= clock.seconds(clock.frames):
                return (
                    "it seems to be a time of day: give the time in the video, as a player shows "
                    f"it, which begins with 0 at {clock.start:%H:%M:%S}"
                )
        return "check the annotation"

    def _said(self) -> str:
        spans = {"frames": self.frames, "seconds": self.seconds}
        return ", ".join(f"{s[0]:.12g} to {s[1]:.12g} {unit}" for unit, s in spans.items() if s)


def read_event_file(path: Path) -> list[Annotation]:
    """The rows of a CSV or JSON file of events.

    Raises:
        OddframeError: naming the row, for anything that does not fit the format.
    """
    rows = _of_json(path) if path.suffix.lower() == ".json" else _of_csv(path)
    if not rows:
        warnings.warn(
            f"{path}: no event in it, so every test video is taken to be normal",
            OddframeWarning,
            stacklevel=2,
        )
    return rows


def read_frame_labels(path: Path) -> np.ndarray | None:
    """Labels of one video from a CSV with one 0 or 1 per line; a first line of text is skipped.

    Returns:
        uint8 ``(lines,)``; None, and a warning, where the first lines are something else, since
        many programs put a CSV beside a recording.

    Raises:
        OddframeError: naming the line, for anything but 0 and 1 further below.
    """
    try:
        text = read_text(path, "labels of frames")
    except OddframeError as error:
        warnings.warn(f"not read as labels: {error}", OddframeWarning, stacklevel=2)
        return None
    values: list[int] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        value = line.strip(' ,;\t"')
        if (label := number_in(value)) in (0, 1):
            values.append(int(label))
        elif value and not (number == 1 and value[0].isalpha() and not set(value) & set(",;\t")):
            found = f"{path} line {number}: expected 0 or 1, the label of one frame, found "
            if len(values) < _LOOKED_AT:
                warnings.warn(
                    f"not read as labels of the video beside it: {found}{shown(value)}",
                    OddframeWarning,
                    stacklevel=2,
                )
                return None
            raise OddframeError(
                f"{found}{shown(value)}; rename the file if it is not the labels of the video "
                "beside it"
            )
    return np.array(values, dtype=np.uint8) if values else None


def _of_csv(path: Path) -> list[Annotation]:
    table = read_csv(path, "an event file")
    columns = table.columns()
    if "video" not in columns or not any(
        {f"start_{unit}", f"end_{unit}"} <= set(columns) for unit in UNITS
    ):
        raise OddframeError(
            f"{path}: expected a header line 'video,start_frame,end_frame,name' or "
            f"'video,start_seconds,end_seconds,name', found {shown(','.join(table.header.cells))}"
        )
    return [
        _annotation(
            row.where, {key: row.cells[at] for key, at in columns.items()}, table.decimal_comma
        )
        for row in table.body()
    ]


def _of_json(path: Path) -> list[Annotation]:
    content = read_json(path, "an event file")
    advice = "give the events that you know of; what 'score' found is no truth to measure it by"
    refuse_results(content, path, "an event file", advice)
    try:
        videos = typed(content, dict[str, list[dict[str, Any]]], "the file")
    except OddframeError as error:
        raise OddframeError(
            f'{path}: expected {{"video": [{{"start_frame": 10, "end_frame": 35}}, ...]}}; {error}'
        ) from None
    return [
        _annotation(f"{path} video '{video}' event {number}", {**event, "video": video})
        for video, events in videos.items()
        for number, event in enumerate(events or [{}], start=1)
    ]


def _annotation(where: str, row: Mapping[str, Any], decimal_comma: bool = False) -> Annotation:
    filled = {key: value for key, value in row.items() if value not in (None, "")}
    video = normalize("NFC", filled.get("video", "").strip())
    if not video:
        raise OddframeError(f"{where}: the video is not named")
    spans: dict[str, Span | None] = dict.fromkeys(UNITS)
    for unit in UNITS:
        start, end = filled.get(f"start_{unit}"), filled.get(f"end_{unit}")
        if start is not None and end is not None:
            spans[unit] = (
                _number(where, start, unit, decimal_comma),
                _number(where, end, unit, decimal_comma),
            )
        elif start is not None or end is not None:
            raise OddframeError(f"{where}: expected both a start and an end in {_PLURAL[unit]}")
    try:
        name = checked_name(typed(filled.get("name", Event.name), str, "name")) or Event.name
    except OddframeError as error:
        raise OddframeError(f"{where}: {error}") from None
    return Annotation(where, video, spans["frame"], spans["seconds"], name)


_PLURAL = {"frame": "frames", "seconds": "seconds"}


def _number(where: str, value: Any, unit: str, decimal_comma: bool) -> float:
    number = None
    if isinstance(value, str):
        if unit == "frame" and _THOUSANDS.fullmatch(value.strip()):
            raise OddframeError(
                f"{where}: expected a whole number of frames, found {shown(value)}, which could be "
                "thousands or a fraction; write it without the point"
            )
        number = seconds_at(value) if unit == "seconds" else None
        if number is None:
            number = number_in(value.strip(), decimal_comma)
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        number = float(value)
    if number is None or not math.isfinite(number) or (unit == "frame" and number % 1):
        kind = "a number of seconds, such as 90.5 or 1:30.5"
        kind = "a whole number of frames" if unit == "frame" else kind
        raise OddframeError(f"{where}: expected {kind}, found {shown(value)}")
    return number
