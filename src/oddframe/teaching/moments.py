"""Moments that a person judges: events of scored recordings, or of a camera that was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.footage.listing import survey
from oddframe.journal.live_event import LiveEvent, time_of_id
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder
from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.reporting.times import shown_span
from oddframe.runs.lessons import Word
from oddframe.scores.detections import Detection
from oddframe.scores.events_file import read_told
from oddframe.scoring.result_folder import EVENTS, Beside, scores_in
from oddframe.videos.video import Video


@dataclass(frozen=True)
class Moment:
    """A stretch of a recording, and what a person says of it.

    Attributes:
        of: which, for a person.
        path: the recording.
        video: what is known of it.
        start, end: half-open, in frames.
        boxes: where it was odd, ``(x1, y1, x2, y2)`` in pixels, beside what is found odd now.
        reason: why it was.
        word: what a person says.
        threshold: what it was found odd by; None for the run's own.
        stayed: seconds for which it was odd that something stayed, which the recording may begin in
            the middle of; 0 where that was not what was odd.
    """

    of: str
    path: Path
    video: Video
    start: int
    end: int
    boxes: tuple[tuple[int, int, int, int], ...]
    reason: str
    word: Word
    threshold: float | None = None
    stayed: float = 0.0


def moments_of(
    events: Path, normal: Sequence[str] = (), odd: Sequence[str] = ()
) -> tuple[Moment, ...]:
    """The moments that a person judges.

    Args:
        events: ``events.json`` of a scoring, or its folder; or the state folder of ``watch``.
        normal, odd: which of them: numbers, from 1, in the order of the file; or, of a camera's
            events, their ids.

    Raises:
        OddframeError: no such events or recordings, or one that is called both.
    """
    if both := sorted(set(normal) & set(odd)):
        raise OddframeError(f"{both[0]}: is called both normal and odd; say one of them")
    words: dict[str, Word] = {**dict.fromkeys(normal, "normal"), **dict.fromkeys(odd, "odd")}
    state = StateFolder(events)
    if state.journal.exists() or state.cameras.is_dir():
        return tuple(_of_camera(state, name, word) for name, word in words.items())
    path = events / EVENTS if events.is_dir() else events
    if not path.exists():
        raise OddframeError(
            f"{path}: no such file; give the events.json of a scoring, or the state folder of "
            "'oddframe watch'"
        )
    told = read_told(path)
    known = [(video, one) for video, said in told.items() for one in said.events]
    numbers = {str(number): pair for number, pair in enumerate(known, start=1)}
    for name in words:
        if name not in numbers:
            there = f"there are {len(known)}" if known else "there is none"
            raise OddframeError(f"{path}: no event {name}; {there}, counted from 1 on")
    wanted = {numbers[name][0] for name in words}
    recordings = Beside.of(scores_in(path.parent)).recordings
    videos = {name: _recording(path, recordings.get(name), name, told[name].fps) for name in wanted}
    return tuple(
        _of_scoring(path, *videos[video_id], event, word)
        for word, (video_id, event) in ((word, numbers[name]) for name, word in words.items())
    )


def whole_recordings(footage: Footage) -> tuple[Moment, ...]:
    """Recordings of normal life, in which whatever is found odd is normal.

    Args:
        footage: a video, a folder, or a manifest, of which the training and validation videos count
            that are normal.

    Raises:
        OddframeError: no such footage, or none that is normal.
    """
    manifest = footage.read()
    videos = manifest.normal("train", "val") if footage.is_manifest else manifest.videos
    if not videos:
        raise OddframeError(f"{footage.path}: no normal training footage in it")
    return tuple(
        Moment(video.id, manifest.locate(video), video, 0, video.frames, (), "", "normal")
        for video in videos
    )


def _recording(
    events: Path, known: Fingerprint | None, video_id: str, fps: float | None
) -> tuple[Path, Video]:
    """A recording that was scored, as long as it is what it was."""
    if known is None:
        raise OddframeError(
            f"{events}: it is not known which recording '{video_id}' is; score it again into a "
            "folder of its own"
        )
    path = Path(known.path)
    if not known.fits(recording_files(path), known.read_as):
        raise OddframeError(
            f"{path}: is not there any more as it was scored, so what was odd in it cannot be "
            "looked at; score it again where it is now"
        )
    return path, _surveyed(path, video_id, fps)


def _of_scoring(events: Path, path: Path, video: Video, event: Detection, word: Word) -> Moment:
    if event.end > video.frames:
        raise OddframeError(
            f"{events}: its event ends at frame {event.end}, and {path} has {video.frames}; "
            "score it again"
        )
    of = f"{video.id} {shown_span(video.clock, event.start, event.end)}"
    return Moment(of, path, video, event.start, event.end, (), event.reason, word)


def _of_camera(state: StateFolder, event_id: str, word: Word) -> Moment:
    """An event of a camera: all of its clip, since a person saw all of it."""
    event = _event(state, event_id)
    if event.clip is None or not (state.root / event.clip).is_file():
        raise OddframeError(
            f"event {event_id}: there is no film of it any more, or none was kept, so there is "
            "nothing to look at again"
        )
    path = state.root / event.clip
    video = _surveyed(path, event.camera, None)
    boxes = event.boxes if event.size in (None, (video.width, video.height)) else ()
    frames = 0, video.frames
    stayed = (event.end or event.seen) - event.start if event.cue == "staying" else 0.0
    return Moment(
        event_id, path, video, *frames, boxes, event.reason, word, event.threshold, stayed
    )


def _event(state: StateFolder, event_id: str) -> LiveEvent:
    """What the sidecar of an event says, which is the truth of it."""
    time_of_id(event_id)
    cameras = (
        sorted(path.name for path in state.cameras.iterdir()) if state.cameras.is_dir() else ()
    )
    for camera in cameras:
        files = state.event_files(camera, event_id)
        if files.sidecar.is_file():
            return read_sidecar(files)
    raise OddframeError(f"{state.root}: no event {event_id} on disk; its page names it")


def _surveyed(path: Path, video_id: str, fps: float | None) -> Video:
    return survey(
        path, path.parent, video_id=video_id, split="test", fps=fps if path.is_dir() else None
    )
