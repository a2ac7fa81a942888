from __future__ import annotations

import csv
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from oddframe.evaluation.compare import Comparison, compare_scores
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.reporting.comparison_page import write_comparison
from oddframe.reporting.model_timelines import model_timelines
from oddframe.scores import Scores


@pytest.fixture
def manifest(toy):
    """The toy's two videos three times, so that there is something to resample."""
    videos = [replace(v, id=f"{v.id}{i}") for v in toy.manifest for i in range(3)]
    return replace(toy.manifest, videos=tuple(videos))


@pytest.fixture
def named(toy, manifest):
    generator = np.random.default_rng(0)
    good = {video.id: toy.scores[video.id[:-1]] for video in manifest}
    noise = {video.id: generator.random(40) for video in manifest}
    meta = {"normalisation": "per-video"}
    return {"good": Scores(good), 'noise <b>&"': Scores(noise, meta)}


def test_page_csv_and_curves(manifest, named, tmp_path):
    comparison = compare_scores(named, manifest, resamples=50)
    evaluations = {
        name: evaluate_scores(scores, manifest, resamples=50) for name, scores in named.items()
    }
    path = write_comparison(tmp_path, comparison, evaluations=evaluations)
    html = path.read_text(encoding="utf-8")
    assert "noise &lt;b&gt;&amp;&quot;" in html
    assert "<b>&" not in html
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    assert "may be chance" in html or "is better" in html
    # Only the model with the doubtful scores is red.
    rows = re.findall(r'<td class="number value( suspect)?">', html.split('id="differences"')[0])
    assert rows.count(" suspect") == len(comparison.models["good"])
    differences = re.findall(
        r'<td class="number value( suspect)?">',
        html.split('id="differences"')[1].split("<section")[0],
    )
    assert differences.count(" suspect") == len(comparison.differences)
    with (tmp_path / "metrics.csv").open(newline="") as stream:
        table = {(row["model"], row["metric"]): row for row in csv.DictReader(stream)}
    for model, metrics in comparison.models.items():
        for metric, part in metrics.items():
            text = table[model, metric]["value"]
            assert (float(text) if text else None) == part.value
    with (tmp_path / "differences.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(comparison.differences)
    for name in ("roc", "precision_recall"):
        assert cv2.imread(str(tmp_path / "plots" / f"{name}.png")) is not None


def test_numbers_alone_make_a_page_without_curves(manifest, named, tmp_path):
    comparison = compare_scores(named, manifest, resamples=10)
    html = write_comparison(tmp_path, comparison, title="<T>").read_text(encoding="utf-8")
    assert "&lt;T&gt;" in html
    assert "Curves" not in html
    assert not (tmp_path / "plots").exists()


def test_verdict_knows_which_way_is_better(manifest, tmp_path):
    perfect = {v.id: v.frame_labels() + np.linspace(0, 0.1, v.frames) for v in manifest}
    worst = {key: -values for key, values in perfect.items()}
    comparison = compare_scores(
        {"worst": Scores(worst), "perfect": Scores(perfect)}, manifest, resamples=50
    )
    html = write_comparison(tmp_path, comparison).read_text(encoding="utf-8")
    assert "perfect is better" in html
    assert "worst is better" not in html
    assert "suspect" not in html.split('id="differences"')[1].split("<section")[0]
    doubted = replace(comparison, doubts={"worst": ["of little use"]})
    html = write_comparison(tmp_path, doubted).read_text(encoding="utf-8")
    assert "worst: of little use" in html
    assert '<td class="verdict suspect">' in html


@pytest.fixture
def classed(manifest):
    """The toy's videos with two classes, and probabilities of two models."""
    videos = [
        replace(v, classes=(("run", "bike")[i % 2],) if v.events else ())
        for i, v in enumerate(manifest)
    ]
    generator = np.random.default_rng(0)
    named = {
        name: Scores({v.id: generator.random(v.frames) ** power for v in videos})
        for name, power in (("one", 1), ("two", 3))
    }
    return replace(manifest, videos=tuple(videos)), named


def test_classes_decisions_and_timelines(classed, tmp_path):
    manifest, named = classed
    comparison = compare_scores(named, manifest, resamples=20)
    assert Comparison.read(comparison.write(tmp_path / "comparison.json")) == comparison
    alone = evaluate_scores(named["two"], manifest, resamples=20)
    assert comparison.classes["two"] == alone.classes
    assert comparison.decisions["two"] == alone.decisions
    path = write_comparison(tmp_path, comparison, videos=manifest.videos, scores=named)
    html = path.read_text(encoding="utf-8")
    assert html.count('<figure class="lane">') == len(manifest)
    assert html.count('<polyline class="series1"') == len(manifest)
    assert html.count('<rect class="truth"') == sum(len(v.events) for v in manifest)
    assert "share one axis" in html
    with (tmp_path / "classes.csv").open(newline="") as stream:
        rows = {(r["model"], r["class"], r["metric"]): r for r in csv.DictReader(stream)}
    for model, classes in comparison.classes.items():
        for title, metrics in classes.items():
            for metric, part in metrics.items():
                row = rows[model, title, metric]
                assert (float(row["value"]) if row["value"] else None) == part.value
                assert row["videos"] == str(comparison.class_counts[title]["videos"])
    with (tmp_path / "decisions.csv").open(newline="") as stream:
        decided = list(csv.DictReader(stream))
    assert {row["oracle"] for row in decided if row["decision"].startswith("oracle")} == {"True"}
    assert {row["oracle"] for row in decided if row["decision"] == "fixed_0.5"} == {"False"}
    for video in manifest:
        assert (tmp_path / "plots" / "timelines" / f"{video.id}.png").exists()


def test_scores_without_a_common_scale_are_drawn_each_on_its_own(classed):
    manifest, named = classed
    wild = Scores({key: 100 * named["two"][key] for key in named["two"]})
    html = model_timelines(manifest.videos, {"one": named["one"], "wild": wild})
    assert "no common scale" in html
    heights = [float(y) for y in re.findall(r",(-?\d+)", html)]
    assert 0 <= min(heights) <= max(heights) <= 1000
