"""How often cameras are looked at: on each machine all alike, as often as that has time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Protocol

from oddframe.sources.tally import ReaderState
from oddframe.watching.balance import Balance
from oddframe.watching.counts import CameraCounts


class Thinned(Protocol):
    """A camera that can be looked at less often.

    Attributes:
        name: of it.
    """

    name: str

    @property
    def machine(self) -> str:
        """The machine that it is watched on; ``""`` for this one."""
        ...

    @property
    def state(self) -> ReaderState:
        """How its source does."""
        ...

    @property
    def counts(self) -> CameraCounts:
        """What was counted."""
        ...

    def thin(self, rate: float) -> None:
        """Look at so many frames per second at most; 0 looks at all."""
        ...


class Balancing:
    """A :class:`~oddframe.watching.balance.Balance` for each machine.

    Args:
        say: takes a line for a person.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._balances: defaultdict[str, Balance] = defaultdict(Balance)

    def begins(self, camera: Thinned) -> None:
        """A camera comes to those on its machine."""
        camera.thin(self._balances[camera.machine].rate)

    def keep(self, cameras: Iterable[Thinned]) -> None:
        """See how all cameras do, and have them looked at more or less often."""
        all_of_them = list(cameras)
        counts: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        for camera in all_of_them:
            state = camera.state
            looked = state.frames_read - state.frames_dropped - camera.counts.spared
            counts[camera.machine][camera.name] = state.frames_read, looked
        for machine, of_its_cameras in counts.items():
            balance = self._balances[machine]
            if balance.note(of_its_cameras, time.monotonic()):
                self._say(_looked_at(balance.rate, machine))
        for camera in all_of_them:  # it may be on another machine than before
            self.begins(camera)


def _looked_at(rate: float, machine: str) -> str:
    """How often the cameras on a machine are looked at, a line."""
    on = f" on {machine}" * bool(machine)
    if rate:
        return f"every camera{on} is looked at {rate:g} times a second at most: more is too much"
    return f"every frame of every camera{on} is looked at again"
