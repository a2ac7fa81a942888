"""A sweep whose driver, worker and trial are killed, and one on two nodes: is anything lost?

    python bench/sweep_faults.py recipes/sweeps/fights-rtfm.yaml --out /tmp/faults

The sweep runs on two workers. In the middle of it the driver is killed (SIGKILL), the same command
goes on, a Ray worker is killed, then the process of a trial. At the end every trial must have been
finished exactly once, none may be missing or new, those that had finished before a kill must be
untouched, and the scores of a killed trial must be those of an undisturbed training, bit by bit.

Then the same sweep, into another folder, on a cluster of two nodes: a head with one processor, and
a second node, another group of processes on this machine, that joins it. Both must take trials.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from oddframe.cluster.connection import connected
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text
from oddframe.scores.frame_scores import Scores
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_job import JOB, SCORES, TrialJob
from oddframe.sweeps.trial_record import TrialRecord
from provenance import provenance, run

VARIABLES = {
    **os.environ,
    "ODDFRAME_TRACK": "none",
    "OMP_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
PATIENCE = 3600.0


class Watched:
    """A running ``oddframe sweep`` and the folder that it writes to."""

    def __init__(self, file: Path, out: Path, *options: str) -> None:
        self.folder = SweepFolder(out)
        words = [sys.executable, "-m", "oddframe", "sweep", str(file), "--out", str(out), *options]
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.with_suffix(".txt").open("a") as output:
            self.driver = subprocess.Popen(words, env=VARIABLES, stdout=output, stderr=output)
        self.said = out.with_suffix(".txt")

    def until(self, what: Callable[[], TrialRecord | None]) -> TrialRecord:
        """Wait for a record; the sweep must not end before."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if (found := what()) is not None:
                return found
            if self.driver.poll() is not None:
                raise OddframeError(f"the sweep ended too early, see {self.said}")
            time.sleep(0.05)
        raise OddframeError(f"nothing happened in {PATIENCE:g} s, see {self.said}")

    def records(self) -> list[TrialRecord]:
        return self.folder.records() if (self.folder.path / "sweep.json").exists() else []

    def training(self, but: Sequence[str] = ()) -> TrialRecord | None:
        """A trial that is in the middle of its training, other than these."""
        for record in self.records():
            if record.state == "running" and record.trial.id not in but:
                folder = self.folder.trial_folder(record.trial.id)
                if (folder / "last.pt").exists() and not (folder / "checkpoint.pt").exists():
                    return record
        return None

    def finished(self) -> dict[str, tuple[int, int]]:
        """Finished trials: number of attempts, and the time of the checkpoint."""
        return {
            record.trial.id: (
                len(record.attempts),
                (self.folder.trial_folder(record.trial.id) / "checkpoint.pt").stat().st_mtime_ns,
            )
            for record in self.records()
            if record.state == "finished"
        }

    def wait(self) -> None:
        if self.driver.wait(PATIENCE):
            raise OddframeError(f"the sweep failed, see {self.said}")


def parent_of(pid: int) -> int:
    """The parent of a process: the Ray worker of a trial."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def tell(line: str, lines: list[str]) -> None:
    """Print a line at once and keep it."""
    print(line, flush=True)
    lines.append(line)


def expect(true: bool, what: str, lines: list[str]) -> None:
    """A line that says whether something holds; what does not hold ends it all."""
    tell(f"{'yes' if true else 'NO':<4}{what}", lines)
    if not true:
        raise OddframeError(f"this does not hold: {what}")


def kills(file: Path, out: Path, lines: list[str]) -> None:
    """Kill driver, worker and trial in turn; check what is left in the end."""
    wanted = {trial.id for trial in read_sweep(file, out).trials()}
    watched = Watched(file, out, "--workers", "2")
    begun = time.monotonic()
    watched.until(lambda: watched.records()[0] if len(watched.finished()) >= 2 else None)
    by_driver = watched.until(watched.training)
    watched.driver.kill()
    watched.driver.wait()
    before = watched.finished()
    interrupted = [r.trial.id for r in watched.records() if r.state == "running"]
    tell(
        f"driver killed after {time.monotonic() - begun:.0f} s with {len(before)} finished and "
        f"{len(interrupted)} interrupted",
        lines,
    )
    watched = Watched(file, out, "--workers", "2")
    by_worker = watched.until(lambda: watched.training([by_driver.trial.id]))
    os.kill(parent_of(by_worker.attempts[-1].pid), signal.SIGKILL)
    tell(f"worker killed with {len(watched.finished())} finished", lines)
    spared = [by_driver.trial.id, by_worker.trial.id]
    by_trial = watched.until(lambda: watched.training(spared))
    os.kill(by_trial.attempts[-1].pid, signal.SIGKILL)
    tell(f"trial killed with {len(watched.finished())} finished", lines)
    watched.wait()
    after = watched.finished()
    expect(set(after) == wanted, f"{len(wanted)} trials asked for, the same are finished", lines)
    expect(len(watched.records()) == len(wanted), "there are no other trials", lines)
    untouched = all(after[id] == before[id] for id in before)
    expect(untouched, "what had finished before the driver's death was not repeated", lines)
    records = {record.trial.id: record for record in watched.records()}
    statuses = [[a.exit for a in record.attempts] for record in records.values()]
    expect(all(s.count(0) == 1 for s in statuses), "every trial was finished exactly once", lines)
    # Ray may kill the trials of a dead driver while their workers still live and take note.
    for name, record in (("driver", by_driver), ("worker", by_worker), ("trial", by_trial)):
        *earlier, _ = records[record.trial.id].attempts
        noted = any(a.exit in (None, -signal.SIGKILL) and a.error for a in earlier)
        expect(noted, f"the attempt that was killed with the {name} is on record", lines)
    same_scores(watched.folder, [by_driver, by_worker, by_trial], lines)


def same_scores(folder: SweepFolder, killed: Sequence[TrialRecord], lines: list[str]) -> None:
    """The scores of killed trials and of the same jobs done again without disturbance."""
    for record in killed:
        there = folder.trial_folder(record.trial.id)
        with tempfile.TemporaryDirectory() as name:
            again = Path(name)
            TrialJob.read(there).write(again)
            command = [sys.executable, "-m", "oddframe.sweeps.trial_process", name]
            stdin = _never_ending()
            subprocess.run(command, env=VARIABLES, check=True, stdin=stdin, capture_output=True)
            ours, theirs = Scores.read(there / SCORES), Scores.read(again / SCORES)
            same = set(ours) == set(theirs) and all(
                np.array_equal(ours[id], theirs[id]) for id in ours
            )
        expect(same, f"{record.trial.id}, killed, scores as undisturbed ({JOB} again)", lines)


def _never_ending() -> int:
    """The reading end of a pipe that stays open as long as this process lives."""
    read, _ = os.pipe()
    return read


@contextmanager
def two_nodes() -> Generator[str]:
    """A head and a second node of one processor each; the address of the head."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    # A secret of this cluster's own, which its nodes and whoever connects to it share. A client
    # of Ray 2.60 shows it only where the mode is set.
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ.update(token)
    VARIABLES.update(token)
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    options = ["--head", f"--port={port}", "--node-ip-address=127.0.0.1"]
    options += ["--include-dashboard=false"]
    groups = []
    try:
        for own in (options, [f"--address={address}", "--node-ip-address=127.0.0.1"]):
            process = subprocess.Popen(
                [*ray, *own],
                env=VARIABLES,
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            groups.append(process)
            _wait_for(port, process)
        _wait_for_both(address)
        yield address
    finally:
        for process in reversed(groups):
            process.send_signal(signal.SIGTERM)
        for process in groups:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise OddframeError("a Ray node does not start; try 'ray start --head'")


def _wait_for_both(address: str) -> None:
    import ray

    deadline = time.monotonic() + 120
    with connected(address):
        while sum(node["Alive"] for node in ray.nodes()) < 2:
            if time.monotonic() > deadline:
                raise OddframeError("the second Ray node does not join the head")
            time.sleep(0.2)


def nodes(file: Path, out: Path, lines: list[str]) -> None:
    """The sweep on a head and a second node; how many trials each took."""
    wanted = {trial.id for trial in read_sweep(file, out).trials()}
    with two_nodes() as address:
        watched = Watched(file, out, "--ray", address)
        watched.wait()
    taken: dict[str, int] = {}
    for record in watched.records():
        node = record.attempts[-1].node
        taken[node] = taken.get(node, 0) + 1
    shares = ", ".join(f"{node}: {count}" for node, count in taken.items())
    tell(f"trials taken by each node: {shares}", lines)
    expect(set(watched.finished()) == wanted, f"all {len(wanted)} trials are finished", lines)
    expect(len(taken) == 2, "both nodes took trials", lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="sweep file")
    parser.add_argument("--out", type=Path, required=True, help="a new folder for both sweeps")
    parser.add_argument("--only", choices=("kills", "nodes"), help="one of the two parts")
    parser.add_argument("--results", type=Path, help="also write the output to this file")
    options = parser.parse_args(arguments)
    if options.out.exists():
        raise OddframeError(f"{options.out}: it is there already; choose a new --out")
    lines: list[str] = []
    tell(provenance(), lines)
    parts = {"kills": kills, "nodes": nodes}
    for name, part in parts.items():
        if options.only in (None, name):
            part(options.file, options.out / name, lines)
    tell(json.dumps({"yes": sum(line.startswith("yes") for line in lines)}), lines)
    if options.results:
        write_text(options.results, "\n".join(lines) + "\n")


if __name__ == "__main__":
    run(main)
