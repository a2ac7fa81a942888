"""What is known of a camera beside its events: gaps, states, and how its score went."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RecordedGap:
    """Time that was not watched. Times are Unix seconds.

    Attributes:
        camera: name of the camera.
        start, end: from the last frame before it to the first after it; the end is None while it
            lasts.
        reason: why, for a person.
    """

    camera: str
    start: float
    end: float | None
    reason: str


@dataclass(frozen=True)
class RecordedState:
    """What a camera came to be: ``up``, ``down``, ``paused``, ``scene changed``, ...

    Attributes:
        camera: name of the camera.
        at: since when, in Unix seconds.
        state: a word or two.
        reason: why, for a person; ``""`` if that needs no saying.
    """

    camera: str
    at: float
    state: str
    reason: str


@dataclass(frozen=True)
class ScoreMinute:
    """The scores of one minute of one camera.

    Attributes:
        camera: name of the camera.
        minute: minutes since 1970, UTC: ``60 * minute`` are the Unix seconds of its beginning.
        frames: how many were scored.
        lowest, highest: scores.
        total: their sum.
        threshold: what the last of them was compared with.
        latest: when the last of them was filmed, in Unix seconds.
    """

    camera: str
    minute: int
    frames: int
    lowest: float
    highest: float
    total: float
    threshold: float
    latest: float

    @property
    def mean(self) -> float:
        """The mean score."""
        return self.total / self.frames

    def and_then(self, more: ScoreMinute) -> ScoreMinute:
        """This minute with more of its frames, which came later."""
        return replace(
            more,
            frames=self.frames + more.frames,
            lowest=min(self.lowest, more.lowest),
            highest=max(self.highest, more.highest),
            total=self.total + more.total,
            latest=max(self.latest, more.latest),
        )
