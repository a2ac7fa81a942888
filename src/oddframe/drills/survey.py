"""What normal footage shows of a scene: where things go, which way, how fast, how large they are.

One pass over some of the footage, at a small size: pairs of frames a moment apart. What differs
from the median of its video, and is elsewhere a moment later, is a mover; movers fill a map of
places, and say which way things go there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from oddframe.drills.perspective import Perspective
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

SIDE = 320
"""Long side of the pictures that are surveyed."""
CELL = 8
"""Pixels of those per cell of the maps."""
MOST_LOOKS = 1500
_MOST_FRAMES, _MOST_PIXELS = 60_000, 15_000_000_000
"""Frames, and their pixels, that are decoded at most, by all videos: half a minute of work."""
_OF_A_VIDEO = 3500
"""Frames of a long video at least; of more videos than that allows, some are looked at."""
_GAP = 0.16
"""Seconds between the two frames of a look, at least."""
_SPACING = 0.2
"""Seconds between two looks, at least."""
_FILLED = 0.15
"""Share of a cell that moves, for the cell to be used."""
_LEAST_PIXELS = 40
_CHANGE = 12
"""Grey levels by which a pixel of a mover changes between the two, ..."""
_CHANGING = 0.08
"""... and the share of its pixels that do."""
_MOST_BACKGROUND = 60
_PLACES = (4, 6)
"""Rows and columns in which the directions of movers are counted."""
_LEAST_AT_PLACE = 6
_NEAREST = 9
ALONG = 0.8
"""Mean share of a step that is along the axis of its place, from which across it is odd."""
ONE_SIDED = 0.85
"""Share of the motion that goes the usual way of its place, from which a direction says a thing."""


@dataclass(frozen=True)
class Seen:
    """A mover at one moment.

    Attributes:
        box: ``(x1, y1, x2, y2)`` as shares of the picture's width and height.
        velocity: widths of the picture per second, to the right and down.
    """

    box: tuple[float, float, float, float]
    velocity: tuple[float, float]


@dataclass(frozen=True)
class Activity:
    """How much moved when, in one video.

    Attributes:
        frames: number of each look's first frame, increasing.
        moving: share of the picture that moved.
        end: how many frames were surveyed.
    """

    frames: np.ndarray
    moving: np.ndarray
    end: int


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Attributes:
        aspect: height of the picture over its width.
        used: share of the looks at which something moved in a cell, ``(rows, columns)``.
        movers: all that were seen.
        activity: video id to when something moved in it.
        seconds: length of what was surveyed.
    """

    aspect: float
    used: np.ndarray
    movers: tuple[Seen, ...]
    activity: dict[str, Activity]
    seconds: float

    @classmethod
    def together(cls, parts: Sequence[Survey]) -> Survey:
        """Several surveys of one scene as one; maps are of the first one's cells."""
        first = parts[0]
        seconds = sum(part.seconds for part in parts)
        used = np.zeros_like(first.used)
        for part in parts:
            same = cv2.resize(part.used, used.shape[::-1], interpolation=cv2.INTER_NEAREST)
            used += same * (part.seconds / seconds)
        movers = tuple(seen for part in parts for seen in part.movers)
        activity = {name: found for part in parts[::-1] for name, found in part.activity.items()}
        return cls(first.aspect, used, movers, activity, seconds)

    @property
    def moves(self) -> bool:
        """Whether anything was seen to move at all."""
        return bool(self.movers)

    def perspective(self, height: int) -> Perspective:
        """How high movers are in a picture of a height in pixels."""
        feet = np.array([seen.box[3] for seen in self.movers]) * height
        heights = np.array([seen.box[3] - seen.box[1] for seen in self.movers]) * height
        # What is cut off by the edge of the picture is no whole mover.
        whole = np.array(
            [min(seen.box[:2]) > 0.01 and max(seen.box[2:]) < 0.99 for seen in self.movers], bool
        )
        return Perspective.of(feet[whole], heights[whole], height)

    @cached_property
    def pace(self) -> float:
        """Usual speed of a mover in its own heights per second; 0.8 where none was seen."""
        ratios = [
            float(np.hypot(*seen.velocity)) / max((seen.box[3] - seen.box[1]) * self.aspect, 1e-3)
            for seen in self.movers
        ]
        return float(np.median(ratios)) if ratios else 0.8

    @cached_property
    def _ways(self) -> list[np.ndarray]:
        """By place, how far each mover goes along the axis of the motion there, -1 to 1.

        A place with few movers does not count.
        """
        places: dict[tuple[int, int], list[tuple[float, float]]] = {}
        for seen in self.movers:
            x, y = (seen.box[0] + seen.box[2]) / 2, (seen.box[1] + seen.box[3]) / 2
            key = int(min(y, 0.999) * _PLACES[0]), int(min(x, 0.999) * _PLACES[1])
            places.setdefault(key, []).append(seen.velocity)
        ways = []
        for velocities in places.values():
            if len(velocities) >= _LEAST_AT_PLACE:
                v = np.array(velocities)
                v /= np.maximum(np.hypot(v[:, 0], v[:, 1]), 1e-9)[:, None]
                _, _, axes = np.linalg.svd(v, full_matrices=False)
                ways.append(v @ axes[0])
        return ways

    @cached_property
    def one_sided(self) -> float | None:
        """Share of the motion that goes the usual way of its place; None if too little moves.

        One half where things go either way as often, 1 where all go the same way. The usual way of
        a place is along the mean axis of its motion.
        """
        of = sum(way.size for way in self._ways)
        ahead = sum(max((way > 0).sum(), (way <= 0).sum()) for way in self._ways)
        return float(ahead) / of if of else None

    @cached_property
    def along(self) -> float | None:
        """How far things go along the axis of their place, either way; None if too little moves.

        1 where all do, 0.64 where they go any way as often: the mean of ``abs(cos)``.
        """
        return float(np.abs(np.concatenate(self._ways)).mean()) if self._ways else None

    def way_at(self, x: float, y: float) -> tuple[float, float]:
        """The velocity of things near a place (shares of the picture), widths per second.

        Along the axis of the nearest few movers, the way that most of them go.
        """
        if not self.movers:
            return (1.0, 0.0)
        far = [(s.box[0] + s.box[2] - 2 * x) ** 2 + (s.box[3] - y) ** 2 * 4 for s in self.movers]
        nearest = np.argsort(far)[:_NEAREST].tolist()
        near = np.array([self.movers[at].velocity for at in nearest])
        speeds = np.maximum(np.hypot(near[:, 0], near[:, 1]), 1e-9)
        _, _, axes = np.linalg.svd(near / speeds[:, None], full_matrices=False)
        way = axes[0] * np.copysign(np.median(speeds), (near @ axes[0]).sum())
        return float(way[0]), float(way[1])

    @cached_property
    def _used_before(self) -> np.ndarray:
        """How many cells above and left of each were ever used, ``(rows + 1, columns + 1)``."""
        return cv2.integral((self.used > 0).astype(np.uint8))

    def share_used(self, box: tuple[float, float, float, float]) -> float:
        """Share of the cells of a box (shares of the picture) where anything ever moved."""
        rows, columns = self.used.shape
        x1, y1, x2, y2 = (min(max(edge, 0.0), 1.0) for edge in box)
        top, left = min(int(y1 * rows), rows - 1), min(int(x1 * columns), columns - 1)
        bottom = max(math.ceil(y2 * rows), top + 1)
        right = max(math.ceil(x2 * columns), left + 1)
        sums = self._used_before
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return float(inside) / ((bottom - top) * (right - left))


def survey(
    manifest: Manifest, videos: Sequence[Video], advance: Callable[[str, float], None]
) -> Survey:
    """Look at normal footage; of long videos at their beginnings.

    Raises:
        OddframeError: a video cannot be read.
    """
    first = videos[0]
    shrink = min(1.0, SIDE / max(first.width, first.height))
    size = max(32, round(first.width * shrink)), max(32, round(first.height * shrink))
    videos, most = _some(videos)
    lengths = [min(video.frames, most) for video in videos]
    duration = sum(
        replace(video.clock, frames=length).length
        for length, video in zip(lengths, videos, strict=True)
    )
    spacing = max(_SPACING, duration / MOST_LOOKS)
    used = np.zeros((-(-size[1] // CELL), -(-size[0] // CELL)), np.float32)
    movers: list[Seen] = []
    activity: dict[str, Activity] = {}
    looks, done, total = 0, 0, sum(lengths)
    for video, length in zip(videos, lengths, strict=True):
        pairs = []
        for number, pair in _pairs(manifest, video, length, size, spacing):
            if pair is not None:
                pairs.append(pair)
            advance("surveying the footage", (done + number) / total)
        done += length
        found = _movers_of(pairs, used)
        looks += len(pairs)
        movers += [seen for _, part in found for seen in part]
        activity[video.id] = Activity(
            np.array([pair.frame for pair in pairs], int),
            np.array([share for share, _ in found], float),
            length,
        )
    if looks:
        used /= looks
    return Survey(size[1] / size[0], used, tuple(movers), activity, duration)


def _some(videos: Sequence[Video]) -> tuple[Sequence[Video], int]:
    """Evenly spaced videos that may be looked at, and the most frames of each."""
    budget = min(_MOST_FRAMES, _MOST_PIXELS // max(videos[0].width * videos[0].height, 1))
    if sum(video.frames for video in videos) <= budget:
        return videos, budget
    most = max(_OF_A_VIDEO, budget // len(videos))
    amount = min(max(1, budget // most), len(videos))
    chosen = np.linspace(0, len(videos) - 1, amount).round().astype(int)
    return [videos[at] for at in chosen.tolist()], most


@dataclass(frozen=True)
class _Pair:
    """Two grey pictures, the number of the first one's frame, and the seconds between them."""

    frame: int
    before: np.ndarray
    after: np.ndarray
    seconds: float


def _pairs(
    manifest: Manifest, video: Video, length: int, size: tuple[int, int], spacing: float
) -> Iterator[tuple[int, _Pair | None]]:
    """Every frame's number, with a pair where one is complete."""
    begun: tuple[int, float, np.ndarray] | None = None
    due = -np.inf
    with open_video(manifest.locate(video), video.fps, video.levels) as reader:
        for number, frame in enumerate(reader):
            if number >= length:
                return
            pair = None
            if begun is not None and frame.seconds - begun[1] >= _GAP - 1e-6:
                seconds = frame.seconds - begun[1]
                if seconds < 3:  # more is time that was not filmed
                    pair = _Pair(begun[0], begun[2], frame.grey(size), seconds)
                begun = None
            if begun is None and frame.seconds >= due - 1e-6:
                begun = number, frame.seconds, frame.grey(size)
                due = frame.seconds + spacing
            yield number, pair


def _movers_of(pairs: Sequence[_Pair], used: np.ndarray) -> list[tuple[float, list[Seen]]]:
    """Of each look the share that moves, and what moves; the cells that it fills are counted."""
    if not pairs:
        return []
    chosen = np.linspace(0, len(pairs) - 1, min(len(pairs), _MOST_BACKGROUND)).astype(int)
    background = np.median([pairs[at].before for at in chosen], axis=0).astype(np.uint8)
    height, width = background.shape
    found = []
    for pair in pairs:
        mask = foreground(pair.before, background)
        changes = mask & (cv2.absdiff(pair.before, pair.after) > _CHANGE)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        moving = np.zeros_like(mask)
        seen = []
        for at in range(1, count):
            x, y, across, down, area = stats[at].tolist()
            place = np.s_[y : y + down, x : x + across]
            of = labels[place] == at
            if area < _LEAST_PIXELS or (changes[place] & of).sum() < _CHANGING * area:
                continue
            moving[place] |= of
            move = _moved(pair, (x, y, x + across, y + down))
            if max(abs(move[0]), abs(move[1])) >= 1:
                box = (x / width, y / height, (x + across) / width, (y + down) / height)
                speed = pair.seconds * width
                seen.append(Seen(box, (move[0] / speed, move[1] / speed)))
        share = moving.astype(np.float32)
        used += cv2.resize(share, used.shape[::-1], interpolation=cv2.INTER_AREA) > _FILLED
        found.append((float(moving.mean()), seen))
    return found


def _moved(pair: _Pair, box: tuple[int, int, int, int]) -> tuple[int, int]:
    """Where the content of a box is in the second picture: pixels to the right, and down."""
    x1, y1, x2, y2 = box
    height, width = pair.before.shape
    reach = max(6, round(0.8 * (y2 - y1)))
    left, top = max(x1 - reach, 0), max(y1 - reach, 0)
    around = pair.after[top : min(y2 + reach, height), left : min(x2 + reach, width)]
    match = cv2.matchTemplate(around, pair.before[y1:y2, x1:x2], cv2.TM_CCOEFF_NORMED)
    _, _, _, (x, y) = cv2.minMaxLoc(match)
    return left + x - x1, top + y - y1


def foreground(picture: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Where a picture differs from the scene, cleaned of specks; bool ``(height, width)``.

    Args:
        picture, background: uint8 ``(height, width)`` or ``(height, width, 3)``.
    """
    differs = cv2.absdiff(picture, background)
    if differs.ndim == 3:
        differs = differs.max(axis=2)
    # Light that changes as a whole moves the median with it; what moves stands out of the rest.
    usual = float(np.median(differs))
    spread = float(np.median(np.abs(differs.astype(np.float32) - usual)))
    mask = (differs > usual + max(18.0, 6 * spread)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
