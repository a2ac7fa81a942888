"""Settings of the fixed-camera detector."""

from __future__ import annotations

from dataclasses import dataclass

from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class FixedCameraConfig(CheckedSettings):
    """Settings of the fixed-camera detector; one value serves all scenes.

    Attributes:
        long_side: long side of the network's input in pixels.
        motion_side: long side of the images for optical flow in pixels.
        fit_looks: frames whose appearance is learnt at most, spread over all the footage.
        capacity: normal patches remembered per block of 4x4 cells.
        false_alarms_per_hour: false alarms per hour that the threshold promises at most.
        smoothing_seconds: standard deviation of the Gaussian over time in offline scoring.
    """

    long_side: int = setting(448, at_least=64)
    motion_side: int = setting(360, at_least=64)
    fit_looks: int = setting(2000, at_least=20)
    capacity: int = setting(1000, at_least=20)
    false_alarms_per_hour: float = setting(1.0, above=0)
    smoothing_seconds: float = setting(0.2, at_least=0, at_most=3600)
