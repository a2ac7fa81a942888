"""A trial's process as its parent sees it: started, watched through its files, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.trial_job import JOB, OUTPUT, TrialJob
from oddframe.sweeps.trial_record import Attempt, TrialRecord, now

_SHOWN = 300
"""Characters of an error that a record keeps; the whole is in the output."""
_HEAD = "==== attempt "
"""With which the output of each attempt begins."""


class TrialChild:
    """A running attempt of a trial. The record on disk follows it: running, finished or failed.

    Args:
        sweep: folder of the sweep.
        trial_id: the trial.
        node: name of the machine, for the record.
        threads: how many threads the process may use.
        gpu: whether it sees the GPUs that this process sees, or none.

    Raises:
        OddframeError: the trial's folder cannot be seen from this machine.
    """

    def __init__(
        self, sweep: Path, trial_id: str, node: str, threads: int, *, gpu: bool = False
    ) -> None:
        self._sweep, self._id = SweepFolder(sweep), trial_id
        self._folder = self._sweep.trial_folder(trial_id)
        record = self._sweep.read(trial_id) if (self._folder / JOB).exists() else None
        if record is None:
            raise OddframeError(
                f"{self._folder} cannot be seen from {socket.gethostname()}; all machines of a "
                "cluster need the sweep's folder under the same path, on a shared disk"
            )
        self._record = record
        self._process = self._start(TrialJob.read(self._folder), node, threads, gpu)
        self._follow(Attempt(now(), node=node, pid=self._process.pid), "running")

    def _start(self, job: TrialJob, node: str, threads: int, gpu: bool) -> subprocess.Popen[bytes]:
        place = Path(job.working_folder)
        variables = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        if not gpu:  # Ray leaves all of them to an actor that has asked for none.
            variables["CUDA_VISIBLE_DEVICES"] = ""
        with (self._folder / OUTPUT).open("ab") as output:
            number = len(self._record.attempts) + 1
            output.write(f"{_HEAD}{number}, {now()}, {node}\n".encode())
            output.flush()
            # A session of its own: Ctrl-C of the terminal goes to the sweep, which ends its trials.
            return subprocess.Popen(
                [sys.executable, "-m", "oddframe.sweeps.trial_process", str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=place if place.is_dir() else self._folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
                start_new_session=True,
            )

    def wait(self, seconds: float) -> TrialRecord | None:
        """Wait for the end of the process; its record once it has ended, None before."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        attempt = replace(self._record.attempts[-1], ended=now(), exit=status)
        if status == 0:
            # The folder does not believe in a finished trial whose files are not there.
            self._follow(attempt, "finished")
            found = self._sweep.read(self._id)
            if found is not None and found.state == "finished":
                return found
            missing = "it ended without its checkpoint or its evaluation"
            return self._follow(replace(attempt, error=missing), "failed")
        return self._follow(replace(attempt, error=self._error(status)), "failed")

    def kill(self) -> None:
        """End the process and all that it started; the record stays as it is."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _follow(self, attempt: Attempt, state: str) -> TrialRecord:
        earlier = self._record.attempts
        if earlier and earlier[-1].pid == attempt.pid and earlier[-1].began == attempt.began:
            earlier = earlier[:-1]
        self._record = replace(self._record, state=state, attempts=(*earlier, attempt))
        self._sweep.write(self._record)
        return self._record

    def _error(self, status: int) -> str:
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        text = (self._folder / OUTPUT).read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        silent = not lines or lines[-1].startswith(_HEAD)
        return (f"exit status {status}" if silent else lines[-1])[:_SHOWN]
