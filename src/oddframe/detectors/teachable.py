"""What a detector promises that can be taught: a person's word about a moment changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeGuard

from oddframe.detectors.contract import Detector, FrameDetector, Stream
from oddframe.media.frames import MediaInfo

Boxes = Sequence[tuple[int, int, int, int]]
"""``(x1, y1, x2, y2)`` each, in pixels of the video."""


class AttentiveStream(Stream, Protocol):
    """A stream that keeps what is odd in it while it is told to."""

    def attend(self, boxes: Boxes | None) -> None:
        """Say where the frames that are pushed next are to be learnt from.

        Args:
            boxes: where, beside the places that a frame is odd at itself; None learns nothing.
        """
        ...

    def attend_to_stay(self, boxes: Boxes, seconds: float) -> None:
        """Learn that something stayed, which had begun before the first frame.

        Args:
            boxes: where.
            seconds: for how long it had been odd that it stayed; it was there before.
        """
        ...

    def lesson(self) -> dict[str, Any] | None:
        """All that was odd there, as plain values and arrays, no picture; None of nothing."""
        ...

    def learnt(self) -> dict[str, float]:
        """What that is, for a person: numbers by name."""
        ...


class Teachable(FrameDetector, Protocol):
    """A detector that can be taught (trait ``teachable``)."""

    def attentive(
        self, info: MediaInfo, *, source: str = "", threshold: float | None = None
    ) -> AttentiveStream:
        """Begin a stream that learns; the score of each frame comes out of its own push.

        Args:
            info, source: as of :meth:`oddframe.detectors.contract.FrameDetector.stream`.
            threshold: above which a frame is odd; None for the detector's own.
        """
        ...

    def taught(
        self, normal: Sequence[dict[str, Any]], odd: Sequence[dict[str, Any]]
    ) -> tuple[Teachable, int]:
        """A detector to which what was normal in lessons is no longer odd; this one stays.

        What was called odd is never taken for normal, whatever else was said.

        Args:
            normal: lessons that a person called normal, in order.
            odd: those that a person called odd.

        Returns:
            The detector, and how much was called normal and is not taken, being like something
            odd: a number of looks.

        Raises:
            OddframeError: a lesson of another detector, or a damaged one.
        """
        ...


def is_teachable(detector: Detector) -> TypeGuard[Teachable]:
    """Whether a detector can be taught."""
    return detector.traits.teachable
