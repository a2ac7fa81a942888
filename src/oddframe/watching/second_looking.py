"""Second looks at alarms that are over, in a thread of their own: nothing else waits for them."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from oddframe.cameras.second_look import PICTURES, SecondLooks
from oddframe.errors import OddframeError, in_words
from oddframe.journal.journal import Journal
from oddframe.journal.live_event import LiveEvent
from oddframe.sources.back_off import BackOff
from oddframe.watching.film_pictures import pictures_of_film
from oddframe.watching.vision_server import ServerAwayError, second_look

_MOST_WAITING = 16
"""Alarms that wait for a look; another one is not looked at."""
_HOUR = 3600.0
_NICE = 10
"""How much less the thread wants of a processor than those that score."""
_READING = 10.0
"""Seconds that the pictures of a film may take, at the end of watching, beside the answer."""
_GLANCE = 0.25
"""Seconds between two looks at whether the end of watching is in a hurry."""


class SecondLooking:
    """Asks a server about alarms, one after another, and keeps what it says in the journal.

    Args:
        journal: of the state folder.
        say: takes a line for a person.
        wanted: the server; None for none: then nothing is done.
    """

    def __init__(
        self, journal: Journal, say: Callable[[str], None], wanted: SecondLooks | None
    ) -> None:
        self._journal, self._say, self._wanted = journal, say, wanted
        self._changed = threading.Condition()
        self._waiting: deque[tuple[LiveEvent, float]] = deque()
        self._busy = self._over = False
        self._trouble = ""  # of the server, as it was said; "" while it answers
        self._sent: deque[float] = deque()  # steady times of the questions of the last hour
        self._full: float | None = None  # when it was said that there are too many alarms
        self._back_off = BackOff()
        self._thread: threading.Thread | None = None

    def change(self, wanted: SecondLooks | None) -> None:
        """Ask another server from now on, or none."""
        with self._changed:
            if wanted == self._wanted:
                return
            self._wanted, self._trouble, self._back_off = wanted, "", BackOff()
            if wanted is None:
                self._waiting.clear()
            self._changed.notify_all()

    def ask(self, event: LiveEvent, began: float) -> None:
        """Look at an event when there is time; never waits.

        Args:
            event: an alarm that is over, whose film is on disk.
            began: the second of the film in which it did.
        """
        with self._changed:
            if self._wanted is None or self._over:
                return
            if len(self._waiting) >= _MOST_WAITING:
                self._too_many(f"{_MOST_WAITING} alarms wait for a second look already")
                return
            self._waiting.append((event, began))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="oddframe-second-look", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def stop(self, is_hurried: Callable[[], bool]) -> None:
        """End: what waits is looked at first, unless somebody is in a hurry or the server is away.

        Nothing is written to the journal after it.

        Args:
            is_hurried: whether nothing is waited for.
        """
        with self._changed:
            until = time.monotonic() + (self._wanted.timeout + _READING if self._wanted else 0.0)
            while (
                (self._waiting or self._busy)
                and not (self._trouble or is_hurried())
                and time.monotonic() < until
            ):
                self._changed.wait(_GLANCE)
            self._over = True
            self._waiting.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # not every system has this of a thread
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._over)
                if self._over:
                    return
                event, began = self._waiting.popleft()
                wanted, self._busy = self._wanted, True
            if wanted is not None and self._may_ask(wanted):
                self._look(wanted, event, began)

    def _may_ask(self, wanted: SecondLooks) -> bool:
        """Whether the hour has room for another question, which is counted then."""
        now = time.monotonic()
        while self._sent and now - self._sent[0] >= _HOUR:
            self._sent.popleft()
        if len(self._sent) >= wanted.per_hour:
            self._too_many(f"{wanted.per_hour} alarms were sent in the last hour")
            return False
        self._sent.append(now)
        return True

    def _look(self, wanted: SecondLooks, event: LiveEvent, began: float) -> None:
        film = self._journal.state.root / (event.clip or "")
        try:
            found = pictures_of_film(film, event, began, PICTURES, blurred=wanted.blurred)
            if not found.jpegs:
                raise OddframeError(f"{film}: has no frames of its event")
            answer = second_look(wanted, found.jpegs, found.seconds)
        except ServerAwayError as error:
            self._away(wanted, str(error))
            return
        except Exception as error:  # whatever a film or an answer holds, the next is looked at
            self._say(f"{self._of(event)}: {in_words(error)}; the event stays as it was")
            return
        with self._changed:
            self._back_off.worked()
            if self._trouble:
                self._trouble = ""
                self._say(f"second look: {wanted.host} answers again")
            if self._over:
                return
            with suppress(OddframeError):  # retention was faster
                self._journal.looked_again(event.id, answer)

    def _away(self, wanted: SecondLooks, why: str) -> None:
        """The server is not asked for a while; that it is away is said once."""
        with self._changed:
            if wanted is not self._wanted:  # another is asked by now
                return
            if not self._trouble and not self._over:
                self._say(
                    f"second look: {why}; alarms that it was to look at stay as they were, and it "
                    "is tried again"
                )
            self._trouble = why
            wait = self._back_off.again()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over or wanted is not self._wanted, wait)

    def _too_many(self, why: str) -> None:
        """Say, once an hour, that alarms are not looked at."""
        now = time.monotonic()
        if self._full is None or now - self._full >= _HOUR:
            self._full = now
            self._say(f"second look: {why}; others stay as they were")

    @staticmethod
    def _of(event: LiveEvent) -> str:
        return f"{event.camera}: second look at {event.id}"
