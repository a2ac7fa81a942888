"""What stays is odd from when it came, where later frames may be used."""

import numpy as np
import pytest

from oddframe.detectors.frame_score import FrameScore, Since
from oddframe.detectors.traits import Traits
from oddframe.media.clock import Clock
from oddframe.scoring.frames import raised


def test_scores_are_raised_back_to_the_beginning_and_never_lowered():
    values = np.array([0, 5, 0, 0, 1, 2, 9], np.float32)
    begun = [(5, Since(0.5, 2.0)), (6, Since(1.0, 4.0))]
    found = raised(values, begun, Clock(7, 2.0))
    assert found.tolist() == [0, 5, 4, 4, 4, 4, 9]
    assert values[2] == 0


class Patient:
    """Knows from the sixth second on that something came in the second one."""

    name = "patient"
    traits = Traits("frames", "at once")
    smoothing_seconds, threshold = 0.0, 1.0

    def stream(self, info, *, source="", live=False):
        return self

    def push(self, frame):
        self.frame = getattr(self, "frame", -1) + 1
        late = frame.seconds >= 6
        score = frame.seconds if late else 0.0
        began = (Since(2.0, score), Since(5.0, score + 1)) if late else ()
        return [FrameScore(self.frame, score, began=began)]

    def finish(self):
        return []


@pytest.mark.parametrize("causal", [True, False])
def test_only_scores_that_may_know_what_follows_are_raised(scored_calm, causal):
    video, scored = scored_calm(Patient(), causal=causal)
    found = scored.values
    seconds = np.arange(video.frames) / video.fps
    assert found[-1] > 7
    assert (found[seconds < 1.9] == 0).all()
    assert (found[(seconds > 2.1) & (seconds < 5.9)] > 7).all() != causal
    # Of two that say so, the later one is a point odder.
    assert (found[(seconds > 5.1) & (seconds < 5.9)] > 8).all() != causal
    assert not (found[(seconds > 2.1) & (seconds < 4.9)] > 8).any()
