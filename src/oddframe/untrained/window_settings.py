"""Settings of detectors that look through windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.settings.ranges import setting
from oddframe.untrained.detector import UntrainedConfig
from oddframe.untrained.unmasked_accuracy import ZeroRows


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
            ``newer`` half, which is what liblinear makes of it, or as ``constant``, the same in
            every feature, which is what the public code's MATLAB makes of it before.
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
