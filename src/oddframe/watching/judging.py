"""The frames of a camera to scores, whatever its detector does: one that fails is begun anew."""

from __future__ import annotations

import time
from collections.abc import Callable

from oddframe.errors import in_words
from oddframe.media.frames import MediaInfo
from oddframe.sources.live_frame import LiveFrame
from oddframe.watching.plan import Plan
from oddframe.watching.scorer import LiveScorer, ScoredFrame

_AGAIN_SECONDS = 10.0
"""So long after a detector failed on a camera's frames it is begun anew."""


class Judging:
    """Scores of one camera's frames, while its detector gives any.

    Args:
        plan: of the camera.
        judge: takes each frame with its score; what it raises is a failure as well.
        say: takes a line for a person.

    Attributes:
        seconds: that scoring took, in sum.
        failures: how often the detector failed.
    """

    def __init__(
        self, plan: Plan, judge: Callable[[ScoredFrame], None], say: Callable[[str], None]
    ) -> None:
        self._plan, self._judge, self._say = plan, judge, say
        self._scorer = self._new_scorer()
        self._rate = 0.0
        self._spared_before = 0
        self._begun_anew: float | None = None
        self._failure = ""  # why the detector failed, until it gives scores again
        self.seconds, self.failures = 0.0, 0

    @property
    def spared(self) -> int:
        """Frames that were not looked at since others came soon enough."""
        return self._spared_before + self._scorer.spared

    def thin(self, rate: float) -> None:
        """Look at so many frames per second at most; 0 looks at all."""
        self._rate = rate
        self._scorer.thin(rate)

    def push(self, frame: LiveFrame, info: MediaInfo) -> bool:
        """Take the next frame; whether it is judged, now or soon.

        Args:
            frame: the next one.
            info: size and rate of the camera's pictures, as they are now known.
        """
        if self._begun_anew is not None and time.monotonic() < self._begun_anew:
            return False
        begun = time.monotonic()
        try:
            found = self._scorer.push(frame, info)
            self.seconds += time.monotonic() - begun
            for scored in found:
                self._judge(scored)
        except Exception as error:  # a detector of somebody's own may do and say anything
            self._failed(error)
            return False
        self._begun_anew = None
        if found and self._failure:
            self._failure = ""
            self._say(f"{self._plan.camera.name}: judged again")
        return True

    def finish(self) -> None:
        """No more frames come, or others: those that wait are judged."""
        try:
            for scored in self._scorer.finish():
                self._judge(scored)
        except Exception as error:
            name = self._plan.camera.name
            self._say(f"{name}: its last frames are not judged: {in_words(error)}")

    def _new_scorer(self) -> LiveScorer:
        plan = self._plan
        live = not plan.camera.source.waits
        return LiveScorer(plan.detector, plan.camera.name, plan.zones, live=live)

    def _failed(self, error: Exception) -> None:
        """Begin anew after a while; the same failure again and again is said once."""
        said = in_words(error)
        if said != self._failure:
            self._failure = said
            self._say(
                f"{self._plan.camera.name}: not judged, since the detector failed ({said}); it is "
                f"begun anew every {_AGAIN_SECONDS:g} s"
            )
        self.failures += 1
        self._spared_before = self.spared
        self._scorer = self._new_scorer()
        self._scorer.thin(self._rate)
        self._begun_anew = time.monotonic() + _AGAIN_SECONDS
