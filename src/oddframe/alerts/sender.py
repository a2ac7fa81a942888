"""The thread of one sink: it empties the outbox, waits where the sink does not take it, and counts.

A sink that is away is tried after 1, 5, 30 s, 2, 10 and then every 60 minutes, or when it asks to
be, or when it says that it is back. A message that only itself is not taken waits in the same way
while others go on; messages on one event stay in order.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace

from oddframe.alerts.message import Message
from oddframe.alerts.outbox import Outbox
from oddframe.alerts.sink import Accepted, CameraState, Gone, Later, Link, Outcome, Refused, Sink

PAUSES = 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0
"""Seconds before the next try, after the first, second, ... that failed."""
LONGEST_ASKED = 3600.0
"""Seconds that a sink may ask for."""
STALE = 3600.0
"""Seconds after which a beginning or a change is no news; an end is told however late."""
OLDEST = 7 * 86400.0
"""Seconds after which nothing is sent any more."""
_UNSAVED_EVERY = 5.0
_TESTS = 20
"""Of which it is remembered what came of them."""
RESULTS = "accepted", "failed", "refused", "expired", "dropped", "superseded", "off"
"""What is counted: taken; tries that failed; given up; too old; no room; replaced; sink is off."""


@dataclass(frozen=True)
class SinkStatus:
    """How a sink is.

    Attributes:
        waiting: messages that it has not taken.
        bytes: of these.
        unsaved: of these, how many are in memory only, since the disk took no more.
        trouble: why the last try failed; empty where it did not.
        since: Unix seconds of the first try that failed; None where none did since.
        off: whether it wants no messages any more.
        counts: by the names in ``RESULTS``.
    """

    waiting: int
    bytes: int
    unsaved: int
    trouble: str
    since: float | None
    off: bool
    counts: dict[str, int]


class Sender:
    """Sends what is in an outbox to a sink, in a thread of its own.

    Args:
        sink: where to.
        outbox: its messages.
        link: what the sink needs to know.
        pauses: seconds before each next try.
    """

    def __init__(
        self, sink: Sink, outbox: Outbox, link: Link, pauses: tuple[float, ...] = PAUSES
    ) -> None:
        self.sink, self.outbox = sink, outbox
        self._link, self._pauses, self._say = replace(link, wake=self.wake), pauses, link.say
        self._counts: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        self._open: set[tuple[str, str]] = set()
        self._failed = 0
        self._next = 0.0
        self._trouble, self._since = "", None
        self._came_of: dict[str, Outcome] = {}  # of messages that try the sink
        self._off = self._stopping = self._abandoned = False
        self._changed = threading.Condition()
        self._woken = False
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, message: Message) -> None:
        """Take a message, if the sink takes its kind; it is sent soon, or when that is possible."""
        if self._off:
            self._counts["off"] += 1
            return
        if message.kind in (*self.sink.kinds, "test") and not self.outbox.put(message):
            return  # of an event that is known, and may have ended
        self._notify()
        if message.kind in ("new", "update", "end"):
            with self._changed:
                (self._open.discard if message.kind == "end" else self._open.add)(
                    (message.camera, message.event_id)
                )
                odd = any(camera == message.camera for camera, _ in self._open)
            self.sink.state(message.camera, CameraState(odd=odd))

    def state(self, camera: str, state: CameraState) -> None:
        """Tell the sink how a camera is."""
        if not self._off:
            self.sink.state(camera, state)

    def wake(self) -> None:
        """The sink is back: try at once."""
        with self._changed:
            self._woken = True
        self._notify()

    def came_of(self, test: Message) -> Outcome | None:
        """What came of the last try of a message that tries the sink; None while none was."""
        return self._came_of.get(test.id)

    def status(self) -> SinkStatus:
        """How the sink is now."""
        counts = dict.fromkeys(RESULTS, 0) | dict(self._counts)
        counts["dropped"], counts["superseded"] = self.outbox.dropped, self.outbox.superseded
        box = self.outbox
        waiting = len(box), box.size, box.unsaved
        return SinkStatus(*waiting, self._trouble, self._since, self._off, counts)

    def stop(self, patience: float) -> bool:
        """End; what is not sent by then stays in the outbox.

        Args:
            patience: seconds to wait for what can still be sent.

        Returns:
            Whether the thread has ended; a sink that hangs goes with the process.
        """
        with self._changed:
            self._stopping = True
        self._notify()
        if self._thread.is_alive():
            self._thread.join(patience)
        return not self._thread.is_alive()

    def abandon(self) -> None:
        """Send no more, whatever is due: a sink that hung may come back when others send it."""
        self._abandoned = True

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            self.sink.open(self._link)
        except Exception as error:  # a mistake in a sink, which must harm no other
            self._settle([], Gone(f"cannot begin ({type(error).__name__}: {error})"))
        try:
            while not self._abandoned:
                if self._due_messages():
                    continue
                with self._changed:
                    if self._stopping:
                        break
                    if not self._woken and not self._ready():
                        self._changed.wait(self._idle())
                    if self._woken:
                        self._woken, self._next = False, 0.0
                        self._due.clear()
        finally:
            self.sink.close()

    def _due_messages(self) -> bool:
        """Send what is due, if anything is; whether there may be more at once."""
        self.outbox.save_what_is_not()
        self._drop_what_is_old()
        messages = self._ready()
        if not messages:
            return False
        self._settle(messages, self._sent(messages))
        return not self._off

    def _sent(self, messages: list[Message]) -> Outcome:
        if any(message.kind == "new" for message in messages):
            self._link.settle()  # who is told that it begins is told its end, also after a kill
        try:
            return self.sink.send(messages)
        except Exception as error:  # a mistake in a sink must not end its alarms
            return Later(f"{type(error).__name__} in oddframe", everybody=False)

    def _ready(self) -> list[Message]:
        """The messages to send now: at most a batch; none before an earlier one on its event."""
        now = time.monotonic()
        if self._off or now < self._next:
            return []
        ready, held = [], set()
        for message in self.outbox.waiting():
            if message.event_id in held:
                continue
            if self._due.get(message.id, 0.0) > now:
                held.add(message.event_id)
                continue
            ready.append(message)
            if len(ready) == self.sink.batch:
                break
        return ready

    def _idle(self) -> float | None:
        """Seconds until something may be due; None where nothing waits."""
        if self._off or not len(self.outbox):
            return None
        now = time.monotonic()
        waiting = [self._due.get(message.id, 0.0) for message in self.outbox.waiting()]
        pause = max(self._next, min(waiting, default=0.0)) - now
        if self.outbox.unsaved:
            pause = min(pause, _UNSAVED_EVERY)
        return min(max(pause, 0.01), 60.0)  # what is too old is looked for once a minute

    def _settle(self, messages: list[Message], outcome: Outcome) -> None:
        """Do what an outcome asks for."""
        now, many = time.monotonic(), len(messages)
        self._came_of |= {one.id: outcome for one in messages if one.kind == "test"}
        while len(self._came_of) > _TESTS:
            del self._came_of[next(iter(self._came_of))]
        if isinstance(outcome, Accepted):
            self._over(messages, "accepted")
            self._next = now + self.sink.cool_down
            self._recovered()
        elif isinstance(outcome, Refused):
            self._over(messages, "refused")
            self._recovered()
            self._say(f"alerts.{self.sink.name}: {outcome.reason}; {_these(messages)} given up")
        elif isinstance(outcome, Gone):
            self._off, self._trouble = True, outcome.reason
            self._say(f"alerts.{self.sink.name}: {outcome.reason}; it is off until the next start")
        else:
            self._counts["failed"] += many
            if outcome.everybody:
                self._failed += 1
                pause = self._pause(self._failed, outcome.after)
                self._next = now + pause
            else:
                for message in messages:
                    self._tries[message.id] += 1
                    pause = self._pause(self._tries[message.id], outcome.after)
                    self._due[message.id] = now + pause
            if not self._trouble:
                self._since = time.time()
                self._say(
                    f"alerts.{self.sink.name}: {outcome.reason}; tried again until it is taken"
                )
            self._trouble = outcome.reason

    def _pause(self, failed: int, asked: float | None) -> float:
        """Seconds to the next try: jittered, so that many boxes do not come at once."""
        pause = self._pauses[min(failed, len(self._pauses)) - 1] * random.uniform(0.8, 1.2)
        return pause if asked is None else max(pause, min(asked, LONGEST_ASKED))

    def _recovered(self) -> None:
        self._failed = 0
        if self._trouble and not self._due:
            self._say(f"alerts.{self.sink.name}: takes messages again")
            self._trouble, self._since = "", None

    def _over(self, messages: list[Message], result: str) -> None:
        for message in messages:
            self.outbox.finish(message)
            self._tries.pop(message.id, None)
            self._due.pop(message.id, None)
            self._counts[result] += 1

    def _drop_what_is_old(self) -> None:
        old = self.outbox.older_than(OLDEST)
        if "end" in self.sink.kinds:
            stale = self.outbox.older_than(STALE)
            old += [one for one in stale if one.kind in ("new", "update") and one not in old]
        if old:
            self._over(old, "expired")
            self._say(f"alerts.{self.sink.name}: {_these(old)} too old to be sent now")


def _these(messages: list[Message]) -> str:
    return f"message {messages[0].id} is" if len(messages) == 1 else f"{len(messages)} messages are"
