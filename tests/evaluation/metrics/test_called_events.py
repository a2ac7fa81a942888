import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oddframe.evaluation.metrics.called_events import called_event_steps
from oddframe.evaluation.metrics.event_metrics import count_events
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule
from oddframe.videos.video import Video, events_from_labels


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([0.1, 0.3, 1.0, 9.0, 600.0])),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 5.0, 30.0]),
    st.booleans(),
)
def test_every_threshold_equals_the_count_at_it(frames, merge_seconds, regular):
    scores = np.float32([score for score, _, _ in frames])
    labels = np.array([label for _, label, _ in frames])
    times = np.cumsum([0.0, *(step for _, _, step in frames[1:])])
    clock = Clock(len(scores), 10) if regular else Clock.of_times(times, 10)
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
