"""The short drill that ends a training: when it is made, what it says, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.comparison.test_drilled import drill
from tests.made.street import Street

from oddframe.cli import main
from oddframe.cli.results import describe
from oddframe.drills import after_training, drilling
from oddframe.drills.after_training import FEW, FOLDER, cases_for
from oddframe.drills.kept import SETTINGS
from oddframe.drills.result import read_drill
from oddframe.drills.wording import in_three_lines
from oddframe.fitting.fit import Trained
from oddframe.runs.run_folder import read_run
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

EXAMPLE = str(Path(__file__).resolve().parents[2] / "docs" / "example_detector.py")


def footage(*minutes: float, split: str = "train", label: str = "normal") -> list[Video]:
    return [
        Video(f"{split}/{label}/{at}", "a.mp4", split, label, round(60 * m), 1.0, 64, 64)
        for at, m in enumerate(minutes)
    ]


@pytest.mark.parametrize(
    ("videos", "cases"),
    [
        (footage(19.9), 0),
        (footage(16) + footage(4, split="val"), 1),
        (footage(16) + footage(4, split="test"), 0),
        (footage(16) + footage(4, label="anomalous"), 0),
        (footage(20, 20, 19), 2),
        (footage(600), 3),
    ],
)
def test_a_case_for_each_twenty_minutes_of_normal_footage_and_three_at_most(videos, cases):
    assert cases_for(Manifest("yard", tuple(videos), Path())) == cases


def test_the_few_are_one_of_each_kind_that_the_drill_has():
    assert len(FEW) == len(after_training._KEYS)
    assert {fault.size for fault in FEW if fault.kind == "presence"} == {"small", "usual", "large"}
    assert {fault.expected for fault in FEW} == {"odd", "camera", "quiet"}


def test_three_lines_hold_all_that_a_summary_says():
    assert in_three_lines(drill("missed", "rings anyway")) == [
        "would notice: nothing of this",
        "would miss: faster (2x)",
        "1 alarm in 6 min of the untouched footage, 10 an hour, between 0 and 56; "
        "would not ring without reason at: rain (2x)",
    ]


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 48 s of the lanes are worth a case."""
    monkeypatch.setattr(after_training, "SECONDS_A_CASE", 40.0)


def words(lane_films: Street, out: Path, *more: str) -> list[str]:
    return [
        "train",
        f"{lane_films.root / 'normal'}",
        "--out",
        f"{out}",
        "--detector",
        EXAMPLE,
        *more,
    ]


@pytest.fixture(scope="module")
def undisturbed(lane_films: Street, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(after_training, "SECONDS_A_CASE", 40.0)
        run = tmp_path_factory.mktemp("undisturbed") / "run"
        return train(lane_films.root / "normal", run, detector=EXAMPLE)


def test_train_says_what_it_would_notice_and_keeps_it(undisturbed: Trained) -> None:
    run, kept = undisturbed.folder, read_drill(undisturbed.folder / FOLDER)
    assert kept == undisturbed.drill
    said = describe(undisturbed).splitlines()
    assert kept.held_out
    assert kept.run_sha256 == undisturbed.sha256
    lines = in_three_lines(kept)
    assert lines[0].startswith("would notice: ")
    at = said.index(f"  {lines[0]}")
    assert said[at : at + 3] == [f"  {line}" for line in lines]
    assert said[at - 1].endswith("once each in 1 part of held-out normal footage:")
    assert said[at + 3] == f"  its pictures: {run / FOLDER / 'drill.html'}"
    assert said[-1].startswith(f"all faults: oddframe drill {run}")


def test_it_is_left_out_where_nobody_wants_it_or_the_footage_is_short(
    lane_films: Street, monkeypatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(words(lane_films, tmp_path / "short")) == 0
    monkeypatch.setattr(after_training, "SECONDS_A_CASE", 40.0)
    assert main(words(lane_films, tmp_path / "unwanted", "--drill", "false")) == 0
    for out, run in zip(
        capsys.readouterr().out.split("next: ")[1:], ("short", "unwanted"), strict=True
    ):
        assert f"what would it notice? oddframe drill {tmp_path / run}" in out
        assert not (tmp_path / run / "drills").exists()


def test_a_drill_that_fails_costs_a_warning_and_not_the_run(
    lane_films: Street, worth_it, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """What is held out is shorter than any stretch that can be drilled."""
    lane_films.film(tmp_path / "normal/train/long.mp4", lane_films.images(40, 0))
    lane_films.film(tmp_path / "normal/val/short.mp4", lane_films.images(2, 1))
    run = tmp_path / "run"
    assert (
        main(["train", str(run.parent / "normal"), "--out", str(run), "--detector", EXAMPLE]) == 0
    )
    out, err = capsys.readouterr()
    assert f"warning: {run}: the run is finished, but its drill failed (a drill needs" in err
    assert f"what would it notice? oddframe drill {run}" in out
    assert read_run(run, detector=EXAMPLE).detector.name == "brightness"


def test_a_drill_that_is_stopped_says_that_the_run_is_finished(
    lane_films: Street, worth_it, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    def stopping(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(drilling, "score_clip", stopping)
    assert main(words(lane_films, tmp_path / "run")) == 130
    assert f"the run {tmp_path / 'run'} is finished" in capsys.readouterr().err


KILLED = """
import sys
from oddframe.cli import main
from oddframe.cli.results import describe
from oddframe.drills import after_training
after_training.SECONDS_A_CASE = 40.0
sys.exit(main(sys.argv[1:]))
"""


def test_killed_in_its_drill_a_run_is_whole_and_the_drill_goes_on(
    lane_films: Street, undisturbed: Trained, worth_it, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-c", KILLED, *words(lane_films, run)]
    process = subprocess.Popen(command, env=os.environ | {"ODDFRAME_TRACK": "none"})
    begun, until = run / FOLDER / SETTINGS, time.monotonic() + 300
    while len([*begun.parent.glob("*.json")]) < 3 and time.monotonic() < until:
        assert process.poll() is None, "it was done before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (run / FOLDER / "drill.json").exists()
    assert read_run(run, detector=EXAMPLE).sha256 == undisturbed.sha256
    again = train(lane_films.root / "normal", run, detector=EXAMPLE, resume=True)
    assert undisturbed.drill is not None
    assert again.drill is not None
    assert again.drill.cases == undisturbed.drill.cases
    at = (run / FOLDER / "drill.json").stat().st_mtime_ns
    assert (
        train(lane_films.root / "normal", run, detector=EXAMPLE, resume=True).drill == again.drill
    )
    assert (run / FOLDER / "drill.json").stat().st_mtime_ns == at
