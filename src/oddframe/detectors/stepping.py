"""Frames through a detector, one after the other: the one way, of files and of live cameras."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from oddframe.detectors.contract import ForkingStream, FrameDetector
from oddframe.detectors.frame_score import FrameScore
from oddframe.errors import OddframeError
from oddframe.files.text_files import shown
from oddframe.media.frames import Frame, MediaInfo, VideoReader
from oddframe.media.watched_video import watched


class Stepper:
    """A stream of a detector whose scores are checked: finite, of every frame, in order.

    Args:
        detector: the detector.
        info: what is known of the video; its ``name`` fixes what is drawn at random.
        source: where the frames come from, for messages.
        live: see :meth:`oddframe.detectors.contract.FrameDetector.stream`.
    """

    def __init__(
        self, detector: FrameDetector, info: MediaInfo, source: str, *, live: bool = False
    ) -> None:
        self._stream = detector.stream(info, source=source, live=live)
        self._where = f"detector {detector.name}: {source}"
        self._pushed = self._scored = 0

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; the scores that are known by now.

        Raises:
            OddframeError: the detector gave something else than the next scores.
        """
        self._pushed += 1
        return self._checked(self._stream.push(frame))

    def finish(self) -> list[FrameScore]:
        """There are no more frames: the scores that are left.

        Raises:
            OddframeError: as of :meth:`push`, or not every frame has a score.
        """
        scores = self._checked(self._stream.finish())
        if self._scored != self._pushed:
            raise self._error(
                f"expected a score of each of the {self._pushed} frames, found {self._scored}; its "
                "stream must give every frame one, in push or in finish"
            )
        return scores

    def fork(self) -> Stepper:
        """Another that has seen the same, and goes on by itself; of a detector that forks alone.

        Raises:
            OddframeError: its stream cannot be copied after all.
        """
        if not isinstance(self._stream, ForkingStream):
            raise self._error(
                "expected its stream to have a method fork, since its traits say that it forks, "
                f"found none in {type(self._stream).__name__}"
            )
        forked = copy(self)
        forked._stream = self._stream.fork()
        return forked

    def _checked(self, scores: Any) -> list[FrameScore]:
        if not isinstance(scores, list):
            kind = type(scores).__name__
            raise self._error(f"expected a list of FrameScore from its stream, found {kind}")
        for number, score in enumerate(scores, start=self._scored):
            if not isinstance(score, FrameScore) or score.frame != number:
                found = getattr(score, "frame", type(score).__name__)
                raise self._error(
                    f"expected a FrameScore of frame {number} next, found {found}; its stream must "
                    "give every frame in order"
                )
            value = score.value
            if not isinstance(value, int | float | np.number) or not math.isfinite(value):
                raise self._error(
                    f"expected a finite score of frame {number}, found {shown(value)}"
                )
        self._scored += len(scores)
        return scores

    def _error(self, said: str) -> OddframeError:
        return OddframeError(f"{self._where}: {said}")


def scores_of(detector: FrameDetector, video: VideoReader, name: str = "") -> Iterator[FrameScore]:
    """The scores of all frames of an open video, in order.

    Args:
        detector: the detector.
        video: its breaks are looked for, unless it is ``watched`` already.
        name: id of the video; by default the name of its file.

    Raises:
        OddframeError: the detector does not give every frame a finite score, in order.
    """
    footage = watched(video)
    info = replace(footage.info, name=name or footage.path.stem)
    stepper = Stepper(detector, info, str(footage.path))
    for frame in footage:
        yield from stepper.push(frame)
    yield from stepper.finish()
