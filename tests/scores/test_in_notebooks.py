"""Scores as frames of pandas and as a curve, and what is said without these libraries."""

from datetime import datetime

import numpy as np
import pytest

import oddframe
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.scores import in_notebooks
from oddframe.scores.frame_scores import Scores
from oddframe.scores.in_notebooks import event_table, score_table

VALUES = {"a": np.arange(4, dtype=np.float32), "b": np.zeros(2, np.float32)}


def test_scores_say_what_they_are():
    assert repr(Scores(VALUES)) == "<Scores of 2 videos, 6 frames>"
    meta = {"detector": "rtfm", "threshold": 0.51239}
    found = repr(Scores({"a": VALUES["a"]}, meta))
    assert found == "<Scores of 1 video, 4 frames by rtfm, threshold 0.5124>"


def test_a_row_is_a_frame():
    table = Scores(VALUES).to_dataframe()
    assert list(table) == ["video", "frame", "score"]
    assert table["video"].tolist() == ["a"] * 4 + ["b"] * 2
    assert table["frame"].tolist() == [0, 1, 2, 3, 0, 1]
    assert table.groupby("video")["score"].max().to_dict() == {"a": 3.0, "b": 0.0}


def test_with_clocks_rows_have_their_times():
    clocks = {"a": Clock(4, 2.0, start=datetime(2026, 3, 1, 12)), "b": Clock(2, 10.0)}
    table = score_table(VALUES, clocks)
    assert table["seconds"].tolist() == pytest.approx([0, 0.5, 1, 1.5, 0, 0.1])
    assert str(table["time"][3]) == "2026-03-01 12:00:01.500000"
    assert table["time"].isna().tolist() == [False] * 4 + [True] * 2


def test_events_are_rows_too(street, tmp_path):
    found = oddframe.score(street.run, street.root / "fast.mp4", out=tmp_path / "scores.npz")
    table = found.events_to_dataframe()
    assert table["video"].tolist() == ["fast"] * found.odd
    assert table["start"].tolist() == [event.start for event in found.detections["fast"]]
    assert len(found.to_dataframe()) == 100
    assert list(event_table([]))[:3] == ["video", "start", "end"]


def test_a_curve_is_the_scores_and_the_threshold():
    axes = Scores({"a": VALUES["a"]}, {"threshold": 2.5}).plot()
    line, threshold = axes.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), VALUES["a"])
    assert set(threshold.get_ydata()) == {2.5}
    assert Scores(VALUES).plot("b", axes) is axes
    with pytest.raises(OddframeError, match="unknown video 'c'"):
        Scores(VALUES).plot("c")
    with pytest.raises(OddframeError, match=r"name one of 2 videos: plot\('a'\)"):
        Scores(VALUES).plot()


def test_without_pandas_a_line_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    monkeypatch.setattr(in_notebooks, "import_module", missing)
    with pytest.raises(OddframeError, match=r"this needs pandas, .*\[notebook\]"):
        Scores(VALUES).to_dataframe()
