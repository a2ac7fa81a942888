"""Whether a person wants to be told of a camera, whatever its schedule says; kept over restarts."""

from __future__ import annotations

from collections.abc import Callable

from oddframe.journal.journal import Journal

_ARMED = "armed"
"""Under which name it is kept."""


class Arming:
    """The switch of each camera, which MQTT and the page have.

    Args:
        journal: keeps it.
        say: takes a line for a person.
    """

    def __init__(self, journal: Journal, say: Callable[[str], None]) -> None:
        self._journal, self._say = journal, say
        self._armed: dict[str, bool] = {}

    def begins(self, camera: str) -> None:
        """A camera is going to be watched: what was wanted of it is so again."""
        kept = self._journal.kept(camera, _ARMED)
        self._armed[camera] = kept if isinstance(kept, bool) else True

    def is_on(self, camera: str) -> bool:
        """Whether it is; it is where nobody said otherwise."""
        return self._armed.get(camera, True)

    def switch(self, camera: str, on: bool) -> None:
        """What a person wants."""
        self._armed[camera] = on
        self._journal.keep(camera, _ARMED, on)
        self._say(f"{camera}: {'armed' if on else 'disarmed'}")
