"""What is done with the events of a camera: written down, filmed, and told, or not told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from oddframe.alerts.message import Kind, Message, message_of
from oddframe.journal.live_event import LiveEvent, new_event_id
from oddframe.journal.picture import picture_of
from oddframe.sources.live_frame import LiveFrame
from oddframe.watching.budget import Budget, clearly_above
from oddframe.watching.event_life import Change, Happening
from oddframe.watching.filming import Filming
from oddframe.watching.outside import CameraJournal
from oddframe.watching.plan import Plan

_UPDATE_SECONDS = 10.0
"""Not sooner is an event that goes on told again."""


class EventTeller:
    """The events of one camera, to the journal, the film and the sinks.

    Args:
        plan: of the camera.
        journal: of the state folder.
        send: takes a message, and the sinks that it is for, without waiting for anybody.
        budget: raises the height from which a person is told.
        film: films alarms; None where no film is kept.
    """

    def __init__(
        self,
        plan: Plan,
        journal: CameraJournal,
        send: Callable[[Message, tuple[str, ...]], None],
        budget: Budget,
        film: Filming | None,
    ) -> None:
        self._plan, self._journal, self._send = plan, journal, send
        self._budget, self._film = budget, film
        self._event: LiveEvent | None = None
        self._told: LiveEvent | None = None  # as it was told last, while it is one that is told
        self._updates, self._updated = 0, 0.0
        self._last: LiveEvent | None = None  # the alarm before
        self._last_over = 0.0  # when it was, on the clock of the frames
        self.alarms = self.untold = 0
        self._frame: LiveFrame | None = None
        self._map: np.ndarray | None = None
        self._zone = ""

    def sees(self, frame: LiveFrame, score_map: np.ndarray | None, zone: str) -> None:
        """The frame of the peak, what was odd in it, and the zone that it was in."""
        self._frame, self._map, self._zone = frame, score_map, zone

    def apply(self, change: Change, armed: bool, ending: str = "quiet") -> None:
        """Something became of the event that is going on.

        Args:
            change: what.
            armed: whether a person wants to be told now.
            ending: why it is over, if it is.
        """
        now = change.event
        event = self._event = self._as_it_is(now)
        if change.kind in ("close", "still"):
            self._over(event, now, "longest" if change.kind == "still" else ending)
            return
        if self._told is None:
            self._told_or_not(event, now, self._why_not(event, now.began, armed))
            return
        moved = event.zone != self._told.zone
        odder = event.peak > clearly_above(self._told.peak)
        if (moved or odder) and time.monotonic() - self._updated >= _UPDATE_SECONDS:
            self._updates += 1
            self._tell(self._write(event, picture=True), "update")

    def _as_it_is(self, now: Happening) -> LiveEvent:
        score, plan = now.oddest, self._plan
        known: dict[str, Any] = {
            "seen": now.end,
            "peak": now.peak,
            "peak_at": now.peak_at,
            "mean": now.mean,
            "reason": score.reason,
            "cue": score.cue,
            "zone": self._zone,
            "boxes": score.boxes,
            "size": None if self._frame is None else self._frame.size,
            "nearest": score.nearest,
        }
        if self._event is not None:
            return replace(self._event, **known)
        return LiveEvent(
            id=new_event_id(now.at),
            camera=plan.camera.name,
            start=now.at,
            end=None,
            threshold=plan.rule.threshold,
            run=str(plan.run.folder),
            version=plan.run.version,
            **known,
        )

    def _why_not(self, event: LiveEvent, began: float, armed: bool) -> str:
        """Why a person is not told of the event; ``""`` if they are.

        Args:
            event: it.
            began: when it did, on the clock of the frames, which nobody sets.
            armed: whether a person wants to be told now.
        """
        if not armed:
            return "disarmed"
        if event.peak <= self._budget.limit(event.seen):
            return "budget"
        last = self._last
        if last is None or event.zone != last.zone:
            return ""
        if began - self._last_over >= self._plan.camera.cool_down:
            return ""
        return "cool-down" if event.peak <= clearly_above(last.peak) else ""

    def _told_or_not(self, event: LiveEvent, now: Happening, why_not: str) -> None:
        if why_not:
            self._event = self._journal.write(replace(event, untold=why_not))
            return
        event = replace(event, untold="")
        if self._film is not None:
            event = self._film.named(event)
        self._told = self._tell(self._write(event, picture=True), "new")
        if self._film is not None:
            self._film.begin(self._told, now.began)
        self.alarms += 1

    def _over(self, event: LiveEvent, now: Happening, ending: str) -> None:
        told, self._event, self._told = self._told, None, None
        event = self._write(event.closed(now.end, ending), picture=told is not None)
        self._budget.note(now.peak, now.at, told=told is not None)
        if told is None:
            self.untold += 1
            return
        self._last, self._last_over = event, now.began + now.seconds
        self._updates = 0
        self._send(message_of(event.to_json(), "end"), self._plan.camera.alerts)
        if self._film is not None:
            self._film.end(event, now.began + now.seconds)

    def _write(self, event: LiveEvent, *, picture: bool) -> LiveEvent:
        jpeg, keep = None, self._plan.camera.keep
        if picture and self._frame is not None and keep != "scores":
            image, blurred = self._frame.rgb(), keep == "blurred"
            jpeg = picture_of(image, event.boxes, self._map, event.threshold, blurred=blurred)
        return self._journal.write(event, jpeg)

    def _tell(self, event: LiveEvent, kind: Kind) -> LiveEvent:
        count = self._updates if kind == "update" else 0
        self._event = self._told = event
        self._updated = time.monotonic()
        self._send(message_of(event.to_json(), kind, count), self._plan.camera.alerts)
        return event
