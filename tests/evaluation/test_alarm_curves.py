"""The curves against counting at every threshold, one after the other."""

from dataclasses import replace

import numpy as np
import pytest

from oddframe.evaluation import alarm_curves as alarm_curves_module
from oddframe.evaluation.alarm_curves import alarm_curves
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Draws
from oddframe.evaluation.metrics.event_metrics import count_events
from oddframe.scores.detections import EventRule
from oddframe.scores.frame_scores import Scores


@pytest.fixture(scope="module")
def noisy_set(make_video):
    generator = np.random.default_rng(5)
    videos, scores = [], {}
    for index in range(10):
        labels = np.zeros(90)
        if index < 6:
            labels[20:40] = labels[65 : 68 + 3 * index] = 1
        videos.append(make_video(f"v{index}", labels))
        values = np.convolve(generator.normal(size=90), np.ones(15) / 4, "same") + 0.7 * labels
        scores[f"v{index}"] = values.astype(np.float32)
    return videos, Scores(scores)


@pytest.fixture(scope="module")
def rows(noisy_set):
    return at_every_threshold(*noisy_set)


def at_every_threshold(videos, scores):
    """Going down: thresholds, false alarms, and events that nobody is called for."""
    flat = np.concatenate([scores[video.id] for video in videos])
    rows = []
    for threshold in [*np.unique(flat)[::-1], -np.inf]:
        counts = [count_events(scores[v.id], v, EventRule(float(threshold))) for v in videos]
        called = sum(part.alarmed - part.running for part in counts)
        missed = sum(part.events for part in counts) - called
        rows.append((float(threshold), sum(part.false_alarms for part in counts), missed))
    return rows


def lowest_with(rows, most):
    """The last row with the most false alarms so far, before any with more than so many."""
    found, so_far = rows[0], 0
    for row in rows:
        if row[1] > most:
            break
        if row[1] >= so_far:
            found, so_far = row, row[1]
    return found


def test_the_cost_curve_equals_counting_at_every_threshold(noisy_set, rows):
    videos, scores = noisy_set
    truth = Truth.of(videos)
    curve = alarm_curves(scores, truth, Draws.of(truth.anomalous, 0, 0), None)["cost"]
    day, events = truth.normal_hours.sum() / 24, 12
    counts = np.rint(np.array(curve.x) * day).astype(int)
    assert counts[0] == 0
    assert counts[-1] == max(count for _, count, _ in rows)
    assert np.array(curve.x) * day == pytest.approx(counts, abs=1e-4)
    expected = [lowest_with(rows, count)[2] / events for count in counts]
    assert curve.y == pytest.approx(expected, abs=1e-6)
    assert min(curve.y) < 0.5 < 0.9 < max(curve.y)


def test_resamples_have_thresholds_of_their_own():
    """Of the data's four thresholds; the resample has as many false alarms sooner."""
    rates = np.array([[0, 1, 2, 4], [0, 2, 1.5, 3], [np.nan] * 4])
    shares = np.array([[0.9, 0.7, 0.5, 0.1], [0.8, 0.6, 0.4, 0.2], [0.0] * 4])
    found = alarm_curves_module._at_rates(rates, shares)
    assert found[0].tolist() == shares[0].tolist()
    assert found[1].tolist() == [0.8, 0.8, 0.4, 0.2]
    assert np.isnan(found[2]).all()


def test_a_set_with_copies_equals_counting_its_videos(noisy_set):
    """Copies are tied, so false alarms come two at a time."""
    videos, scores = noisy_set
    numbers = [0, 0, 2, 3, 4, 4, 6, 7, 9, 9]
    copies = [replace(videos[i], id=f"{n}") for n, i in enumerate(numbers)]
    values = Scores(
        {copy.id: scores[videos[i].id] for copy, i in zip(copies, numbers, strict=True)}
    )
    rows = at_every_threshold(copies, values)
    truth = Truth.of(copies)
    curve = alarm_curves(values, truth, Draws.of(truth.anomalous, 0, 0), None)["cost"]
    day = truth.normal_hours.sum() / 24
    assert len(curve.x) > 10
    for x, y in zip(curve.x, curve.y, strict=True):
        assert y == pytest.approx(lowest_with(rows, round(x * day))[2] / 12, abs=1e-6)


def test_delay_curves_at_fixed_false_alarms(noisy_set, rows):
    videos, scores = noisy_set
    truth = Truth.of(videos)
    found = alarm_curves(scores, truth, Draws.of(truth.anomalous, 0, 0), None)
    assert list(found) == ["cost", "delay_at_1_an_hour"]  # in a minute and a half both allow none
    threshold = lowest_with(rows, 0)[0]
    counts = [count_events(scores[video.id], video, EventRule(threshold)) for video in videos]
    delays = np.concatenate([part.delays for part in counts])
    curve = found["delay_at_1_an_hour"]
    for seconds, share in zip(curve.x, curve.y, strict=True):
        assert share == pytest.approx((delays <= seconds + 1e-6).sum() / 12, abs=1e-6)
    assert curve.x[-1] == pytest.approx(delays.max(), rel=1e-5)


def test_intervals_hold_the_number_and_grow_with_fewer_videos(noisy_set):
    videos, scores = noisy_set
    truth = Truth.of(videos)
    found = alarm_curves(scores, truth, Draws.of(truth.anomalous, 300, 0), EventRule(0.8))
    for curve in found.values():
        assert len(curve.x) == len(curve.y) == len(curve.low) == len(curve.high)
        for low, value, high in zip(curve.low, curve.y, curve.high, strict=True):
            assert low <= value <= high
            assert high - low > 0.1  # twelve events


def test_an_alarm_that_never_ends_calls_nobody(make_video):
    """A constant score has two thresholds: no alarm at all, and one that never ends."""
    labels = np.zeros(200)
    labels[100:150] = 1
    truth = Truth.of([make_video("a", labels)])
    curve = alarm_curves(Scores({"a": np.ones(200)}), truth, Draws.of(truth.anomalous, 0, 0), None)
    assert curve["cost"].y == [1, 1]
    assert curve["cost"].x[1] == pytest.approx(2 * 24 / truth.normal_hours.sum(), rel=1e-5)


@pytest.mark.parametrize("label", [0, 1])
def test_without_events_or_normal_footage(make_video, label):
    truth = Truth.of([make_video("a", np.full(50, label)), make_video("b", np.full(50, label))])
    scores = Scores({"a": np.arange(50.0), "b": np.arange(50.0)})
    found = alarm_curves(scores, truth, Draws.of(truth.anomalous, 10, 0), EventRule(20.0))
    assert list(found) == ["delay_run"] * label
    if label:
        assert (found["delay_run"].x, found["delay_run"].y) == ([0.0, 2.1], [0.0, 1.0])
