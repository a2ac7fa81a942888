"""Videos, their events, and the manifest that lists them.

A manifest is a data set as oddframe sees it. On disk it is ``manifest.jsonl``: a header line,
then one video per line. All intervals are half-open ``[start, end)`` in 0-based frames.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError, unknown
from oddframe.files.atomic import sha256_of, write_text
from oddframe.files.json_values import list_of, number_of, text_of, whole_of
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.text_files import parse_json, read_text, shown
from oddframe.media.clock import FASTEST, SLOWEST, Clock, Knots, is_rate, knots_from
from oddframe.media.grey_levels import Levels, levels_from
from oddframe.videos.names import checked_id, checked_name, require_plain

FORMAT = "oddframe-manifest/1"
SPLITS = ("train", "val", "test")
LABELS = ("normal", "anomalous", None)
LARGEST = 10**9
"""Frames of the longest video: more than a year at 30 per second."""


@dataclass(frozen=True, order=True)
class Event:
    """An anomalous interval ``[start, end)`` of a video, in 0-based frames, with a class name."""

    start: int
    end: int
    name: str = "anomaly"

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name) or Event.name)
        if self.start < 0 or self.end <= self.start:
            raise OddframeError(
                f"event [{self.start}, {self.end}) '{self.name}': expected 0 <= start < end"
            )


@dataclass(frozen=True)
class Video:
    """One recording.

    Attributes:
        id: unique name within a manifest; used as the key of scores and as a file name (see
            :mod:`oddframe.videos.names`).
        path: file or folder of numbered images, relative to the manifest's root; empty where only
            features of the video are at hand.
        split: ``train``, ``val`` or ``test``.
        label: ``normal``, ``anomalous`` or None when nobody knows.
        classes: class names that the video carries.
        frames: true frame count.
        fps: frames per second; where they are not regular, the typical rate.
        width, height: size of a frame in pixels; 0 where only features are at hand.
        events: annotated events, sorted by start.
        mask: pixel truth (``pixel_truth.py``), relative to the root, or None.
        tracks: object tracks (``pixel_truth.py``), relative to the root, or None.
        times: when the frames are shown, where they are not regular (``media/clock.py``).
        start: when the first frame was filmed, if the recording says so.
        levels: which values of pictures deeper than 8 bits become black and white; None for others.
        cuts: frames at which the picture is cut; known once the video was scored.
    """

    id: str
    path: str
    split: str
    label: str | None
    frames: int
    fps: float
    width: int
    height: int
    classes: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    mask: str | None = None
    tracks: str | None = None
    times: Knots = ()
    start: datetime | None = None
    levels: Levels | None = None
    cuts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", checked_id(self.id))
        object.__setattr__(self, "classes", tuple(map(checked_name, self.classes)))
        where = f"video '{self.id}'"
        for path in (self.path, self.mask, self.tracks):
            require_plain(f"{where}, the path '{path}'", path or "")
        if not all(self.classes):
            raise OddframeError(f"{where}: a class without a name; remove it")
        if self.split not in SPLITS:
            raise OddframeError(f"{where}: {unknown('split', self.split, SPLITS)}")
        if self.label not in LABELS:
            raise OddframeError(
                f"{where}: unknown label '{self.label}'; use normal, anomalous or null"
            )
        smallest = 1 if self.path else 0
        if self.frames < 1 or min(self.width, self.height) < smallest:
            raise OddframeError(
                f"{where}: expected at least one frame and one pixel, found {self.frames} frames "
                f"of {self.width}x{self.height}"
            )
        if max(self.frames, self.width, self.height) > LARGEST:
            raise OddframeError(
                f"{where}: expected at most {LARGEST:,} frames, and pixels in a row, found "
                f"{shown(max(self.frames, self.width, self.height))}"
            )
        if not is_rate(self.fps):
            raise OddframeError(
                f"{where}: expected a frame rate from {SLOWEST} to {FASTEST:,.0f}, found {self.fps}"
            )
        for event in self.events:
            if event.end > self.frames:
                raise OddframeError(
                    f"{where}: event [{event.start}, {event.end}) '{event.name}' ends after the "
                    f"video's {self.frames} frames; check the annotation or the frame count"
                )
        if self.events and self.label == "normal":
            raise OddframeError(f"{where}: labelled normal but has {len(self.events)} events")
        object.__setattr__(self, "events", tuple(sorted(self.events)))

    @cached_property
    def clock(self) -> Clock:
        """When each frame is shown; whatever has to do with seconds asks it."""
        return Clock(self.frames, self.fps, self.times, self.start, self.cuts)

    def frame_labels(self) -> np.ndarray:
        """One bool per frame: True inside an event. Shape ``(frames,)``."""
        labels = np.zeros(self.frames, dtype=bool)
        for event in self.events:
            labels[event.start : event.end] = True
        return labels


def events_from_labels(labels: np.ndarray, name: str = "anomaly") -> tuple[Event, ...]:
    """The runs of truth in a 0/1 vector, as events."""
    flags = np.concatenate(([0], (np.asarray(labels) != 0).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(flags))
    return tuple(Event(int(s), int(e), name) for s, e in zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True)
class Manifest:
    """A data set: its videos and where their files, labels and counts come from.

    Attributes:
        dataset: short name, such as ``ucsd-ped2``.
        videos: all videos of all splits.
        root: folder that paths are relative to.
        source: where the footage and the annotation come from.
        label_rule: how the annotation became half-open 0-based events.
        annotations: annotation file (relative to the root) to SHA-256.
        left_out: recording that could not be read to the reason; not kept in the file.
    """

    dataset: str
    videos: tuple[Video, ...]
    root: Path = Path()
    source: str = ""
    label_rule: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for name in ("dataset", "source", "label_rule"):
            object.__setattr__(self, name, checked_name(getattr(self, name)))
        object.__setattr__(self, "root", Path(self.root))  # text is a path too
        seen: dict[str, int] = {}
        for row, video in enumerate(self.videos, start=1):
            if video.id in seen:
                raise OddframeError(
                    f"manifest of {self.dataset}: video {row} repeats the id '{video.id}' of "
                    f"video {seen[video.id]}; ids must be unique"
                )
            seen[video.id] = row

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[Video]:
        return iter(self.videos)

    def __getitem__(self, video_id: str) -> Video:
        for video in self.videos:
            if video.id == video_id:
                return video
        raise OddframeError(
            f"manifest of {self.dataset}: no video '{video_id}' among {len(self)} videos"
        )

    def split(self, *names: str) -> tuple[Video, ...]:
        """The videos of the named splits, in manifest order."""
        return tuple(video for video in self.videos if video.split in names)

    def locate(self, video: Video) -> Path:
        """Where the video's file or frame folder is.

        Raises:
            OddframeError: the manifest lists features only.
        """
        if not video.path:
            raise OddframeError(
                f"video '{video.id}': the manifest of {self.dataset} knows no footage of it, only "
                "features; give them with --features, or prepare the data set from its videos"
            )
        return self.root / video.path

    def counts(self) -> dict[str, dict[str, int]]:
        """Videos, frames, anomalous videos and anomalous frames of each split that is there."""
        result: dict[str, dict[str, int]] = {}
        for name in SPLITS:
            videos = self.split(name)
            if videos:
                result[name] = {
                    "videos": len(videos),
                    "frames": sum(video.frames for video in videos),
                    "anomalous_videos": sum(video.label == "anomalous" for video in videos),
                    "anomalous_frames": sum(int(video.frame_labels().sum()) for video in videos),
                }
        return result

    def check_files(self) -> None:
        """Raise OddframeError naming the first video whose footage or truth is not on disk."""
        for row, video in enumerate(self.videos, start=1):
            archive = video.mask.partition("#")[0] if video.mask else None
            for path in (video.path, archive, video.tracks):
                file = self.root / (path or "")
                if not file.exists():
                    raise OddframeError(
                        f"manifest of {self.dataset}, video {row} '{video.id}': {file} is "
                        "missing; give the folder that holds the data with --root"
                    )

    def hold_out(self, share: float, seed: int) -> Manifest:
        """Move a seeded share of the training videos, per label and class, to ``val``.

        A group of one video stays in ``train``; any larger group gives at least one video. Videos
        shorter than a second come last: they say little about what is normal.
        """
        if not 0 <= share < 1:
            raise OddframeError(f"validation share: expected 0 <= share < 1, found {share}")
        groups: dict[tuple[str | None, tuple[str, ...]], list[Video]] = {}
        for video in self.split("train"):
            groups.setdefault((video.label, video.classes), []).append(video)
        generator = np.random.default_rng(seed)
        held: set[str] = set()
        for key in sorted(groups, key=str):
            group = groups[key]
            if share == 0 or len(group) < 2:
                continue
            count = min(max(round(share * len(group)), 1), len(group) - 1)
            drawn = [group[i] for i in generator.permutation(len(group))]
            drawn.sort(key=lambda video: video.clock.length < 1)
            held.update(video.id for video in drawn[:count])
        videos = tuple(replace(v, split="val") if v.id in held else v for v in self.videos)
        return replace(self, videos=videos)

    def write(self, path: AnyPath) -> Path:
        """Write ``manifest.jsonl`` atomically; the root is stored as it is."""
        return write_text(as_path(path, "path"), self._text())

    def sha256(self) -> str:
        """The SHA-256 of the file that :meth:`write` would write."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        header = {
            "format": FORMAT,
            "dataset": self.dataset,
            "source": self.source,
            "label_rule": self.label_rule,
            "root": str(self.root),
            "counts": self.counts(),
            "annotations": self.annotations,
        }
        rows = [header, *(_row_of(video) for video in self.videos)]
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    @classmethod
    def read(cls, path: AnyPath, root: AnyPath | None = None) -> Manifest:
        """Read and validate ``manifest.jsonl``.

        Args:
            path: the file.
            root: folder that video paths are relative to; by default the header's root, and a
                relative root there is relative to the manifest's own folder.

        Raises:
            OddframeError: naming the line, for anything that does not fit the format.
        """
        path = as_path(path, "path")
        lines = _lines_of(path)
        header = _parse(path, 1, lines[0])
        if header.get("format") != FORMAT:
            raise OddframeError(
                f"{path} line 1: expected a header with format '{FORMAT}', found "
                f"{shown(header.get('format'))}; make the manifest with 'oddframe prepare'"
            )
        videos = []
        seen: dict[str, int] = {}
        for number, line in enumerate(lines[1:], start=2):
            if not line.strip():
                continue
            video = _video_of(path, number, _parse(path, number, line))
            if video.id in seen:
                raise OddframeError(
                    f"{path} line {number}: id '{video.id}' was already on line {seen[video.id]}"
                )
            seen[video.id] = number
            videos.append(video)
        if not videos:
            raise OddframeError(f"{path}: the manifest lists no videos; run 'oddframe prepare'")
        annotations = header.get("annotations", {})
        if not isinstance(annotations, dict):
            raise OddframeError(f"{path} line 1: expected 'annotations' to be a JSON object")
        defaults = {"dataset": path.stem, "source": "", "label_rule": "", "root": "."}
        try:
            said = {
                key: text_of(key, header.get(key, default)) for key, default in defaults.items()
            }
            require_plain("root", said["root"])
            return cls(
                dataset=said["dataset"],
                videos=tuple(videos),
                root=path.parent / said["root"] if root is None else Path(root),
                source=said["source"],
                label_rule=said["label_rule"],
                annotations=annotations,
            )
        except (ValueError, OddframeError) as error:
            raise OddframeError(f"{path} line 1: {error}") from None


def hash_annotations(root: Path, files: Iterable[Path]) -> dict[str, str]:
    """Annotation files, named relative to the root where they lie under it, with SHA-256."""
    result = {}
    for file in files:
        inside = file.is_relative_to(root)
        result[str(file.relative_to(root) if inside else file)] = sha256_of(file)
    return result


def _row_of(video: Video) -> dict[str, Any]:
    row = asdict(video)
    row["events"] = [[event.start, event.end, event.name] for event in video.events]
    row["classes"] = list(video.classes)
    row["start"] = video.start.isoformat() if video.start else None
    row["levels"] = [video.levels.low, video.levels.high] if video.levels else None
    del row["cuts"]  # what was found while scoring is in events.json
    # Most videos are regular, do not say when they were filmed, and are of 8 bits.
    for key in ("times", "start", "levels"):
        if not row[key]:
            del row[key]
    return row


def _lines_of(path: Path) -> list[str]:
    text = read_text(path, "a manifest", advice="make one with 'oddframe prepare'")
    if not text.strip():
        raise OddframeError(f"{path}: the manifest is empty; make one with 'oddframe prepare'")
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON allows inside a string.
    return text.split("\n")


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    row = parse_json(line, f"{path} line {number}: expected a JSON object")
    if not isinstance(row, dict):
        raise OddframeError(f"{path} line {number}: expected a JSON object, found {shown(row)}")
    return row


def _event(value: Any) -> Event:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"expected an event to be [start, end, name], found {shown(value)}")
    start, end, name = value
    return Event(whole_of("start", start), whole_of("end", end), _class_name(name))


def _class_name(value: Any) -> str:
    """Data sets number their classes, so whole numbers are names too."""
    return str(value) if type(value) is int else text_of("a name", value)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected start to be a date and time such as 2026-11-28T03:12:00, found {shown(text)}"
        ) from None


def _video_of(path: Path, number: int, row: dict[str, Any]) -> Video:
    try:
        mask, tracks, start = row.get("mask"), row.get("tracks"), row.get("start")
        frames = whole_of("frames", row["frames"])
        times = knots_from(list_of("times", row.get("times") or []))
        if times and times[-1][0] >= frames > 0:
            raise ValueError(
                f"video '{shown(row['id'])}': expected the times of {frames} frames, found one of "
                f"frame {times[-1][0]}; prepare the footage again"
            )
        return Video(
            id=text_of("id", row["id"]),
            path=text_of("path", row["path"]),
            split=text_of("split", row["split"]),
            label=None if row["label"] is None else text_of("label", row["label"]),
            classes=tuple(map(_class_name, list_of("classes", row.get("classes", [])))),
            frames=frames,
            fps=number_of("fps", row["fps"]),
            width=whole_of("width", row["width"]),
            height=whole_of("height", row["height"]),
            events=tuple(map(_event, list_of("events", row["events"]))),
            mask=None if mask is None else text_of("mask", mask),
            tracks=None if tracks is None else text_of("tracks", tracks),
            times=times,
            start=None if start is None else _moment(text_of("start", start)),
            levels=levels_from(row.get("levels")),
        )
    except KeyError as error:
        raise OddframeError(f"{path} line {number}: the key {error} is missing") from None
    except (ValueError, OverflowError, OddframeError) as error:
        raise OddframeError(f"{path} line {number}: {error}") from None
