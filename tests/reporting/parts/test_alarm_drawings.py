import re

import numpy as np
import pytest

from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Curve, Evaluation
from oddframe.pages.rendering import drawn
from oddframe.reporting.parts.alarm_drawings import alarm_drawings
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


def points(html, kind, tag="polyline"):
    """The places of a line or an area, y upwards."""
    found = re.findall(rf'<{tag} class="{kind}" points="([^"]*)"', html)
    return [
        [(float(x), 100 - float(y)) for x, y in (pair.split(",") for pair in part.split())]
        for part in found
    ]


@pytest.fixture
def evaluation():
    """Half an hour of normal footage; 1 and 10 false alarms in it, and three quarters missed."""
    cost = Curve([0.0, 48.0, 480.0], [0.75, 0.5, 0.25], [0.5, 0.25, None], [1.0, 0.75, None])
    delay = Curve([0.0, 1.0, 3.0], [0.0, 0.25, 0.5], [0.0, 0.1, 0.2], [0.2, 0.5, 0.8])
    surprise = Curve([0.0, 1.0, 2.0], [0.0, 0.8, 1.5], [None, 0.5, 1.0], [None, 1.0, 2.5])
    curves = {"cost": cost, "delay_run": delay, "delay_at_10_an_hour": delay, "surprise": surprise}
    return Evaluation("d", "test", 2, 1, 10, 1, {}, curves=curves, normal_hours=0.5)


def test_places_of_the_cost_curve(evaluation):
    html = drawn(alarm_drawings([evaluation]))
    line = points(html, "series0")[0]
    # Logarithmic from half a decade before the first to a quarter more than the last.
    first, last = 50 / (1.5 + np.log10(1.25)), 150 / (1.5 + np.log10(1.25))
    expected = [(0, 75), (first, 75), (first, 50), (last, 50), (last, 25), (100, 25)]
    assert np.array(line) == pytest.approx(np.array(expected), abs=0.01)
    area = points(html, "series0", "polygon")[0]
    assert len(area) == 2 * 4  # the last point has no interval
    assert {y for _, y in area} == {50, 25, 75, 100}
    assert "One false alarm in the 30 min of normal footage makes 48.0 a day" in html
    assert "<circle" not in html  # the scores carry no threshold


def test_places_of_the_delay_curves(evaluation):
    html = drawn(alarm_drawings([evaluation])).split("<figure")[2]
    for kind in ("series0", "series1"):
        (line,) = points(html, kind)
        at = 100 * np.log1p([1, 3]) / np.log1p(3.75)
        expected = [(0, 0), (at[0], 0), (at[0], 25), (at[1], 25), (at[1], 50), (100, 50)]
        assert np.array(line) == pytest.approx(np.array(expected), abs=0.01)
    assert len(points(html, "series0", "polygon")) == 1
    assert points(html, "series1", "polygon") == []
    assert "at most 10 false alarms an hour in this footage" in html


def test_places_of_the_surprise_curve(evaluation):
    html = drawn(alarm_drawings([evaluation])).split("<figure")[3]
    assert points(html, "chance") == [[(0, 0), (100, 100)]]
    assert points(html, "series0") == [[(0, 0), (50, 40), (100, 75)]]
    # An interval that goes beyond the drawing ends at its edge.
    assert points(html, "series0", "polygon") == [[(50, 25), (100, 50), (100, 100), (50, 50)]]
    assert re.findall(r'text-anchor="middle">(1|10|100)<', html) == ["1", "10", "100"]


def test_several_models_over_each_other_have_no_bands(evaluation):
    html = drawn(alarm_drawings([evaluation, evaluation]))
    assert "<polygon" not in html
    assert len(points(html, "series1")) == 2  # cost and surprise; none at 1 an hour
    assert "somebody is called" not in html


def test_of_real_scores_with_a_threshold_and_without_any_false_alarm():
    events = (Event(100, 150), Event(300, 350))
    videos = [Video(f"v{i}", "", "test", "anomalous", 600, 10.0, 0, 0, (), events) for i in "ab"]
    manifest = Manifest("toy", tuple(videos))
    values = {video.id: video.frame_labels().astype(float) for video in videos}
    values["va"][100:150] = 0
    found = evaluate_scores(Scores(values, {"threshold": 0.5}), manifest, resamples=20)
    html = drawn(alarm_drawings([found]))
    assert "● The scores’ own threshold: no false alarm, 25 % missed." in html
    assert re.search(r'<circle class="series0" cx="0.00" cy="75.00"', html)
    assert "without a false alarm in this footage" in html
    assert alarm_drawings([Evaluation("d", "test", 1, 0, 1, 0, {})]) is None
