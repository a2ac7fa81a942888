"""Evaluations: kept while they are of these very files, of the footage that was scored, shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oddframe.cli.results import evaluation_table
from oddframe.footage.folder import prepare_folder
from oddframe.results.evaluated import EvaluateRequest, evaluate_into, kept_evaluation
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.scores.detections import EventRule
from oddframe.scores.events_file import write_events
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.score import score


@pytest.fixture
def request_of_toy(toy, tmp_path: Path) -> EvaluateRequest:
    """Toy scores beside a manifest, with an oracle's; evaluated into ``out``."""
    manifest = toy.manifest.write(tmp_path / "m.jsonl")
    for name in ("scores", "oracle"):
        toy.scores.write(tmp_path / f"{name}.npz")
    made = EvaluateRequest(
        tmp_path / "scores.npz",
        manifest,
        tmp_path / "out",
        oracle=tmp_path / "oracle.npz",
        resamples=20,
        report=False,
    )
    evaluate_into(made)
    return made


def test_the_evaluation_of_these_files_is_kept(request_of_toy: EvaluateRequest) -> None:
    found = kept_evaluation(request_of_toy)
    assert found is not None
    assert "micro_auc" in found.metrics


@pytest.mark.parametrize(
    "asked",
    [
        {"out": Path("elsewhere")},
        {"split": "val"},
        {"skip_first": 1},
        {"persistence": 0.5},
        {"oracle": None},
        {"validation": Path(__file__)},
        {"report": True},  # the page is not there
    ],
)
def test_what_was_asked_otherwise_is_not(request_of_toy: EvaluateRequest, asked: dict) -> None:
    assert kept_evaluation(replace(request_of_toy, **asked)) is None


def _other_scores(path: Path) -> None:
    scores = Scores.read(path)
    Scores({name: scores[name] + 1 for name in scores}, scores.meta).write(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("scores.npz", _other_scores),
        ("oracle.npz", _other_scores),
        ("m.jsonl", lambda path: path.write_text(path.read_text().replace("10, 20", "11, 20"))),
        ("out/metrics.json", Path.unlink),
        ("out/metrics.json", lambda path: path.write_text(path.read_text()[:-20])),
    ],
)
def test_what_changed_since_or_is_damaged_is_not(
    request_of_toy: EvaluateRequest, tmp_path: Path, name: str, change: Callable[[Path], object]
) -> None:
    before = (tmp_path / name).read_bytes()
    change(tmp_path / name)
    assert not (tmp_path / name).exists() or (tmp_path / name).read_bytes() != before
    assert kept_evaluation(request_of_toy) is None


@pytest.fixture
def renderings(street, tmp_path: Path) -> Path:
    """Manifests ``one``, ``copy`` and ``other`` of two clips by the same names, and scores of one.

    The clips of the copy are those of one; the other's show another day.
    """
    clips = {"one": (70, 71), "other": (72, 73)}
    for name, seeds in clips.items():
        for clip, seed in zip(("a", "b"), seeds, strict=True):
            street.film(tmp_path / name / f"{clip}.mp4", street.images(2, seed))
    shutil.copytree(tmp_path / "one", tmp_path / "copy", copy_function=shutil.copyfile)
    (tmp_path / "events.csv").write_text("video,start_frame,end_frame\na,5,9\n")
    for name in (*clips, "copy"):
        found = prepare_folder(tmp_path / name, events=tmp_path / "events.csv")
        videos = tuple(replace(video, split="test") for video in found)
        replace(found, videos=videos).write(tmp_path / f"{name}.jsonl")
    score(street.run, tmp_path / "one.jsonl", out=tmp_path / "s" / "scores.npz")
    return tmp_path


def test_scores_of_another_recording_by_the_same_name_are_doubted(
    renderings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(name: str) -> str:
        manifest = renderings / f"{name}.jsonl"
        request = EvaluateRequest(
            renderings / "s" / "scores.npz", manifest, renderings / name, resamples=20
        )
        table = evaluation_table(evaluate_into(request))
        page = (renderings / name / "report.html").read_text()
        assert ("another recording" in table) == ("another recording" in page)
        return table

    assert "another recording" not in told("one")
    monkeypatch.setattr("oddframe.results.given_scores._LONG_TO_READ", 0)
    assert "reading" not in capsys.readouterr().err
    assert "another recording" not in told("copy")
    (line,) = capsys.readouterr().err.splitlines()  # they are read from beginning to end
    assert line.startswith("2 recordings written or copied since they were scored: reading 0.0 GB")
    one, other = (renderings / name / "a.mp4" for name in ("one", "other"))
    assert (
        f"the scores of 'a' were made of another recording ({one}) than the manifest names "
        f"({other}), as of 1 more video; score the manifest's own"
    ) in told("other")
    shutil.rmtree(renderings / "other")  # nobody can tell
    (renderings / "other").mkdir()
    assert "another recording" not in told("other")


def test_the_page_shows_troubles_of_the_camera_that_score_found(toy, tmp_path: Path) -> None:
    manifest = toy.manifest.write(tmp_path / "m.jsonl")
    toy.scores.write(tmp_path / "s" / "scores.npz")
    first = toy.manifest.split("test")[0]
    clocks = {first.id: first.clock}
    troubles = [CameraTrouble(1, 6, "covered"), CameraTrouble(1, first.frames + 1, "moved")]
    write_events(
        tmp_path / "s" / "events.json", {first.id: []}, clocks, EventRule(1.0), {first.id: troubles}
    )
    request = EvaluateRequest(
        tmp_path / "s" / "scores.npz", manifest, tmp_path / "out", resamples=20
    )
    evaluate_into(request)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "The camera itself" in page
    assert "covered" in page
    assert "moved" not in page.split("The camera itself")[-1].split("</ul>")[0]
