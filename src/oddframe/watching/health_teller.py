"""How a camera itself is, to the journal and to people: whether frames come, and its troubles."""

from __future__ import annotations

import time

from oddframe.alerts.message import health_message
from oddframe.cameras.cameras_file import Camera
from oddframe.sources.tally import ReaderState
from oddframe.watching.outside import Outside
from oddframe.watching.trouble_teller import TroubleTeller

_DOWN_SECONDS = 10.0
"""A camera that gives no frames for so long is told to be down; a shorter loss is only noted."""


class HealthTeller:
    """Tells how one camera is, once for each change.

    Args:
        camera: which.
        outside: who is told.
    """

    def __init__(self, camera: Camera, outside: Outside) -> None:
        self._camera, self._outside = camera, outside
        self._troubles = TroubleTeller()
        self._up: bool | None = None
        self._at = 0.0  # when the last frame was filmed

    def sees(self, trouble: str, seconds: float, at: float) -> None:
        """What a detector says of the camera by the next frame.

        Args:
            trouble: its name; ``""`` where all is well.
            seconds: time of the frame, on a clock that nobody sets.
            at: the same in Unix seconds.
        """
        self._at = at
        if told := self._troubles.sees(trouble, seconds):
            self._tell(told, "", at)

    def comes(self, state: ReaderState) -> None:
        """How the reader of the camera is now; to be called now and then."""
        if state.up == self._up:
            return
        at = time.time()
        if not state.up and self._up and at - state.since < _DOWN_SECONDS:
            return
        first, self._up = self._up is None, state.up
        if not state.up:
            self._outside.journal.gap_begins(self._camera.name, self._at or at, state.words)
        if not (first and state.reason == "opening"):
            self._tell("up" if state.up else "down", state.words, at)

    def _tell(self, state: str, reason: str, at: float) -> None:
        name = self._camera.name
        self._outside.journal.camera_is(name, at, state, reason)
        self._outside.send(health_message(name, state, reason, at), self._camera.alerts)
