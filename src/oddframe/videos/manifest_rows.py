"""A row of ``manifest.jsonl``: a video as JSON, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed
from oddframe.files.text_files import parse_json, shown
from oddframe.media.grey_levels import levels_from
from oddframe.media.knots import knots_from
from oddframe.videos.video import Event, Video
from oddframe.zones.zone_file import rows_of, zones_from


def row_of(video: Video) -> dict[str, Any]:
    """A video as plain values for JSON."""
    row = asdict(video)
    row["events"] = [[event.start, event.end, event.name] for event in video.events]
    row["classes"] = list(video.classes)
    row["start"] = video.start.isoformat() if video.start else None
    row["levels"] = [video.levels.low, video.levels.high] if video.levels else None
    row["zones"] = rows_of(video.zones)
    del row["cuts"]  # what was found while scoring is in events.json
    # Most videos are regular, do not say when they were filmed, are of 8 bits and without zones.
    for key in ("times", "start", "levels", "zones"):
        if not row[key]:
            del row[key]
    return row


def parse_row(path: Path, number: int, line: str) -> dict[str, Any]:
    """The object on a line of the file.

    Raises:
        OddframeError: the line is no JSON object.
    """
    row = parse_json(line, f"{path} line {number}: expected a JSON object")
    if not isinstance(row, dict):
        raise OddframeError(f"{path} line {number}: expected a JSON object, found {shown(row)}")
    return row


def _event(value: Any) -> Event:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"expected an event to be [start, end, name], found {shown(value)}")
    start, end, name = value
    return Event(typed(start, int, "start"), typed(end, int, "end"), _class_name(name))


def _class_name(value: Any) -> str:
    """Data sets number their classes, so whole numbers are names too."""
    return str(value) if type(value) is int else typed(value, str, "a name")


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected start to be a date and time such as 2026-11-28T03:12:00, found {shown(text)}"
        ) from None


def video_of(path: Path, number: int, row: dict[str, Any]) -> Video:
    """The video that a row describes.

    Raises:
        OddframeError: naming file and line, for anything that does not fit the format.
    """
    try:
        frames = typed(row["frames"], int, "frames")
        times = knots_from(row.get("times") or [])
        if times and times[-1][0] >= frames > 0:
            raise ValueError(
                f"video '{shown(row['id'])}': expected the times of {frames} frames, found one of "
                f"frame {times[-1][0]}; prepare the footage again"
            )
        return Video(
            id=typed(row["id"], str, "id"),
            path=typed(row["path"], str, "path"),
            split=typed(row["split"], str, "split"),
            label=typed(row["label"], str | None, "label"),
            classes=tuple(map(_class_name, typed(row.get("classes", []), list, "classes"))),
            frames=frames,
            fps=typed(row["fps"], float, "fps"),
            width=typed(row["width"], int, "width"),
            height=typed(row["height"], int, "height"),
            events=tuple(map(_event, typed(row["events"], list, "events"))),
            mask=typed(row.get("mask"), str | None, "mask"),
            tracks=typed(row.get("tracks"), str | None, "tracks"),
            times=times,
            start=_moment(typed(row.get("start"), str | None, "start")),
            levels=levels_from(row.get("levels")),
            zones=zones_from(row.get("zones")),
        )
    except KeyError as error:
        raise OddframeError(f"{path} line {number}: the key {error} is missing") from None
    except (ValueError, OverflowError, OddframeError) as error:
        raise OddframeError(f"{path} line {number}: {error}") from None
