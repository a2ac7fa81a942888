"""Settings of the fixed-camera detector."""

from __future__ import annotations

from dataclasses import dataclass

from oddframe.errors import OddframeError


@dataclass(frozen=True)
class FixedCameraConfig:
    """Settings of the fixed-camera detector; one value serves all scenes.

    Attributes:
        long_side: long side of the network's input in pixels.
        motion_side: long side of the images for optical flow in pixels.
        fit_looks: frames whose appearance is learnt at most, spread over all the footage.
        capacity: normal patches remembered per block of 4x4 cells.
        false_alarms_per_hour: false alarms per hour that the threshold promises at most.
        smoothing_seconds: standard deviation of the Gaussian over time in offline scoring.
    """

    long_side: int = 448
    motion_side: int = 360
    fit_looks: int = 2000
    capacity: int = 1000
    false_alarms_per_hour: float = 1.0
    smoothing_seconds: float = 0.2

    def __post_init__(self) -> None:
        limits = {"long_side": 64, "motion_side": 64, "fit_looks": 20, "capacity": 20}
        for name, least in limits.items():
            if getattr(self, name) < least:
                raise OddframeError(
                    f"fixed-camera: {name} must be at least {least}, found {getattr(self, name)}"
                )
        if self.false_alarms_per_hour <= 0 or not 0 <= self.smoothing_seconds <= 3600:
            raise OddframeError(
                "fixed-camera: false_alarms_per_hour must be positive and smoothing_seconds from 0 "
                f"to 3600, found {self.false_alarms_per_hour} and {self.smoothing_seconds}"
            )
