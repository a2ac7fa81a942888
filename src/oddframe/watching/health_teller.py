"""How a camera itself is, to the journal and to people: whether frames come, and its troubles."""

from __future__ import annotations

import time

from oddframe.alerts.message import health_message
from oddframe.cameras.cameras_file import Camera
from oddframe.sources.tally import ReaderState
from oddframe.watching.outside import Outside
from oddframe.watching.trouble_teller import TroubleTeller

OTHER_SHAPE = "shape"
"""Reason of the state of a camera that gives frames which its run cannot judge."""
_DOWN_SECONDS = 10.0
"""A camera that gives no frames for so long is told to be down; a shorter loss is only noted."""


class HealthTeller:
    """Tells how one camera is, once for each change.

    Args:
        camera: which.
        outside: who is told.
        up: whether frames come, where that was told already; None where nothing was.

    Attributes:
        up: whether they did when that was told last.
    """

    def __init__(self, camera: Camera, outside: Outside, up: bool | None = None) -> None:
        self._camera, self._outside, self.up = camera, outside, up
        self._troubles = TroubleTeller()

    def sees(self, trouble: str, seconds: float, at: float) -> None:
        """What a detector says of the camera by the next frame.

        Args:
            trouble: its name; ``""`` where all is well.
            seconds: time of the frame, on a clock that nobody sets.
            at: the same in Unix seconds.
        """
        if told := self._troubles.sees(trouble, seconds):
            self._tell(told, "", at)

    def comes(self, state: ReaderState, filmed: float) -> None:
        """How the camera is now; to be called now and then.

        Args:
            state: of it; as its reader's, but for :data:`OTHER_SHAPE`.
            filmed: when its last frame was, judged or not, in Unix seconds; 0 before the first.
        """
        if state.up == self.up:
            return
        if self.up is None and state.reason == "opening":
            return  # it may answer yet
        is_lost = not state.up and state.reason != OTHER_SHAPE
        if is_lost and self.up and (state.frame_age or 0.0) < _DOWN_SECONDS:
            return  # by the age of the last frame, which no clock that is set makes another
        at = time.time()
        self.up = state.up
        if not state.up:
            self._outside.journal.gap_begins(self._camera.name, filmed or at, state.words)
        self._tell("up" if state.up else "down", state.words, at)

    def _tell(self, state: str, reason: str, at: float) -> None:
        name = self._camera.name
        self._outside.journal.camera_is(name, at, state, reason)
        self._outside.send(health_message(name, state, reason, at), self._camera.alerts)
