"""Movers cut out of footage, with soft edges, over as many frames as they can be followed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from oddframe.drills.clip import Clip
from oddframe.drills.foreground import foreground

Box = tuple[int, int, int, int]
"""``(x1, y1, x2, y2)`` in pixels."""
_MOST = 6
_MOST_FRAMES = 150
"""Frames that movers are followed over, ..."""
_LEAST_FRAMES = 6
"""... and that one must be seen in."""
_LEAST_HEIGHT = 14
_LEAST_SECONDS = 0.6
_STEADY = 0.35
"""Standard deviation of its size over the mean, at most, for a cut-out that is one thing."""
_MARGIN = 2


@dataclass(frozen=True)
class CutOut:
    """A mover on nothing.

    Attributes:
        colours: uint8 RGB ``(height, width, 3)`` of each frame, of equal height.
        masks: float32 ``(height, width)`` of each, 0 to 1.
        step: seconds from one frame to the next.
        heads_right: whether it moves to the right.
        source: ``footage``, or ``drawn``.
    """

    colours: tuple[np.ndarray, ...]
    masks: tuple[np.ndarray, ...]
    step: float
    heads_right: bool
    source: str = "footage"

    @property
    def height(self) -> int:
        """Pixels, the most of all frames."""
        return max(mask.shape[0] for mask in self.masks)

    def at(self, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """Colours and mask at a time; from the last frame it goes back and forth."""
        number = int(seconds / self.step + 1e-6)
        if self.source == "drawn":
            return self.colours[number % len(self.colours)], self.masks[number % len(self.masks)]
        period = max(2 * len(self.masks) - 2, 1)
        place = number % period
        place = min(place, period - place) if len(self.masks) > 1 else 0
        return self.colours[place], self.masks[place]

    def facing(self, right: bool) -> CutOut:
        """The same thing, headed the way it is to go."""
        if right == self.heads_right:
            return self
        return replace(
            self,
            colours=tuple(part[:, ::-1] for part in self.colours),
            masks=tuple(part[:, ::-1] for part in self.masks),
            heads_right=right,
        )


@dataclass
class _Track:
    frames: list[int]
    boxes: list[Box]
    colours: list[np.ndarray]
    masks: list[np.ndarray]


def cut_movers(clip: Clip) -> list[CutOut]:
    """The movers of a clip that can be followed and stand alone, the best first."""
    width, height = clip.size
    background = clip.background
    frames = range(0, min(len(clip), _MOST_FRAMES))
    going: list[_Track] = []
    ended: list[_Track] = []
    for number in frames:
        picture = np.asarray(clip.images[number])
        mask = foreground(picture, background)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        found = []
        for at in range(1, count):
            x, y, across, down, area = stats[at].tolist()
            inside = x > 1 and y > 1 and x + across < width - 1 and y + down < height - 1
            if inside and down >= _LEAST_HEIGHT and area > 0.25 * across * down:
                found.append(((x, y, x + across, y + down), at))
        still = []
        for track in going:
            match = next((one for one in found if _overlap(one[0], track.boxes[-1]) > 0.5), None)
            if match is None:
                ended.append(track)
                continue
            found.remove(match)
            _add(track, number, match, picture, labels)
            still.append(track)
        for one in found:
            track = _Track([], [], [], [])
            _add(track, number, one, picture, labels)
            still.append(track)
        going = still
    good = [track for track in ended + going if _is_good(track, clip)]
    good.sort(key=lambda track: -len(track.frames) * (track.boxes[0][3] - track.boxes[0][1]))
    return [_cut_out(track, clip) for track in good[:_MOST]]


def _add(
    track: _Track, number: int, one: tuple[Box, int], picture: np.ndarray, labels: np.ndarray
) -> None:
    (x1, y1, x2, y2), label = one
    x1, y1 = max(x1 - _MARGIN, 0), max(y1 - _MARGIN, 0)
    x2, y2 = min(x2 + _MARGIN, picture.shape[1]), min(y2 + _MARGIN, picture.shape[0])
    part = (labels[y1:y2, x1:x2] == label).astype(np.float32)
    track.frames.append(number)
    track.boxes.append(one[0])
    track.colours.append(picture[y1:y2, x1:x2].copy())
    track.masks.append(cv2.GaussianBlur(part, (3, 3), 0.8))


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / (_area(one) + _area(other) - both)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_good(track: _Track, clip: Clip) -> bool:
    seconds = float(clip.seconds[track.frames[-1]] - clip.seconds[track.frames[0]])
    if len(track.frames) < _LEAST_FRAMES or seconds < _LEAST_SECONDS:
        return False
    heights = np.array([box[3] - box[1] for box in track.boxes], float)
    areas = np.array([mask.sum() for mask in track.masks])
    moved = np.hypot(*(np.array(track.boxes[-1][:2]) - np.array(track.boxes[0][:2])))
    steady = max(heights.std() / heights.mean(), areas.std() / areas.mean()) < _STEADY
    wide = float(np.mean([(box[2] - box[0]) / (box[3] - box[1]) for box in track.boxes]))
    return steady and 0.15 < wide < 3 and bool(moved > 0.25 * heights.mean())


def _cut_out(track: _Track, clip: Clip) -> CutOut:
    """Frames of a track at one height, so that it does not grow where it is pasted."""
    height = round(float(np.median([mask.shape[0] for mask in track.masks])))
    colours, masks = [], []
    for colour, mask in zip(track.colours, track.masks, strict=True):
        size = max(1, round(mask.shape[1] * height / mask.shape[0])), height
        colours.append(cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR))
        masks.append(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR))
    right = track.boxes[-1][0] + track.boxes[-1][2] > track.boxes[0][0] + track.boxes[0][2]
    seconds = float(clip.seconds[track.frames[-1]] - clip.seconds[track.frames[0]])
    return CutOut(tuple(colours), tuple(masks), seconds / (len(colours) - 1), right)
