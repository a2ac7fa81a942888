from __future__ import annotations

import re
from dataclasses import replace

from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.pages.rendering import drawn
from oddframe.reporting.report import numbers
from oddframe.reporting.report.protocol import facts_of


def metrics_tables(evaluation, suspect):
    return drawn(numbers.metrics_tables(evaluation, suspect))


def _evaluation(metrics, baselines):
    return Evaluation("toy", "test", 2, 1, 100, 30, metrics, baselines)


def test_baselines_that_do_as_well_are_marked_whichever_way_is_better():
    html = metrics_tables(
        _evaluation(
            {"micro_auc": Measured(0.7, 0.6, 0.8), "equal_error_rate": Measured(0.3)},
            {
                "constant": {"micro_auc": Measured(0.5), "equal_error_rate": Measured(0.5)},
                "centre_prior": {"micro_auc": Measured(0.75), "equal_error_rate": Measured(0.2)},
                "random": {"micro_auc": Measured(None), "equal_error_rate": Measured(0.3)},
            },
        ),
        suspect=False,
    )
    assert re.findall(r'beats"[^>]*>([\d.]+) ▲', html) == ["0.750", "0.200", "0.300"]
    assert "[0.600, 0.800]" in html
    assert "middle of the clip" in html


def test_a_metric_named_oracle_is_red_beside_black_ones():
    metrics = {"micro_auc": Measured(0.7), "oracle_micro_auc": Measured(0.9), "f": Measured(0.1)}
    html = metrics_tables(_evaluation(metrics, {}), suspect=False)
    assert re.findall(r'suspect">([\d.]+)', html) == ["0.900"]
    noted = {"micro_auc": Measured(0.7, note="epoch chosen on test: oracle")}
    assert "suspect" in metrics_tables(_evaluation(noted, {}), suspect=False)


def test_a_rate_has_the_footage_that_it_was_counted_in_beside_it():
    rates = {"micro_auc": Measured(0.7), "false_alarms_per_hour": Measured(2.0)}
    rates["false_alarms_per_hour_at_recall_0.5"] = Measured(3.0)
    found = replace(_evaluation(rates, {}), normal_hours=0.5)
    rows = metrics_tables(found, suspect=False).split("<tr>")
    assert sum("<small>in 30 min of normal footage</small>" in row for row in rows) == 2
    assert not any("Micro AUC" in row and "footage" in row for row in rows)
    before = metrics_tables(replace(found, normal_hours=0.0), suspect=False)
    assert "footage" not in before


def test_groups_that_were_not_measured_say_why_in_one_line():
    missing = Measured(None, note="no <maps>")
    html = metrics_tables(_evaluation({"pixel_auc": missing, "rbdc": missing}, {}), suspect=False)
    assert "Pixel AUC, RBDC: not measured (no &lt;maps&gt;)." in html
    assert "<table" not in html


def test_event_metrics_make_a_row_per_overlap():
    metrics = {
        f"event_{kind}_{overlap}": Measured(0.1, 0.0, 0.2)
        for overlap in ("0.1", "0.5")
        for kind in ("f1", "precision", "recall")
    }
    html = metrics_tables(_evaluation(metrics, {}), suspect=False)
    assert re.findall(r'scope="row">([^<]*)', html) == ["0.1 and more", "0.5 and more"]
    assert re.findall(r'number">([A-Z]\w*)<', html) == ["F1", "Precision", "Recall"]


def test_metric_names_with_a_number_and_unknown_ones():
    named = metric_name("false_alarms_per_hour_at_recall_0.5")
    assert named.label == "False alarms per hour at recall 0.5"
    assert named.lower_is_better
    assert metric_name("something_new").label == "something new"


def test_every_metric_of_an_evaluation_has_a_name(toy):
    import numpy as np

    from oddframe.evaluation.evaluate import evaluate_scores

    maps = {key: np.zeros((40, 2, 2)) for key in toy.scores}
    evaluation = evaluate_scores(toy.scores, toy.manifest, maps=maps, resamples=2)
    unnamed = [n for n in evaluation.metrics if metric_name(n).label == n.replace("_", " ")]
    assert unnamed == []


def test_facts_are_plain_words():
    values = {"causal": False, "list": [1, 2.0], "nothing": None, "a_b": {"c": "<d>"}}
    facts = drawn(facts_of(values))
    assert re.findall(r"<td>([^<]*)", facts) == ["no", "1, 2", "none", "c: &lt;d&gt;"]
    assert "a b" in facts
