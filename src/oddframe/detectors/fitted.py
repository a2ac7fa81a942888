"""What a detector promises that is fitted at once, and what it has to tell when it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from oddframe.detectors.contract import Detector
from oddframe.scores.sights import Sight
from oddframe.videos.manifest import Manifest


class Fitted(Protocol):
    """A detector that is trained at once."""

    @classmethod
    def fit(
        cls, manifest: Manifest, config: Any, seed: int, advance: Callable[[str, float], None]
    ) -> Detector:
        """Fit to the training videos, calibrate on held-out normal ones.

        Args:
            manifest: its ``train`` and ``val`` videos are used, its ``test`` videos never.
            config: an instance of the module's ``CONFIG`` dataclass.
            seed: fixes every random choice.
            advance: told what is being done and the share done, 0 to 1.

        Returns:
            The detector.
        """
        ...


class Resuming(Protocol):
    """One whose fit goes on where it was killed (trait ``resumes``)."""

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: Any,
        seed: int,
        advance: Callable[[str, float], None],
        *,
        kept: Path | None = None,
    ) -> Detector:
        """As :meth:`Fitted.fit`.

        Args:
            manifest, config, seed, advance: as there.
            kept: a folder of the detector's own, empty or as it was left when a fit of the same
                footage, settings and seed was stopped. Whoever gives it removes it.
        """
        ...


class LeavingOut(Detector, Protocol):
    """A detector that just was fitted without what could not be read (trait ``leaves_out``)."""

    @property
    def left_out(self) -> dict[str, str]:
        """Ids of the videos that failed on the way, each with the reason."""
        ...


class ShowingSights(Detector, Protocol):
    """A detector that just was fitted, with pictures of what it remembers (``shows_sights``)."""

    @property
    def sights(self) -> Mapping[Sight, bytes]:
        """Moments of the normal footage, each with a small JPEG."""
        ...


def leaves_out(detector: Detector) -> TypeGuard[LeavingOut]:
    """Whether a detector that was just fitted says what it was fitted without."""
    return detector.traits.leaves_out


def shows_sights(detector: Detector) -> TypeGuard[ShowingSights]:
    """Whether a detector that was just fitted has pictures of what it remembers."""
    return detector.traits.shows_sights
