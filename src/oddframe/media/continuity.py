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
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from oddframe.media.knots import JUMP_SECONDS, is_jump
from oddframe.media.medians import median
from oddframe.media.sketches import ELSEWHERE, LEAST_LOST, SIZE, TIMES_MORE_ELSEWHERE, Sketch

Kind = Literal["cut", "light", "gap"]

RULE = 1
"""To be raised when the same footage would have other breaks: they are kept in caches."""
_LEAST_CONTRAST = 4.0
"""Standard deviation about the local mean, in grey levels, from which a block has structure, ..."""
_TIMES_NOISE = 2.5
"""... or so many times that of the noise, where that is more."""
_NOISY_PAIRS = 25
"""Pairs of frames of which the stillest fifth says how strong the noise is."""
_TIMES_MORE = 3.0
"""How many times more than at the pairs of frames around it."""
_MEAN_DIFFERENCE = 1.128
"""Mean absolute difference of two values with independent noise of standard deviation 1."""
_REPEAT = 0.3
"""Mean difference in grey levels below which a frame repeats the one before."""
_BEFORE, _AFTER = 2, 2
"""Pairs of frames, before and after, that are compared, repeats not counted, ..."""
_LOOK_BACK, _LOOK_AHEAD = 12, 5
"""... and frames in which they are looked for."""
_BRIGHTENS = 1.3
"""Growth of contrast over the frames looked at that makes a picture out of the dark a fade."""


@dataclass(frozen=True)
class _Pair:
    """What changed from the frame before.

    Attributes:
        seconds: the step in time.
        lost, changed: see :meth:`Sketch.lost`; against the last picture with structure.
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
        self._last: Sketch | None = None
        self._structured: Sketch | None = None
        self._noise: deque[float] = deque(maxlen=_NOISY_PAIRS)
        # Pairs up to the newest; that of the frame ``i`` is ``seen - 1 - i`` from the right.
        self._pairs: deque[_Pair] = deque(maxlen=_LOOK_BACK + _LOOK_AHEAD + 1)

    def see(self, seconds: float, picture: np.ndarray) -> None:
        """Take the next frame.

        Args:
            seconds: its time.
            picture: uint8 grey, of any size.
        """
        if (picture.shape[1], picture.shape[0]) != SIZE:
            picture = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)
        new = Sketch.of(picture)
        before, self._last = self._last, new
        changes = np.zeros(1) if before is None else new.changes(before)
        change = median(changes) / _MEAN_DIFFERENCE
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
                light=lost >= LEAST_LOST and known is not None and new.is_lit_otherwise(known),
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
        if pair.seconds <= JUMP_SECONDS and pair.lost < LEAST_LOST:
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
    if pair.lost >= ELSEWHERE:
        return pair.lost >= TIMES_MORE_ELSEWHERE * around
    return not pair.out_of_dark and pair.lost >= max(LEAST_LOST, _TIMES_MORE * around)
