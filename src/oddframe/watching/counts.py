"""What is counted of a camera that is watched."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class CameraCounts:
    """What was counted of a camera since its watching began.

    Attributes:
        scored: frames.
        seconds: that scoring took, in sum.
        alarms: events that a person was told of.
        spared: frames that were not looked at, since the machine has too much to do.
        untold: events that nobody was told of: disarmed, over the budget, too soon.
        failures: how often the detector failed.
        score: the last one; None before the first.
        limit: from which height on a person is told now.
    """

    scored: int
    seconds: float
    alarms: int
    spared: int
    untold: int
    failures: int
    score: float | None
    limit: float

    def and_then(self, now: CameraCounts) -> CameraCounts:
        """With what was counted after it began anew; what is no sum is as it is now."""
        kept = ("score", "limit")
        summed = {
            field.name: getattr(self, field.name) + getattr(now, field.name)
            for field in fields(CameraCounts)
            if field.name not in kept
        }
        return replace(now, **summed)
