"""What each anomalous frame adds to the latency-aware recall of its event.

At a threshold an event counts for 1 if its first frame is at or above it, for less the later the
first such frame comes, down to 0 at its end. Going down from above all scores, only a frame that is
higher than all before it in its event changes that; what it adds is its *credit*. An event's
credits add up to 1.
"""

from __future__ import annotations

import numpy as np

from oddframe.media.clock import Clock
from oddframe.videos.video import events_from_labels


def early_credits(scores: np.ndarray, labels: np.ndarray, clock: Clock) -> np.ndarray:
    """Credits of one video's anomalous frames, float64, in order.

    Args:
        scores: ``(frames,)``.
        labels: ``(frames,)`` bool, true where anomalous.
        clock: when the frames are shown.
    """
    credits = np.zeros(len(scores))
    for event in events_from_labels(labels):
        part = scores[event.start : event.end]
        begin, end = clock.span(event.start, event.end)
        times = clock.seconds(np.arange(event.start, event.end))
        left = (end - times) / (end - begin)
        before = np.append(-np.inf, np.maximum.accumulate(part)[:-1])
        records = np.flatnonzero(part > before)
        # The highest comes first, and finds the event as late as it stands.
        credits[event.start + records] = left[records] - np.append(left[records][1:], 0.0)
    return credits[labels]
