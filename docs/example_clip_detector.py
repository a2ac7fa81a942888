"""A detector of clips to copy: a filter foresees each frame from the two before it.

    oddframe train folder/of/normal/videos --detector example_clip_detector.py --out run
    oddframe score run new.mp4 --detector example_clip_detector.py --report
    oddframe train --detector example_clip_detector.py --help        # its settings

What each part is for: own-detectors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class ForesightConfig(ClipConfig):
    """Settings: those of every detector of clips, and each with a line here for ``--help``.

    Attributes:
        reach: pixels to each side of a pixel that are looked at to foresee it.
    """

    reach: int = setting(2, at_least=0)


class Foresight(ClipDetector):
    """One convolution, trained on normal footage; where it is wrong, something odd happens."""

    name: ClassVar[str] = "foresight"
    config_type: ClassVar[type[ClipConfig]] = ForesightConfig
    config: ForesightConfig

    def __init__(self, config: ForesightConfig) -> None:
        super().__init__(config)
        side = 2 * config.reach + 1
        self.filter = nn.Conv2d(2 * config.channels, config.channels, side, padding="same")

    @property
    def clip_length(self) -> int:
        """Two frames and the one that is foreseen."""
        return 3

    def foreseen(self, clip: Tensor) -> Tensor:
        """``(clips, channels, h, w)`` of ``(clips, frames, channels, h, w)``."""
        return self.filter(clip[:, :2].flatten(1, 2))

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Terms by name, scalars, for the curve; ``loss`` is what a step makes smaller."""
        clip = self.as_pixels(batch["clip"])
        return {"loss": intensity(self.foreseen(clip), clip[:, -1])}

    def measure(self, clip: Tensor) -> ClipTerms:
        """The term ``error``, in dB, one for each clip; and where in the picture it is."""
        made, real = self.as_unit(self.foreseen(clip)), self.as_unit(clip[:, -1])
        return ClipTerms({"error": error_decibel(made, real)}, error_map(made, real))

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """What is drawn during training, in ``samples/`` of the run."""
        return {"target": clip[:, -1], "foreseen": self.foreseen(clip)}


DETECTOR = Foresight
CONFIG = ForesightConfig
