"""A run folder made by hand, so that what trackers must show of it is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.evaluation.result import Curve, Decision, Evaluation, Measured
from oddframe.runs.run_folder import write_config

LINES = [
    {"step": 2, "epoch": 0.5, "split": "train", "loss": 0.75, "network/ranking": 0.5},
    {"step": 2, "epoch": 0.5, "split": "val", "video_auc": 0.5, "loss": float("nan")},
    {"step": 2, "epoch": 0.5, "split": "oracle", "micro_auc": 0.625},
    {"step": 4, "epoch": 1.0, "split": "train", "loss": 0.25, "network/ranking": 0.125},
    {"step": 4, "epoch": 1.0, "split": "val", "video_auc": 0.875},
]


def _make_run(folder: Path) -> Path:
    """A finished run with samples, an evaluation with an oracle row, and a report."""
    folder.mkdir(parents=True)
    config = {
        "detector": "sultani",
        "dataset": "made-up",
        "seed": 3,
        "oracle": True,
        "settings": {"width": 32, "learning_rate": 0.001, "optimiser": "adam", "sizes": [1, 2]},
        "root": None,
        "selected": {"val": {"step": 4, "video_auc": 0.875}, "oracle": {"micro_auc": 0.625}},
    }
    write_config(folder, config)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    (folder / "log.txt").write_text("2026-01-01 00:00:00 training sultani on 3 videos, 4 steps\n")
    (folder / "checkpoint.pt").write_bytes(b"weights")
    for step in (2, 4):
        picture(folder / "samples" / f"step-{step}.png", step)
    evaluation(split="test").write(folder / "report" / "metrics.json")
    (folder / "report" / "report.html").write_text("<p>the report</p>")
    picture(folder / "report" / "plots" / "roc.png", 5)
    for number in range(30):
        picture(folder / "report" / "plots" / "timelines" / f"video_{number:02d}.png", number)
    return folder


def picture(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((6, 8, 3), value, np.uint8))


def evaluation(split: str, checkpoint: str = "") -> Evaluation:
    """One metric with an interval, one undefined; per class, at thresholds and of the oracle."""
    own = {"f1": Measured(0.5, 0.25, 0.75)}
    return Evaluation(
        "made-up",
        split,
        *(4, 2, 100, 10),
        metrics={"micro_auc": Measured(0.75, 0.5, 0.875), "macro_auc": Measured(None, note="no")},
        classes={"fight": {"auc": Measured(0.625, 0.25, 0.75)}},
        decisions={
            "run": Decision(
                0.5, "own", "validation", False, own, {"fight": {"f1": Measured(0.25)}}
            ),
            "oracle_f1": Decision(0.4, "f1", "the test videos", True, {"f1": Measured(1.0)}),
        },
        oracle={"micro_auc": Measured(0.9375, 0.75, 1.0)},
        curves={"roc": Curve([0.0, 0.5, 1.0], [0.0, 0.75, 1.0])},
        protocol={"scores_meta": {"checkpoint": checkpoint} if checkpoint else {}},
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return _make_run(tmp_path / "run")


@pytest.fixture
def made_evaluation() -> Callable[..., Evaluation]:
    return evaluation


@pytest.fixture
def make_run() -> Callable[[Path], Path]:
    return _make_run
