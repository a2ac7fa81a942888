"""Detectors that go over a video in windows: can the newer half of one be told from the older half?

The frames of a window, of which each half has about ten, are described in the four quarters of the
picture, each a problem of its own. How well the halves can be told apart there is the score of the
newer half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

from oddframe.detectors.traits import Traits
from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MediaInfo
from oddframe.motion_cubes.cubes import LOOKAHEAD
from oddframe.scores.standing_out import StandsOut
from oddframe.untrained.detector import UntrainedDetector
from oddframe.untrained.window_stream import WindowStream

_BLOCK, _SIDE = 10, 224
"""Of EfficientNet-Lite0: 14x14 places of 112 channels."""


class WindowDetector(UntrainedDetector):
    """A detector that looks through windows; a subclass has a stream of its own, or this one."""

    traits: ClassVar[Traits] = replace(UntrainedDetector.traits, delayed=True)
    normalisation: ClassVar[str] = "none: an accuracy, 0.5 = newer frames are like older ones"
    assumes: ClassVar[str] = (
        "normality is what goes on in this video: what differs from the moments just before it is "
        "odd, so what is odd from the first frame on, or from end to end, is not found, and what "
        "enters an empty scene is"
    )

    maps: FeatureMaps | None = None
    """The network whose maps are the appearance; None where that is not looked at."""

    @classmethod
    def untrained(cls, config: Any, seed: int) -> Self:
        """The detector; see :class:`oddframe.detectors.contract.Untrained`."""
        made = super().untrained(config, seed)
        if "appearance" in config.kinds:
            made.maps = FeatureMaps.lite0(_BLOCK, _SIDE)
        return made

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds.

        The public code has 25 taps of a Gaussian of 13 frames, which deviate by 6.9 frames: 0.28 s
        of 25 frames a second. Its ends are padded with zeros, so that they sink; here with what is
        there last.
        """
        return self.config.smoothing_seconds

    @property
    def stands_out(self) -> StandsOut:
        """A score is a share of the frames of a window: one more of them at least must be told."""
        return StandsOut(plus=1 / self.config.span)

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
        made, maps = super().from_state(state), SavedState(state).part("maps")
        if [*maps]:
            made.maps = FeatureMaps.from_state(maps)
        return made

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> WindowStream:  # noqa: ARG002 - every score comes out as soon as it is known
        """Begin a stream of frames."""
        return WindowStream(self.config, self.maps, info, source)
