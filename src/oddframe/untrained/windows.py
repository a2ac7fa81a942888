"""Windows that go over a video: can the newer half of one be told from the older half?

The frames of a window, of which each half has about ten, are described in the four quarters of the
picture, each a problem of its own. How well the halves can be told apart there is the score of the
newer half.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from oddframe.calibration.places import where
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.contract import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import Frame, MediaInfo
from oddframe.motion_cubes.cubes import LOOKAHEAD, SIZE, Moment, MotionCubes
from oddframe.settings.ranges import setting
from oddframe.untrained.detector import (
    MOVING_CUBES,
    NEWNESS,
    UNTESTED,
    UntrainedConfig,
    UntrainedDetector,
    warn_of_untested,
)
from oddframe.untrained.unmasked_accuracy import ZeroRows, unmasked_accuracy

_BLOCK, _SIDE = 10, 224
"""Of EfficientNet-Lite0: 14x14 places of 112 channels."""
_SUBJECTS = {"motion": "what moves", "appearance": "what is seen"}

Rows = Mapping[str, np.ndarray]
"""What is looked at to the features of a frame, float32 ``(4, features)``: quarters row by row."""


@dataclass(frozen=True)
class WindowConfig(UntrainedConfig):
    """Settings of detectors that look through windows; the defaults are those of the public code.

    Attributes:
        features: what of a frame is looked at: its ``motion`` (changes where cubes move), its
            ``appearance`` (block 10 of EfficientNet-Lite0), or ``fused``, the mean of both scores.
        motion_threshold: a cube of 10x10 pixels and five frames moves if its changes, of pixels
            from 0 to 1, add up to more.
        window: frames of the newer half; the older half has one more.
        stride: frames from one window to the next.
        rounds: how often features are taken away.
        dropped: features that are taken away in a round, half of them of the greatest and half of
            the least weight.
        cost: what an error costs in the logistic regression (liblinear's C).
        zero_rows: how a frame counts that has nothing left: ``half`` right, or as one of the
            ``newer`` half, which is what liblinear makes of it.
        smoothing_seconds: scores are smoothed over time, where later frames may be used, by a
            Gaussian with this standard deviation in seconds; 0 does not smooth.
    """

    features: Literal["motion", "appearance", "fused"] = "motion"
    motion_threshold: float = setting(15.0, at_least=0)
    window: int = setting(10, at_least=2, at_most=500)
    stride: int = setting(5, at_least=1, at_most=500)
    rounds: int = setting(10, at_least=1, at_most=100)
    dropped: int = setting(50, at_least=2, at_most=4800, multiple_of=2)
    cost: float = setting(0.5, above=0)
    zero_rows: ZeroRows = "half"
    smoothing_seconds: float = setting(0.28, at_least=0, at_most=3600)

    def __post_init__(self) -> None:
        super().__post_init__()
        most = 4800 // self.rounds
        self.expect(self.dropped <= most, "dropped", f"at most {most} with {self.rounds} rounds")
        self.expect(self.stride <= self.window, "stride", f"at most the window, {self.window}")

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is looked at."""
        return ("motion", "appearance") if self.features == "fused" else (self.features,)

    @property
    def span(self) -> int:
        """Frames of a window."""
        return 2 * self.window + 1


class WindowDetector(UntrainedDetector):
    """A detector that looks through windows; a subclass has a stream of its own, or this one."""

    traits: ClassVar[Traits] = replace(UntrainedDetector.traits, delayed=True)
    normalisation: ClassVar[str] = "none: an accuracy, 0.5 = newer frames are like older ones"
    assumes: ClassVar[str] = (
        "normality is what goes on in this video: what differs from the moments just before it is "
        "odd, so what is odd from the first frame on, or from end to end, is not found, and what "
        "enters an empty scene is"
    )

    def __init__(self, config: Any, seed: int = 0, maps: FeatureMaps | None = None) -> None:
        super().__init__(config, seed)
        if maps is None and "appearance" in config.kinds:
            maps = FeatureMaps.lite0(_BLOCK, _SIDE)
        self.maps = maps

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds.

        The public code has 25 taps of a Gaussian of 13 frames, which deviate by 6.9 frames: 0.28 s
        of 25 frames a second. Its ends are padded with zeros, so that they sink; here with what is
        there last.
        """
        return self.config.smoothing_seconds

    @property
    def latency(self) -> int:
        """With how many later frames the score of a frame comes out at the latest."""
        return self.config.window - 1 + LOOKAHEAD

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        compared = f"each frame's {' and '.join(self.config.kinds)} with that of "
        return {
            "compares": f"{compared}{self.config.window + 1} frames before, in four quarters",
            "latency": f"{self.latency} frames",
            **super().notes,
        }

    def state(self) -> dict[str, Any]:
        """Arrays and plain values from which :meth:`from_state` rebuilds the detector."""
        return {**super().state(), "maps": self.maps.state() if self.maps else {}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        maps = SavedState(state).part("maps")
        found = super().from_state({**state, "config": {**state["config"], "features": "motion"}})
        config = cls.config_type(**state["config"])
        made = cls(config, found.seed, FeatureMaps.from_state(maps) if [*maps] else None)
        made.calibrated = found.calibrated
        return made

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> WindowStream:  # noqa: ARG002 - every score comes out as soon as it is known
        """Begin a stream of frames."""
        return WindowStream(self, info, source)


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
    """Frames of one video in, the score of every frame out; see :class:`WindowDetector`.

    No window reaches across a break.

    Args:
        detector: what scores them.
        info: what is known of the video.
        source: what a warning calls it.
    """

    def __init__(self, detector: WindowDetector, info: MediaInfo, source: str) -> None:
        config = detector.config
        self._config, self._maps, self._info, self._source = config, detector.maps, info, source
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
            untested = np.full((2, 2), UNTESTED, np.float32)
            terms = {NEWNESS: UNTESTED}
            return FrameScore(
                number, UNTESTED, untested, terms=terms, tested=False, baselines=baselines
            )
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
            reason=f"{_SUBJECTS[cue]} is unlike that of the moments before ({place})",
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
