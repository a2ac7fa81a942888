"""What is done when cameras give more frames than this machine can judge: all are looked at less.

A camera's frames that nobody took in time are dropped, so judging never falls behind; but which
camera loses how many would be chance. So once frames are dropped, all that film now are looked at
so many times a second at most, and fewer where not even these are; and more again when there was
room for a while. What is dropped while a frame is judged says nothing then: where one takes longer
than the next needs to come, some always are, however seldom one looks.
"""

from __future__ import annotations

from collections.abc import Mapping

RATES = (0.0, 12.5, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5)
"""Looks a second at most, from all there are (0) down."""
_LOST = 0.05
"""Share of frames not looked at between two looks at the counts that is too much, ..."""
_LOST_OF_SOME = 0.1
"""... or of those that would have been enough: 4 a second of 5 are 3.75, since frames have their
times, ..."""
_TIMES = 2
"""... so many times in a row."""
_CALM = 12
"""So many times without that, and it is tried with more."""
_LONGEST = 128 * _CALM
"""However often that failed."""


class Balance:
    """Finds how often cameras are looked at, from how often they could be."""

    def __init__(self) -> None:
        self._level = 0
        self._bad = self._good = 0
        self._before: dict[str, tuple[int, int]] = {}
        self._at = 0.0
        self._patience = _CALM
        self._tries = False  # whether it is tried with more than was too much

    @property
    def rate(self) -> float:
        """Looks a second at most; 0 for all there are."""
        return RATES[self._level]

    def note(self, counts: Mapping[str, tuple[int, int]], now: float) -> bool:
        """How the cameras do; whether the rate changed.

        Args:
            counts: frames read and frames looked at of each camera, since it began.
            now: seconds of a clock that nobody sets.
        """
        before, self._before = self._before, dict(counts)
        passed, self._at = now - self._at, now
        worst = 0.0
        for name, (read, looked) in counts.items():
            read_before, looked_before = before.get(name, (read, looked))
            wanted = float(read - read_before)
            if self.rate:
                wanted = min(wanted, self.rate * passed)
            if wanted > 0:
                worst = max(worst, 1 - (looked - looked_before) / wanted)
        too_much = worst > (_LOST_OF_SOME if self.rate else _LOST)
        self._bad = self._bad + 1 if too_much else 0
        self._good = 0 if too_much else self._good + 1
        if self._bad >= _TIMES and self._level + 1 < len(RATES):
            # What was tried with more and failed is tried again less soon.
            if self._tries:
                self._patience = min(2 * self._patience, _LONGEST)
            return self._go(self._level + 1, tries=False)
        if self._good >= self._patience and self._level:
            if self._tries:  # what was tried before went well
                self._patience = _CALM
            return self._go(self._level - 1, tries=True)
        return False

    def _go(self, level: int, *, tries: bool) -> bool:
        self._level, self._bad, self._good, self._tries = level, 0, 0, tries
        return True
