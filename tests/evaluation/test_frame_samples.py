"""Every metric on every resample against recomputing it from the videos that were drawn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score
from tests.made.naive_frame_metrics import equal_error_rate, macro_auc, macro_auc_padded

from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.frame_samples import Truth, frame_samples, threshold_samples
from oddframe.evaluation.metrics.class_metrics import class_frames, class_names
from oddframe.evaluation.metrics.false_alarms import false_alarms
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Event, events_from_labels


@pytest.fixture
def drawn_set(make_video):
    """Nine videos of two classes, their scores, and 15 resamples."""
    generator = np.random.default_rng(4)
    videos = []
    for index in range(9):
        labels = np.zeros(60 + 10 * index)
        if index < 5:
            labels[20 : 30 + 4 * index] = 1
            labels[45:50] = index % 2
        video = make_video(f"v{index}", labels)
        name = "run" if index % 2 else "bike"
        events = tuple(Event(e.start, e.end, name) for e in video.events)
        videos.append(replace(video, events=events))
    scores = {
        video.id: np.round(generator.normal(size=video.frames) + video.frame_labels(), 1)
        for video in videos
    }
    truth = Truth.of(videos)
    return videos, Scores(scores), truth, draw_videos(truth.anomalous, 15, seed=0)


def repeat(videos, scores, weights):
    """The drawn videos under new names, with their scores."""
    drawn = np.repeat(np.arange(len(videos)), weights)
    copies = [replace(videos[i], id=f"{n}") for n, i in enumerate(drawn)]
    return copies, {copy.id: scores[videos[i].id] for copy, i in zip(copies, drawn, strict=True)}


def trapezoid(labels, scores):
    precision, recall, _ = precision_recall_curve(labels, scores)
    return auc(recall, precision)


def test_frame_metrics_equal_the_naive_way(drawn_set):
    videos, scores, truth, weights = drawn_set
    samples = frame_samples(scores, truth, weights, class_names(videos))
    for row, drawn in enumerate(weights):
        copies, values = repeat(videos, scores, drawn)
        each = [(video.frame_labels(), values[video.id]) for video in copies]
        labels = np.concatenate([part for part, _ in each])
        flat = np.concatenate([part for _, part in each])
        inside = np.concatenate([np.full(v.frames, v.label == "anomalous") for v in copies])
        expected = {
            "micro_auc": roc_auc_score(labels, flat),
            "macro_auc": macro_auc(each),
            "macro_auc_padded": macro_auc_padded(each),
            "average_precision": average_precision_score(labels, flat),
            "equal_error_rate": equal_error_rate(labels, flat),
            "anomalous_auc": roc_auc_score(labels[inside], flat[inside]),
            "anomalous_ap": average_precision_score(labels[inside], flat[inside]),
        }
        hours = np.sum(~labels) / 10 / 3600
        for recall in (0.5, 0.8):
            ordered = np.sort(flat[labels])[::-1]
            least = ordered[int(np.ceil(recall * len(ordered))) - 1]
            below = np.nextafter(least, np.float32(-np.inf))
            false = 0
            for part, own in each:
                clock = Clock(len(own), 10)
                found = find_detections(own, EventRule(float(below)), clock)
                false += false_alarms(
                    [(one.start, one.end) for one in found],
                    own > below,
                    [(one.start, one.end) for one in events_from_labels(part)],
                    *(clock, 10),
                )
            expected[f"false_alarms_per_hour_at_recall_{recall}"] = false / hours
            share = np.mean(flat[~labels] >= least)
            expected[f"false_positive_rate_at_recall_{recall}"] = share
        expected["pr_auc_trapezoid"] = trapezoid(labels, flat)
        expected["latency_aware_ap"] = samples.metrics["latency_aware_ap"][
            row
        ]  # test_early_credits
        found = {name: values[row] for name, values in samples.metrics.items()}
        assert found == pytest.approx(expected, abs=1e-6)
        for name in ("bike", "run"):
            own = np.concatenate([class_frames(video, name) for video in copies])
            among = np.concatenate([np.full(v.frames, class_frames(v, name).any()) for v in copies])
            against, within = own | ~inside, among & (own | ~labels)
            expected = dict.fromkeys(samples.classes[name], np.nan)
            if own.any():  # else the resample has no video of the class
                expected = {
                    "auc": roc_auc_score(own[against], flat[against]),
                    "average_precision": average_precision_score(own[against], flat[against]),
                    "auc_within": roc_auc_score(own[within], flat[within]),
                    "average_precision_within": average_precision_score(own[within], flat[within]),
                    "pr_auc_within": trapezoid(own[within], flat[within]),
                }
            found = {key: part[row] for key, part in samples.classes[name].items()}
            assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_threshold_metrics_equal_the_naive_way(drawn_set):
    videos, scores, truth, weights = drawn_set
    samples = threshold_samples(scores, truth, weights, EventRule(1.0)).metrics
    for row, drawn in enumerate(weights):
        copies, values = repeat(videos, scores, drawn)
        naive = threshold_samples(
            Scores(values), Truth.of(copies), np.ones((1, len(copies))), EventRule(1.0)
        ).metrics
        for name, part in samples.items():
            assert part[row] == pytest.approx(naive[name][0], nan_ok=True), name
    labels = truth.labels
    above = np.concatenate([scores[video.id] for video in videos]) > 1
    inside = np.repeat(truth.anomalous, truth.lengths)
    assert samples["far_normal_frames"][0] == pytest.approx(above[~labels].mean())
    assert samples["far_normal_videos"][0] == pytest.approx(above[~inside].mean())
    assert samples["frame_recall"][0] == pytest.approx(above[labels].mean())


def test_mean_auc_and_equal_error_rate_by_hand(make_video):
    """The second video has one class, so no AUC; padded it has the best."""
    videos = [make_video("mixed", [0, 1, 1]), make_video("whole", [1, 1])]
    scores = Scores({"mixed": np.array([0.2, 0.1, 0.3]), "whole": np.array([0.5, 0.6])})
    weights = np.array([[1, 1], [0, 1]])
    found = frame_samples(scores, Truth.of(videos), weights, ()).metrics
    assert found["macro_auc"] == pytest.approx([0.5, np.nan], nan_ok=True)
    # 0, .2, .1, .3, 1 with labels 0, 0, 1, 1, 1: five of the six pairs are in order.
    assert found["macro_auc_padded"] == pytest.approx([(5 / 6 + 1) / 2, 1])
    one = Truth.of([make_video("a", [1, 0, 1, 0])])
    for values, rate in (([4, 3, 2, 1], 0.5), ([4, 1, 3, 2], 0), ([0, 0, 0, 0], 0.5)):
        found = frame_samples(Scores({"a": np.array(values, float)}), one, np.ones((1, 1)), ())
        assert found.metrics["equal_error_rate"] == pytest.approx([rate])


def test_event_metrics_by_hand(make_video):
    labels = np.zeros(100)
    labels[20:40] = labels[70:80] = 1
    first = np.zeros(100)
    first[22:40] = 1  # the first event, 0.2 s late; the second is missed
    videos = [make_video("a", labels), make_video("b", np.zeros(7200))]
    second = np.zeros(7200)
    second[100:110] = second[4000:4100] = 1  # two false alarms in 0.2 h
    truth = Truth.of(videos)
    samples = threshold_samples(
        Scores({"a": first, "b": second}), truth, np.ones((1, 2)), EventRule(0.5)
    )
    found = {name: values[0] for name, values in samples.metrics.items()}
    counted = {name: part.words for name, part in samples.counted.items()}
    assert counted["false_alarms_per_hour"] == "2 in 12 min 07 s"
    assert counted["events_alarmed"] == counted["event_recall_0.5"] == "1 of 2"
    assert counted["event_precision_0.5"] == "1 of 3"
    hours = (7200 + 70) / 36000
    assert found["false_alarms_per_hour"] == pytest.approx(2 / hours)
    assert found["detection_delay_seconds"] == pytest.approx(0.2)
    assert found["events_alarmed"] == 0.5
    assert (found["event_precision_0.5"], found["event_recall_0.5"]) == (pytest.approx(1 / 3), 0.5)
    assert found["event_f1_0.5"] == pytest.approx(2 / 5)


def test_class_frames_by_event_names_or_by_the_video(make_video):
    events = (Event(0, 2, "bike"), Event(3, 5, "run"))
    named = make_video("a", np.zeros(6), label="anomalous", events=events)
    assert class_frames(named, "bike").tolist() == [True, True, False, False, False, False]
    listed = replace(named, classes=("bike", "run", "fall"))
    assert class_frames(listed, "run").sum() == 2
    assert class_frames(listed, "fall").sum() == 0
    unnamed = replace(named, classes=("B1", "B2"))
    assert class_frames(unnamed, "B2").sum() == 4
    assert class_names([unnamed]) == ["B1", "B2"]
    assert class_names([replace(named, classes=("B1",))]) == []
    assert class_names([make_video("n", np.zeros(3), classes=("x", "y"))]) == []
