"""When a person is told of a camera's own trouble: once, and once when it is over.

A detector says of each frame what is wrong with the camera. A light that is switched is one trouble
and may then be another (it is dark now), a lamp that flickers is the same again and again. What is
wrong where all was well is told at once; what follows soon is told only if it lasts.
"""

from __future__ import annotations

from oddframe.scores.camera_troubles import GAP_SECONDS

FINE = "fine"
"""What is told when a trouble is over."""
SOON = 600.0
"""Seconds within which a trouble that was told is told again only if it lasts."""


class TroubleTeller:
    """The troubles of one camera, from frame to frame."""

    def __init__(self) -> None:
        self._told = ""  # the trouble that a person knows of
        self._told_at: dict[str, float] = {}
        self._new, self._since = "", 0.0  # another one, and when it was first seen
        self._seen = 0.0  # when there was one last

    def sees(self, trouble: str, seconds: float) -> str:
        """What to tell, of what is wrong in the next frame: a trouble, that it is over, or ``""``.

        Args:
            trouble: its name, ``""`` where all is well.
            seconds: time of the frame, on a clock that nobody sets.
        """
        if not trouble:
            self._new = ""
            if not self._told or seconds - self._seen <= GAP_SECONDS:
                return ""
            self._told = ""
            return FINE
        self._seen = seconds
        if trouble == self._told:
            self._new = ""
            return ""
        if trouble != self._new:
            self._new, self._since = trouble, seconds
        before = self._told_at.get(trouble)
        is_news = not self._told and (before is None or self._since - before > SOON)
        if not is_news and seconds - self._since < GAP_SECONDS:
            return ""
        self._told, self._new = trouble, ""
        self._told_at[trouble] = seconds
        return trouble
