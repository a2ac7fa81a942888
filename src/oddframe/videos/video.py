"""A video and its events: one recording, and what is true of it.

All intervals are half-open ``[start, end)`` in 0-based frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from oddframe.errors import OddframeError, unknown
from oddframe.files.text_files import shown
from oddframe.media.clock import FASTEST, SLOWEST, Clock, is_rate
from oddframe.media.grey_levels import Levels
from oddframe.media.knots import Knots
from oddframe.videos.names import checked_id, checked_name, require_plain
from oddframe.zones.zone import NO_ZONES, Zones

SPLITS = ("train", "val", "test")
LABELS = ("normal", "anomalous", None)
LARGEST = 10**9
"""Frames of the longest video: more than a year at 30 per second."""


@dataclass(frozen=True, order=True)
class Event:
    """An anomalous interval of a video, with a class name.

    Attributes:
        start, end: half-open interval ``[start, end)`` in 0-based frames, ``0 <= start < end``.
        name: of its class; ``anomaly`` where nobody says another.

    Raises:
        OddframeError: no such interval, or a name with characters that no name holds.
    """

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
    """One recording, and what is true of it.

    Attributes:
        id: unique name within a manifest; used as the key of scores and as a file name (see
            :mod:`oddframe.videos.names`).
        path: file or folder of numbered images, relative to the manifest's root; empty where only
            features of the video are at hand.
        split: ``train``, ``val`` or ``test``.
        label: ``normal``, ``anomalous`` or None when nobody knows.
        classes: class names that the video carries.
        frames: true frame count.
        fps: frames per second, 1e-7 to 1e6; where they are not regular, the typical rate.
        width, height: size of a frame in pixels; 0 where only features are at hand.
        events: annotated events, sorted by start.
        mask: pixel truth (``pixel_truth.py``), relative to the root, or None.
        tracks: object tracks (``pixel_truth.py``), relative to the root, or None.
        times: when the frames are shown, where they are not regular (``media/clock.py``).
        start: when the first frame was filmed, if the recording says so.
        levels: which values of pictures deeper than 8 bits become black and white; None for others.
        zones: parts of the picture that are ignored or watched.
        cuts: frames at which the picture is cut; known once the video was scored.

    Raises:
        OddframeError: a value that no video has, or events that do not fit its frames or label.
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
    zones: Zones = NO_ZONES
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
        """When each frame is shown, in seconds from the first; whatever is about time asks it."""
        return Clock(self.frames, self.fps, self.times, self.start, self.cuts)

    def frame_labels(self) -> np.ndarray:
        """Which frames lie in an event.

        Returns:
            bool ``(frames,)``.
        """
        labels = np.zeros(self.frames, dtype=bool)
        for event in self.events:
            labels[event.start : event.end] = True
        return labels


def events_from_labels(labels: np.ndarray, name: str = "anomaly") -> tuple[Event, ...]:
    """The runs of truth in a 0/1 vector, as events."""
    flags = np.concatenate(([0], (np.asarray(labels) != 0).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(flags))
    return tuple(Event(int(s), int(e), name) for s, e in zip(edges[::2], edges[1::2], strict=True))
