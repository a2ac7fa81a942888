"""Average precision of detected events against a naive loop over the ranked detections."""

from dataclasses import replace

import numpy as np
import pytest

from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.frame_samples import Truth, threshold_samples
from oddframe.evaluation.metrics.event_ranking import greedy_matches
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import events_from_labels

OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)


def naive_average_precision(videos, scores, rule, least):
    """One detection after the other, frames as sets, confidences all different."""
    detections, events = [], 0
    for number, video in enumerate(videos):
        events += len(events_from_labels(video.frame_labels()))
        for one in find_detections(scores[video.id], rule, video.clock):
            detections.append((float(max(scores[video.id][one.start : one.end])), number, one))
    detections.sort(key=lambda row: -row[0])
    taken, right, total = set(), 0, 0.0
    for rank, (_, number, one) in enumerate(detections, start=1):
        best, chosen = 0.0, None
        for place, event in enumerate(events_from_labels(videos[number].frame_labels())):
            a, b = set(range(one.start, one.end)), set(range(event.start, event.end))
            overlap = len(a & b) / len(a | b)
            if overlap >= least and overlap > best and (number, place) not in taken:
                best, chosen = overlap, (number, place)
        if chosen is not None:
            taken.add(chosen)
            right += 1
            total += right / rank
    return total / events


@pytest.fixture
def noisy_set(make_video):
    generator = np.random.default_rng(3)
    videos, scores = [], {}
    for index in range(12):
        labels = np.zeros(300)
        if index < 8:
            labels[40:90] = labels[200 : 230 + 5 * index] = 1
        videos.append(make_video(f"v{index}", labels))
        values = np.convolve(generator.normal(size=300), np.ones(12) / 3, "same") + labels
        scores[f"v{index}"] = values.astype(np.float32)
    return videos, Scores(scores), Truth.of(videos)


def test_the_data_equal_a_loop_and_a_resample_equals_its_videos(noisy_set):
    videos, scores, truth = noisy_set
    rule = EventRule(1.0, 0.4)
    weights = draw_videos(truth.anomalous, 12, 0)
    found = threshold_samples(scores, truth, weights, rule).metrics
    for row, drawn in enumerate(weights):
        numbers = np.repeat(np.arange(len(videos)), drawn)
        copies = [replace(videos[i], id=f"{n}") for n, i in enumerate(numbers)]
        values = {copy.id: scores[videos[i].id] for copy, i in zip(copies, numbers, strict=True)}
        again = threshold_samples(
            Scores(values), Truth.of(copies), np.ones((1, len(copies))), rule
        ).metrics
        for least in OVERLAPS:
            name = f"event_ap_{least:g}"
            assert found[name][row] == pytest.approx(again[name][0], abs=1e-12)
            if row == 0:
                naive = naive_average_precision(videos, scores, rule, least)
                assert found[name][row] == pytest.approx(naive, abs=1e-12)
                assert 0.05 < naive < 0.95
    mean = np.mean([found[f"event_ap_{least:g}"] for least in OVERLAPS], axis=0)
    assert found["event_map"] == pytest.approx(mean)


def test_the_surest_detection_takes_the_event():
    overlap = np.array([[0.5, 0.0], [0.6, 0.2], [0.3, 0.4]])
    assert greedy_matches([3, 2, 1], overlap, 0.1) == (True, True, False)
    assert greedy_matches([3, 2, 1], overlap, 0.3) == (True, False, True)
    assert greedy_matches([1, 2, 3], overlap, 0.3) == (False, True, True)
    assert greedy_matches([1, 1, 1], overlap, 0.5) == (False, True, False)  # the better overlap
    assert greedy_matches([1, 2], np.zeros((2, 0)), 0.1) == (False, False)


def test_equal_confidence_is_one_step(make_video):
    """Ten seconds of event; one alarm is right, one wrong, both of height 1: precision 1/2."""
    labels, scores = np.zeros(300), np.zeros(300)
    labels[100:200] = 1
    scores[100:200] = scores[250:260] = 1
    videos = [make_video("a", labels)]
    samples = threshold_samples(
        Scores({"a": scores}), Truth.of(videos), np.ones((1, 1)), EventRule(0.5)
    ).metrics
    assert samples["event_ap_0.5"][0] == 0.5
    scores[100:200] = 2
    samples = threshold_samples(
        Scores({"a": scores}), Truth.of(videos), np.ones((1, 1)), EventRule(0.5)
    ).metrics
    assert samples["event_map"][0] == 1


def test_nothing_detected_is_0_and_no_event_is_undefined(make_video):
    labels = np.zeros(50)
    labels[10:20] = 1
    one = np.ones((1, 1))
    calm = Scores({"a": np.zeros(50)})
    there = threshold_samples(calm, Truth.of([make_video("a", labels)]), one, EventRule(1)).metrics
    assert there["event_map"][0] == 0
    none = Truth.of([make_video("a", np.zeros(50))])
    assert np.isnan(threshold_samples(calm, none, one, EventRule(-1)).metrics["event_map"][0])
