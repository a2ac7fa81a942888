"""An evaluation is kept only while it is whole, and of these very files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oddframe.results.evaluated import EvaluateRequest, evaluate_into, kept_evaluation
from oddframe.scores.frame_scores import Scores


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
