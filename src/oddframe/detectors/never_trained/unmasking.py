"""Unmasking: moments that can be told from those just before them, however much is taken away.

Source: Ionescu, Smeureanu, Alexe and Popescu, "Unmasking the abnormal events in video", ICCV 2017.
The authors published no code; numbers and order of the steps are those of the reproduction by Liu,
Li and Póczos (MYusha/Video-Anomaly-Detection).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oddframe.untrained.detector import UntrainedConfig
from oddframe.untrained.window_settings import WindowConfig
from oddframe.untrained.windows import WindowDetector


@dataclass(frozen=True)
class UnmaskingConfig(WindowConfig):
    """Settings of unmasking; the defaults are those of the reproduction."""


class Unmasking(WindowDetector):
    """The mean accuracy of telling ten frames from the eleven before, as features are taken away.

    Deviations from the reproduction: a row that is all zero is half right (``zero_rows``; MATLAB's
    ``normr``, which scales rows there, makes it the same in every feature, so that motion can be
    told from none); a frame without a test is left out of thresholds; smoothing is over seconds and
    does not sink at the ends (``smoothing_seconds``); no window reaches across a cut; the
    appearance is that of EfficientNet-Lite0 in place of VGG-f, which cannot be had offline.
    """

    name: ClassVar[str] = "unmasking"
    config_type: ClassVar[type[UntrainedConfig]] = UnmaskingConfig


DETECTOR = Unmasking
CONFIG = UnmaskingConfig
