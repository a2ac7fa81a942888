"""A trial's process: what it refuses, and that it never outlives who started it."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.sweeps import trial_process
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Trial
from oddframe.sweeps.trial_child import TrialChild
from oddframe.sweeps.trial_job import TrialJob
from oddframe.sweeps.trial_record import TrialRecord

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(600)
"""
CHILD = """
from oddframe.processes.child import end_with_parent
import time
end_with_parent()
time.sleep(600)
"""


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_process_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 300
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    if alive(child):
        os.kill(child, signal.SIGKILL)
        pytest.fail("the process outlived its parent")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OddframeError, match=r"cannot be seen from .* shared disk"):
        TrialChild(tmp_path, "0123456789", "node", 1)


def test_why_an_attempt_failed_and_that_it_sees_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is made to fail by data that are not there; then it dies without a word."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    sweep, trial = SweepFolder(tmp_path), Trial("0123456789", "c", {}, {}, 0)
    sweep.write(TrialRecord(trial))
    job = TrialJob(
        detector="rtfm",
        manifest=str(tmp_path / "absent.jsonl"),
        features=None,
        root=None,
        settings={},
        seed=0,
        device="cpu",
        precision="32",
        oracle=False,
        score=False,
        track=None,
        working_folder=str(tmp_path),
    )
    folder = sweep.trial_folder(trial.id)
    write_json(folder / "job.json", asdict(job))
    for gpu, seen in ((False, ""), (True, "0,1")):
        child = TrialChild(tmp_path, trial.id, "node", 1, gpu=gpu)
        variables = Path(f"/proc/{child._process.pid}/environ").read_text().split("\0")
        child.kill()
        assert f"CUDA_VISIBLE_DEVICES={seen}" in variables
    assert child._error(7) == "exit status 7"
    (folder / "output.txt").write_text("==== attempt 1\noddframe: the reason\n")
    assert child._error(2) == "oddframe: the reason"


def test_a_folder_without_a_job_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert trial_process.main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "job.json: expected the job of a trial, found no such file" in line


def test_a_full_disk_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / "log.txt"))

    monkeypatch.setattr(trial_process, "run_trial", full)
    assert trial_process.main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"oddframe: {tmp_path}/log.txt: cannot write (No space left on device); free some space or "
        "choose another folder"
    )


def test_two_processes_never_write_one_trial(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, held_elsewhere
) -> None:
    monkeypatch.setattr(trial_process, "_LOCK_SECONDS", 0.1)
    with held_elsewhere(tmp_path):
        assert trial_process.main([str(tmp_path)]) == 2
    assert "is writing in this folder" in capsys.readouterr().err
