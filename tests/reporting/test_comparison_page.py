from __future__ import annotations

import csv
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from oddframe.evaluation.compare import compare_scores
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.reporting.comparison_page import write_comparison
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
