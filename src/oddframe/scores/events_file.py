"""``events.json``: the detected events of videos, and the troubles of their cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.text_files import read_json, shown
from oddframe.media.clock import Clock
from oddframe.scores.camera_troubles import CameraTrouble, trouble_rows, troubles_from
from oddframe.scores.detections import Detection, EventRule, detections_from
from oddframe.scores.event_times import times_of
from oddframe.scores.judged_part import PART, JudgedPart

FORMAT = "oddframe-events/1"


def write_events(
    path: str | Path,
    detections: Mapping[str, list[Detection]],
    clocks: Mapping[str, Clock],
    rule: EventRule | None = None,
    camera: Mapping[str, Sequence[CameraTrouble]] | None = None,
    part: JudgedPart | None = None,
) -> Path:
    """Write ``events.json``: per video the detections, in frames and in time; and their rule.

    Times of day are there where the recording says when it was made. ``jumps`` are the frames
    before which time passed that was not filmed, ``cuts`` those at which the picture is cut,
    ``camera`` the troubles of the camera itself; ``part`` is of each video what was judged, where
    that was not all.
    """
    videos: dict[str, Any] = {}
    for video_id, found in detections.items():
        clock = clocks[video_id]
        entry: dict[str, Any] = {"fps": clock.fps}
        if clock.start is not None:
            entry["start_time"] = clock.start.isoformat()
        if clock.jumps:
            entry["jumps"] = list(clock.jumps)
        if clock.cuts:
            entry["cuts"] = list(clock.cuts)
        if camera and camera.get(video_id):
            entry["camera"] = trouble_rows(camera[video_id], clock)
        videos[video_id] = {**entry, "events": [event_row(detection, clock) for detection in found]}
    stated = asdict(rule) if rule is not None and rule.is_finite else None
    judged = {} if part is None else {PART: part.row()}
    return write_json(path, {"format": FORMAT, "rule": stated, **judged, "videos": videos})


def event_row(detection: Detection, clock: Clock) -> dict[str, Any]:
    """An event as ``events.json`` has it: frames, seconds, times of day where they are known."""
    row = asdict(detection)
    if detection.nearest is None:
        del row["nearest"]
    if not detection.zone:
        del row["zone"]
    if detection.boxes_at is None:
        del row["boxes_at"]
    return {**row, **times_of(detection.start, detection.end, clock)}


def is_events_file(path: Path) -> bool:
    """Whether a file begins like one that :func:`write_events` wrote; anybody may use its name."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return b'"oddframe-events/' in stream.read(100)


@dataclass(frozen=True)
class Told:
    """What ``events.json`` tells of a video.

    Attributes:
        events: its detections.
        cuts: frames at which its picture is cut; none where they were not looked for.
        camera: troubles of the camera itself, likewise.
        fps: the typical frame rate that it was read at; None where that is not said.
    """

    events: list[Detection] = field(default_factory=list)
    cuts: tuple[int, ...] = ()
    camera: tuple[CameraTrouble, ...] = ()
    fps: float | None = None

    def within(self, frames: int) -> Told:
        """Those of the cuts and the troubles that a video of so many frames has room for."""
        cuts = tuple(at for at in self.cuts if at < frames)
        return replace(self, cuts=cuts, camera=tuple(t for t in self.camera if t.end <= frames))


def read_told(path: str | Path) -> dict[str, Told]:
    """Read ``events.json``: what it tells, by video.

    Raises:
        OddframeError: missing file or another format.
    """
    content = read_json(Path(path), FORMAT, advice="make it with 'oddframe score'")
    try:
        if content.get("format") != FORMAT:
            raise ValueError(f"format {shown(content.get('format'))}")
        return {
            video_id: Told(
                detections_from(entry["events"]),
                tuple(int(frame) for frame in entry.get("cuts", ())),
                troubles_from(entry.get("camera", ())),
                None if entry.get("fps") is None else float(entry["fps"]),
            )
            for video_id, entry in content["videos"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise OddframeError(f"{path}: expected {FORMAT}, found {error}") from error


def read_events(path: str | Path) -> dict[str, list[Detection]]:
    """The detections of ``events.json``, by video.

    Raises:
        OddframeError: as :func:`read_told`.
    """
    return {video_id: told.events for video_id, told in read_told(path).items()}
