"""Scores and labels of a video whose frames come at times of their own, for hypothesis."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from oddframe.media.clock import Clock


class TimedScores(NamedTuple):
    """Scores 0 to 5 and labels ``(frames,)``, when they are shown, and seconds to merge over."""

    scores: np.ndarray
    labels: np.ndarray
    clock: Clock
    merge_seconds: float


@st.composite
def timed_scores(draw: st.DrawFn) -> TimedScores:
    """Up to 40 frames; half of the videos are regular, with 10 per second, the others have gaps."""
    steps = st.sampled_from([0.1, 0.3, 1.0, 9.0, 600.0])
    frames = draw(
        st.lists(st.tuples(st.integers(0, 5), st.booleans(), steps), min_size=1, max_size=40)
    )
    merge_seconds = draw(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 5.0, 30.0]))
    times = np.cumsum([0.0, *(step for _, _, step in frames[1:])])
    regular = draw(st.booleans())
    return TimedScores(
        np.float32([score for score, _, _ in frames]),
        np.array([label for _, label, _ in frames]),
        Clock(len(frames), 10) if regular else Clock.of_times(times, 10),
        merge_seconds,
    )
