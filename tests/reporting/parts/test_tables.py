from __future__ import annotations

from oddframe.evaluation.result import Measured
from oddframe.pages.rendering import drawn
from oddframe.reporting.parts import tables
from oddframe.reporting.parts.tables import grid


def value_range(*arguments):
    return drawn(tables.value_range(*arguments))


def test_ranges_show_interval_value_and_ticks_only_between_0_and_1():
    drawn = value_range(
        "micro_auc", [("series0", Measured(0.5, 0.4, 0.6))], [Measured(0.25), Measured(7.0)]
    )
    assert 'cx="50.0"' in drawn
    assert 'x1="40.0" x2="60.0"' in drawn
    assert drawn.count('class="other"') == 1
    assert value_range("micro_auc", [("series0", Measured(12.0))]) == ""
    assert value_range("micro_auc", [("series0", Measured(None))]) == ""
    assert value_range("false_alarms_per_hour", [("series0", Measured(0.5))]) == ""


def test_names_of_rows_are_escaped_and_red():
    classes = {"<b>": {"auc": Measured(0.5, 0.4, 0.6)}, "x": {"average_precision": Measured(None)}}
    html = drawn(grid("class", classes, set(classes), {}))
    assert "&lt;b&gt;" in html
    assert html.count('class="number suspect"') == 4
