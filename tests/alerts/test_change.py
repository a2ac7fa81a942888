"""Other sinks while messages come, as SIGHUP makes them: each message arrives once, at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tests.alerts.conftest import until

from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message
from oddframe.alerts.sink import Accepted, Outcome, PlainSink


class Slow(PlainSink):
    """Takes its time for each message, so that it is busy whenever it is replaced."""

    def __init__(self, name: str, got: list[str]) -> None:
        super().__init__(name)
        self._got = got

    def send(self, messages: Sequence[Message]) -> Outcome:
        time.sleep(0.005)
        self._got += [one.id for one in messages]
        return Accepted()


def message(number: int) -> Message:
    return Message(f"m{number}.end", "end", "front", {"id": f"m{number}"})


def test_a_message_of_the_moment_in_which_sinks_change_is_sent_without_a_restart(tmp_path):
    said: list[str] = []
    got: list[str] = []
    alerts = Alerts([Slow("one", got), Slow("gone", [])], tmp_path, ["front"], said.append)
    alerts.start()
    over = threading.Event()

    def tell() -> None:
        number = 0
        while not over.is_set():
            alerts.send(message(number), ["one", "gone"])
            number += 1
            time.sleep(0.002)
        alerts.send(message(number), ["one"])

    telling = threading.Thread(target=tell)
    telling.start()
    for names in (["one"], ["two", "one"], ["one"]):
        time.sleep(0.05)
        alerts.change([Slow(name, got) for name in names], ["front", "back"])
    over.set()
    telling.join()
    until(lambda: not alerts.status()["one"].waiting)
    alerts.stop()
    assert len(got) > 10
    assert got == [f"m{number}.end" for number in range(len(got))]
    assert alerts.status().keys() == {"one"}


def test_what_a_full_disk_did_not_take_is_not_lost_with_a_change(tmp_path):
    said: list[str] = []
    got: list[str] = []
    alerts = Alerts([Slow("one", [])], tmp_path, ["front"], said.append)
    folder = tmp_path / "outbox" / "one"
    folder.rmdir()
    folder.write_text("no folder: nothing can be written there")
    alerts.send(message(1))
    assert alerts.status()["one"].unsaved == 1
    alerts.change([Slow("one", got)], ["front"])
    until(lambda: got == ["m1.end"])
    alerts.stop()
