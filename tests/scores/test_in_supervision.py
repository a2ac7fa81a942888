"""Odd places for supervision; what needs the library says loudly where it is not there."""

import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import oddframe
from oddframe.errors import OddframeError
from oddframe.scores.detections import Detection
from oddframe.scores.in_supervision import of_boxes, of_events

INSTALLED = find_spec("supervision") is not None
needed = pytest.mark.skipif(not INSTALLED, reason="supervision is not installed: NOT TESTED")
EVENTS = [
    (1, Detection(0, 20, 5, 2.5, 2.0, "pace", "fast", ((1, 2, 30, 40), (5, 6, 7, 8)), boxes_at=6)),
    (4, Detection(30, 40, 31, 3.5, 2.0)),
    (5, Detection(50, 60, 55, 4.5, 2.0, "", "odd", ((0, 0, 9, 9),))),
]


def test_whether_it_is_tested_is_said():
    if not INSTALLED:
        warnings.warn("supervision is not installed: its Detections are not tested", stacklevel=1)


@needed
def test_each_box_is_a_detection_of_its_event():
    found = of_events(EVENTS)
    np.testing.assert_array_equal(found.xyxy, [[1, 2, 30, 40], [5, 6, 7, 8], [0, 0, 9, 9]])
    assert found.tracker_id.tolist() == [1, 1, 5]
    assert found.data["class_name"].tolist() == ["pace", "pace", "odd"]
    assert found.data["score"].tolist() == [2.5, 2.5, 4.5]
    assert found.data["frame"].tolist() == [6, 6, 55]
    assert found.confidence is None  # a score is no probability
    assert found.area.tolist() == [29 * 38, 4, 81]


@needed
def test_without_a_box_there_is_no_detection_and_the_library_goes_on():
    import supervision

    empty = of_events(EVENTS[1:2])
    assert len(empty) == 0
    assert len(supervision.Detections.merge([empty, of_events(EVENTS)])) == 3
    high = of_events(EVENTS)
    assert len(high[high.data["score"] > 3]) == 1
    picture = np.zeros((50, 50, 3), np.uint8)
    assert supervision.BoxAnnotator().annotate(picture.copy(), high).any()


@needed
def test_of_a_scoring_and_of_frames_as_they_come(street, tmp_path):
    scored = oddframe.score(street.run, street.root / "large.mp4", out=tmp_path / "s.npz")
    (event,) = scored.detections["large"]
    at = scored.events_to_supervision(frame=event.start)
    np.testing.assert_array_equal(at.xyxy, np.array(event.boxes, np.float32))
    assert len(scored.events_to_supervision("large", frame=event.end)) == 0
    with pytest.raises(OddframeError, match="unknown video 'small'"):
        scored.events_to_supervision("small")
    odd = [
        frame
        for frame in oddframe.open_run(street.run).stream(str(street.root / "large.mp4"))
        if frame.is_odd and frame.boxes
    ]
    assert odd
    for frame in odd:
        one = frame.to_supervision()
        np.testing.assert_array_equal(one.xyxy, np.array(frame.boxes, np.float32))
        assert set(one.data["score"]) == {frame.score}


def test_without_the_library_one_line_says_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(OddframeError, match="install supervision with: pip install supervision"):
        of_boxes([], [], [], [])
