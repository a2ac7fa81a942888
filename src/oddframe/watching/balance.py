"""What is done when cameras give more frames than this machine can judge: all are looked at less.

A camera's frames that nobody took in time are dropped, so judging never falls behind; but which
camera loses how many would be chance. So once frames are dropped, all that film now are looked at
so many times a second at most, and fewer where that is not enough; and more again when there was
room for a while.
"""

from __future__ import annotations

from collections.abc import Mapping

RATES = (0.0, 12.5, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5)
"""Looks a second at most, from all there are (0) down."""
_LOST = 0.05
"""Share of frames dropped between two looks at the counts that is too much, ..."""
_TIMES = 2
"""... so many times in a row."""
_CALM = 12
"""So many times without a dropped frame, and it is tried with more."""


class Balance:
    """Finds how often cameras are looked at, from what they read and dropped."""

    def __init__(self) -> None:
        self._level = 0
        self._bad = self._good = 0
        self._before: dict[str, tuple[int, int]] = {}
        self._patience = _CALM

    @property
    def rate(self) -> float:
        """Looks a second at most; 0 for all there are."""
        return RATES[self._level]

    def note(self, counts: Mapping[str, tuple[int, int]]) -> bool:
        """How the cameras do; whether the rate changed.

        Args:
            counts: frames read and frames dropped of each camera, since it began.
        """
        before, self._before = self._before, dict(counts)
        shares = []
        for name, (read, dropped) in counts.items():
            read_before, dropped_before = before.get(name, (read, dropped))
            if read > read_before:
                shares.append((dropped - dropped_before) / (read - read_before))
        worst = max(shares, default=0.0)
        self._bad = self._bad + 1 if worst > _LOST else 0
        self._good = self._good + 1 if not worst else 0
        if self._bad >= _TIMES and self._level + 1 < len(RATES):
            # What was tried with more and failed is tried again less soon.
            if self._level and self._good == 0:
                self._patience = min(2 * self._patience, 32 * _CALM)
            return self._go(self._level + 1)
        if self._good >= self._patience and self._level:
            return self._go(self._level - 1)
        return False

    def _go(self, level: int) -> bool:
        self._level, self._bad, self._good = level, 0, 0
        return True
