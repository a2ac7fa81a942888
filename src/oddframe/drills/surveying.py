"""Surveying normal footage: one pass over some of it, small pairs of frames a moment apart.

What differs from the median of its video, and is elsewhere a moment later, is a mover; movers fill
a map of places, and say which way things go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from oddframe.drills.foreground import background_of, foreground
from oddframe.drills.survey import Activity, Seen, Survey
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

_SIDE = 320
"""Long side of the pictures that are surveyed."""
_CELL = 8
"""Pixels of those per cell of the maps."""
_MOST_LOOKS = 1500
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
_BACKGROUND_LOOKS = 60


def survey(
    manifest: Manifest, videos: Sequence[Video], advance: Callable[[str, float], None]
) -> Survey:
    """Look at normal footage; of long videos at their beginnings.

    Raises:
        OddframeError: a video cannot be read.
    """
    first = videos[0]
    shrink = min(1.0, _SIDE / max(first.width, first.height))
    size = max(32, round(first.width * shrink)), max(32, round(first.height * shrink))
    videos, most = _some(videos)
    lengths = [min(video.frames, most) for video in videos]
    duration = sum(
        replace(video.clock, frames=length).length
        for length, video in zip(lengths, videos, strict=True)
    )
    spacing = max(_SPACING, duration / _MOST_LOOKS)
    used = np.zeros((-(-size[1] // _CELL), -(-size[0] // _CELL)), np.float32)
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
    with open_footage(manifest, video) as reader:
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
    background = background_of([pair.before for pair in pairs], _BACKGROUND_LOOKS)
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
