"""Frames that nothing was found out about: no threshold holds them for odd."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.evaluation.beginnings import scores_without_first
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.scores.frame_scores import Scores
from oddframe.scores.untested import spans_of, were_tested
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

VALUES = {"a": np.float32([0.5, 0.5, 0.2, 0.9, 0.5]), "b": np.float32([0.1, 0.3, 0.5, 0.5])}
META = {"untested": {"a": [[0, 2], [4, 9]], "b": [[2, 4]], "gone": [[0, 3]]}, "threshold": 0.25}


def test_unwere_tested_have_the_lowest_score_of_all():
    scores = Scores(VALUES, META)
    np.testing.assert_allclose(scores.alarming["a"], [0.1, 0.1, 0.2, 0.9, 0.1])
    np.testing.assert_allclose(scores.alarming["b"], [0.1, 0.3, 0.1, 0.1])
    np.testing.assert_array_equal(scores["a"], VALUES["a"])
    assert Scores(VALUES).alarming.values.keys() == VALUES.keys()


def test_no_threshold_is_below_them_where_nothing_was_tested():
    whole = {"untested": {"a": [[0, 5]], "b": [[0, 4]]}, "threshold": 0.2}
    quiet = Scores(VALUES, whole).alarming
    assert max(part.max() for part in quiet.values.values()) <= np.float32(0.2)
    high = Scores(VALUES, {**whole, "threshold": 7.0}).alarming
    np.testing.assert_array_equal(high["a"], VALUES["a"])


def test_spans_and_frames_are_two_ways_to_say_it():
    tested = np.array([0, 0, 1, 1, 0, 1, 0], bool)
    assert spans_of(tested) == ((0, 2), (4, 5), (6, 7))
    np.testing.assert_array_equal(were_tested(spans_of(tested), 7), tested)
    assert spans_of(np.ones(3, bool)) == ()
    np.testing.assert_array_equal(were_tested([(-3, 1), (2, 9)], 4), [False, True, False, False])


def test_they_move_with_the_first_frames():
    later = scores_without_first(Scores(VALUES, META), 1)
    np.testing.assert_allclose(later.alarming["a"], [0.2, 0.2, 0.9, 0.2])


def test_they_come_back_from_a_file(tmp_path):
    path = Scores(VALUES, META).write(tmp_path / "scores.npz")
    np.testing.assert_allclose(Scores.read(path).alarming["b"], [0.1, 0.3, 0.1, 0.1])


@pytest.mark.parametrize("untested", [{"a": [[0]]}, {"a": "all"}, ["a"], {"a": [[0.5, 1]]}])
def test_something_else_there_is_one_line(untested):
    with pytest.raises(OddframeError, match="'untested' in the meta data") as told:
        Scores(VALUES, {"untested": untested})
    assert "\n" not in str(told.value)


def test_an_evaluation_counts_no_alarm_there():
    videos = (
        Video("a", "a.mp4", "test", "anomalous", 5, 25.0, 64, 40, ("x",), (Event(3, 4, "x"),)),
        Video("b", "b.mp4", "test", "normal", 4, 25.0, 64, 40),
    )
    manifest = Manifest("made", videos)
    values = {**VALUES, "b": np.float32([0.1, 0.2, 0.5, 0.5])}
    counted, masked = (
        evaluate_scores(Scores(values, meta), manifest, resamples=0)
        for meta in ({"threshold": 0.25}, META)
    )
    assert counted.metrics["far_normal_frames"].value == pytest.approx(5 / 8)
    assert masked.metrics["far_normal_frames"].value == 0
    assert masked.metrics["micro_auc"].value == counted.metrics["micro_auc"].value
    assert masked.decisions["run"].metrics["precision"].value == 1


def test_simple_rules_stand_among_the_baselines():
    videos = (
        Video("a", "a.mp4", "test", "anomalous", 5, 25.0, 64, 40, ("x",), (Event(3, 4, "x"),)),
    )
    rule = Scores({"a": np.float32([0, 1, 2, 5, 1])})
    found = evaluate_scores(
        Scores({"a": VALUES["a"]}),
        Manifest("made", videos),
        simple_rules={"moving cubes": rule},
        resamples=0,
    )
    assert found.baselines["moving cubes"]["micro_auc"].value == 1
    assert [*found.baselines][-1] == "moving cubes"
