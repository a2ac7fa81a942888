"""How long to wait before a source is tried again."""

from __future__ import annotations

import random

FIRST = 0.5
"""Seconds before the second try; doubled for every further one."""
LONGEST = 30.0
_SPREAD = 0.5
"""Share of a wait that is left to chance: cameras behind one switch should not all come at once."""


class BackOff:
    """Doubling, capped and jittered waits, for ever."""

    def __init__(self) -> None:
        self._next = FIRST

    def again(self) -> float:
        """Seconds to wait now."""
        wait, self._next = self._next, min(self._next * 2, LONGEST)
        return wait * (1 - _SPREAD * random.random())

    def worked(self) -> None:
        """The source gave frames: the next wait is a short one."""
        self._next = FIRST
