"""What came of watching."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.console.words import count


@dataclass(frozen=True)
class Watched:
    """What came of watching, once it is over.

    Attributes:
        state: the state folder.
        alarms, untold: events that a person was told of, and others, by camera.
        frames: frames that were scored, by camera.
        left_out: cameras whose source was through before its end, and why.
    """

    state: Path
    alarms: dict[str, int]
    untold: dict[str, int]
    frames: dict[str, int]
    left_out: dict[str, str]

    def text(self) -> str:
        """What came of it, a line for each camera."""
        lines = []
        for name, frames in self.frames.items():
            alarms, untold = self.alarms[name], self.untold[name]
            also = f", and {count(untold, 'event')} that nobody was told of" * bool(untold)
            lines.append(f"{name}: {count(frames, 'frame')}, {count(alarms, 'alarm')}{also}")
        return "\n".join([*lines, f"kept in {self.state}"])
