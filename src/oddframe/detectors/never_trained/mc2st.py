"""MC2ST: unmasking that looks back, where what it compares with may be odd itself.

Source: Liu, Li and Póczos, "Classifier two-sample test for video anomaly detections", BMVC 2018,
and their code (MYusha/Video-Anomaly-Detection), whose arithmetic this is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np

from oddframe.detectors.traits import Traits
from oddframe.media.frames import MediaInfo
from oddframe.settings.ranges import setting
from oddframe.untrained.detector import NO_VERDICT, UntrainedConfig
from oddframe.untrained.window_settings import WindowConfig
from oddframe.untrained.window_stream import WindowStream
from oddframe.untrained.windows import WindowDetector


@dataclass(frozen=True)
class Mc2stConfig(WindowConfig):
    """Settings of MC2ST.

    Attributes:
        pool: frames of the past that are kept.
        drawn: frames that are drawn from them for a window that looks back.
        renewed: how likely it is, at such a window, that the oldest frame of the pool gives way to
            the newest one.
        screened_from: windows that begin before this frame do not look back; the public code, which
            counts from 1, has 66.
        older_weight: what the cost of an error on an older frame is times, in a window that looks
            back.
        newer_weight: what the cost of an error on a newer frame is times in such a window. As
            published: the more numerous ones weigh more.
    """

    pool: int = setting(50, at_least=1, at_most=10_000)
    drawn: int = setting(10, at_least=1, at_most=1000)
    renewed: float = setting(0.3, at_least=0, at_most=1)
    screened_from: int = setting(65, at_least=1, at_most=20_000)
    older_weight: float = setting(21.0, above=0)
    newer_weight: float = setting(10.0, above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect(self.drawn <= self.pool, "drawn", f"at most the pool, {self.pool}")
        most = self.screened_from - self.stride - self.window
        said = f"at most {most}, screened_from less the stride and the window"
        self.expect(self.pool <= most, "pool", said)


class Mc2st(WindowDetector):
    """Unmasking with frames of the past in the older half of some windows.

    Where the frames about a window's beginning, its older half, score no less on average than all
    tested frames before, what it would be compared with may be odd itself. So ten frames of the
    past are put to that half, and errors weigh anew. Accuracy is then that of 31 rows, of which 21
    are older: who always says "older" has .68, not .52 as in other windows, so such windows score
    higher. The rest is as in unmasking, with the same deviations; what is fused looks back each by
    itself.
    """

    name: ClassVar[str] = "mc2st"
    traits: ClassVar[Traits] = WindowDetector.traits
    config_type: ClassVar[type[UntrainedConfig]] = Mc2stConfig

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> Mc2stStream:  # noqa: ARG002 - every score comes out as soon as it is known
        """Begin a stream of frames."""
        return Mc2stStream(self, info, source)


class Mc2stStream(WindowStream):
    """Windows of one video, and what they remember of its past."""

    _config: Mc2stConfig

    def __init__(self, detector: Mc2st, info: MediaInfo, source: str) -> None:
        self._random = detector.random(info.name)
        super().__init__(detector.config, detector.maps, info, source)

    def begin(self) -> None:
        """Begin a piece of footage; that before a cut is no past of it."""
        super().begin()
        self._pasts = {kind: _Past(self._config, self._random) for kind in self._config.kinds}

    def accuracies(self, begin: int) -> dict[str, np.ndarray]:
        """Accuracy in each quarter, with the past where the older half may be odd itself."""
        config, found = self._config, {}
        for kind, past in self._pasts.items():
            drawn = past.drawn(begin)
            weights = (config.older_weight, config.newer_weight) if drawn else (1.0, 1.0)
            found[kind] = self.accuracy(kind, drawn, *weights)
            leaving = [rows[kind] for rows in islice(self.window, config.stride)]
            past.take(begin, float(found[kind].max()), leaving)
        return found


class _Past:
    """What is remembered of a piece of footage, of one of the things that are looked at."""

    def __init__(self, config: Mc2stConfig, random: np.random.Generator) -> None:
        self._config, self._random = config, random
        self._windows: deque[tuple[int, float]] = deque()
        self._total, self._tested = 0.0, 0
        self._pool: deque[np.ndarray] = deque(maxlen=config.pool)
        self._newest = np.empty(0)
        self._looked_back = False

    def drawn(self, begin: int) -> list[np.ndarray]:
        """Frames of the past for the window that begins at a frame; none if it does not look back.

        Args:
            begin: frame of this piece of footage.
        """
        config = self._config
        if begin < config.screened_from or not self._may_be_odd(begin):
            return []
        if self._looked_back and self._random.random() < config.renewed:
            self._pool.append(self._newest)
        self._looked_back = True
        chosen = self._random.choice(config.pool, config.drawn, replace=False)
        return [self._pool[at] for at in chosen]

    def take(self, begin: int, score: float, leaving: Iterable[np.ndarray]) -> None:
        """Remember a window.

        Args:
            begin: its first frame.
            score: of its newer half.
            leaving: features of its first frames, which the next window does not have.
        """
        untested = self._config.window + 1
        self._windows.append((begin, score))
        for frame, features in enumerate(leaving, begin):
            if frame >= untested:
                self._keep(frame - untested + 1, features)
        # By the next window all frames to here are older than those about its beginning.
        for frame in range(untested + self._tested, begin + 1):
            self._total += self._score(frame)
            self._tested += 1
        while self._windows[0][0] + 2 * self._config.window < begin:
            self._windows.popleft()

    def _keep(self, number: int, features: np.ndarray) -> None:
        """Keep a frame or not, so that until a window looks back each has the same chance.

        Args:
            number: how many frames could be kept by now, with it.
            features: of the frame.
        """
        self._newest = features
        if self._looked_back:
            return
        if len(self._pool) == self._config.pool:
            if self._random.random() * number >= self._config.pool:
                return
            del self._pool[int(self._random.integers(self._config.pool))]
        self._pool.append(features)

    def _may_be_odd(self, begin: int) -> bool:
        """Whether frames about a window's beginning score no less than those before, on average."""
        stride = self._config.stride
        about = [self._score(frame) for frame in range(begin - stride, begin + stride + 1)]
        return float(np.mean(about)) >= self._total / self._tested

    def _score(self, frame: int) -> float:
        """Of a frame: the mean of what the windows say that tested it."""
        newer = self._config.window
        told = [
            score for begin, score in self._windows if begin + newer < frame <= begin + 2 * newer
        ]
        return float(np.mean(told)) if told else NO_VERDICT


DETECTOR = Mc2st
CONFIG = Mc2stConfig
