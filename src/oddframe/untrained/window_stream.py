"""Windows of one video: frames in, and for each how well windows told it from those before."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from oddframe.calibration.places import where
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.frame_score import FrameScore
from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.media.frames import Frame, MediaInfo
from oddframe.motion_cubes.cubes import SIZE, Moment, MotionCubes
from oddframe.untrained.detector import MOVING_CUBES, NEWNESS, untested, warn_of_untested
from oddframe.untrained.unmasked_accuracy import unmasked_accuracy
from oddframe.untrained.window_settings import WindowConfig

_SUBJECTS = {
    "motion": "what moves is unlike what moved just before",
    "appearance": "what is seen is unlike what was seen just before",
}

Rows = Mapping[str, np.ndarray]
"""What is looked at to the features of a frame, float32 ``(4, features)``: quarters row by row."""


@dataclass
class _Waiting:
    """A frame whose score is not known yet.

    Attributes:
        over: cubes that move about it.
        tests: how many windows tested it.
        totals: sum of these windows' scores, of each kind.
        quarters: sum of their accuracies in each quarter, of each kind.
        told: whether there was anything to tell apart.
    """

    over: int
    tests: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    quarters: dict[str, np.ndarray] = field(default_factory=dict)
    told: bool = False

    def add(self, accuracies: Rows, told: bool) -> None:
        """Take what a window says."""
        self.tests += 1
        self.told |= told
        for kind, values in accuracies.items():
            self.totals[kind] = self.totals.get(kind, 0.0) + float(values.max())
            self.quarters[kind] = self.quarters.get(kind, 0.0) + values


class WindowStream:
    """Frames of one video in, the score of every frame out.

    No window reaches across a break.

    Args:
        config: settings.
        maps: the network whose maps are the appearance; None where that is not looked at.
        info: what is known of the video.
        source: what a warning calls it.
    """

    def __init__(
        self, config: WindowConfig, maps: FeatureMaps | None, info: MediaInfo, source: str
    ) -> None:
        self._config, self._maps, self._info, self._source = config, maps, info, source
        self._cubes = MotionCubes(config.motion_threshold)
        self._seen: deque[np.ndarray] = deque()
        self._done = 0
        self._compared = self._told = False
        self.signs = np.repeat([-1.0, 1.0], [config.window + 1, config.window])
        self.begin()

    def begin(self) -> None:
        """Begin a piece of footage, in which frames are numbered anew."""
        self.window: deque[Rows] = deque(maxlen=self._config.span)
        self._waiting: deque[_Waiting] = deque()
        self._known = 0
        self._out = 0

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; see :class:`oddframe.detectors.contract.Stream`."""
        found = self._end() if frame.anew else []
        if "appearance" in self._config.kinds and self._maps is not None:
            self._seen.append(_looks(self._maps.of(frame)))
        for moment in self._cubes.push(frame.grey(SIZE)):
            found += self._take(moment)
        return found

    def finish(self) -> list[FrameScore]:
        """The scores that are left; a warning where nothing could be compared."""
        found = self._end()
        if self._done and not self._told:
            span = self._config.span
            short = f"nowhere goes on for the {span} frames of a window"
            warn_of_untested(self._source, "nothing moves" if self._compared else short)
        return found

    def _end(self) -> list[FrameScore]:
        """A piece of footage ends."""
        found = [score for moment in self._cubes.finish() for score in self._take(moment)]
        found += [self._score(waiting) for waiting in self._waiting]
        self.begin()
        return found

    def _take(self, moment: Moment) -> list[FrameScore]:
        """The next frame is known."""
        rows = {"motion": _changes(moment.masked)} if "motion" in self._config.kinds else {}
        if self._seen:
            rows["appearance"] = self._seen.popleft()
        self.window.append(rows)
        self._waiting.append(_Waiting(moment.over))
        self._known += 1
        newer, stride = self._config.window, self._config.stride
        begin = self._known - self._config.span
        if begin >= 0 and begin % stride == 0:
            self._test(begin)
        # The next window begins there, and tests no frame before its newer half.
        following = max(0, -(-(self._known - 2 * newer) // stride) * stride)
        found = []
        while self._out < min(following + newer + 1, self._known):
            found.append(self._score(self._waiting.popleft()))
            self._out += 1
        return found

    def _test(self, begin: int) -> None:
        """Compare the halves of the window that begins at a frame of this piece of footage."""
        self._compared = True
        told = any(values.any() for rows in self.window for values in rows.values())
        accuracies = self.accuracies(begin)
        newest = self._known - 1 - self._out
        for place in range(newest - self._config.window + 1, newest + 1):
            self._waiting[place].add(accuracies, told)

    def accuracies(self, begin: int) -> dict[str, np.ndarray]:  # noqa: ARG002 - others ask
        """Accuracy in each quarter, ``(4,)`` by what is looked at, of the window that is there.

        Args:
            begin: its first frame, in this piece of footage.
        """
        return {kind: self.accuracy(kind, (), 1.0, 1.0) for kind in self._config.kinds}

    def accuracy(
        self, kind: str, more: Sequence[np.ndarray], older: float, newer: float
    ) -> np.ndarray:
        """Accuracy in each quarter, ``(4,)``, of telling the window's newer half from the rest.

        Args:
            kind: what is looked at.
            more: features of frames that are put to the older half, as in :data:`Rows`.
            older, newer: what the cost of an error on an older and on a newer frame is times.
        """
        config = self._config
        rows = np.stack([*more, *(part[kind] for part in self.window)], axis=1).astype(np.float64)
        signs = np.concatenate([np.full(len(more), -1.0), self.signs])
        costs = config.cost * np.where(signs > 0, newer, older)
        with one_thread_each():
            return unmasked_accuracy(
                rows,
                signs,
                costs,
                rounds=config.rounds,
                dropped=config.dropped,
                zero_rows=config.zero_rows,
            )

    def _score(self, waiting: _Waiting) -> FrameScore:
        number, self._done = self._done, self._done + 1
        self._told |= waiting.told
        baselines = {MOVING_CUBES: float(waiting.over)}
        if not waiting.told:
            return untested(number, (2, 2), baselines)
        values = {kind: total / waiting.tests for kind, total in waiting.totals.items()}
        cue = max(values, key=lambda kind: values[kind])
        quarters = np.mean([part / waiting.tests for part in waiting.quarters.values()], axis=0)
        row, column = divmod(int(waiting.quarters[cue].argmax()), 2)
        width, height = self._info.width, self._info.height
        across, down = (0, width // 2, width), (0, height // 2, height)
        box = (across[column], down[row], across[column + 1], down[row + 1])
        place = where(box, width, height)
        value = float(np.mean([*values.values()]))
        return FrameScore(
            frame=number,
            value=value,
            score_map=quarters.reshape(2, 2).astype(np.float32),
            cue=cue,
            reason=f"{_SUBJECTS[cue]} ({place})",
            boxes=(box,),
            terms={NEWNESS: value},
            baselines=baselines,
        )


def _changes(masked: np.ndarray) -> np.ndarray:
    """Changes of pixels ``(120, 160)`` in each quarter, ``(4, 4800)``."""
    high, wide = masked.shape[0] // 2, masked.shape[1] // 2
    return masked.reshape(2, high, 2, wide).transpose(0, 2, 1, 3).reshape(4, high * wide)


def _looks(features: np.ndarray) -> np.ndarray:
    """A feature map ``(14, 14, 112)`` in each quarter, ``(4, 5488)``, of norm 1 each."""
    rows, columns, channels = features.shape
    quarters = features.reshape(2, rows // 2, 2, columns // 2, channels).transpose(0, 2, 1, 3, 4)
    quarters = quarters.reshape(4, -1)
    return quarters / np.maximum(np.linalg.norm(quarters, axis=1, keepdims=True), 1e-12)
