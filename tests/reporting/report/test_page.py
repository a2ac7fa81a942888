from __future__ import annotations

import base64
import dataclasses
import re
import shutil
import sys
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.media.clock import Clock
from oddframe.reporting.drawing import plots
from oddframe.reporting.report import shown_videos, video_table
from oddframe.reporting.report.page import write_report
from oddframe.scores.detections import Detection, EventRule, find_detections
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest

VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Reads a page strictly: every tag closed in order, every id once."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text = [], [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []
        ids = [
            value for _, attributes in self.elements for k, value in attributes.items() if k == "id"
        ]
        assert len(ids) == len(set(ids))
        self.ids = set(ids)

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"{tag} repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)

    def all(self, tag, kind=None):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and (kind is None or kind in (attributes.get("class") or "").split())
        ]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def write(toy, tmp_path):
    def write_toy(**changes):
        arguments = {
            "title": 'Toy <script>alert("1")</script>',
            "manifest": toy.manifest,
            "scores": toy.scores,
            "detections": toy.detections,
        }
        return Page(write_report(tmp_path / "report", **(arguments | changes)))

    return write_toy


def test_the_page_needs_no_other_file_and_no_network(write, toy):
    page = write(evaluation=evaluate_scores(toy.scores, toy.manifest, resamples=20))
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:image/jpeg;base64,")), (tag, value)
        assert not any(name.startswith("on") for name in attributes)
        assert tag not in ("link", "iframe", "object", "embed", "base")
    assert "url(" not in page.source
    assert "@import" not in page.source
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'")


def test_without_matplotlib_the_page_is_the_same_and_a_line_says_what_is_not_written(
    write, toy, tmp_path, monkeypatch
):
    evaluation = evaluate_scores(toy.scores, toy.manifest, resamples=20)
    whole = write(evaluation=evaluation).source
    assert (tmp_path / "report" / "plots" / "roc.png").is_file()
    shutil.rmtree(tmp_path / "report")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plots._say_what_is_missing.cache_clear()
    with pytest.warns(OddframeWarning, match=r"matplotlib.*\[plots\]") as said:
        without = [write(evaluation=evaluation).source for _ in range(2)]
    assert without == [whole] * 2
    assert len(said) == 1
    assert not (tmp_path / "report" / "plots").exists()
    assert list((tmp_path / "report" / "events").rglob("*.jpg"))


def test_names_from_outside_are_escaped(write, toy):
    page = write(
        evaluation=evaluate_scores(toy.scores, toy.manifest, resamples=20),
        training_note="fitted on <u>14</u> hours & more",
    )
    assert len(page.all("script")) == 1
    assert not page.all("b") or all(not attributes for attributes in page.all("b"))
    for tag in ("i", "u", "fast"):
        assert all(attributes.get("class") for attributes in page.all(tag)), tag
    for text in (toy.odd_id, 'moves <fast> & "far"', "<u>14</u> hours & more"):
        assert text in page.words
    assert page.words.count('Toy <script>alert("1")</script>') == 2
    assert "annotated: <i>cyclist</i>" in page.words


def test_summary_says_what_was_found(write):
    words = write().words
    assert "1 odd moment in 1 of 2 videos (8.0 s); the oddest is at 0:01.4 in" in words
    assert "Of 1 annotated event, 1 is found; 0 detections touch no annotated event." in words


def test_timelines_hold_the_scores_truth_threshold_and_detections(write, toy):
    page = write()
    track = page.all("div", "track")
    lines = page.all("polyline", "score")
    assert len(track) == len(lines) == 2
    for attributes, line, key in zip(track, lines, [toy.odd_id, "calm"], strict=True):
        low, high = float(attributes["data-low"]), float(attributes["data-high"])
        points = np.array([point.split(",") for point in line["points"].split()], float)
        assert points[:, 0].tolist() == list(range(40))
        drawn = high - points[:, 1] / 1000 * (high - low)
        assert drawn == pytest.approx(toy.scores[key], abs=(high - low) / 1000)
        assert int(attributes["aria-valuemax"]) == 39
        assert int(attributes["data-rest"]) == toy.scores[key].argmax()
    (truth,) = page.all("rect", "truth")
    assert (truth["x"], truth["width"], truth["data-name"]) == ("10", "10", "<i>cyclist</i>")
    (detected,) = page.all("rect", "detected")
    assert (detected["x"], detected["width"]) == ("12", "6")
    first, second = page.all("line", "threshold")
    assert first["y1"] == second["y1"]  # one axis for all videos
    level = high - int(first["y1"]) / 1000 * (high - low)
    assert level == pytest.approx(1.0, abs=0.01)


def test_links_lead_to_timelines_and_sections_that_are_there(write):
    page = write()
    links = page.all("a")
    assert {attributes["href"][1:] for attributes in links} <= page.ids
    assert [a["data-frame"] for a in links if "data-frame" in a] == ["14"]


def test_pictures_are_files_too(write, tmp_path, toy):
    page = write(evaluation=evaluate_scores(toy.scores, toy.manifest, resamples=20))
    folder = tmp_path / "report"
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == [
        f"events/{toy.odd_id}_14.jpg",
        "plots/precision_recall.png",
        "plots/roc.png",
        f"plots/timelines/{toy.odd_id}.png",
        "plots/timelines/calm.png",
        "report.html",
    ]
    for name in names[:-1]:
        assert cv2.imread(str(folder / name)) is not None
    assert len(page.all("img")) == 3  # two strips, one event


def test_maps_are_laid_over_the_event(write, tmp_path, toy):
    maps = {toy.odd_id: np.zeros((40, 4, 6), np.float32)}
    maps[toy.odd_id][14, 3, 5] = 3.0
    assert "Colour shows where: half the threshold" in write(maps=maps).words
    picture = cv2.imread(str(tmp_path / "report" / "events" / f"{toy.odd_id}_14.jpg")).astype(int)
    assert picture[290, 450, 2] > picture[290, 450, 0] + 40
    assert np.ptp(picture[290, 250]) < 8
    with pytest.raises(OddframeError, match=r"score maps of 'calm': expected 40.*found 39"):
        write(maps={"calm": np.zeros((39, 4, 6))})


def test_footage_of_ones_own_without_labels_or_numbers(write, toy):
    videos = tuple(dataclasses.replace(v, label=None, events=()) for v in toy.manifest)
    page = write(manifest=Manifest("folder", videos, toy.manifest.root), split=None)
    assert "annotated" not in page.words
    assert not page.all("rect", "truth")
    assert not page.all("table", "metrics")
    assert "detector toy" in page.words


def test_no_threshold_and_nothing_found(write, toy):
    page = write(scores=Scores(toy.scores.values), detections={})
    assert "Scored 2 videos (8.0 s); no verdict, since the scores have no threshold." in page.words
    assert not page.all("line", "threshold")
    calm = Scores(toy.scores.values, {"threshold": 9.0})
    assert "no score is above the threshold" in write(scores=calm, detections={}).words


def test_missing_and_broken_footage_gives_a_note(write, toy):
    (toy.manifest.root / "odd.mp4").unlink()
    (toy.manifest.root / "calm.mp4").write_text("this is no video")
    page = write()
    notes = page.all("p", "missing")
    assert len(notes) == 2
    assert not page.all("img")
    assert "odd.mp4: no such video" in page.words
    assert "calm.mp4: cannot be read as a video" in page.words
    assert "moves <fast>" in page.words  # the detection is listed without its picture


def test_without_maps_nothing_is_said_of_colour(write):
    page = write()
    assert page.all("ol", "moments")
    assert "Colour shows" not in page.words
    assert "the score map" not in page.source
    assert "to see the score and the nearest picture;" in page.words


def test_features_alone_are_said_once(write, toy):
    videos = [dataclasses.replace(v, path="", width=0, height=0) for v in toy.manifest]
    page = write(manifest=Manifest("features", tuple(videos)))
    assert page.words.count("No pictures") == 1
    assert "No pictures: only features of these videos are at hand." in page.words
    assert "to see the score;" in page.words
    assert "knows no footage" not in page.source
    assert not page.all("p", "missing")
    assert not page.all("img")
    assert "Colour shows" not in page.words
    # Where some videos have footage, the others say that they have none.
    mixed = Manifest("mixed", (toy.manifest.videos[0], videos[1]), toy.manifest.root)
    page = write(manifest=mixed)
    assert page.words.count("No pictures") == len(page.all("p", "missing")) == 1
    assert "No pictures: only features of this video are at hand" in page.words
    assert "the nearest picture" in page.words


def test_truncated_footage_shows_what_decodes(write, toy):
    path = toy.manifest.root / "odd.mp4"
    longer = [
        dataclasses.replace(v, frames=400) if v.path == "odd.mp4" else v for v in toy.manifest
    ]
    scores = np.zeros(400, np.float32)
    scores[390] = 5.0  # the peak's frame is not in the file
    page = write(
        manifest=Manifest("toy", tuple(longer), path.parent),
        scores=Scores({toy.odd_id: scores, "calm": toy.scores["calm"]}, {"threshold": 1.0}),
        detections={toy.odd_id: find_detections(scores, EventRule(1.0), Clock(len(scores), 10.0))},
    )
    frames = next(i["data-frames"] for i in page.all("img") if "data-frames" in i).split()
    assert frames
    assert int(frames[-1]) < 40
    assert "1 detected, without a picture" in page.words


def test_scores_of_other_videos_are_refused(write, toy):
    with pytest.raises(OddframeError, match="no scores for 'calm'"):
        write(scores=Scores({toy.odd_id: toy.scores[toy.odd_id]}))
    with pytest.raises(OddframeError, match="expected 40 values"):
        write(scores=Scores({toy.odd_id: np.zeros(7), "calm": toy.scores["calm"]}))
    with pytest.raises(OddframeError, match="no video in split 'val'"):
        write(split="val")


def test_per_video_normalisation_and_oracle_are_red(write, toy):
    honest = write(evaluation=evaluate_scores(toy.scores, toy.manifest, resamples=20))
    # Red is what was chosen on the test: the two oracle thresholds, seven metrics each.
    assert len(honest.all("td", "suspect")) == 14
    assert not any("value" in part["class"] for part in honest.all("td", "suspect"))
    assert not honest.all("div", "warning")
    for meta in ({"normalisation": "per-video"}, {"checkpoint": "best on test (oracle)"}):
        scores = Scores(toy.scores.values, {"threshold": 1.0, **meta})
        page = write(scores=scores, evaluation=evaluate_scores(scores, toy.manifest, resamples=20))
        assert len(page.all("div", "warning")) == 1
        values = page.all("td", "value")
        assert values
        assert all("suspect" in attributes["class"] for attributes in values)


def test_many_detections_are_bounded(write, toy):
    noise = np.random.default_rng(0).random(40).astype(np.float32)
    many = [Detection(i, i + 1, i, float(noise[i]), float(noise[i])) for i in range(40)] * 30
    page = write(detections={toy.odd_id: many})
    assert len(page.all("a")) < 500
    assert "more, in events.json" in page.words


@pytest.fixture
def many(toy, monkeypatch):
    """100 videos of four frames, of which none can be read and 12 are drawn; 8 are odd."""
    monkeypatch.setattr(shown_videos, "MOST_DRAWN", 12)
    for module in (shown_videos, video_table):
        monkeypatch.setattr(module, "SAMPLE", 4)
    calm, videos, values = toy.manifest.videos[1], [], {}
    for index in range(100):
        videos.append(dataclasses.replace(calm, id=f"clip <{index:03d}>", path="no.mp4", frames=4))
        odd = index % 12 == 0 and index < 96
        values[videos[-1].id] = np.float32([0, 0.1, index / 100 + 2 * odd, 0])
    scores = Scores(values, {"threshold": 2.0})
    found = {v.id: find_detections(scores[v.id], EventRule(1.5), v.clock) for v in videos}
    manifest = dataclasses.replace(toy.manifest, videos=tuple(videos))
    return {"manifest": manifest, "scores": scores, "detections": found}


def test_of_many_videos_the_oddest_and_a_sample_are_drawn_and_all_are_listed(write, many, tmp_path):
    frames = []
    page = write(**many, advance=frames.append)
    assert sum(frames) == 4 * (100 - 12)  # those that are not opened count as done
    drawn = {entry["id"] for entry in page.all("article", "video")}
    odd = {f"v{place}" for place in range(0, 96, 12)}
    assert len(drawn) == 12
    assert odd <= drawn
    others = sorted(int(name[1:]) for name in drawn - odd)
    assert max(np.diff([0, *others, 100])) < 30  # from all over
    assert len(list((tmp_path / "report" / "plots" / "timelines").glob("*.png"))) == 12
    table = page.source.partition('<table class="videos">')[2].partition("</table>")[0]
    assert table.count("<tr") == 101
    assert table.index("clip &lt;084&gt;") < table.index("clip &lt;072&gt;") < table.index("099")
    # Whatever is linked to is there: a timeline or a row.
    targets = {entry["href"][1:] for entry in page.all("a") if entry["href"].startswith("#")}
    assert targets <= page.ids
    assert "12 of 100 videos have a timeline: the oddest, and 4 that stand" in page.words


def test_few_videos_have_no_table(write):
    assert "All videos" not in write().words


def test_an_hour_of_noise_stays_small(tmp_path):
    from oddframe.pages.rendering import drawn
    from oddframe.reporting.drawing.score_axes import score_axis
    from oddframe.reporting.drawing.thumbnails import VideoPictures
    from oddframe.reporting.report.shown_videos import ShownVideo
    from oddframe.reporting.report.timelines import timelines_section
    from oddframe.videos.video import Video

    video = Video("hour", "hour.mp4", "test", None, 90_000, 25.0, 8, 8)
    scores = np.random.default_rng(0).random(90_000).astype(np.float32)
    scores[70_001] = 2.0
    shown = ShownVideo(
        0, video, scores, scores, np.ones(len(scores), bool), (), VideoPictures(), "not read", False
    )
    section = drawn(timelines_section([shown], score_axis([scores], None), None))
    assert len(section) < 40_000
    (points,) = re.findall(r'points="([^"]*)"', section)
    assert "70001," in points


def test_the_stylesheet_and_script_are_filled_in(write):
    page = write()
    assert "$" not in re.sub(r"\$\{", "", page.source.split("<main>")[0])
    assert "linear-gradient(to right, rgb(255 225 90 / 0.0) 0%" in page.source


def test_an_oracle_checkpoint_stands_beside_in_red(write, toy):
    best = Scores({v.id: v.frame_labels() * 1.0 for v in toy.manifest})
    evaluation = evaluate_scores(toy.scores, toy.manifest, oracle=best, resamples=20)
    page = write(evaluation=evaluation)
    assert "oracle checkpoint" in page.words
    assert "selected on these very videos" in page.words
    assert len(page.all("td", "suspect")) > len(evaluation.oracle)
    assert not page.all("div", "warning"), "the numbers of the model itself are honest"


def test_an_oracle_of_another_protocol_is_said_beside_the_numbers(write, toy):
    best = {v.id: v.frame_labels() * 1.0 for v in toy.manifest}
    for normalisation, notes, other in (("per-video", 1, True), ("none", 0, False)):
        oracle = Scores(best, {"normalisation": normalisation})
        evaluation = evaluate_scores(toy.scores, toy.manifest, oracle=oracle, resamples=0)
        page = write(evaluation=evaluation)
        assert len(page.all("div", "warning")) == notes
        assert ("“per-video” there and “none” here" in page.words) is other
        assert ("oracle checkpoint normalised per video" in page.words) is other
        assert not any("suspect" in part["class"] for part in page.all("td", "value"))


def test_the_threshold_of_the_run_has_a_row_and_stands_in_the_heading(write, toy):
    source = (
        "threshold 1.00: at most 1 false alarm per hour, from 1 hours of held-out normal footage"
    )
    scores = Scores(toy.scores.values, toy.scores.meta | {"threshold_source": source})
    page = write(scores=scores, evaluation=evaluate_scores(scores, toy.manifest, resamples=0))
    assert "At the threshold 1 metric" in page.words
    assert "of the run above 1; from held-out normal footage" in page.words
    (row,) = re.findall(r'<th scope="row">of the run<small>.*?</tr>', page.source)
    assert "suspect" not in row


def test_probabilities_have_an_axis_from_0_to_1(write, toy):
    low = Scores({key: toy.scores[key] / 10 for key in toy.scores}, {"threshold": 0.1})
    tracks = write(scores=low, detections={}).all("div", "track")
    assert {(part["data-low"], part["data-high"]) for part in tracks} == {("0", "1")}
    high = write().all("div", "track")
    assert float(high[0]["data-high"]) > 1


@pytest.fixture
def samples(tmp_path):
    steps = (500, 1000, 1500, 2000)
    for step in steps:
        picture = np.full((40, 60, 3), step // 10, np.uint8)
        cv2.imwrite(str(tmp_path / f"step-{step:06d}.png"), picture)
    return [tmp_path / f"step-{step:06d}.png" for step in steps]


def test_terms_training_and_samples_have_sections(write, toy, tmp_path, samples):
    terms = {toy.odd_id: {"error": np.arange(40.0), "classifier": np.ones(40)}}
    curve = [{"step": 500 * i, "epoch": i, "split": "train", "loss": 1 / i} for i in (1, 2, 3, 4)]
    page = write(terms=terms, curve=curve, samples=samples)
    new = {"what-the-score-is-made-of", "training", "training-samples"}
    assert new <= page.ids
    assert not new & write().ids
    assert "combined score" in page.words
    folder = tmp_path / "report"
    assert (folder / "plots" / "terms" / f"{toy.odd_id}.png").is_file()
    assert not (folder / "plots" / "terms" / "calm.png").exists()
    assert all(img["src"].startswith("data:image/jpeg;base64,") for img in page.all("img"))


def test_the_first_middle_and_last_sample_are_shown_and_copied(write, tmp_path, samples):
    page = write(samples=samples)
    for step in (500, 1500, 2000):
        name = f"step-{step:06d}.png"
        copied = (tmp_path / "report" / "samples" / name).read_bytes()
        assert copied == (tmp_path / name).read_bytes()
        assert f"After {step:,} steps" in page.words
    assert "1,000 steps" not in page.words
    assert len(list((tmp_path / "report" / "samples").iterdir())) == 3
    assert "The first, the middle and the last of the 4 pictures" in page.words
    charts = [img["src"] for img in page.all("img") if img["alt"].startswith("After")]
    levels = [
        cv2.imdecode(np.frombuffer(base64.b64decode(c.split(",")[1]), np.uint8), 1) for c in charts
    ]
    assert [int(level.mean().round()) for level in levels] == [50, 150, 200]
    assert write(samples=samples[:1]).words.count("The 1 picture that") == 1


def test_a_broken_sample_and_terms_that_do_not_fit_are_refused(write, toy, samples):
    samples[-1].write_bytes(b"no picture")
    with pytest.raises(OddframeError, match=r"step-002000\.png: cannot be read as a picture"):
        write(samples=samples)
    with pytest.raises(OddframeError, match=r"terms of 'calm': expected 40 of 'error'.*found 3"):
        write(terms={"calm": {"error": np.zeros(3), "b": np.zeros(3)}})
