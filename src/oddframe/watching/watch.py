"""Cameras being watched, all that belongs to them, and what a signal to the process does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType

from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message, in_words, message_of
from oddframe.alerts.sink import Sink
from oddframe.console.words import count
from oddframe.journal.journal import open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.watching.camera import Outside, WatchedCamera
from oddframe.watching.plan import Plan

_LOOK_SECONDS = 0.5
"""How often it is looked whether cameras are through."""


@dataclass(frozen=True)
class Watched:
    """What came of watching, once it is over.

    Attributes:
        state: the state folder.
        alarms, untold: events that a person was told of, and others, by camera.
        frames: frames that were scored, by camera.
    """

    state: Path
    alarms: dict[str, int]
    untold: dict[str, int]
    frames: dict[str, int]

    def text(self) -> str:
        """What came of it, a line for each camera."""
        lines = []
        for name, frames in self.frames.items():
            alarms, untold = self.alarms[name], self.untold[name]
            also = f", and {count(untold, 'event')} that nobody was told of" * bool(untold)
            lines.append(f"{name}: {count(frames, 'frame')}, {count(alarms, 'alarm')}{also}")
        return "\n".join([*lines, f"kept in {self.state}"])


class Watch:
    """Watches cameras until they are through, or a signal ends it.

    Args:
        plans: of the cameras, by names that differ.
        sinks: who is told.
        state: the state folder.
        say: takes a line for a person.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        sinks: Sequence[Sink],
        state: Path,
        say: Callable[[str], None],
    ) -> None:
        self._plans, self._sinks, self._state, self._say = plans, sinks, state, say
        self._stopping = threading.Event()
        self._armed: dict[str, bool] = {}

    def run(self) -> Watched:
        """Watch.

        Raises:
            OddframeError: the state folder cannot be written, or somebody else writes there.
        """
        names = [plan.camera.name for plan in self._plans]
        with ExitStack() as until_over:
            journal = until_over.enter_context(open_journal(self._state, self._say))
            alerts = Alerts(self._sinks, self._state, names, self._say, self._arm)
            journal.close_interrupted(lambda event: self._tell_interrupted(alerts, event))
            until_over.callback(alerts.stop)
            alerts.start()
            outside = Outside(journal, partial(self._send, alerts), alerts.state, self._say)
            cameras = [self._camera(plan, outside) for plan in self._plans]
            until_over.enter_context(_signals(self._stopping))
            for camera in cameras:
                until_over.callback(camera.stop)
                camera.start()
            while not self._stopping.wait(_LOOK_SECONDS):
                if all(camera.is_over for camera in cameras):
                    break
            for camera in cameras:
                camera.stop()
        counts = {camera.name: camera.counts for camera in cameras}
        return Watched(
            self._state,
            {name: one.alarms for name, one in counts.items()},
            {name: one.untold for name, one in counts.items()},
            {name: one.scored for name, one in counts.items()},
        )

    def _camera(self, plan: Plan, outside: Outside) -> WatchedCamera:
        camera = plan.camera

        def armed(at: datetime) -> bool:
            return self._armed.get(camera.name, True) and camera.schedule.armed(at)

        return WatchedCamera(plan, outside, armed)

    def _send(self, alerts: Alerts, message: Message, to: tuple[str, ...]) -> None:
        self._say(in_words(message))
        alerts.send(message, to)

    def _arm(self, camera: str, armed: bool) -> None:
        self._armed[camera] = armed

    def _sinks_of(self, camera: str) -> tuple[str, ...]:
        named = {plan.camera.name: plan.camera.alerts for plan in self._plans}
        return named.get(camera, ())

    def _tell_interrupted(self, alerts: Alerts, event: LiveEvent) -> None:
        if not event.untold:
            alerts.send(message_of(event.to_json(), "end"), self._sinks_of(event.camera))


@contextmanager
def _signals(stopping: threading.Event) -> Generator[None]:
    """Ctrl-C and SIGTERM end watching in an orderly way; where signals cannot be had, nothing."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
