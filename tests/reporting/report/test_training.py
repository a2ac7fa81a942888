"""The training curve in a report: one drawing per term, the points where the numbers are."""

import math
import re

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.pages.rendering import drawn
from oddframe.reporting.parts.training_curves import BINS
from oddframe.reporting.report import training

GAN = [
    line
    for step in (100, 200, 300, 400)
    for line in (
        {
            "step": step,
            "epoch": step / 50,
            "split": "train",
            "generator/intensity": 10.0 ** -(step / 100),
            "generator/loss": 5.0 - step / 100,
            "discriminator/loss": 0.25,
        },
        {"step": step, "epoch": step / 50, "split": "val", "error": -20.0 - step / 100},
        {"step": step, "epoch": step / 50, "split": "oracle", "micro_auc": 0.5 + step / 1000},
    )
]


def training_section(curve):
    return drawn(training.training_section(curve))


def panels(section):
    """``(caption, foot, top, {class: points})`` of each drawing."""
    found = []
    for figure in section.split('<figure class="lane">')[1:]:
        caption = re.sub(r"<[^>]*>", "", re.search("<figcaption>(.*?)</figcaption>", figure)[1])
        top, foot = re.findall(r'<span style="top:\d+%?">([^<]*)</span>', figure)
        lines = {
            kind: np.array([point.split(",") for point in points.split()], float)
            for kind, points in re.findall(r'<polyline class="(\w+)" points="([^"]*)"', figure)
        }
        found.append((caption, float(foot), float(top), lines))
    return found


def test_phases_come_one_after_the_other_and_validations_last():
    section = training_section(GAN)
    assert re.findall("<h3>(.*?)</h3>", section) == [
        "Phase: generator",
        "Phase: discriminator",
        "At each validation",
    ]
    captions = [panel[0] for panel in panels(section)]
    assert captions == [
        "intensity 0.0001 · log",
        "loss 1",
        "loss 0.25",
        "error -24",
        "Micro AUC 0.9 (oracle)",
    ]


def test_points_are_where_the_numbers_are():
    drawn = panels(training_section(GAN))
    for _, _, _, lines in drawn:
        (points,) = lines.values()
        assert points[:, 0].tolist() == [250, 500, 750, 1000]
    _, foot, top, lines = drawn[1]
    assert top - lines["series0"][:, 1] / 1000 * (top - foot) == pytest.approx(
        [4, 3, 2, 1], abs=0.01
    )
    # On a logarithmic axis powers of ten are equally far apart, from the foot to the top.
    _, foot, top, lines = drawn[0]
    assert (foot, top) == (1e-4, 0.1)
    assert lines["series0"][:, 1] == pytest.approx([0, 1000 / 3, 2000 / 3, 1000], abs=1)
    # What never changes lies in the middle and its axis has two different labels.
    _, foot, top, lines = drawn[2]
    assert foot < 0.25 < top
    assert np.ptp(lines["series0"][:, 1]) == 0
    assert 300 < lines["series0"][0, 1] < 700


def test_oracle_is_red_and_said_to_be():
    section = training_section(GAN)
    assert list(panels(section)[-1][3]) == ["suspect"]
    assert '<i class="suspect"></i>test videos (oracle: nothing may be chosen by it)' in section
    honest = training_section([line for line in GAN if line["split"] != "oracle"])
    assert "suspect" not in honest
    assert "oracle" not in honest


def test_training_and_validation_of_one_term_share_a_drawing():
    curve = [
        {"step": step, "epoch": 1.0, "split": split, "loss": value, "video_auc": 0.75}
        for step, split, value in ((5, "train", 3.0), (5, "val", 4.0), (10, "train", 2.0))
    ]
    section = training_section(curve)
    assert "<h3>" not in section
    loss, _ = panels(section)
    assert {kind: len(points) for kind, points in loss[3].items()} == {"series0": 2, "series1": 2}
    # A single number is a dot: a line from a point to itself.
    assert (loss[3]["series1"][0] == loss[3]["series1"][1]).all()
    assert loss[0] == "loss 2 4"


def test_small_differences_have_labels_that_differ():
    curve = [
        {"step": step, "split": "train", "loss": value} for step, value in ((1, 0.25), (2, 0.25003))
    ]
    (panel,) = panels(training_section(curve))
    assert panel[1] < panel[2]


def test_what_is_not_finite_leaves_a_gap():
    values = [1.0, math.nan, 3.0, math.inf, None, "4"]
    curve = [{"step": i + 1, "split": "val", "error": v} for i, v in enumerate(values)]
    ((_, _, _, lines),) = panels(training_section(curve))
    assert lines["series1"][:, 0].tolist() == [round(1000 / 6), 500]
    assert training_section([{"step": 1, "split": "val", "error": math.nan}]) == ""
    assert training_section([]) == ""


def test_a_long_curve_keeps_its_peak_and_stays_small():
    curve = [
        {"step": step, "split": "train", "loss": 50.0 if step == 7777 else 1 + step % 7}
        for step in range(1, 10_001)
    ]
    section = training_section(curve)
    ((_, _, _, lines),) = panels(section)
    assert len(lines["series0"]) <= 2 * BINS + 2
    assert lines["series0"][lines["series0"][:, 1].argmin(), 0] == 778
    assert len(section) < 5000


def test_names_from_outside_are_escaped():
    section = training_section([{"step": 1, "split": "val", "<i>/<b>": 1.0, "a": 2.0}])
    assert "<i>" not in section
    assert "&lt;b&gt;" in section
    assert "Phase: &lt;i&gt;" in section


@pytest.mark.parametrize(
    "line",
    [
        {"split": "val", "a": 1},
        {"step": 1, "split": "test", "a": 1},
        {"step": "1"},
        {"step": 1, "split": []},
        [1],
        3,
    ],
)
def test_other_lines_are_refused_in_one_line(line):
    with pytest.raises(
        OddframeError, match=r"metrics\.jsonl.*expected lines with.*found"
    ) as caught:
        training_section([line])
    assert "\n" not in str(caught.value)
