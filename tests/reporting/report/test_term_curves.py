"""What a score is made of: the drawing in the page and the PNG beside it."""

import re

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.pages.colours import SERIES, TRUTH
from oddframe.pages.rendering import drawn
from oddframe.reporting.report import term_curves
from oddframe.reporting.report.term_curves import scale_of_terms
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Event, Video

ODD = Video("odd/1", "1", "test", "anomalous", 50, 10.0, 8, 8, events=(Event(20, 35, "<b>"),))
CALM = Video("calm", "2", "test", "normal", 40, 10.0, 8, 8)
HELD_OUT = "mean and deviation of each term on held-out normal footage"
PER_VIDEO = "per-video: each term from 0 to 1 within each video"


@pytest.fixture
def terms():
    random = np.random.default_rng(0)
    return {
        v.id: {name: random.normal(0, 2, v.frames) for name in ("error", "a <classifier>")}
        for v in (ODD, CALM)
    }


def terms_section(folder, *arguments):
    return drawn(term_curves.terms_section(folder / "plots", *arguments))


def scores_of(terms, **meta):
    return Scores({key: sum(part.values()) / 2 for key, part in terms.items()}, meta)


def lines_of(section):
    """Points of each line, per video: ``(lines, points, 2)``."""
    return [
        {
            kind: np.array([point.split(",") for point in points.split()], float)
            for kind, points in re.findall(r'<polyline class="(\w+)" points="([^"]*)"', figure)
        }
        for figure in section.split('<figure class="lane">')[1:]
    ]


def test_terms_and_score_lie_on_one_axis_in_all_videos(tmp_path, terms):
    scores = scores_of(terms)
    section = terms_section(tmp_path, [CALM, ODD], scores, terms)
    labels = re.findall(r'<span style="top:[\d.]+%">([-\d.]+)</span>', section)
    high, low, zero = map(float, labels[:3])
    assert zero == 0
    names = ["series0", "series1", "series2"]
    drawn = lines_of(section)
    assert [sorted(lines) for lines in drawn] == [names] * 2
    for video, lines in zip((ODD, CALM), drawn, strict=True):  # the odd one comes first
        wanted = [scores[video.id], *terms[video.id].values()]
        for name, values in zip(names, wanted, strict=True):
            assert lines[name][:, 0].tolist() == list(range(video.frames))
            # Labels have three digits, points a thousandth of the axis.
            shown = high - lines[name][:, 1] / 1000 * (high - low)
            assert shown == pytest.approx(values, abs=(high - low) / 150)
    assert section.count('<rect class="truth" x="20" width="15"') == 1
    assert "<b>" not in section.replace("<b>standard", "")
    assert "a &lt;classifier&gt;" in section
    assert "combined score" in section
    assert "1 without annotated events" in section


def test_the_score_lies_on_top(tmp_path, terms):
    section = terms_section(tmp_path, [ODD], scores_of(terms), terms)
    assert re.findall(r'polyline class="(\w+)"', section) == ["series2", "series1", "series0"]


@pytest.mark.parametrize(
    ("meta", "wanted", "missing"),
    [
        ({}, "The combined score comes from their weighted sum.", "unit"),
        ({"normalisation": HELD_OUT}, "<b>standard deviations above normal footage</b>", "suspect"),
        ({"normalisation": PER_VIDEO}, '<b class="suspect">0 to 1 within each video</b>', "above"),
        ({"combination": "1 a + 2 <b>"}, "weighted sum (1 a + 2 &lt;b&gt;).", "smoothed"),
        ({"smoothing_seconds": 0.5}, "with a deviation of 0.5 s; the terms are not", "unit"),
        ({"smoothing_seconds": 0.0}, "their weighted sum.", "smoothed"),
    ],
)
def test_the_caption_says_what_was_done_to_the_numbers(tmp_path, terms, meta, wanted, missing):
    section = terms_section(tmp_path, [ODD, CALM], scores_of(terms, **meta), terms)
    (hint,) = re.findall(r'<p class="hint">(.*?)</p>', section)
    assert "anomaly scores, higher is odder" in hint
    assert wanted in hint
    assert missing not in hint


def test_units_follow_from_the_normalisation():
    assert scale_of_terms({"normalisation": HELD_OUT}) == "standard deviations above normal footage"
    assert scale_of_terms({"normalisation": PER_VIDEO}) == "0 to 1 within each video"
    assert scale_of_terms({"normalisation": "none (not calibrated)"}) == scale_of_terms({}) == ""


def test_terms_between_0_and_1_have_that_axis(tmp_path, terms):
    unit = {
        key: {name: np.abs(np.tanh(values)) / 2 for name, values in part.items()}
        for key, part in terms.items()
    }
    section = terms_section(tmp_path, [ODD], scores_of(unit), unit)
    labels = re.findall(r'<span style="top:[\d.]+%">([-\d.]+)</span>', section)
    assert labels == ["1", "0"]


def test_scores_far_above_the_threshold_are_cut_and_it_is_said(tmp_path, terms):
    terms["calm"]["error"][7] = 1000.0
    section = terms_section(tmp_path, [ODD, CALM], scores_of(terms, threshold=3.0), terms)
    assert re.search(r"What is above [\d.]+ leaves the picture at the top", section)
    assert "leaves the picture" not in terms_section(tmp_path, [ODD, CALM], scores_of(terms), terms)


def test_pictures_have_a_line_per_term_over_the_shaded_truth(tmp_path):
    flat = {"error": np.full(50, 3.0), "classifier": np.full(50, -1.0)}
    flat["classifier"][-1] = -2.0  # so that no line lies on the edge
    terms_section(tmp_path, [ODD], Scores({"odd/1": np.ones(50)}), {"odd/1": flat})
    picture = cv2.imread(str(tmp_path / "plots" / "terms" / "odd" / "1.png"))
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(int)
    rows = []
    for colour in SERIES[:3]:
        same = np.abs(picture[:, 150:300] - np.array(colour)).max(axis=2) < 8
        (row,) = np.flatnonzero(same.mean(axis=1) > 0.9)[:1]
        rows.append(row)
    score, error, classifier = rows
    assert error < score < classifier  # 3, 1 and -1 from the top, one axis
    assert (score - error) == pytest.approx(classifier - score, abs=2)
    shade = np.array(TRUTH) * 0.3 + 255 * 0.7
    share = (np.abs(picture - shade).max(axis=2) < 6).mean(axis=0)
    assert (share > 0.5).sum() > 0.2 * picture.shape[1]


def opened(section):
    """The videos that are seen, and those that are folded away, as captions."""
    parts = section.split("<details>")
    captions = [re.findall(r"<figcaption>(.*?)</figcaption>", part) for part in parts]
    return captions[0], captions[1] if len(parts) > 1 else []


def test_footage_without_annotation_is_open_those_with_detections_first(tmp_path):
    videos = [Video(f"v{i}", "", "test", None, 20, 10.0, 8, 8) for i in range(8)]
    terms = {v.id: {"error": np.linspace(0, 2, 20)} for v in videos}
    scores = scores_of(terms)
    found = {"v7": ["an event"], "v5": ["an event"], "v0": []}
    section = terms_section(tmp_path, videos, scores, terms, found)
    assert opened(section) == (["v5", "v7", "v0", "v1", "v2", "v3"], ["v4", "v6"])
    assert "<summary>2 more</summary>" in section
    few = terms_section(tmp_path, videos[:6], scores, terms)
    assert opened(few) == ([f"v{i}" for i in range(6)], [])
    annotated = terms_section(
        tmp_path,
        [CALM, ODD],
        scores_of(both := {v.id: {"error": np.linspace(0, 2, v.frames)} for v in (CALM, ODD)}),
        both,
        {"calm": ["an event"]},
    )
    assert opened(annotated) == (["odd/1"], ["calm"])


def test_the_threshold_of_the_combined_score_is_dashed(tmp_path, terms):
    section = terms_section(tmp_path, [ODD], scores_of(terms, threshold=3.0), terms)
    (y,) = map(
        int, re.findall(r'<line class="threshold" x1="0" x2="50" y1="(\d+)" y2="\1"/>', section)
    )
    labels = {float(v): float(t) for t, v in re.findall(r'top:([\d.]+)%">([-\d.]+)<', section)}
    assert labels[3.0] == pytest.approx(y / 10, abs=0.1)
    assert '<i class="threshold"></i>' in section
    assert "threshold" not in terms_section(tmp_path, [ODD], scores_of(terms), terms)


def test_a_video_far_above_the_cut_stays_in_its_picture(tmp_path):
    terms = {
        "odd/1": {"error": np.linspace(500, 600, 50)},
        "calm": {"error": np.linspace(0, 2, 40)},
    }
    section = terms_section(tmp_path, [ODD, CALM], scores_of(terms, threshold=2.5), terms)
    odd, calm = lines_of(section)
    for lines in (odd, calm):
        assert all((points[:, 1] >= 0).mean() >= 0.8 for points in lines.values())
    assert np.ptp(calm["series1"][:, 1]) > 100, "the other video keeps its axis"
    assert "1 video has a higher axis" in section


def test_a_threshold_outside_of_0_to_1_is_in_the_picture(tmp_path):
    unit = {"odd/1": {"error": np.linspace(0, 1, 50)}}
    section = terms_section(tmp_path, [ODD], scores_of(unit, threshold=1.5), unit)
    (y,) = map(int, re.findall(r'<line class="threshold".* y2="(\d+)"/>', section))
    assert 0 < y < 1000


def test_videos_without_terms_are_left_out(tmp_path, terms):
    scores = scores_of(terms)
    del terms["calm"]
    assert terms_section(tmp_path, [ODD, CALM], scores, terms).count('<figure class="lane">') == 1
    assert terms_section(tmp_path, [CALM], scores, terms) == ""
    assert [path.name for path in (tmp_path / "plots" / "terms").rglob("*.png")] == ["1.png"]


def test_terms_that_do_not_fit_are_refused(tmp_path, terms):
    scores = scores_of(terms)
    short = {**terms, "calm": {**terms["calm"], "error": np.zeros(39)}}
    with pytest.raises(OddframeError, match=r"'calm': expected 40 of 'error', .* found 39; score"):
        terms_section(tmp_path, [ODD, CALM], scores, short)
    other = {**terms, "calm": {"error": np.zeros(40)}}
    with pytest.raises(OddframeError, match=r"'calm': expected error, a <cl.*, found error; score"):
        terms_section(tmp_path, [ODD, CALM], scores, other)
    assert not (tmp_path / "plots").exists()
