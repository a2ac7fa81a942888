"""How fast a training goes, and how long it will take, for the person who waits."""

from __future__ import annotations

import time

_LOOK_AT_PACE = 20
"""Steps after which a training that will take long is spoken of."""
_LONG_SECONDS = 5400.0


class Pace:
    """The pace of a training that goes from a step to the number of steps."""

    def __init__(self, step: int, steps: int) -> None:
        self._first, self._steps = step, steps
        self._began = time.monotonic()

    def __call__(self, step: int) -> str:
        """Seconds a step, and how long is left."""
        each = (time.monotonic() - self._began) / max(step - self._first, 1)
        return f"{each:.2g} s a step, {self._words((self._steps - step) * each)} left"

    def warning(self, step: int) -> str:
        """Once, early: that the training will take hours."""
        if step - self._first != _LOOK_AT_PACE:
            return ""
        left = (time.monotonic() - self._began) / _LOOK_AT_PACE * (self._steps - step)
        if left < _LONG_SECONDS:
            return ""
        return (
            f"at this pace the training takes {self._words(left)}; a smaller --settings.width or "
            "--settings.size, fewer --settings.steps, or a recipe for a CPU is quicker"
        )

    @staticmethod
    def _words(seconds: float) -> str:
        if seconds < 90:
            return f"{seconds:.0f} s"
        return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"
