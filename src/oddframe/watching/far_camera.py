"""A camera that some machine of a cluster watches, for the process that has journal and sinks.

A thread for each asks its actor for news, over and over, and does what they say: so the journal has
one writer, and each sink one thread, whatever machine a camera is watched on. Where the actor is
lost, with its machine or alone, the camera's open event is closed, and it begins anew elsewhere.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from oddframe.alerts.message import health_message
from oddframe.cameras.cameras_file import Camera
from oddframe.cluster.machines import Machine, Machines
from oddframe.cluster.spread import in_one_line
from oddframe.journal.journal import Journal
from oddframe.journal.live_event import LiveEvent
from oddframe.sources.back_off import BackOff
from oddframe.sources.tally import ReaderState
from oddframe.watching.budget import Budget
from oddframe.watching.camera_actor import Begin, CameraActor, News, Orders
from oddframe.watching.counts import CameraCounts
from oddframe.watching.outside import Outside
from oddframe.watching.plan import Plan

_WAIT = 0.5
"""Seconds that an actor waits for urgent news before it gives those that there are."""
_GLANCE = 1.0
"""Seconds between two looks at what else there is to do, while an actor does not answer."""
_BEGINS = 600.0
"""Seconds in which an actor has begun, with all that it imports; else another is tried."""
_ON_DISK = ("file", "growing", "folder")


class FarCamera:
    """As :class:`oddframe.watching.camera.WatchedCamera`, on a machine of a cluster.

    Args:
        plan: what is asked.
        outside: who is told; its journal is the one that is written here.
        on: whether a person wants to be told of it, whatever its schedule says.
        machines: of the cluster.
        close: closes what is open of a camera, and tells it.

    Attributes:
        machine: the name of the one that it is watched on; ``""`` while there is none.
        loss, moved: as there.
    """

    def __init__(
        self,
        plan: Plan,
        outside: Outside,
        on: Callable[[], bool],
        machines: Machines,
        close: Callable[[str], None],
    ) -> None:
        self.plan, self.name = plan, plan.camera.name
        assert isinstance(outside.journal, Journal), "the one writer"
        self._journal, self._outside, self._on = outside.journal, outside, on
        self._machines, self._close = machines, close
        self._rate = 0.0
        self._stopping, self._through = threading.Event(), threading.Event()
        self._before = CameraCounts(0, 0.0, 0, 0, 0, 0, None, plan.rule.threshold)
        self._counts = self._before
        self.machine = self.loss = self._said = ""
        self.state = _away("opening", "no machine yet", time.time())
        self.moved = time.monotonic()
        self._do: dict[str, Callable[..., Any]] = {
            "write": self._journal.write,
            "watching": self._journal.watching,
            "gap_begins": self._journal.gap_begins,
            "gap_ends": self._journal.gap_ends,
            "camera_is": self._journal.camera_is,
            "scored": self._journal.scored,
            "flush": self._journal.flush,
            "room": lambda now, coming: outside.room(plan.camera, now, coming),
            "send": outside.send,
            "show": outside.show,
            "say": outside.say,
            "look": outside.look,
        }
        self._thread = threading.Thread(
            target=self._run, name=f"oddframe-far-{self.name}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End soon; :meth:`stop` waits for it."""
        self._stopping.set()

    def stop(self, patience: float = 15.0) -> None:
        """End: what is open is closed, and told."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def is_over(self) -> bool:
        """Whether its source is through, and all of it is scored."""
        return self._through.is_set()

    def thin(self, rate: float) -> None:
        """Look at so many frames per second at most; 0 looks at all."""
        self._rate = rate

    @property
    def counts(self) -> CameraCounts:
        """What was counted, on all machines."""
        return self._counts

    @property
    def latest(self) -> None:
        """Its frames are on the machine that watches it, and not sent here."""
        return None

    def _run(self) -> None:
        back_off, lost_on = BackOff(), ""
        while not self._stopping.is_set():
            self.moved = time.monotonic()
            machine = self._machines.take(lost_on)
            if machine is None:
                self._lost("no machine of the cluster has a CPU")
            else:
                lost_on = machine.node
                try:
                    if self._watched(machine, back_off):
                        return
                finally:
                    self._machines.leave(machine)
            self._stopping.wait(back_off.again())

    def _watched(self, machine: Machine, back_off: BackOff) -> bool:
        """Whether it is over; it is not where the actor was lost, or cannot watch."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        actor = self._machines.start(CameraActor, machine)
        try:
            until = time.monotonic() + _BEGINS
            why = self._got(actor.begin.remote(self._begin()), until)
            if not why:
                self.machine = machine.name
                self._outside.say(f"{self.name}: watched on {machine.name}")
                self._said = ""
                self._follow(actor, back_off)
                return True
        except RayTaskError as error:
            why = str(in_one_line(error.cause))
        except (RayError, TimeoutError) as error:
            why = f"lost ({type(error).__name__})"
        except Exception as error:  # whatever it is, a camera is tried again
            why = f"{type(error).__name__}: {error}"
        finally:
            self.machine, self._before = "", self._counts
            ray.kill(actor)
        if not self._stopping.is_set():
            self._lost(f"{why}, on {machine.name}")
        return False

    def _begin(self) -> Begin:
        journal, camera = self._journal, self.plan.camera
        budget = Budget(0.0, camera.alarms_per_hour)
        past: list[LiveEvent] = []
        if camera.alarms_per_hour:
            past = journal.events(budget.counted(self.name, time.time()))
        return Begin(_absolute(camera), journal.state.root.resolve(), past)

    def _follow(self, actor: Any, back_off: BackOff) -> None:
        """Do what the news say, until there are no more."""
        answers: dict[int, Any] = {}
        while True:
            orders = Orders(self._on(), self._rate, self._stopping.is_set(), answers)
            news: News = pickle.loads(self._got(actor.news.remote(orders, _WAIT)))
            answers = {}
            for number, what, given in news.items:
                found = self._do[what](*given)
                if number is not None:
                    answers[number] = found
            self.state, self.loss = news.state, news.loss
            self._counts = self._before.and_then(news.counts)
            self.moved = time.monotonic() - news.still
            if news.state.up:
                back_off.worked()
            if news.through:
                self._through.set()
            if news.ended and (news.through or self._stopping.is_set()):
                return

    def _got(self, reference: Any, until: float | None = None) -> Any:
        import ray

        while True:
            ready, _ = ray.wait([reference], timeout=_GLANCE)
            if ready:
                return ray.get(ready[0])
            if until is not None:
                self.moved = time.monotonic()
                if self._stopping.is_set() or self.moved > until:
                    raise TimeoutError

    def _lost(self, why: str) -> None:
        """Nobody watches it now: what is open is closed; the same reason again is said once."""
        at = time.time()
        self._close(self.name)
        self.state = replace(_away("machine", why, at), reconnects=self.state.reconnects)
        self._journal.gap_begins(self.name, at, why)
        if why == self._said:
            return
        self._said = why
        self._outside.say(f"{self.name}: not watched: {why}; it is begun anew")
        self._journal.camera_is(self.name, at, "down", why)
        self._outside.send(health_message(self.name, "down", why, at), self.plan.camera.alerts)


def _away(reason: str, words: str, since: float) -> ReaderState:
    """The state of a camera that no machine watches."""
    return ReaderState(False, since, reason, words, {}, 0, 0, 0, None, None, None, "", None, 0, 0.0)


def _absolute(camera: Camera) -> Camera:
    """The camera as another process finds what is its."""
    source = camera.source
    if source.kind in _ON_DISK:
        source = replace(source, address=str(Path(source.address).resolve()))
    return replace(camera, source=source, run=camera.run.resolve())
