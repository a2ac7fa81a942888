"""Settings of the fixed-camera detector."""

from __future__ import annotations

import math
from dataclasses import dataclass

from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class FixedCameraConfig(CheckedSettings):
    """Settings of the fixed-camera detector; one value serves all scenes.

    Attributes:
        long_side: long side of the network's input in pixels.
        motion_side: long side of the images for optical flow in pixels.
        fit_looks: the most frames whose appearance is learnt, spread over all the footage.
        fit_hours: the most hours of continuous footage, in stretches spread over all of it, on
            which the threshold rests.
        capacity: normal patches remembered for each block of 4x4 cells.
        false_alarms_per_hour: the most false alarms per hour of normal footage that the threshold
            promises.
        false_alarms_per_day: the most false alarms per day, in place of a rate by the hour; 0 for
            the rate by the hour.
        smoothing_seconds: anomaly scores are smoothed over time, where later frames may be used,
            by a Gaussian with this standard deviation in seconds; 0 does not smooth.
    """

    long_side: int = setting(448, at_least=64)
    motion_side: int = setting(360, at_least=64)
    fit_looks: int = setting(2000, at_least=20)
    fit_hours: float = setting(16.0, above=0)
    capacity: int = setting(1000, at_least=20)
    false_alarms_per_hour: float = setting(1.0, above=0)
    false_alarms_per_day: float = setting(0.0, at_least=0)
    smoothing_seconds: float = setting(0.2, at_least=0, at_most=3600)

    def __post_init__(self) -> None:
        """Refuse settings that are out of range, or two promises."""
        super().__post_init__()
        usual = self.false_alarms_per_hour == FixedCameraConfig.false_alarms_per_hour
        alike = math.isclose(self.false_alarms_per_day, 24 * self.false_alarms_per_hour)
        self.expect(
            not self.false_alarms_per_day or usual or alike,
            "false_alarms_per_day",
            f"what false_alarms_per_hour says, {24 * self.false_alarms_per_hour:g} a day; give one "
            "of the two",
        )

    @property
    def wanted_per_hour(self) -> float:
        """False alarms per hour that are to be promised, in whatever unit they were given."""
        return self.false_alarms_per_day / 24 or self.false_alarms_per_hour
