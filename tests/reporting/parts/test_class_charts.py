"""Bars on a page: heights, whiskers, rows and names, read from the SVG; and the files beside it."""

import itertools
import re

import cv2
import pytest

from oddframe.evaluation.result import Measured
from oddframe.pages.bar_charts import TALL
from oddframe.pages.rendering import drawn
from oddframe.reporting.drawing.class_bars import CHARTS
from oddframe.reporting.parts.class_charts import WIDEST, class_charts


def models_of(models, classes, value):
    return {
        f"m{m}": {f"c{c}": dict.fromkeys(CHARTS, value(m, c)) for c in range(classes)}
        for m in range(models)
    }


def html_of(models, counts=None):
    return str(drawn(class_charts(None, models, counts or {})[0]))


def test_heights_and_whiskers_are_the_values_and_their_intervals():
    values = {(0, 0): (0.2, 0.1, 0.6), (0, 1): (0.8, 0.7, 0.9), (1, 0): (0.4, 0.0, 1.0)}
    models = models_of(2, 2, lambda m, c: Measured(*values.get((m, c), (None, None, None))))
    html = html_of(models, {"c0": {"videos": 3, "frames": 9}})
    bars = re.findall(r'<rect class="(\w+)" .*? y="([\d.]+)" height="([\d.]+)"', html)
    assert [kind for kind, _, _ in bars] == ["series0", "series1"] * 2
    shares = [float(height) / TALL for _, _, height in bars]
    assert shares == pytest.approx([0.2, 0.4, 0.8, 0.0], abs=1e-3)
    assert all(float(y) + float(height) == pytest.approx(TALL) for _, y, height in bars)
    whiskers = re.findall(r'class="whisker".*?y1="([\d.]+)" y2="([\d.]+)"', html)
    ends = [1 - float(end) / TALL for high, low in whiskers for end in (low, high)]
    assert ends == pytest.approx([0.1, 0.6, 0.0, 1.0, 0.7, 0.9], abs=1e-3)
    assert re.findall(r"rotate\(-90\)\">(.*?)<", html) == ["0.20", "0.40", "0.80", "undefined"]
    assert "3 videos" in html


@pytest.mark.parametrize(("models", "classes"), [(1, 1), (1, 14), (4, 14), (8, 14), (2, 30)])
def test_every_class_is_there_in_rows_that_fit_the_page(models, classes):
    html = html_of(models_of(models, classes, lambda _m, _c: Measured(0.6)))
    assert html.count("<rect") == models * classes
    assert re.findall(r'class="name".*?>(c\d+)<', html) == [f"c{n}" for n in range(classes)]
    assert all(float(w) <= WIDEST + 44 for w in re.findall(r'style="width:(\d+)px"', html))
    places = [float(x) for x in re.findall(r'<rect .*? x="([\d.]+)"', html)]
    rows = html.count("<svg")
    assert sum(b <= a for a, b in itertools.pairwise(places)) == rows - 1


def test_files_are_written_where_there_is_a_folder_for_them(tmp_path):
    models = models_of(1, 2, lambda _m, _c: Measured(0.7))
    charts = class_charts(tmp_path / "new", models, {})
    assert charts == class_charts(None, models, {})
    for metric in CHARTS:
        assert cv2.imread(str(tmp_path / "new" / f"classes_{metric}.png")) is not None
