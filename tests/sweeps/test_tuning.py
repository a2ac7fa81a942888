"""A sweep on a real Ray cluster: everything that can be killed is, and nothing is lost or doubled.

One sweep goes through it all, because each trial is a process that imports PyTorch: its driver is
killed, then a Ray worker, then a trial's process; one trial cannot succeed, a poor one is stopped.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from oddframe.errors import OddframeError
from oddframe.scores.frame_scores import Scores
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Trial
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_record import TrialRecord
from oddframe.verbs.sweep import SweepResult, sweep
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

GOOD = {"learning_rate": 0.02, "steps": 20}
SLOW = {"learning_rate": 0.02, "steps": 24}
POOR = {"learning_rate": 1e-12, "steps": 1_000_000, "validate_every": 20}
BROKEN = {"learning_rate": 0.02, "steps": 28}

GO, STOP = "CONTINUE", "STOP"

DRIVER = """
from pathlib import Path
from oddframe.verbs.sweep import sweep
sweep(Path("sweep.yaml"), workers=1)
"""


@dataclass
class Story:
    """What was seen on the way.

    Attributes:
        trials: name to trial.
        finished: id to the checkpoint's time of the trials that had finished when the driver was
            killed.
        after_driver: records after the death of the driver.
        held: whether the folder was held while the sweep ran, and after the driver's death.
        result: of the last invocation.
    """

    root: Path
    trials: dict[str, Trial]
    finished: dict[str, int]
    after_driver: list[TrialRecord]
    held: tuple[bool, bool]
    refused: str
    result: SweepResult

    @property
    def folder(self) -> SweepFolder:
        return SweepFolder(self.root / "out")

    def record(self, name: str) -> TrialRecord:
        found = self.folder.read(self.trials[name].id)
        assert found is not None
        return found


def write_features(root: Path) -> None:
    """24 videos of one crop of 8 channels; a known direction marks the odd snippets."""
    random = np.random.default_rng(0)
    odd = random.normal(size=8).astype(np.float32)
    (root / "features").mkdir()
    videos = []
    for split in ("train", "val", "test"):
        for index in range(8):
            name = f"{split}_{index}"
            values = random.normal(size=(8, 1, 8)).astype(np.float32)
            events: tuple[Event, ...] = ()
            if index % 2:
                values[2:5] += 5 * odd
                events = (Event(32, 80, "odd"),) if split == "test" else ()
            np.save(root / "features" / f"{name}.npy", values)
            label, classes = ("anomalous", ("odd",)) if index % 2 else ("normal", ())
            videos.append(Video(name, "", split, label, 128, 25.0, 0, 0, classes, events))
    Manifest("made-up", tuple(videos)).write(root / "manifest.jsonl")


def write_sweep(root: Path, *runs: dict[str, float]) -> None:
    content = {
        "detector": "sultani",
        "manifest": str(root / "manifest.jsonl"),
        "features": str(root / "features"),
        "out": str(root / "out"),
        "settings": {"validate_every": 4, "batch_size": 4, "dropout": 0.0, "normalise": False},
        "runs": [dict(run) for run in runs],
        "stopping": {"grace": 8, "reduction": 2},
        "retries": 1,
    }
    (root / "sweep.yaml").write_text(yaml.safe_dump(content))


def until(what: Callable[[], int], seconds: float = 600) -> int:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)
    return found


def running_pid(folder: SweepFolder, trial: Trial, attempt: int) -> int:
    """The process of an attempt once it runs, 0 before."""
    record = folder.read(trial.id)
    if record is None or record.state != "running" or len(record.attempts) != attempt:
        return 0
    return record.attempts[-1].pid


def ended_early(folder: SweepFolder, trial: Trial) -> int:
    """The process of a trial once it was stopped early, 0 before."""
    record = folder.read(trial.id)
    return record.attempts[-1].pid if record is not None and record.state == "stopped" else 0


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def kill_worker_and_trial(
    folder: SweepFolder, slow: Trial, poor: Trial, problems: list[BaseException]
) -> None:
    """The worker of one, the process of the other; then the other must end while the one runs."""
    try:
        child = until(lambda: running_pid(folder, slow, 2))
        worker = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(worker, signal.SIGKILL)
        until(lambda: not alive(child))
        child = until(lambda: running_pid(folder, slow, 3))
        os.kill(child, signal.SIGSTOP)
        try:
            os.kill(until(lambda: running_pid(folder, poor, 1)), signal.SIGKILL)
            stopped = until(lambda: ended_early(folder, poor))
            until(lambda: not alive(stopped))
        finally:
            os.kill(child, signal.SIGCONT)
    except BaseException as problem:
        problems.append(problem)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    root = tmp_path_factory.mktemp("sweep")
    write_features(root)
    write_sweep(root, GOOD, SLOW, BROKEN, POOR)
    listed = read_sweep(root / "sweep.yaml").trials()
    trials = dict(zip(("good", "slow", "broken", "poor"), listed, strict=True))
    folder = SweepFolder(root / "out")
    write_sweep(root, GOOD, SLOW)
    with (root / "driver.txt").open("w") as output:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER], cwd=root, stdout=output, stderr=output
        )
        orphan = until(lambda: running_pid(folder, trials["slow"], 1))
    while_running = folder.is_held()
    with pytest.raises(OddframeError, match="is writing in this folder") as refused:
        sweep(root / "sweep.yaml")
    driver.kill()
    driver.wait()
    until(lambda: not alive(orphan))
    after_driver = folder.records()
    finished = {
        record.trial.id: (folder.trial_folder(record.trial.id) / "checkpoint.pt").stat().st_mtime_ns
        for record in after_driver
        if record.state == "finished"
    }
    held = (while_running, folder.is_held())
    # Two more trials. The folder of one is that of a training with a damaged configuration.
    write_sweep(root, GOOD, SLOW, BROKEN, POOR)
    damaged = folder.trial_folder(trials["broken"].id)
    damaged.mkdir(parents=True)
    (damaged / "last.pt").write_bytes(b"")
    (damaged / "config.yaml").write_text("- not settings\n")
    problems: list[BaseException] = []
    killer = threading.Thread(
        target=kill_worker_and_trial,
        args=(folder, trials["slow"], trials["poor"], problems),
        daemon=True,
    )
    killer.start()
    result = sweep(root / "sweep.yaml", workers=2)
    assert not problems, problems
    return Story(root, trials, finished, after_driver, held, str(refused.value), result)


def test_a_killed_driver_loses_nothing_that_was_finished(story: Story) -> None:
    good = story.trials["good"].id
    assert list(story.finished) == [good]
    record = story.record("good")
    assert record.state == "finished"
    assert [attempt.exit for attempt in record.attempts] == [0]
    checkpoint = story.folder.trial_folder(good) / "checkpoint.pt"
    assert checkpoint.stat().st_mtime_ns == story.finished[good]


def test_two_sweeps_on_one_folder(story: Story) -> None:
    assert story.held == (True, False)
    assert "process" in story.refused


def test_killed_trials_are_tried_again_and_every_attempt_is_kept(story: Story) -> None:
    record = story.record("slow")
    assert record.state == "finished"
    errors = [(attempt.exit, attempt.error) for attempt in record.attempts]
    # Ray may kill the trials of a dead driver while their workers still live and take note.
    assert errors[0] in [
        (None, "interrupted, with the whole sweep"),
        (-9, "killed by SIGKILL"),
    ]
    assert errors[1][0] is None
    assert "the Ray worker" in errors[1][1]
    assert errors[2:] == [(0, "")]
    output = (story.folder.trial_folder(record.trial.id) / "output.txt").read_text()
    assert [line[:14] for line in output.splitlines() if line.startswith("====")] == [
        f"==== attempt {number}" for number in (1, 2, 3)
    ]


def test_finished_trials_have_the_whole_result_and_the_curve_once(story: Story) -> None:
    for name, steps in (("good", 20), ("slow", 24)):
        folder = story.folder.trial_folder(story.trials[name].id)
        assert json.loads((folder / "report" / "metrics.json").read_text())["split"] == "test"
        scored = Scores.read(folder / "scores" / "scores.npz")
        assert {video_id.split("_")[0] for video_id in scored} == {"val", "test"}
        looks = [
            line for line in story.folder.curve(story.trials[name].id) if line["split"] == "val"
        ]
        assert [line["step"] for line in looks] == list(range(4, steps + 1, 4))


def test_a_trial_that_always_fails_never_looks_finished(story: Story) -> None:
    record = story.record("broken")
    assert record.state == "failed"
    assert [attempt.exit for attempt in record.attempts] == [2, 2]
    assert "config.yaml" in record.attempts[-1].error
    output = (story.folder.trial_folder(record.trial.id) / "output.txt").read_text()
    assert output.count("config.yaml: expected what a run was made with") == 2
    assert [failed.trial.id for failed in story.result.failed] == [record.trial.id]
    assert str(story.folder.trial_folder(record.trial.id) / "output.txt") in story.result.text()


def test_a_poor_trial_is_stopped_by_what_a_finished_one_reached(story: Story) -> None:
    record = story.record("poor")
    assert record.state == "stopped"
    killed, given_up = record.attempts
    assert (killed.exit, killed.error) == (-9, "killed by SIGKILL")
    assert (given_up.exit, given_up.error) == (None, "")
    assert record.stopped_at is not None
    assert 8 <= record.stopped_at < 1_000_000
    assert not alive(record.attempts[-1].pid)
    assert not (story.folder.trial_folder(record.trial.id) / "checkpoint.pt").exists()


def test_early_stopping_compares_at_the_same_step(story: Story) -> None:
    from oddframe.sweeps.tune_adapters import early_stopping  # and Ray Tune, which takes a while

    planned = read_sweep(story.root / "sweep.yaml")
    scheduler: Any = early_stopping(planned, story.folder)
    decisions = {}
    for name, value in (("worse", 0.9), ("as good", 1.0)):
        trial = SimpleNamespace(trial_id=name)
        scheduler.on_trial_add(None, trial)
        looks = [{"training_iteration": 1}, {"step": 4, planned.metric: value}]
        looks.append({"step": 8, planned.metric: value})
        decisions[name] = [scheduler.on_trial_result(None, trial, look) for look in looks]
    assert decisions == {"worse": [GO, GO, STOP], "as good": [GO, GO, GO]}


def test_nothing_of_ray_is_left_and_the_log_tells_it_all(story: Story) -> None:
    assert {path.name for path in story.folder.path.iterdir()} == {
        "sweep.json",
        "sweep.log",
        "trials",
    }
    log = (story.folder.path / "sweep.log").read_text()
    for trial in story.trials.values():
        assert f"{trial.id}  {trial.words}, seed 0: running" in log
    assert "4 of 4 done" in log


def test_a_sweep_that_is_done_starts_nothing(story: Story, capsys: pytest.CaptureFixture) -> None:
    write_sweep(story.root, GOOD, SLOW, POOR)
    before = story.folder.records()
    sweep(story.root / "sweep.yaml")
    assert "all of 3 trials done" in capsys.readouterr().err
    assert story.folder.records() == before


def test_too_many_trials_are_refused_before_anything_starts(story: Story, tmp_path: Path) -> None:
    write_sweep(story.root, GOOD, SLOW, POOR, BROKEN)
    with pytest.raises(OddframeError, match=r"4 trials .* more than --limit 3; .*--limit 4"):
        sweep(story.root / "sweep.yaml", out=tmp_path / "new", limit=3)
    assert not (tmp_path / "new").exists()
