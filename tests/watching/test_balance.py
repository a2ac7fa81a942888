"""How often cameras are looked at: less where frames are dropped, more again once there is room."""

from itertools import pairwise

import pytest

from oddframe.watching.balance import RATES, Balance

FPS = 25


class Machine:
    """Judges so many frames a second of a camera of 25, as reader, slot and scorer have it."""

    def __init__(self, room):
        self.balance, self.room = Balance(), room
        self._frames = self._looked = 0
        self._waits, self._next, self._free = False, 0.0, 0.0

    def look(self, times=1):
        """Five seconds, so many times; the rates that there were."""
        rates = []
        for _ in range(times):
            for _ in range(5 * FPS):
                self._frames += 1
                self._comes(self._frames / FPS)
            counts = {"one": (self._frames, self._looked), "calm": (self._frames, self._frames)}
            self.balance.note(counts, self._frames / FPS)
            rates.append(self.balance.rate)
        return rates

    def _comes(self, at):
        if self._waits and self._free <= at:
            self._take(at - 1 / FPS)
        self._waits = self._free > at  # a frame that waited is dropped
        if not self._waits:
            self._take(at)

    def _take(self, filmed):
        rate = self.balance.rate
        if rate and filmed < self._next - 1e-9:
            return
        if rate:
            self._next = max(self._next + 1 / rate, filmed + 0.5 / rate)
        self._looked += 1
        self._free = max(self._free, filmed) + 1 / self.room


@pytest.mark.parametrize(
    ("room", "found"), [(30.0, 0.0), (13.0, 12.5), (11.0, 8.0), (5.1, 5.0), (2.2, 2.0), (0.1, 0.5)]
)
def test_it_goes_down_to_what_there_is_room_for_and_no_further(room, found):
    """A frame that takes 90 ms loses others however seldom one looks; 8 a second are possible."""
    rates = Machine(room).look(100)[20:]  # now and then it is tried with more
    assert max(RATES, key=rates.count) == found
    assert rates.count(found) > 60


def test_one_look_with_losses_is_chance():
    machine = Machine(30.0)
    machine.look(3)
    machine.room = 5.0
    machine.look(1)
    machine.room = 30.0
    assert machine.look(5) == [0.0] * 5


def test_once_there_is_room_again_all_is_looked_at_within_minutes():
    machine = Machine(3.3)
    assert machine.look(20)[-1] == 3.0
    machine.room = 30.0
    assert machine.look(12 * (RATES.index(3.0) + 1))[-1] == 0.0


def test_what_was_tried_and_failed_is_tried_again_less_soon():
    rates = Machine(5.1).look(2000)
    tries = [at for at, (one, other) in enumerate(pairwise(rates)) if (one, other) == (5.0, 6.0)]
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[0] >= 24
    assert waits[-1] > 3 * waits[0]
    assert sum(rate == 5.0 for rate in rates) > 1900
