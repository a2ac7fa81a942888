"""MC2ST: unmasking that looks back, to see whether what is new now was there before.

Source: Liu, Li and Póczos, "Classifier two-sample test for video anomaly detections", BMVC 2018,
and their code (MYusha/Video-Anomaly-Detection). Where both leave something open, it is said below.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from oddframe.detectors.traits import Traits
from oddframe.media.frames import MediaInfo
from oddframe.settings.ranges import setting
from oddframe.untrained.detector import UntrainedConfig
from oddframe.untrained.window_settings import WindowConfig
from oddframe.untrained.window_stream import Rows, WindowStream
from oddframe.untrained.windows import WindowDetector


@dataclass(frozen=True)
class Mc2stConfig(WindowConfig):
    """Settings of MC2ST.

    Attributes:
        pool: frames of the past that are kept.
        drawn: frames that are drawn from them for a window.
        renewed: how likely it is, at a window, that the oldest frame of the pool gives way to the
            newest one.
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
    screened_from: int = setting(65, at_least=1, at_most=10_000)
    older_weight: float = setting(21.0, above=0)
    newer_weight: float = setting(10.0, above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect(self.drawn <= self.pool, "drawn", f"at most the pool, {self.pool}")
        fits = self.pool <= self.screened_from
        self.expect(fits, "pool", f"at most screened_from, {self.screened_from}")


class Mc2st(WindowDetector):
    """Unmasking with frames of the past in the older half of windows that seem new.

    A window looks back if it and those just before it that test its newer half too, two together
    with the usual stride, score no less on average than all before them; then what counts is its
    score with the past. What is known of the code leaves open, and here is so: the newest frame,
    which comes into the pool, is the last before the window; accuracy is that of all rows. The
    rest is as in unmasking, with the same deviations.
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
        config = self._config
        self._past: list[Rows] = []
        self._pool: deque[Rows] = deque(maxlen=config.pool)
        self._recent: deque[float] = deque(maxlen=-(-config.window // config.stride))
        self._before, self._windows = 0.0, 0

    def accuracies(self, begin: int) -> dict[str, np.ndarray]:
        """Accuracy in each quarter, with the past where the window seems new."""
        found = super().accuracies(begin)
        if begin >= self._config.screened_from:
            self._renew()
            if self._seems_new(_score(found)):
                found = self._with_past()
        if len(self._recent) == self._recent.maxlen:
            self._before += self._recent[0]
            self._windows += 1
        self._recent.append(_score(found))
        self._past += list(self.window)[: self._config.stride]  # gone when the next window begins
        return found

    def _renew(self) -> None:
        """Fill the pool, or bring it up to date."""
        config, past = self._config, self._past
        if not self._pool:
            chosen = self._random.choice(len(past), config.pool, replace=False)
            self._pool.extend(past[at] for at in chosen)
        elif self._random.random() < config.renewed:
            self._pool.append(past[-1])
        past.clear()

    def _seems_new(self, score: float) -> bool:
        """Whether the newest windows score no less than those before, on average."""
        newest = [*self._recent, score][-(self._recent.maxlen or 1) :]
        older = self._before + sum(self._recent) - sum(newest[:-1])
        number = self._windows + len(self._recent) - len(newest[:-1])
        return number > 0 and float(np.mean(newest)) >= older / number

    def _with_past(self) -> dict[str, np.ndarray]:
        config = self._config
        chosen = self._random.choice(config.pool, config.drawn, replace=False)
        drawn = [self._pool[at] for at in chosen]
        return {
            kind: self.accuracy(
                kind, [rows[kind] for rows in drawn], config.older_weight, config.newer_weight
            )
            for kind in config.kinds
        }


def _score(accuracies: Rows) -> float:
    """Of a window: the greatest accuracy of a quarter, averaged over what is looked at."""
    return float(np.mean([values.max() for values in accuracies.values()]))


DETECTOR = Mc2st
CONFIG = Mc2stConfig
