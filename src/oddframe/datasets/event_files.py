"""Annotations of one's own videos: a CSV or JSON file of events, or a CSV of 0 and 1 per frame.

An event file has the columns (or keys) ``video``, ``start_frame`` and ``end_frame`` or
``start_seconds`` and ``end_seconds``, and if wanted ``name``. Frames count from 0 and the end is
not included. A row with empty start and end says that a video was watched and is normal. JSON
holds ``{"video": [{"start_frame": 10, "end_frame": 35, "name": "fall"}, ...], ...}``.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.clock import Clock
from oddframe.errors import OddframeError
from oddframe.videos import Event

UNITS = ("frame", "seconds")
ROUNDING_SECONDS = 1.0
"""How far an end in seconds may lie beyond the video: players show whole seconds."""


@dataclass(frozen=True)
class Annotation:
    """One row of an event file.

    Attributes:
        where: file and row, for messages.
        video: the video's name as written there.
        start, end: in the unit, or None for a video without events.
        unit: ``frame`` or ``seconds``.
        name: class name of the event.
    """

    where: str
    video: str
    start: float | None
    end: float | None
    unit: str
    name: str

    def event(self, clock: Clock) -> Event | None:
        """The event in frames of a video with this clock, or None if the row has none.

        Raises:
            OddframeError: it does not fit into the video.
        """
        if self.start is None or self.end is None:
            return None
        start, end = self.start, self.end
        frames = clock.frames
        if not 0 <= start < end:
            raise OddframeError(
                f"{self.where}: expected 0 <= start < end, found {start:g} and {end:g}"
            )
        if self.unit == "seconds":
            start, end = clock.frame_at(start), clock.frame_at(end)
            if self.end <= clock.seconds(frames) + ROUNDING_SECONDS:
                end = min(end, frames)
        if start >= frames or end > frames:
            raise OddframeError(
                f"{self.where}: the event ends at {self.end:g} {_PLURAL[self.unit]}, after the "
                f"{frames} frames ({clock.seconds(frames):.1f} s) of '{self.video}'; check the "
                "annotation"
            )
        first, after = round(start), round(end)
        if first >= after:  # shorter than a frame: the one that shows its middle
            first = int((start + end) / 2)
            after = first + 1
        return Event(first, after, self.name)


_PLURAL = {"frame": "frames", "seconds": "seconds"}


def read_event_file(path: Path) -> list[Annotation]:
    """The rows of a CSV or JSON file of events.

    Raises:
        OddframeError: naming the row, for anything that does not fit the format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OddframeError(f"{path}: cannot read the events ({error})") from error
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    return [_annotation(where, row) for where, row in rows]


def read_frame_labels(path: Path) -> np.ndarray:
    """Labels of one video from a CSV with one 0 or 1 per line; a first line of text is skipped.

    Raises:
        OddframeError: naming the line, for anything but 0 and 1.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OddframeError(f"{path}: cannot read the frame labels ({error})") from error
    values = []
    for number, line in enumerate(lines, start=1):
        value = line.strip()
        if value in ("0", "1"):
            values.append(int(value))
        elif value and not (number == 1 and value[0].isalpha()):
            raise OddframeError(
                f"{path} line {number}: expected 0 or 1, the label of one frame, found "
                f"'{value[:40]}'; rename the file if it is not the labels of the video beside it"
            )
    return np.array(values, dtype=np.uint8)


def _csv_rows(path: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    header = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(), delimiter=";" if ";" in header and "," not in header else ","
    )
    columns = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = columns
    if "video" not in columns or not any(
        {f"start_{unit}", f"end_{unit}"} <= set(columns) for unit in UNITS
    ):
        raise OddframeError(
            f"{path}: expected a header line 'video,start_frame,end_frame,name' or "
            f"'video,start_seconds,end_seconds,name', found '{header.strip()[:80]}'"
        )
    return [(f"{path} line {reader.line_num}", row) for row in reader]


def _json_rows(path: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise OddframeError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict) or not all(
        isinstance(events, list) and all(isinstance(event, dict) for event in events)
        for events in content.values()
    ):
        raise OddframeError(
            f'{path}: expected {{"video": [{{"start_frame": 10, "end_frame": 35}}, ...]}}'
        )
    rows = []
    for video, events in content.items():
        for number, event in enumerate(events or [{}], start=1):
            rows.append((f"{path} video '{video}' event {number}", {**event, "video": video}))
    return rows


def _annotation(where: str, row: dict[str, Any]) -> Annotation:
    filled = {key: value for key, value in row.items() if value not in (None, "")}
    video = str(filled.get("video", "")).strip()
    if not video:
        raise OddframeError(f"{where}: the video is not named")
    name = str(filled.get("name", Event.name)).strip() or Event.name
    for unit in UNITS:
        start, end = filled.get(f"start_{unit}"), filled.get(f"end_{unit}")
        if start is not None and end is not None:
            return Annotation(
                where, video, _number(where, start, unit), _number(where, end, unit), unit, name
            )
        if start is not None or end is not None:
            raise OddframeError(f"{where}: expected both a start and an end in {_PLURAL[unit]}")
    return Annotation(where, video, None, None, UNITS[0], name)


def _number(where: str, value: Any, unit: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or (unit == "frame" and number != int(number)):
        kind = "a whole number of frames" if unit == "frame" else "a number of seconds"
        raise OddframeError(f"{where}: expected {kind}, found '{value}'")
    return number
