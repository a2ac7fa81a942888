import numpy as np
from hypothesis import given
from tests.made.timed_scores import timed_scores

from oddframe.evaluation.metrics.called_events import called_event_steps
from oddframe.evaluation.metrics.event_metrics import count_events
from oddframe.scores.detections import EventRule
from oddframe.videos.video import Video, events_from_labels


@given(timed_scores())
def test_every_threshold_equals_the_count_at_it(given):
    scores, labels, clock, merge_seconds = given
    events = events_from_labels(labels)
    label = "anomalous" if events else "normal"
    shape = (len(scores), clock.fps, 8, 8)
    video = Video("a", "a", "test", label, *shape, events=events, times=clock.knots)
    assert np.array_equal(video.clock.ticks, clock.ticks)
    thresholds = np.arange(-1, 6.5, 0.5)
    steps = called_event_steps(scores, labels, clock, merge_seconds)
    expected = []
    for threshold in thresholds:
        counts = count_events(scores, video, EventRule(float(threshold), merge_seconds))
        expected.append(counts.alarmed - counts.running)
    assert steps.count(thresholds).tolist() == expected
