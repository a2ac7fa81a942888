"""Attention: a stream that keeps what is odd where somebody points, to be called normal, or odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.own_cameras.fixed_camera.boxes import Box, places_under
from oddframe.detectors.own_cameras.fixed_camera.directions import Wanderer
from oddframe.detectors.own_cameras.fixed_camera.followed import followed_values
from oddframe.detectors.own_cameras.fixed_camera.lesson import Lesson, thinned
from oddframe.detectors.own_cameras.fixed_camera.staying import GRID as STAYS
from oddframe.detectors.own_cameras.fixed_camera.stream import FixedCameraStream, VideoBoxes
from oddframe.detectors.own_cameras.fixed_camera.ways import BINS, NO_WAY
from oddframe.detectors.own_cameras.fixed_camera.ways import GRID as WAYS

NOTICED = 0.6
"""Share of the threshold from which on a frame says itself where it is odd: the same event comes
again in other frames, and is then silent by more than a hair's breadth."""
_LEAST = 0.3
"""Surprise of a cell that half of normal cells have is nothing to be learnt."""
_BESIDE = 1
"""Cells around a box that belong to it: a thing is odd in cells that it only touches."""
_ALIKE = 2
"""Ways on either side that are the same to a person, of sixteen."""
_MOST_WAITING = 200
"""Looks that wait to be thinned."""


class AttentiveStream(FixedCameraStream):
    """A stream of the detector that learns what is odd in the frames that it is told to attend to.

    Arguments are those of :class:`FixedCameraStream`; every score comes out with its frame.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, live=True, **named)
        self._threshold *= NOTICED
        self._pointed: VideoBoxes | None = None
        self._noted: np.ndarray | None = None
        self._cells: list[np.ndarray] = []
        self._kept: list[np.ndarray] = []
        self._rest = Lesson.empty(self._scene.scale.grid)

    def attend(self, boxes: Sequence[Box] | None) -> None:
        """Learn from the frames that are pushed next; see the contract."""
        self._pointed = None if boxes is None else tuple(boxes)

    def attend_to_stay(self, boxes: Sequence[Box], seconds: float) -> None:
        """Learn of a stay that began before the first frame; see the contract."""
        whole = seconds + self._scene.followed.least_stay(self._threshold / NOTICED)
        for left, top, right, bottom in boxes:
            box = left, top, right - left, bottom - top
            places = _grown(places_under(box, self._size, STAYS), 1)
            self._rest.stays[places] = np.maximum(self._rest.stays[places], whole)

    def lesson(self) -> dict[str, Any] | None:
        """What was odd where it was attended to; see the contract."""
        lesson = self._lesson()
        return None if lesson.is_empty else lesson.state()

    def learnt(self) -> dict[str, float]:
        """What that is, for a person."""
        return self._lesson().summary

    def _lesson(self) -> Lesson:
        """What was odd by now; of looks that are nearly the same, one."""
        if self._cells:
            cells = np.concatenate([self._rest.cells, *self._cells]).astype(np.int32)
            patches = np.concatenate([self._rest.patches, *self._kept])
            cells, patches = thinned(self._scene, cells, patches)
            self._rest = replace(self._rest, cells=cells, patches=patches)
            self._cells, self._kept = [], []
        return self._rest

    def _judge(self, frame: int, seconds: float) -> FrameScore:
        score = super()._judge(frame, seconds)
        if self._pointed is not None and not score.camera:
            self._learn((*score.boxes, *self._pointed))
        return score

    def _learn(self, boxes: VideoBoxes) -> None:
        region = self._region(boxes)
        self._learn_looks(region)
        motion, rest = self._motion, self._rest
        odd = region & (self._pace > _LEAST)
        rest.paces[odd] = np.maximum(rest.paces, motion.pace)[odd]
        fastest, wanderer, stray = motion.now
        now = replace(motion, fastest=fastest, wanderer=wanderer, stray=stray)
        parts = self._scene.followed.parts(followed_values(now))
        for part, thing in zip(parts.tolist(), now.things, strict=True):
            if not part or not region[self._under(thing.box, region.shape)].any():
                continue
            if thing is fastest:
                places = self._under(thing.box, region.shape)
                rest.paces[places] = np.maximum(rest.paces[places], fastest.value)
            elif isinstance(thing, Wanderer):
                if thing.way != NO_WAY:
                    alike = np.arange(thing.way - _ALIKE, thing.way + _ALIKE + 1) % BINS
                    rest.ways[self._under(thing.box, WAYS, 1)][..., alike] = True
            elif thing is stray:
                rest.places[self._under(thing.box, WAYS, 1)] = True
            else:
                places = self._under(thing.box, STAYS, 1)
                rest.stays[places] = np.maximum(rest.stays[places], motion.stay.seconds)

    def _learn_looks(self, region: np.ndarray) -> None:
        if self._patches is None or self._patches is self._noted or not self._sees_look:
            return
        self._noted = self._patches
        odd = region & (self._appearance > _LEAST)
        if odd.any():
            self._cells.append(np.flatnonzero(odd))
            self._kept.append(self._scene.whitening(self._patches[odd]))
        if len(self._cells) >= _MOST_WAITING:
            self._lesson()

    def _region(self, boxes: VideoBoxes) -> np.ndarray:
        """The cells that boxes in pixels of the video touch, and those beside them."""
        region = np.zeros(self._scene.scale.grid, bool)
        for left, top, right, bottom in boxes:
            box = left, top, right - left, bottom - top
            region[_grown(places_under(box, self._size, region.shape), _BESIDE)] = True
        return region

    def _under(self, box: Box, grid: tuple[int, int], more: int = 0) -> tuple[slice, slice]:
        """The places of a grid under a box in pixels of the small picture."""
        return _grown(places_under(box, self._scene.scale.motion_size, grid), more)


def _grown(places: tuple[slice, slice], more: int) -> tuple[slice, slice]:
    rows, columns = (slice(max(0, part.start - more), part.stop + more) for part in places)
    return rows, columns
