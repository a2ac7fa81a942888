from __future__ import annotations

import csv
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.comparison.compare import compare_scores
from oddframe.comparison.page import write_comparison
from oddframe.comparison.published_numbers import published_for
from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.numbers import MOST_COLUMNS, main_metrics
from oddframe.comparison.sections.timelines import model_timelines, some_videos
from oddframe.comparison.tables import write_tables
from oddframe.console.words import duration
from oddframe.errors import OddframeError
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.metric_names import baseline_name, metric_name
from oddframe.pages.rendering import drawn
from oddframe.reporting.parts.tables import MOST_NAMED
from oddframe.reporting.report.shown_videos import MOST_DRAWN, SAMPLE
from oddframe.reporting.wording import metric_label, number
from oddframe.scores.frame_scores import Scores


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
    assert "noise &lt;b&gt;&amp;&#34;" in html
    assert "<b>&" not in html
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    assert "may be chance" in html or "is better" in html
    assert "Every frame counts." in html
    assert f"with {duration(3600 * comparison.normal_hours)} of normal footage." in html
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


def test_baselines_stand_beside_every_frame_metric_and_name_the_models_they_beat(
    manifest, named, tmp_path
):
    several = {**named, **{f"m{place}": named['noise <b>&"'] for place in range(MOST_COLUMNS)}}
    for models in (named, several):
        comparison = compare_scores(models, manifest, resamples=10)
        assert {"false_alarms_per_hour_at_recall_0.5", "latency_aware_ap"} < set(
            comparison.baselines["random"]
        )
        html = write_comparison(tmp_path, comparison).read_text(encoding="utf-8")
        table = section(html, "numbers").split("Without a look at a pixel")[1].split("</table>")[0]
        head, *rows = [row.split("</tr>")[0] for row in table.split("<tr>")[1:]]
        assert [cell.split(">")[1] for cell in head.split("</th>")[1:-1]] == list(
            map(baseline_name, comparison.baselines)
        )
        marks = []
        for metric, row in zip(comparison.baselines["random"], rows, strict=True):
            label = metric_label(metric, comparison.normal_hours)
            assert f'<th scope="row">{label}</th>' in row
            sign = -1 if metric_name(metric).lower_is_better else 1
            for cell, reached in zip(
                re.findall("<td.*?</td>", row), comparison.baselines.values(), strict=True
            ):
                baseline = reached[metric].value
                worse = [
                    name
                    for name, metrics in comparison.models.items()
                    if sign * metrics[metric].value <= sign * baseline
                ]
                found = [unescape(name) for name in re.findall('remark">([^<]*)', cell)]
                many = f"{len(worse)} of {len(comparison.models)} models"
                assert found == (worse if len(worse) <= MOST_NAMED else [many])
                assert not worse or f"as good as {', '.join(worse)}, or better" in unescape(cell)
                assert ("▲" in cell) == bool(worse)
                assert f">{number(baseline)}" in cell
                marks.append(bool(worse))
        assert 0 < sum(marks) < len(marks)
        assert ("of 6 models" in table) == (models is several)


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


def test_of_many_videos_some_are_drawn_those_with_events_first(classed):
    manifest, _ = classed
    odd = next(video for video in manifest if video.events)
    calm = replace(odd, label="normal", events=(), classes=())
    videos = [replace(odd if i % 4 == 0 else calm, id=f"v{i}") for i in range(500)]
    some = some_videos(videos)
    assert len(some) == MOST_DRAWN
    assert sum(bool(video.events) for video in some) == MOST_DRAWN - SAMPLE
    assert [video.id for video in some] == sorted((v.id for v in some), key=lambda i: int(i[1:]))
    assert some_videos(videos[:MOST_DRAWN]) == videos[:MOST_DRAWN]
    assert len(some_videos([video for video in videos if video.events])) == MOST_DRAWN
    assert len(some_videos([video for video in videos if not video.events])) == MOST_DRAWN
    scores = Scores({video.id: np.zeros(video.frames, np.float32) for video in some})
    assert "120 of 500 videos are drawn" in drawn(model_timelines(some, {"a": scores}, 500))


def test_scores_without_a_common_scale_are_drawn_each_on_its_own(classed):
    manifest, named = classed
    wild = Scores({key: 100 * named["two"][key] for key in named["two"]})
    html = drawn(model_timelines(manifest.videos, {"one": named["one"], "wild": wild}))
    assert "no common scale" in html
    heights = [float(y) for y in re.findall(r",(-?\d+)", html)]
    assert 0 <= min(heights) <= max(heights) <= 1000


@pytest.fixture
def seeds(manifest):
    """Three seeds of two models; the first one is good and comes with oracle checkpoints."""
    generator = np.random.default_rng(1)

    def trained(skill):
        return Scores(
            {v.id: skill * v.frame_labels() + generator.random(v.frames) for v in manifest}
        )

    named = {"good": [trained(1) for _ in range(3)], "weak": [trained(0.1) for _ in range(3)]}
    oracle = {"good": [trained(2) for _ in range(3)]}
    origins = {"good": "sweep <one>, best of 4"}
    return compare_scores(named, manifest, oracle=oracle, origins=origins, resamples=50)


def section(html, name):
    return html.split(f'<section id="{name}"')[1].split("</section>")[0]


def table_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_seeds_oracle_and_origins(seeds, tmp_path):
    html = write_comparison(tmp_path, seeds).read_text(encoding="utf-8")
    assert "sweep &lt;one&gt;, best of 4" in html.split("<nav")[0]
    shown = section(html, "seeds").split("<details>")[0]
    # One dot per training, one mark for the mean.
    assert shown.count("<circle") == 6
    assert shown.count('class="mean"') == 2
    values = seeds.repeats["good"]["micro_auc"]
    assert f"{np.mean(values):.3f}" in shown
    assert f"{np.std(values, ddof=1):.3f}" in shown
    oracle = section(html, "chosen-by-validation,-and-the-oracle-beside-it").split("<details>")[0]
    (row,) = re.findall(r'<td class="number suspect">([\d.]+)', oracle)
    assert row == f"{seeds.oracle['good']['micro_auc'].value:.3f}"
    assert "selection on the test videos would have" in oracle
    rows = table_of(tmp_path / "seeds.csv")
    assert [
        float(r["value"]) for r in rows if (r["model"], r["metric"]) == ("good", "micro_auc")
    ] == values
    (row,) = [r for r in table_of(tmp_path / "oracle.csv") if r["metric"] == "micro_auc"]
    assert float(row["value"]) == seeds.oracle["good"]["micro_auc"].value
    assert float(row["gap_low"]) == seeds.oracle_gaps["good"]["micro_auc"].low
    assert r"good, oracle &" in (tmp_path / "comparison.tex").read_text()


def test_published_numbers_stand_apart_from_measured_ones(seeds, tmp_path):
    published = published_for("ucf-crime")
    html = write_comparison(tmp_path, seeds, published=published).read_text(encoding="utf-8")
    shown = section(html, "published-numbers")
    assert "not measured here" in shown
    # 31 numbers; PEL4VAD has three metrics in one row, and PI-VAD two.
    assert shown.count('<th scope="row">') == 28
    assert "0.8698" in shown
    assert "measured on a wrong ground truth" in shown
    rest = html.replace(shown, "")
    assert "RTFM" not in rest
    assert "0.8698" not in rest
    assert "good" not in shown
    rows = table_of(tmp_path / "published.csv")
    assert [float(row["value"]) for row in rows] == [row.value for row in published]
    assert not any(row["model"] == "RTFM" for row in table_of(tmp_path / "metrics.csv"))
    # A later comparison without them leaves no stale file.
    write_comparison(tmp_path, seeds)
    assert not (tmp_path / "published.csv").exists()


def test_numbers_published_on_another_data_set_have_a_table_of_their_own(seeds, tmp_path):
    own, other = published_for("ucsd-ped2"), published_for("avenue")
    html = write_comparison(tmp_path, seeds, published=own, elsewhere=other).read_text("utf-8")
    shown = section(html, "published-numbers")
    ped2, avenue = shown.index("Published on ucsd-ped2"), shown.index("Published on avenue")
    # DeepAppearance has .846 on Avenue and none on Ped2.
    assert ped2 < avenue < shown.index("DeepAppearance") < shown.index("0.846")
    rows = table_of(tmp_path / "published.csv")
    assert [row["dataset"] for row in rows] == [row.dataset for row in (*own, *other)]
    table = (tmp_path / "comparison.tex").read_text()
    assert "Unmasking" in table
    assert "DeepAppearance" not in table


def test_training_curves_of_models_share_their_drawings(seeds, tmp_path):
    def trained(offset, **more):
        lines = []
        for step in (10, 20):
            lines += [
                {"step": step, "epoch": 1, "split": "train", "loss": offset + 1 / step, **more},
                {"step": step, "epoch": 1, "split": "val", "video_auc": offset + step / 100},
            ]
        return [*lines, {"step": 20, "epoch": 1, "split": "oracle", "micro_auc": 0.5}]

    curves = {"good": [trained(0.1, margin=1.0), trained(0.2, margin=2.0)], "weak": [trained(0.3)]}
    html = write_comparison(tmp_path, seeds, curves=curves).read_text(encoding="utf-8")
    shown = section(html, "training-curves")
    panels = {
        re.sub("<[^>]*>", "", re.search("<figcaption>(.*?)</figcaption>", part)[1]).strip(): part
        for part in shown.split('<figure class="lane">')[1:]
    }
    assert list(panels) == ["Video AUC", "loss", "margin good", "Micro AUC oracle"]
    for name in ("Video AUC", "loss", "Micro AUC oracle"):
        assert panels[name].count('<polyline class="series0"') == 2
        assert panels[name].count('<polyline class="series1"') == 1
    assert "oracle: nothing may be chosen by it" in shown
    assert shown.index("<details>") < shown.index("margin")
    with pytest.raises(OddframeError, match="'weak': training curve"):
        write_comparison(tmp_path, seeds, curves={"weak": [[{"step": 1}]]})


def test_many_models_get_a_matrix_and_folded_pairs(manifest, tmp_path):
    generator = np.random.default_rng(2)
    named = {
        f"m{place}": Scores(
            {v.id: place * v.frame_labels() / 4 + generator.random(v.frames) for v in manifest}
        )
        for place in range(8)
    }
    comparison = compare_scores(named, manifest, resamples=50, pairs="all")
    html = write_comparison(tmp_path, comparison).read_text(encoding="utf-8")
    shown = section(html, "differences")
    assert comparison.caution in shown
    open_part, folded = shown.split("<details>")
    cells = [
        re.findall(r'<td class="([^"]*)">([^<]*)', row)
        for row in open_part.split("<tbody>")[1].split("</tr>")[:-1]
    ]
    for d in comparison.differences:
        if d.metric != "micro_auc":
            continue
        first, second = int(d.first[1]), int(d.second[1])
        for row, column, sign in ((first, second, 1), (second, first, -1)):
            kind, text = cells[row][column]
            assert float(text) == pytest.approx(sign * d.value.value, abs=6e-4)
            assert ("value" in kind) == d.clear
    assert folded.count("<h3>") == 28
    # Colours are used twice, so the second round is dashed.
    assert 'class="series0 round1"' in section(html, "numbers")
    few = compare_scores(named, manifest, resamples=50, pairs="first")
    html = write_comparison(tmp_path, few).read_text(encoding="utf-8")
    open_part = section(html, "differences").split("<details>")[0]
    assert "m0 minus each of the others" in open_part
    assert open_part.count('<th scope="row">') == 7


def test_a_doubt_about_many_models_is_said_once(manifest, tmp_path):
    """As of the thesis's table, where every method stands a second time, scaled per video."""
    kinds = {"a": "", "b <": "per video", "c": "", "d": "per video"}
    named = {
        name: Scores({v.id: v.frame_labels().astype(float) for v in manifest}, {"normalisation": k})
        for name, k in kinds.items()
    }
    comparison = compare_scores(named, manifest, resamples=0)
    evaluations = {name: evaluate_scores(part, manifest) for name, part in named.items()}
    html = write_comparison(tmp_path, comparison, evaluations=evaluations).read_text()
    warning = html.split('<div class="warning" role="note">')[1].split("</div>")[0]
    assert unescape(warning).startswith("<p>b <, d: the scores are normalised per video")
    assert warning.count("<p>") == 1


def test_headings_are_those_of_the_documentation(classed, seeds, tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    documented = {
        name: re.findall("`(\\w+)`", columns)
        for name, columns in re.findall(r"^\| `(\w+\.csv)` \|[^|]*\|(.*)\|$", text, re.MULTILINE)
    }
    manifest, named = classed
    with_classes = compare_scores(named, manifest, resamples=10)
    write_tables(tmp_path / "a", with_classes, published_for("avenue"))
    write_tables(tmp_path / "b", seeds)
    written = {path.name: path for path in tmp_path.glob("*/*.csv")}
    assert set(written) == set(documented)
    for name, path in written.items():
        assert path.read_text(encoding="utf-8").splitlines()[0].split(",") == documented[name]


def test_the_metric_that_the_data_set_is_ranked_by_comes_first(manifest, named):
    comparison = compare_scores(named, manifest, resamples=10)
    assert main_metrics(comparison)[0] == "micro_auc"
    ranked_by_precision = main_metrics(replace(comparison, dataset="xd-violence"))
    assert ranked_by_precision[:2] == ["average_precision", "micro_auc"]
    assert set(ranked_by_precision) == set(main_metrics(comparison))
