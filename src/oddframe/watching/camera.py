"""One camera being watched: a thread that takes frames, scores them, and notices events."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from oddframe.alerts.sink import CameraState
from oddframe.calibration.zoned_scores import weighed
from oddframe.console.words import duration
from oddframe.errors import in_words
from oddframe.sources.live_frame import LiveFrame
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.reader import Reader
from oddframe.sources.tally import ReaderState
from oddframe.watching.budget import Budget
from oddframe.watching.counts import CameraCounts
from oddframe.watching.event_life import Change, EventLife
from oddframe.watching.event_teller import EventTeller
from oddframe.watching.filming import MARGIN, Filming
from oddframe.watching.health_teller import OTHER_SHAPE, HealthTeller
from oddframe.watching.judging import Judging
from oddframe.watching.outside import Outside
from oddframe.watching.plan import Plan
from oddframe.watching.scorer import ScoredFrame

_WAIT = 0.25
"""Seconds to wait for a frame, between looks at all else."""
_STATE_SECONDS = 1.0
"""Not more often is a sink told how the camera is."""
_NICE = 10
"""How much less a thread wants of a processor that judges what waits."""


class WatchedCamera:
    """Watches one camera from :meth:`start` until :meth:`stop`, or until its source is through.

    Args:
        plan: what is asked.
        outside: who is told.
        on: whether a person wants to be told of it, whatever its schedule says.
        before: the same camera, watched otherwise, that was let go (:meth:`let_go`): its reader is
            gone on with, so that no frame is missed and nothing is connected to again.

    Attributes:
        machine: ``""``, this one.
        loss: why a source that has an end was through before it; ``""`` if it was not.
        moved: steady time (``time.monotonic``) of the last sign of the thread.
        latest: the frame that was judged last, for whoever looks; None before the first.
    """

    machine = ""

    def __init__(
        self,
        plan: Plan,
        outside: Outside,
        on: Callable[[], bool],
        before: WatchedCamera | None = None,
    ) -> None:
        camera, journal = plan.camera, outside.journal
        self.plan, self.name = plan, camera.name
        held = camera.pre_roll + camera.minimum_seconds + MARGIN
        if before is not None:
            self._ring, self.reader = before._ring, before.reader
            if self._ring is not None:
                self._ring.seconds = held
        else:
            self._ring = PacketRing(held) if camera.keep == "film" else None
            seen = journal.state.cameras / camera.name / "recordings-seen.json"
            self.reader = Reader(camera.source, self._ring, seen=seen)
        self._is_new = before is None
        self._outside, self._on = outside, on
        self._budget = Budget(plan.rule.threshold, camera.alarms_per_hour)
        self._limit = plan.rule.threshold  # the budget's, by now
        self._judging = Judging(plan, self._judge, outside.say)
        self._life = EventLife(plan.rule, camera.longest_seconds)
        self._film = None if self._ring is None else Filming(camera, outside, self._ring)
        if self._film is not None and before is not None and before._film is not None:
            self._film.adopt(before._film)
        self._health = HealthTeller(camera, outside, None if before is None else before._health.up)
        self._teller = EventTeller(plan, journal, outside.send, self._budget, self._film)
        self._stopping, self._through = threading.Event(), threading.Event()
        self._scored = 0
        self._score: float | None = None
        self._last = 0.0, time.monotonic()  # time of the last frame, and when it was taken
        self._filmed = 0.0  # the last frame, in Unix seconds
        self._size: tuple[int, int] | None = None  # of the pictures that come now, ...
        self._unlike = ""  # ... and why the run cannot judge them; "" if it can
        self._shown = 0.0
        self.loss = ""
        self.moved = time.monotonic()
        self.latest: ScoredFrame | None = None if before is None else before.latest
        self._is_let_go = False
        self._thread = threading.Thread(
            target=self._run, name=f"oddframe-watch-{self.name}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        journal, now = self._outside.journal, time.time()
        if self._budget.per_hour is not None:
            for event in reversed(journal.events(self._budget.counted(self.name, now))):
                if event.verdict != "odd":  # what was rightly told must not silence what comes
                    self._budget.note(event.peak, event.start, told=not event.untold)
        if self._is_new:
            journal.watching(self.name, now)
            self.reader.start()
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End soon; :meth:`stop` waits for it."""
        self._stopping.set()

    def stop(self, patience: float = 10.0) -> None:
        """End: what is open is closed, and told."""
        self._stopping.set()
        self.reader.stop()
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def ring(self) -> PacketRing | None:
        """The packets that come; None where no film is kept."""
        return self._ring

    def can_be_let_go(self, plan: Plan) -> bool:
        """Whether its frames are those that another plan asks for."""
        mine, other = self.plan.camera, plan.camera
        same = (mine.source, mine.keep == "film") == (other.source, other.keep == "film")
        return same and not self.reader.ended and not self.has_ended

    def let_go(self, patience: float = 10.0) -> bool:
        """End without its reader, and without waiting for clips, for another to go on with both.

        Returns:
            Whether it has ended; where it has not, nobody may go on with its reader.
        """
        self._is_let_go = True
        self._stopping.set()
        self._thread.join(patience)
        return self.has_ended

    @property
    def is_over(self) -> bool:
        """Whether its source is through, and all of it is scored.

        A thread that ended in another way is none of that: it does not move any more.
        """
        return self._through.is_set()

    @property
    def has_ended(self) -> bool:
        """Whether its thread has, in whatever way."""
        return not self._thread.is_alive()

    @property
    def state(self) -> ReaderState:
        """How its source does; pictures that its run cannot judge are none."""
        state = self.reader.state
        if not self._unlike or not state.up:
            return state
        return replace(state, up=False, reason=OTHER_SHAPE, words=f"not judged: {self._unlike}")

    def thin(self, rate: float) -> None:
        """Look at so many frames per second at most; 0 looks at all.

        Recordings, which wait until they are taken, are all looked at: fewer of them would leave
        others no more time, but only be read sooner.
        """
        if not self.plan.camera.source.waits:
            self._judging.thin(rate)

    @property
    def counts(self) -> CameraCounts:
        """What was counted."""
        teller, judging = self._teller, self._judging
        return CameraCounts(
            self._scored,
            judging.seconds,
            teller.alarms,
            judging.spared,
            teller.untold,
            judging.failures,
            self._score,
            self._limit,
        )

    def _run(self) -> None:
        if self.plan.camera.source.kind == "folder":
            _let_others_go_first()
        try:
            self._watch()
        except BaseException as error:  # a detector of somebody's own may even exit
            self._outside.say(f"{self.name}: is watched no more: {in_words(error)}")
            return
        self._through.set()

    def _watch(self) -> None:
        while not self._stopping.is_set() and not self.reader.ended:
            frame = self.reader.take(_WAIT)
            self.moved = time.monotonic()
            if frame is not None:
                self._take(frame)
            elif not self.plan.camera.source.waits:
                self._changed(self._life.pause(self._seconds_now()))
            self._say_state()
        self._judging.finish()
        self._changed(self._life.finish(), "stopped")
        if self._film is not None and not self._is_let_go:
            self._film.stop()
        if self.reader.ended and not self._stopping.is_set():
            self._say_that_it_is_over()

    def _say_that_it_is_over(self) -> None:
        """To a person who may wait for more."""
        state, source = self.reader.state, self.plan.camera.source
        self._outside.show(self.name, CameraState(self._score, video=False))
        if state.reason != "ended":
            self.loss = state.words
            self._outside.say(f"{self.name}: {self.loss}")
            return
        long = duration(self._last[0] + 1 / state.rate) if state.rate else "no time at all"
        self._outside.say(f"{self.name}: {source.shown} is over; it was {long} long")

    def _seconds_now(self) -> float:
        """Now on the clock of the frames, while none comes."""
        seconds, taken = self._last
        return seconds + time.monotonic() - taken

    def _take(self, frame: LiveFrame) -> None:
        self._last, self._filmed = (frame.seconds, time.monotonic()), frame.at
        journal, name = self._outside.journal, self.name
        if frame.size != self._size:
            self._looks_at_pictures_of(frame.size, frame.at)
        if self._unlike:
            self._changed(self._life.pause(frame.seconds))
            return
        if frame.gap is not None:
            journal.gap_begins(name, frame.gap.start, frame.gap.reason)
        if frame.gap is not None or not self._scored:
            journal.gap_ends(name, frame.at)
        info = self.reader.info
        if info is None:  # the rate of a camera is known after some frames
            return
        if not self._judging.push(frame, info):
            self._changed(self._life.pause(frame.seconds))

    def _looks_at_pictures_of(self, size: tuple[int, int], at: float) -> None:
        """Pictures of another size come; those of another shape than its run knows are a gap."""
        self._judging.finish()
        before, self._unlike = self._unlike, self.plan.unlike(size)
        self._size = size
        if self._unlike or before:
            self._health.comes(self.state, at)
        if before and not self._unlike:
            self._outside.journal.gap_ends(self.name, at)

    def _judge(self, scored: ScoredFrame) -> None:
        frame, score, plan, self.latest = scored.frame, scored.score, self.plan, scored
        self._scored += 1
        score, zone = weighed(score, frame.size, plan.zones, plan.detector.threshold)
        # NumPy's numbers are none to a journal.
        self._score = float(score.value)
        score = replace(score, value=self._score)
        self._keep_to_budget(frame.at)
        self._outside.journal.scored(self.name, frame.at, score.value, self._limit)
        self._health.sees(score.camera, frame.seconds, frame.at)
        changes = self._life.add(score, frame.seconds, frame.at, scored.lasts)
        if self._life.oddest is score:
            self._teller.sees(frame, score.score_map, zone)
        self._changed(changes)

    def _keep_to_budget(self, at: float) -> None:
        """Find the limit; that it is above the threshold is said once, and once that it is not."""
        before, lowest = self._limit, self.plan.rule.threshold
        self._limit = self._budget.limit(at)
        if before == lowest < self._limit:
            self._outside.say(
                f"{self.name}: as many alarms as its budget allows; now only what is above "
                f"{self._limit:.2f} is told, no longer all above {lowest:.2f}"
            )
        elif before > lowest == self._limit:
            self._outside.say(f"{self.name}: all that is above {lowest:.2f} is told again")

    def _changed(self, changes: list[Change], ending: str = "quiet") -> None:
        for change in changes:
            armed = self._armed(datetime.fromtimestamp(change.event.end, UTC))
            self._teller.apply(change, armed, ending)

    def _armed(self, at: datetime) -> bool:
        return self._on() and self.plan.camera.schedule.armed(at)

    def _say_state(self) -> None:
        now = time.monotonic()
        if now - self._shown < _STATE_SECONDS:
            return
        self._shown = now
        state = self.state
        if not self.reader.ended:
            self._health.comes(state, self._filmed)
        armed = self._armed(datetime.now(UTC))
        self._outside.show(self.name, CameraState(self._score, state.up, armed))


def _let_others_go_first() -> None:
    """Lower the priority of this thread: recordings can wait, and cameras beside them cannot."""
    with suppress(OSError, AttributeError):  # not every system has this of a thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
