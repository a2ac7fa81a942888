"""Latency-aware average precision by its formula, threshold after threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.frame_samples import Truth, frame_samples
from oddframe.evaluation.metrics.early_credits import early_credits
from oddframe.media.clock import Clock
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import events_from_labels


def by_the_formula(labels, scores):
    """The sum over falling thresholds of precision times the gain of latency-aware recall."""
    flat, odd = np.concatenate(scores), np.concatenate(labels) > 0
    total, recall_before = 0.0, 0.0
    for threshold in np.unique(flat)[::-1]:
        credits = []
        for part, own in zip(labels, scores, strict=True):
            for event in events_from_labels(part):
                found = np.flatnonzero(own[event.start : event.end] >= threshold)
                length = event.end - event.start
                credits.append(1 - found[0] / length if len(found) else 0.0)
        recall = np.mean(credits)
        precision = odd[flat >= threshold].mean()
        total += (recall - recall_before) * precision
        recall_before = recall
    return total


@pytest.mark.parametrize("levels", [4, 10**6])
def test_every_resample_equals_the_formula(make_video, levels):
    generator = np.random.default_rng(levels)
    labels = []
    for index in range(8):
        part = np.zeros(60 + 5 * index)
        if index < 5:
            part[10 : 20 + 4 * index] = part[45:50] = 1
        labels.append(part)
    scores = [generator.integers(0, levels, len(part)) + levels / 3 * part for part in labels]
    videos = [make_video(f"v{index}", part) for index, part in enumerate(labels)]
    truth = Truth.of(videos)
    weights = draw_videos(truth.anomalous, 10, 0)
    values = Scores({f"v{index}": part.astype(np.float32) for index, part in enumerate(scores)})
    found = frame_samples(values, truth, weights).metrics["latency_aware_ap"]
    for row, drawn in enumerate(weights):
        numbers = np.repeat(np.arange(8), drawn)
        again = [values[f"v{i}"] for i in numbers]
        expected = by_the_formula([labels[i] for i in numbers], again)
        assert found[row] == pytest.approx(expected, abs=1e-6)


def value_of(make_video, labels, scores):
    truth = Truth.of([make_video("a", labels)])
    values = Scores({"a": np.asarray(scores, float)})
    return frame_samples(values, truth, np.ones((1, 1))).metrics["latency_aware_ap"][0]


def test_by_hand(make_video):
    """An event of four frames among ten."""
    labels = [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert value_of(make_video, labels, labels) == 1
    # Found in its last frame, a quarter; then all frames are alarmed: (1 - 1/4) at 4 of 10.
    late = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert value_of(make_video, labels, late) == pytest.approx(1 / 4 + 3 / 4 * 4 / 10)
    early = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert value_of(make_video, labels, early) == 1
    # Average precision is the same for both, however late.
    assert average_precision_score(labels, late) == average_precision_score(labels, early)
    # A frame before the event is a false alarm: 1/2 of the frames are right when it is found.
    before = [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert value_of(make_video, labels, before) == pytest.approx(1 / 2)
    # The share of anomalous frames, as average precision has it for a constant score.
    assert value_of(make_video, labels, np.ones(10)) == pytest.approx(4 / 10)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40), st.booleans()
)
def test_credits_of_an_event_add_up_to_what_is_left_of_it(frames, regular):
    scores = np.float32([score for score, _ in frames])
    labels = np.array([label for _, label in frames])
    times = np.cumsum([0.0, *(0.1 * (1 + index % 3) for index in range(len(frames) - 1))])
    clock = Clock(len(scores), 10) if regular else Clock.of_times(times, 10)
    credits = np.zeros(len(scores))
    credits[labels] = early_credits(scores, labels, clock)
    for event in events_from_labels(labels):
        inside = slice(event.start, event.end)
        begin, end = clock.span(event.start, event.end)
        for threshold in np.unique(scores[inside]):
            first = event.start + int(np.argmax(scores[inside] >= threshold))
            left = (end - clock.seconds(first)) / (end - begin)
            above = credits[inside][scores[inside] >= threshold]
            assert above.sum() == pytest.approx(left)
        assert credits[inside].sum() == pytest.approx(1)
