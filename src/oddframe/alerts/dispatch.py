"""Every message to every sink that should have it, and how the sinks are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from oddframe.alerts.message import Message, a_test, plain_name
from oddframe.alerts.outbox import Outbox
from oddframe.alerts.sender import PAUSES, Sender, SinkStatus
from oddframe.alerts.sink import Accepted, CameraState, Link, Sink, nothing
from oddframe.errors import OddframeError

FOLDER = "outbox"


class Alerts:
    """The sinks of one watch, each with a thread and an outbox below ``state/outbox/``.

    Args:
        sinks: with names that differ.
        state: the state folder, which only this process writes.
        cameras: the names of all cameras.
        say: is given one line where a sink fails, is back, or is off.
        arm: is called, by a sink's thread, where a person switches a camera's alarms by a sink.
        settle: is called, by a sink's thread, before it looks for a file that a new message names;
            waits a moment for the disk.
        pauses: seconds before each next try.

    Raises:
        CannotWriteError: an outbox cannot be made.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        state: Path,
        cameras: Sequence[str],
        say: Callable[[str], None],
        arm: Callable[[str, bool], None] = nothing,
        settle: Callable[[], object] = nothing,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._link = Link((), state, arm=arm, say=say, settle=settle)
        self._state, self._say, self._pauses = state, say, pauses
        self._swapping = threading.Lock()
        self._senders: dict[str, Sender] = {}
        self._senders = self._made(sinks, cameras)

    def start(self) -> None:
        """Begin to send, first what was left from before."""
        for sender in self._senders.values():
            sender.start()

    def send(self, message: Message, to: Iterable[str] | None = None) -> None:
        """Give a message to sinks; it is on disk afterwards, and nobody waited for a network.

        Args:
            message: one whose id a sink has had before is not sent to it again.
            to: the names of the sinks; None means all.
        """
        with self._swapping:
            for name in self._senders if to is None else to:
                if sender := self._senders.get(name):  # not one that was just taken away
                    sender.put(message)

    def try_out(self, name: str, camera: str, patience: float = 15.0) -> str:
        """Send a real test message to a sink, at once, and wait for what comes of it.

        Args:
            name: of the sink.
            camera: whose name the message has.
            patience: seconds.

        Returns:
            A line that says that it was taken.

        Raises:
            OddframeError: it was not, with the reason.
        """
        with self._swapping:
            sender = self._senders.get(name)
        if sender is None:
            raise OddframeError(f"there is no sink '{name}' any more")
        status = sender.status()
        if status.off:
            raise OddframeError(f"{name}: {status.trouble}; it is off until the next start")
        failed, test = status.counts["failed"], a_test(camera)
        sender.put(test)
        sender.wake()
        until = time.monotonic() + patience
        while (outcome := sender.came_of(test)) is None and time.monotonic() < until:
            status = sender.status()
            if status.trouble and status.counts["failed"] > failed:
                # What waits before it was not taken either; the test waits behind that.
                raise OddframeError(f"{name}: takes nothing now: {status.trouble}")
            time.sleep(0.05)
        if isinstance(outcome, Accepted):
            return f"{name}: took a test message"
        if outcome is None:
            raise OddframeError(f"{name}: did not take a test message within {patience:g} s")
        raise OddframeError(f"{name}: did not take a test message: {outcome.reason}")

    def state(self, camera: str, state: CameraState) -> None:
        """Tell those sinks that show it how a camera is; as often as there is something new."""
        for sender in self._senders.values():
            sender.state(camera, state)

    def waiting(self) -> list[Message]:
        """What no sink has taken yet, in order; the same message to several sinks as often."""
        return [one for sender in self._senders.values() for one in sender.outbox.waiting()]

    def status(self) -> dict[str, SinkStatus]:
        """How each sink is now, by its name."""
        return {name: sender.status() for name, sender in self._senders.items()}

    def stop(self, patience: float = 5.0) -> None:
        """End; what no sink has taken by then is sent after the next start.

        Args:
            patience: seconds in all to wait for what is on its way.
        """
        _stop(self._senders.values(), patience)

    def change(self, sinks: Sequence[Sink], cameras: Sequence[str], patience: float = 5.0) -> None:
        """Other sinks from now on; a message in this moment waits for one of the same name.

        Args:
            sinks: all that there are to be.
            cameras: the names of all cameras.
            patience: seconds in all to wait for what is on its way to the sinks of before.

        Raises:
            CannotWriteError: an outbox cannot be made; all stays as it was.
        """
        made, before = self._made(sinks, cameras), self._senders
        with self._swapping:
            self._senders = made
        for name in before.keys() & made.keys():
            before[name].abandon()  # what is not on its way is the next one's
        _stop(before.values(), patience)
        self.start()

    def _made(self, sinks: Sequence[Sink], cameras: Sequence[str]) -> dict[str, Sender]:
        """A sender for each sink; an outbox that is in use stays in use, with all that waits."""
        link = replace(self._link, cameras=tuple(cameras))
        made = {}
        for sink in sinks:
            if before := self._senders.get(sink.name):
                outbox = before.outbox
            else:
                folder = self._state / FOLDER / plain_name(sink.name)
                outbox = Outbox(folder, partial(_say, self._say, sink.name))
            made[sink.name] = Sender(sink, outbox, link, self._pauses)
        self._tell_of_others({plain_name(name) for name in made})
        return made

    def _tell_of_others(self, own: set[str]) -> None:
        """Messages of sinks that are no more: nobody sends them, and nobody deletes them."""
        folder = self._state / FOLDER
        for path in sorted(folder.iterdir() if folder.is_dir() else ()):
            left = len(list(path.glob("*.json"))) if path.name not in own else 0
            if left:
                self._say(
                    f"{path}: {left} messages to a sink that is no more; delete the folder, or "
                    f"name a sink {path.name} again"
                )


def _stop(senders: Iterable[Sender], patience: float) -> None:
    senders = list(senders)
    for sender in senders:
        sender.stop(0.0)
    until = time.monotonic() + patience
    for sender in senders:
        sender.stop(max(0.0, until - time.monotonic()))
        sender.abandon()


def _say(say: Callable[[str], None], name: str, line: str) -> None:
    say(f"alerts.{name}: {line}")


def try_sink(sink: Sink, state: Path, cameras: Sequence[str]) -> str:
    """Send a real test message by a sink that is in no other use.

    Returns:
        A line that says that it was taken.

    Raises:
        OddframeError: it was not, with the reason.
    """
    link = Link(tuple(cameras), state)
    sink.open(link)
    try:
        outcome = sink.send([a_test(cameras[0] if cameras else "test")])
    finally:
        sink.close()
    if isinstance(outcome, Accepted):
        return f"alerts.{sink.name}: took a test message"
    raise OddframeError(f"alerts.{sink.name}: did not take a test message: {outcome.reason}")
