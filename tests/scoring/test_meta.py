"""Scores are kept only while run, manner and manifest are those that they were made from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from oddframe.cli import main
from oddframe.runs.run_folder import CHECKPOINT, ORACLE
from oddframe.scoring.meta import is_scored
from oddframe.scoring.request import Manner
from oddframe.verbs.score import score


@pytest.fixture(scope="module")
def scored(street, tmp_path_factory) -> Path:
    """A run, a manifest, and scores of the one by the other."""
    root = tmp_path_factory.mktemp("scored")
    street.film(root / "films" / "a.mp4", street.images(4, 1, None))
    assert main(["prepare", "folder", str(root / "films"), "--out", str(root / "m.jsonl")]) == 0
    shutil.copytree(street.run, root / "run", ignore=shutil.ignore_patterns("scores"))
    (root / "run" / ORACLE).write_bytes(b"another state")
    score(root / "run", root / "m.jsonl", out=root / "s" / "scores.npz", maps=False)
    return root


def ask(root: Path, manner: Manner | None = None) -> bool:
    return is_scored(root / "s" / "scores.npz", root / "run", manner or Manner(), root / "m.jsonl")


def test_scores_of_this_run_are_known(scored: Path) -> None:
    assert ask(scored)


@pytest.mark.parametrize(
    "manner", [Manner(causal=True), Manner(per_video=True), Manner(oracle=True)]
)
def test_in_another_manner_they_are_others(scored: Path, manner: Manner) -> None:
    assert not ask(scored, manner)


@pytest.mark.parametrize("name", [f"run/{CHECKPOINT}", "m.jsonl", "s/scores.npz"])
def test_of_what_changed_they_are_not(scored: Path, tmp_path: Path, name: str) -> None:
    root = shutil.copytree(scored, tmp_path / "copy")
    assert ask(root)
    with (root / name).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 30)
    assert not ask(root)


def test_nothing_there_is_no_scores(scored: Path, tmp_path: Path) -> None:
    root = shutil.copytree(scored, tmp_path / "copy")
    (root / "s" / "scores.npz").unlink()
    assert not ask(root)
