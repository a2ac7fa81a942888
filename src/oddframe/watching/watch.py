"""Cameras being watched, and all that belongs to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message, in_words, message_of
from oddframe.alerts.sink import CameraState, Sink
from oddframe.cameras.cameras_file import Camera, CamerasFile, read_cameras
from oddframe.cameras.second_look import SecondLooks
from oddframe.cluster.machines import Machines
from oddframe.errors import OddframeError
from oddframe.errors import in_words as error_in_words
from oddframe.files.atomic import check_can_write
from oddframe.journal.journal import Journal, open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.retention import Room, make_room
from oddframe.sources.packet_ring import PacketRing
from oddframe.watching.arming import Arming
from oddframe.watching.balancing import Balancing
from oddframe.watching.camera import WatchedCamera
from oddframe.watching.counts import CameraCounts
from oddframe.watching.far_camera import FarCamera
from oddframe.watching.figures import Watching, check_installed, exposition
from oddframe.watching.left_behind import take_up
from oddframe.watching.outside import Outside
from oddframe.watching.plan import Plan, plans_of
from oddframe.watching.port import answering, host_and_port
from oddframe.watching.saving import Saving, Taken
from oddframe.watching.second_looking import SecondLooking
from oddframe.watching.service import Service
from oddframe.watching.signals import Signals
from oddframe.watching.spare_memory import SpareMemory
from oddframe.watching.watched import Watched

_LOOK_SECONDS = 0.5
"""How often it is looked whether cameras are through."""
_BALANCE_SECONDS = 5.0
"""How often it is looked whether frames are dropped."""
_TEND_SECONDS = 600.0
"""How often room is made where no clip asks for it."""
_STUCK = 60.0
"""Seconds after which a camera's thread does not move any more."""
_SETTLE_SECONDS = 2.0
"""So long a message waits for its picture to be on disk."""

Beside: TypeAlias = Callable[[Journal, "Watch"], AbstractContextManager[object]]


class Watch:
    """Watches cameras until they are through, or a signal ends it.

    Args:
        wanted: the cameras, and who may be told.
        plans: of the cameras.
        state: the state folder.
        say: takes a line for a person.
        everybody: sinks that are told of all cameras, whatever these say.
        again: the cameras file that SIGHUP reads again; None without one.
        metrics: ``HOST:PORT``; None for no port.
        machines: of a cluster, that watch the cameras; None for this process alone.
        beside: what goes on meanwhile, given the journal and this; watching goes on then until a
            signal ends it, also when all cameras are through.
        signals: what asks it to end, or to read the cameras file again; who starts it catches them,
            before runs load, which takes seconds.

    Attributes:
        saving: the cameras file, for pages that change it; None without one.
    """

    def __init__(
        self,
        wanted: CamerasFile,
        plans: Sequence[Plan],
        state: Path,
        say: Callable[[str], None],
        everybody: Sequence[Sink] = (),
        again: Path | None = None,
        metrics: str | None = None,
        machines: Machines | None = None,
        beside: Beside | None = None,
        signals: Signals | None = None,
    ) -> None:
        self._wanted, self._state, self._say = wanted, state, say
        self._beside = beside
        self._plans = {plan.camera.name: plan for plan in plans}
        self._everybody, self._metrics = everybody, metrics
        self._machines = machines
        self._signals = signals or Signals()
        self.saving = None if again is None else Saving(again, self._signals.reload.set)
        self._cameras: dict[str, WatchedCamera | FarCamera] = {}
        self._counted: dict[str, CameraCounts] = {}  # of those that ended
        self._lost: dict[str, str] = {}
        self._balancing = Balancing(say)
        self._service = Service()

    def run(self) -> Watched:
        """Watch.

        Raises:
            OddframeError: the state folder cannot be written, somebody else writes there, or the
                port of the figures cannot be had.
        """
        if self._metrics is not None:
            host_and_port(self._metrics)
            check_installed()
        with ExitStack() as until_over:
            self._journal = until_over.enter_context(open_journal(self._state, self._say))
            for name in self._plans:  # else its events would wait for a disk that takes them
                check_can_write(self._journal.state.cameras / name)
            self._arming = Arming(self._journal, self._say)
            self._alerts = Alerts(
                self._sinks_of(self._wanted),
                self._state,
                list(self._plans),
                self._say,
                self.arm,
                partial(self._journal.flush, _SETTLE_SECONDS),
            )
            until_over.callback(self._alerts.stop)
            self._looks = SecondLooking(self._journal, self._say, self._wanted.second_look)
            until_over.callback(self._looks.stop, self._signals.stop.is_set)
            if self._metrics is not None:
                figures = Watching(self._state, lambda: self.cameras, self._alerts.status)
                port = answering(
                    self._metrics, partial(exposition, figures), self.dead, self.unseen
                )
                until_over.enter_context(port)
            if self._beside is not None:
                until_over.enter_context(self._beside(self._journal, self))
            take_up(self._journal, self._alerts.waiting())
            self._close_interrupted()
            self._alerts.start()
            until_over.callback(self._stop_all)
            for plan in self._plans.values():
                if not self._signals.stop.is_set():
                    self._begin(plan)
            self._service.ready()
            self._go_on()
            self._service.stopping()
        for camera in self.cameras:
            self._count(camera)
        counts = self._counted
        return Watched(
            self._state,
            {name: one.alarms for name, one in counts.items()},
            {name: one.untold for name, one in counts.items()},
            {name: one.scored for name, one in counts.items()},
            self._lost,
        )

    def dead(self) -> str:
        """Which camera's thread does not move, a line; ``""`` while all do."""
        now = time.monotonic()
        still = [one.name for one in self.cameras if not one.is_over and now - one.moved > _STUCK]
        return f"not moving: {', '.join(still)}" if still else ""

    def unseen(self) -> str:
        """Which cameras give no frames that can be judged, a line; ``""`` while all do."""
        down = [one.name for one in self.cameras if not one.is_over and not one.state.up]
        return f"down: {', '.join(down)}" if down else ""

    def read_again(self) -> None:
        """Take the cameras file and its runs as they are now, soon; any thread may ask."""
        self._signals.reload.set()

    def _go_on(self) -> None:
        looked = tended = time.monotonic()
        memory = SpareMemory()
        while not self._signals.stop.wait(_LOOK_SECONDS):
            now = time.monotonic()
            if self._beside is None and all(camera.is_over for camera in self.cameras):
                return
            if self._signals.reload.is_set():
                self._signals.reload.clear()
                self._reload()
            if not self.dead():
                self._service.alive()
            if now - looked >= _BALANCE_SECONDS:
                looked = now
                self._balancing.keep(self.cameras)
            if now - tended >= _TEND_SECONDS:
                tended = now
                self._tend()
            memory.tend()

    def _tend(self) -> None:
        """Keep to what is kept; a disk that is gone ends nothing, and the journal tells of it."""
        for plan in self._plans.values():
            with suppress(OddframeError, OSError):
                make_room(self._journal, plan.camera.name, plan.camera.retention, time.time())

    @property
    def plans(self) -> list[Plan]:
        """What is wanted of cameras, also of those that are not watched yet."""
        return list(self._plans.values())

    @property
    def cameras(self) -> list[WatchedCamera | FarCamera]:
        """Those that are watched now."""
        return list(self._cameras.values())

    def _begin(self, plan: Plan, before: WatchedCamera | None = None) -> None:
        name = plan.camera.name
        self._arming.begins(name)
        on = partial(self._arming.is_on, name)
        outside = Outside(
            self._journal, self._room, self._send, self._show, self._say, self._looks.ask
        )
        if self._machines is None:
            camera = WatchedCamera(plan, outside, on, before)
        else:
            camera = FarCamera(plan, outside, on, self._machines, self._close_interrupted)
        self._cameras[name] = camera
        self._balancing.begins(camera)
        camera.start()

    def _end(self, name: str) -> None:
        camera = self._cameras.pop(name)
        camera.stop()
        self._count(camera)

    def _count(self, camera: WatchedCamera | FarCamera) -> None:
        """Keep what was counted of a camera that has ended, and nothing else of it."""
        before = self._counted.get(camera.name)
        self._counted[camera.name] = before.and_then(camera.counts) if before else camera.counts
        if camera.loss:
            self._lost[camera.name] = camera.loss

    def _stop_all(self) -> None:
        for camera in self.cameras:
            camera.ask_to_stop()
        for camera in self.cameras:
            camera.stop()

    def _reload(self) -> None:
        """Take what the cameras file says now; with a mistake in it, all stays as it is."""
        if self.saving is None:
            self._say("SIGHUP reads a cameras file again, and there is none")
            return
        taken = self.saving.taken()
        if taken is None:
            try:
                wanted = read_cameras(self.saving.path)
                taken = Taken(wanted, plans_of(wanted, spread=self._machines is not None))
            except Exception as error:  # whatever is in it, the cameras of before go on
                self._say(f"{error_in_words(error)}; all stays as it was")
                return
        try:
            new = self._take(taken)
        finally:
            taken.done.set()
        self._say(f"{self.saving.path}: read again; {new} of {len(taken.plans)} cameras new")

    def _take(self, taken: Taken) -> int:
        """Watch other cameras, or the same otherwise; how many are new."""
        plans = {plan.camera.name: plan for plan in taken.plans}
        same = {
            name
            for name, plan in plans.items()
            if (old := self._plans.get(name)) is not None
            and (old.camera, old.run.sha256) == (plan.camera, plan.run.sha256)
        }
        plans |= {name: self._plans[name] for name in same}  # no second copy of their detectors
        other = [name for name in self._cameras if name not in same]
        went_on = {name for name in other if name in plans and self._go_on_with(plans[name])}
        gone = [name for name in other if name not in went_on]
        for name in gone:
            self._cameras[name].ask_to_stop()  # all at once: each may take seconds
        for name in gone:
            self._end(name)
        self._wanted, self._plans = taken.wanted, plans
        self._looks.change(taken.wanted.second_look)
        try:
            self._alerts.change(self._sinks_of(taken.wanted), list(plans))
        except OddframeError as error:  # a disk that takes no new folder
            self._say(f"{error}; alerts stay as they were")
        for name, plan in plans.items():
            if name not in same | went_on:
                self._begin(plan)
        return len(plans) - len(same)

    def _go_on_with(self, plan: Plan) -> bool:
        """Watch a camera otherwise with the frames that come already; whether that could be."""
        old = self._cameras[plan.camera.name]
        if not isinstance(old, WatchedCamera) or not old.can_be_let_go(plan) or not old.let_go():
            return False
        self._count(old)
        self._begin(plan, old)
        return True

    def _sinks_of(self, wanted: CamerasFile) -> list[Sink]:
        return [*wanted.sinks.values(), *self._everybody]

    def _show(self, camera: str, state: CameraState) -> None:
        self._alerts.state(camera, state)

    def _send(self, message: Message, to: tuple[str, ...]) -> None:
        self._say(in_words(message))
        self._alerts.send(message, self._all_of(to))

    def _all_of(self, sinks: tuple[str, ...]) -> list[str]:
        """Names of sinks, with those that are told of everything."""
        return [*sinks, *(sink.name for sink in self._everybody)]

    @property
    def second_look(self) -> SecondLooks | None:
        """Which server is asked about alarms; None of none."""
        return self._wanted.second_look

    def is_armed(self, camera: str) -> bool:
        """Whether a person wants to be told of a camera, whatever its schedule says."""
        return self._arming.is_on(camera)

    def arm(self, camera: str, armed: bool) -> None:
        """What a person wants; it is kept."""
        self._arming.switch(camera, armed)

    def ring_of(self, camera: str) -> PacketRing | None:
        """The packets of a camera that is watched here, as they come; None without any."""
        watched = self._cameras.get(camera)
        return watched.ring if isinstance(watched, WatchedCamera) else None

    def try_sink(self, camera: str, sink: str) -> str:
        """Send a real test message of a camera to a sink; a line that says that it was taken.

        Raises:
            OddframeError: it was not.
        """
        return self._alerts.try_out(sink, camera)

    def sinks_of(self, camera: str) -> list[tuple[str, str]]:
        """Names of the sinks that are told of a camera, and what each does."""
        told = self._plans[camera].camera.alerts if camera in self._plans else ()
        return [(name, self._wanted.sinks[name].describe()) for name in told]

    def _room(self, camera: Camera, now: float, coming: int) -> Room:
        return make_room(self._journal, camera.name, camera.retention, now, coming)

    def _close_interrupted(self, camera: str | None = None) -> None:
        self._journal.close_interrupted(self._tell_interrupted, camera)

    def _tell_interrupted(self, event: LiveEvent) -> None:
        plan = self._plans.get(event.camera)
        if plan is None or event.untold:
            return
        # Killed between the disk and the outbox, its beginning was not told either; who was told
        # has it by its id, and is not told again.
        begun = message_of(replace(event, end=None, ending="").to_json(), "new")
        self._alerts.send(replace(begun, made_at=event.start), self._all_of(plan.camera.alerts))
        self._send(message_of(event.to_json(), "end"), plan.camera.alerts)
