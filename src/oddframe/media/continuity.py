"""Where footage does not go on: cuts, light that is switched, and time that was not filmed.

Footage that is joined from pieces is no motion at the joint, however much changes there. A *cut*
is found from small grey pictures. Each is divided into blocks, and two blocks have the same
structure if they correlate once their local mean is taken out, so that light that comes and goes
changes nothing. At a cut the structure of many blocks is lost from one frame to the next, many more
than just before and just after. That comparison in time tells it from what moves fast, which goes
on moving, from a flash, after which the picture comes back, and from a fade, which takes its time.
Frames that repeat the one before (footage brought to a higher rate) say nothing about motion and
are passed over. A picture without structure (darkness, glare) is no cut; the one after it is
compared with the last that had some, and must then differ nearly everywhere.

What would be a cut is *light* that is switched if the picture is much brighter or darker and its
edges go on running where and as they did: nothing moved there either, but it is the same footage.

A *gap* is a jump in time, see :mod:`oddframe.media.clock`.

How the numbers were chosen and what they reach: ``docs/cuts.md``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from oddframe.media.clock import JUMP_SECONDS, is_jump
from oddframe.media.frames import Frame, MediaInfo, VideoReader

Kind = Literal["cut", "light", "gap"]

RULE = 1
"""To be raised when the same footage would have other breaks: they are kept in caches."""
_SIZE = (64, 48)
"""Width and height of the small pictures, whatever the shape of the video."""
_SAMPLED = (256, 192)
"""They are means of 16 samples each: means of all pixels of a large frame take 5 ms."""
_BLOCK = 8
_LEAST_CONTRAST = 4.0
"""Standard deviation about the local mean, in grey levels, from which a block has structure, ..."""
_TIMES_NOISE = 2.5
"""... or so many times that of the noise, where that is more."""
_NOISY_PAIRS = 25
"""Pairs of frames of which the stillest fifth says how strong the noise is."""
_DARKEST, _BRIGHTEST = 8.0, 247.0
"""Mean levels beyond which a block is too dark or too bright to say anything."""
_LEAST_STRUCTURE = 0.15
"""Share of the blocks that must have structure for a picture to have some."""
_SAME = 0.5
"""Correlation from which two blocks have the same structure."""
_LEAST_LOST = 0.1
"""Share of blocks that lose their structure at a cut, at least: about one near person."""
_LEAST_LOST_TOGETHER = 0.22
"""Share of blocks that is needed where they hang together: one thing may have appeared there."""
_TOGETHER = 0.85
"""Share of the lost blocks in one region from which they hang together."""
_TIMES_MORE = 3.0
"""How many times more than at the pairs of frames around it."""
_FOUND, _REACH = 0.9, 4
"""Correlation with a place so many pixels away at most, from which a block has only moved."""
_ELSEWHERE, _TIMES_MORE_ELSEWHERE = 0.6, 2.0
"""So many blocks are another scene altogether, which may be a lively one."""
_MEAN_DIFFERENCE = 1.128
"""Mean absolute difference of two values with independent noise of standard deviation 1."""
_SWITCHED = 60.0
"""Median change of the blocks' levels, in grey levels, from which light may have been switched."""
_STEEP = 2.0
"""Slope, in grey levels per pixel, from which there is an edge whose direction says something."""
_LEAST_EDGES = 60
"""Pixels with an edge in both pictures that are needed to say that it is the same scene."""
_SAME_EDGES = 0.35
"""Mean cosine of twice the angle between edges: twice what 99 of 100 unrelated scenes reach."""
_REPEAT = 0.3
"""Mean difference in grey levels below which a frame repeats the one before."""
_BEFORE, _AFTER = 2, 2
"""Pairs of frames, before and after, that are compared, repeats not counted, ..."""
_LOOK_BACK, _LOOK_AHEAD = 12, 5
"""... and frames in which they are looked for."""
_BRIGHTENS = 1.3
"""Growth of contrast over the frames looked at that makes a picture out of the dark a fade."""


@dataclass(frozen=True)
class _Sketch:
    """What is kept of a small picture; arrays are ``(blocks, ...)``."""

    picture: np.ndarray
    patterns: np.ndarray
    contrast: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, picture: np.ndarray) -> _Sketch:
        picture = picture.astype(np.float32)
        detail = picture - cv2.blur(picture, (_BLOCK + 1, _BLOCK + 1))
        patterns = _blocks(detail)
        contrast = np.sqrt(np.einsum("ij,ij->i", patterns, patterns) / _BLOCK**2)
        return cls(picture, patterns, contrast, _means(picture))

    def has_structure(self, least: float) -> bool:
        """Whether enough blocks have this contrast."""
        return bool((self.contrast > least).mean() > _LEAST_STRUCTURE)

    def changes(self, before: _Sketch) -> np.ndarray:
        """Mean absolute difference of each block, in grey levels."""
        return _means(np.abs(self.picture - before.picture))

    def lost(self, before: _Sketch, least: float) -> tuple[float, float]:
        """Share of the blocks with structure in one of two pictures that has no like in the other.

        Blocks that are dark or glaring in one of them do not count; 0 if too few are left. Where
        less than half of the picture has structure, it is a share of that half.

        Returns:
            The share of blocks that are not found near their place either, and of those that are
            not at their place.
        """
        seen = np.maximum(self.contrast, before.contrast) > least
        seen &= np.minimum(self.level, before.level) > _DARKEST
        seen &= np.maximum(self.level, before.level) < _BRIGHTEST
        count = int(seen.sum())
        if count <= _LEAST_STRUCTURE * seen.size:
            return 0.0, 0.0
        products = np.einsum("ij,ij->i", self.patterns, before.patterns) / _BLOCK**2
        alike = products > _SAME * self.contrast * before.contrast
        lost = np.flatnonzero(seen & ~alike)
        share = lost.size / max(count, seen.size // 2)
        if not _LEAST_LOST <= share < _ELSEWHERE:
            return share, share
        gone = [place for place in lost if not _moved(self.picture, before.picture, place)]
        found_nowhere = len(gone) / max(count, seen.size // 2)
        together = _largest_region(gone) >= _TOGETHER * len(gone)
        appeared = together and found_nowhere < _LEAST_LOST_TOGETHER
        return 0.0 if appeared else found_nowhere, share

    def is_lit_otherwise(self, before: _Sketch) -> bool:
        """Whether it is the scene of another picture in other light."""
        return self.brightening(before) >= _SWITCHED and self.same_edges(before) > _SAME_EDGES

    def brightening(self, before: _Sketch) -> float:
        """Median change of the blocks' levels, up or down, in grey levels."""
        return float(np.median(np.abs(self.level - before.level)))

    def same_edges(self, before: _Sketch) -> float:
        """Whether edges run alike: 1 everywhere, 0 by chance or if there are too few.

        The direction of an edge, either way, outlasts any change of light that leaves the edge to
        be seen, and its contrast does not.
        """
        (x, y), (old_x, old_y) = _slopes(self.picture), _slopes(before.picture)
        steep, old_steep = x**2 + y**2, old_x**2 + old_y**2
        edges = np.minimum(steep, old_steep) > _STEEP**2
        if np.count_nonzero(edges) < _LEAST_EDGES:
            return 0.0
        squared = (x * old_x + y * old_y)[edges] ** 2 / (steep * old_steep)[edges]
        return float(2 * squared.mean() - 1)


def _blocks(image: np.ndarray) -> np.ndarray:
    rows, columns = _SIZE[1] // _BLOCK, _SIZE[0] // _BLOCK
    parts = image.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    return parts.reshape(rows * columns, _BLOCK * _BLOCK)


def _slopes(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To the right and down, in grey levels per pixel."""
    return (
        cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8),
    )


def _largest_region(blocks: list[int]) -> int:
    """How many of the blocks hang together, corners included."""
    mask = np.zeros((_SIZE[1] // _BLOCK, _SIZE[0] // _BLOCK), np.uint8)
    mask.ravel()[blocks] = 1
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))


def _moved(new: np.ndarray, old: np.ndarray, block: int) -> bool:
    """Whether a block of one picture is found near its place in the other."""
    y, x = (_BLOCK * part for part in divmod(block, _SIZE[0] // _BLOCK))
    around = np.s_[
        max(y - _REACH, 0) : y + _BLOCK + _REACH, max(x - _REACH, 0) : x + _BLOCK + _REACH
    ]
    inside = np.s_[y : y + _BLOCK, x : x + _BLOCK]
    return any(
        float(cv2.matchTemplate(there[around], here[inside], cv2.TM_CCOEFF_NORMED).max()) > _FOUND
        for here, there in ((new, old), (old, new))
    )


def _means(image: np.ndarray) -> np.ndarray:
    small = (_SIZE[0] // _BLOCK, _SIZE[1] // _BLOCK)
    return cv2.resize(image, small, interpolation=cv2.INTER_AREA).ravel()


@dataclass(frozen=True)
class _Pair:
    """What changed from the frame before.

    Attributes:
        seconds: the step in time.
        lost, changed: see :meth:`_Sketch.lost`; against the last picture with structure.
        light: it is that one in other light.
        repeats: the picture is the same.
        out_of_dark: the frame before had no structure.
        contrast: mean over the blocks.
    """

    seconds: float
    lost: float
    changed: float
    light: bool
    repeats: bool
    out_of_dark: bool
    contrast: float


class BreakFinder:
    """Finds breaks in a stream of frames; memory does not grow but by what is found.

    Attributes:
        breaks: frame to kind; the frame is the first of the new footage.
        settled: all frames below this number are decided. Only a frame that may be a break waits,
            five frames at most; all others are decided at once.
    """

    def __init__(self) -> None:
        self.breaks: dict[int, Kind] = {}
        self.settled = 0
        self._seen = 0
        self._seconds = 0.0
        self._last: _Sketch | None = None
        self._structured: _Sketch | None = None
        self._noise: deque[float] = deque(maxlen=_NOISY_PAIRS)
        # Pairs up to the newest; that of the frame ``i`` is ``seen - 1 - i`` from the right.
        self._pairs: deque[_Pair] = deque(maxlen=_LOOK_BACK + _LOOK_AHEAD + 1)

    def see(self, seconds: float, picture: np.ndarray) -> None:
        """Take the next frame.

        Args:
            seconds: its time.
            picture: uint8 grey, of any size.
        """
        if (picture.shape[1], picture.shape[0]) != _SIZE:
            picture = cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA)
        new = _Sketch.of(picture)
        before, self._last = self._last, new
        changes = np.zeros(1) if before is None else new.changes(before)
        change = float(np.median(changes)) / _MEAN_DIFFERENCE
        # From the pairs before, where there are any: at a cut the difference is no noise.
        noise = sorted(self._noise)[len(self._noise) // 5] if self._noise else change
        least = max(_LEAST_CONTRAST, _TIMES_NOISE * noise)
        structure = new.has_structure(least)
        if before is None:
            pair = _Pair(0.0, 0.0, 0.0, False, False, False, 0.0)
        else:
            known = self._structured
            lost, changed = new.lost(known, least) if structure and known else (0.0, 0.0)
            self._noise.append(change)
            pair = _Pair(
                seconds=seconds - self._seconds,
                lost=lost,
                changed=changed,
                light=lost >= _LEAST_LOST and known is not None and new.is_lit_otherwise(known),
                repeats=float(changes.mean()) < _REPEAT,
                out_of_dark=not before.has_structure(least),
                contrast=float(new.contrast.mean()),
            )
        if structure:
            self._structured = new
        self._seconds = seconds
        self._pairs.append(pair)
        self._seen += 1
        self._settle(at_end=False)

    def end(self) -> None:
        """There are no more frames: decide what is left."""
        self._settle(at_end=True)

    def _settle(self, at_end: bool) -> None:
        while self.settled < self._seen:
            place = len(self._pairs) - (self._seen - self.settled)
            kind = self._kind(place, at_end) if self.settled else None
            if kind == "wait":
                return
            if kind is not None:
                self.breaks[self.settled] = kind
            self.settled += 1

    def _kind(self, place: int, at_end: bool) -> Kind | Literal["wait"] | None:
        """What the pair at this place is, None for nothing."""
        pair = self._pairs[place]
        if pair.seconds <= JUMP_SECONDS and pair.lost < _LEAST_LOST:
            return None
        pairs = list(self._pairs)
        later = pairs[place + 1 :]
        if pair.seconds > JUMP_SECONDS:
            if len(later) < 2 and not at_end:
                return "wait"
            first = 1 if self._seen == len(pairs) else 0  # that of the first frame is no step
            if is_jump(np.array([other.seconds for other in pairs[first:]]), place - first):
                return "gap"
        before = pairs[max(place - _LOOK_BACK, 0) : place]
        past = [other.changed for other in before if not other.repeats][-_BEFORE:]
        past += [other.changed for other in before[-_BEFORE:]]
        if not _stands_out(pair, max(past, default=0.0)):
            return None
        changed = [other.changed for other in later[:_LOOK_AHEAD] if not other.repeats][:_AFTER]
        if not _stands_out(pair, max(past + changed, default=0.0)):
            return None
        if len(changed) < _AFTER and len(later) < _LOOK_AHEAD and not at_end:
            return "wait"
        brightens = max((other.contrast for other in later), default=0.0) / (pair.contrast + 1e-6)
        # A last frame alone has nothing after it to be told from a flash by.
        if not later or (pair.out_of_dark and brightens > _BRIGHTENS):
            return None
        return "light" if pair.light else "cut"


def _stands_out(pair: _Pair, around: float) -> bool:
    if pair.lost >= _ELSEWHERE:
        return pair.lost >= _TIMES_MORE_ELSEWHERE * around
    return not pair.out_of_dark and pair.lost >= max(_LEAST_LOST, _TIMES_MORE * around)


class WatchedVideo:
    """An open video whose breaks are known by the time that their frame comes out, and marked.

    Frames come out as they come in, but for one that may be a break: it and those after it are
    held back until that is decided, five frames at most.

    Args:
        video: the video.
        frames: those of its frames to look at, in order; all by default.

    Attributes:
        path, info: the video's file, and what is known of it.
        breaks: frame to kind, of all frames that came out.
    """

    def __init__(self, video: VideoReader, frames: Iterable[Frame] | None = None) -> None:
        self.path: Path = video.path
        self.info: MediaInfo = video.info
        self.breaks: dict[int, Kind] = {}
        self._video = video
        self._frames = video if frames is None else frames

    def __iter__(self) -> Iterator[Frame]:
        self.breaks.clear()
        finder = BreakFinder()
        held: deque[Frame] = deque()
        out = 0
        for frame in self._frames:
            finder.see(frame.seconds, frame.grey(_SAMPLED, "bilinear"))
            held.append(frame)
            while out < finder.settled:
                yield self._known(held.popleft(), finder, out)
                out += 1
        finder.end()
        for number, frame in enumerate(held, start=out):
            yield self._known(frame, finder, number)

    def _known(self, frame: Frame, finder: BreakFinder, number: int) -> Frame:
        frame.anew = number in finder.breaks
        if frame.anew:
            self.breaks[frame.index] = finder.breaks[number]
        return frame

    def __enter__(self) -> WatchedVideo:
        return self

    def __exit__(self, *exception: object) -> None:
        self._video.__exit__(*exception)


def watched(video: VideoReader) -> WatchedVideo:
    """The video with its breaks found; the very same if they are already."""
    return video if isinstance(video, WatchedVideo) else WatchedVideo(video)
