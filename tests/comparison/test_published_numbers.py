"""The published numbers: well formed, as in the papers, their doubts said, protocols apart."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from oddframe.comparison.published_numbers import PROTOCOLS, published_for
from oddframe.datasets import DATASETS
from oddframe.evaluation.metric_names import HEADLINES

NAMES = (
    *("ucf-crime", "xd-violence", "shanghaitech-weak"),
    *("shanghaitech", "avenue", "ucsd-ped1", "ucsd-ped2"),
)


def values(dataset, method, metric="micro_auc"):
    return [
        row.value for row in published_for(dataset) if (row.method, row.metric) == (method, metric)
    ]


def test_every_row_is_well_formed_and_said_once():
    table = files("oddframe.comparison") / "published_numbers.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    for row in rows:
        assert None not in row
        assert None not in row.values()
        assert row["dataset"] in DATASETS
        assert row["metric"] in HEADLINES
        assert 20 < float(row["percent"]) < 100
        assert row["protocol"] in PROTOCOLS
        assert row["method"]
        assert row["source"]
    # Nothing is lost on the way: every row is found under its data set.
    assert sum(len(published_for(name)) for name in NAMES) == len(rows)


@pytest.mark.parametrize(
    ("dataset", "method", "metric", "expected"),
    [
        ("ucf-crime", "RTFM", "micro_auc", [0.843]),
        ("xd-violence", "RTFM", "average_precision", [0.7781]),
        ("shanghaitech-weak", "RTFM", "micro_auc", [0.9721]),
        ("xd-violence", "MGFN", "average_precision", [0.7919, 0.8011]),
        ("ucf-crime", "PEL4VAD", "anomalous_auc", [0.7224]),
        ("ucf-crime", "PEL4VAD", "average_precision", [0.3399]),
        ("ucsd-ped2", "MNAD", "micro_auc", [0.97]),
        ("avenue", "MPT", "micro_auc", [0.945]),
        ("avenue", "DeepAppearance", "micro_auc", [0.846]),
        ("avenue", "Stacked RNN", "micro_auc", [0.817]),
        ("avenue", "Giorno", "micro_auc", [0.783]),
        ("avenue", "Unmasking", "micro_auc", [0.806]),
        ("ucsd-ped2", "MC2ST", "micro_auc", [0.875]),
        ("shanghaitech", "Future frame prediction", "micro_auc", [0.728]),
    ],
)
def test_values_of_the_papers(dataset, method, metric, expected):
    assert values(dataset, method, metric) == expected


def test_the_number_on_a_wrong_ground_truth_says_so():
    (row,) = [r for r in published_for("ucf-crime") if r.method == "MGFN"]
    assert row.value == 0.8698
    assert "wrong ground truth" in row.note
    assert "0.835" in row.note
    (right,) = [r for r in published_for("ucf-crime") if r.method.startswith("MGFN, ")]
    assert right.value == 0.835
    assert right.source != row.source


def test_what_was_only_recalled_is_marked():
    recalled = {
        (name, row.method)
        for name in NAMES
        for row in published_for(name)
        if row.note == "recalled, not re-checked"
    }
    assert recalled == {
        *((name, "S3R") for name in ("ucf-crime", "xd-violence", "shanghaitech-weak")),
        ("shanghaitech-weak", "CLIP-TSA"),
        ("ucf-crime", "LEC-VAD"),
        ("xd-violence", "LEC-VAD"),
        ("ucsd-ped2", "OGNet"),
        ("avenue", "SSMTL++"),
        ("shanghaitech", "SSMTL++"),
        *((name, "Conv-AE") for name in ("ucsd-ped1", "ucsd-ped2")),
        *((name, "ConvLSTM-AE") for name in ("ucsd-ped1", "ucsd-ped2")),
        *((name, "Chong & Tay") for name in ("avenue", "ucsd-ped1", "ucsd-ped2")),
        ("ucsd-ped2", "Stacked RNN"),
        ("ucsd-ped2", "Giorno"),
        ("ucsd-ped1", "MC2ST"),
        *((name, "Stacked RNN, TSC alone") for name in ("ucsd-ped2", "avenue", "shanghaitech")),
        *((name, "Jigsaw-VAD") for name in ("ucsd-ped2", "avenue", "shanghaitech")),
    }


def test_the_two_protocols_of_shanghaitech_are_never_mixed():
    weak = {row.protocol for row in published_for("shanghaitech-weak")}
    original = {row.protocol for row in published_for("shanghaitech")}
    assert weak == {PROTOCOLS["weak-resplit"]}
    assert original == {PROTOCOLS["one-class-original"]}
    assert "238" in PROTOCOLS["weak-resplit"]
    assert "330" in PROTOCOLS["one-class-original"]


def test_extra_labels_and_no_training_are_protocols_of_their_own():
    groups = {}
    for row in published_for("xd-violence"):
        groups.setdefault(row.protocol, set()).add(row.method)
    assert groups[PROTOCOLS["extra-labels"]] == {"GlanceVAD", "Holmes-VAD"}
    assert groups[PROTOCOLS["training-free"]] == {"LAVAD", "EventVAD", "VERA", "Flashback"}


def test_a_data_set_of_ones_own_has_none():
    assert published_for("spliced-fights") == ()
