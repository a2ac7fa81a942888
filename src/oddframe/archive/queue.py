"""The jobs of the archive, one after another, each in a process aside."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from oddframe.archive.job import Job, jobs_in
from oddframe.console.progress import Done
from oddframe.errors import OddframeError, in_words
from oddframe.journal.retention import Retention
from oddframe.processes.aside import Aside, begin_aside

LEAST_FREE = Retention.least_free
"""Bytes of the disk that stay free: below that nothing is taken in, and no job begins."""
MOST_IDLE = 3600.0
"""Seconds in which a job may say nothing and get no farther before it is ended."""
_GPUS = "/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/kfd"
_LOOK = 0.5
_DONE, _LEFT_OUT = 0, 3
"""Exit statuses of ``cli/endings.py``: done, and done but for videos that could not be read."""


class Queue:
    """Does what is asked for, the earliest first, one job at a time. Any thread may ask.

    Args:
        folder: of the jobs.
        say: takes a line for a person.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._lock = threading.Lock()
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._going: tuple[int, Aside] | None = None
        self._thread = threading.Thread(target=self._go_on, name="oddframe-archive", daemon=True)

    @contextmanager
    def at_work(self) -> Generator[None]:
        """Do them until the block is over; what goes on then goes on when it begins again."""
        self._woken.set()
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._woken.set()
            self._thread.join(40.0)

    def jobs(self) -> list[Job]:
        """All, the latest first."""
        return jobs_in(self._folder)

    def job(self, number: str) -> Job:
        """One of them.

        Raises:
            OddframeError: there is none of that number.
        """
        for job in self.jobs():
            if str(job.number) == number:
                return job
        raise OddframeError("there is no such scoring or comparison any more")

    def done_of(self, job: Job) -> Done | None:
        """How far a job is that goes on; None where it does not say."""
        going = self._going
        return going[1].done if going is not None and going[0] == job.number else None

    def ask(self, job: Callable[[Path], Job]) -> Job:
        """Put a job at the end.

        Args:
            job: given its folder, which is made for it.
        """
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            numbers = [int(path.name) for path in self._folder.glob("*") if path.name.isdecimal()]
            folder = self._folder / str(max(numbers, default=0) + 1)
            folder.mkdir()
            asked = job(folder)
            asked.write()
        self._woken.set()
        return asked

    def stop(self, job: Job) -> None:
        """End a job, or take it out of those that wait; what it has kept stays."""
        with self._lock:
            job = self.job(str(job.number))
            if job.state not in ("waiting", "going"):
                return
            job.in_state("stopped")
            aside = self._going[1] if self._going and self._going[0] == job.number else None
        if aside is not None:
            aside.stop()

    def go_on(self, job: Job) -> None:
        """Let a job wait once more that was stopped, or failed."""
        with self._lock:
            job = self.job(str(job.number))
            if job.state in ("stopped", "failed"):
                job.in_state("waiting")
        self._woken.set()

    def remove(self, job: Job) -> None:
        """Remove a job with all that it made.

        Raises:
            OddframeError: it goes on.
        """
        with self._lock:
            going = self._going is not None and self._going[0] == job.number
            if going or self.job(str(job.number)).state == "going":
                raise OddframeError(f"{job.title}: goes on; stop it first")
            shutil.rmtree(job.folder)

    def _go_on(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                while not self._stopping.is_set() and (job := self._next()) is not None:
                    self._do(job)
            except Exception as error:  # a disk that is gone
                self._say(f"archive: {in_words(error)}")
                self._woken.wait(60.0)  # what is asked for meanwhile is tried at once
                self._woken.set()

    def _next(self) -> Job | None:
        waiting = [job for job in self.jobs() if job.state in ("waiting", "going")]
        return min(waiting, key=lambda job: job.number, default=None)

    def _do(self, job: Job) -> None:
        with self._lock:
            try:
                job = self.job(str(job.number))
            except OddframeError:
                return  # somebody removed it
            if job.state not in ("waiting", "going"):
                return  # somebody thought better of it
            if (free := shutil.disk_usage(self._folder).free) < LEAST_FREE:
                job.in_state("failed", too_full(self._folder, free))
                return
            job = job.in_state("going")
            aside = begin_aside(
                job.command, job.log, progress=job.progress, most_bytes=_memory_of_machine()
            )
            self._going = job.number, aside
        try:
            status, trouble = self._watched(job, aside)
        except OSError:  # somebody removed its folder, or the disk is gone
            aside.stop()
            raise
        finally:
            self._going = None
        with self._lock:
            if self._stopping.is_set() or self.job(str(job.number)).state != "going":
                return
            lines = aside.said() or [f"its process ended with status {status}"]
            said = trouble or lines[-1].removeprefix("oddframe: ")
            if status in (_DONE, _LEFT_OUT):
                job.in_state("done", said if status == _LEFT_OUT else "")
            else:
                job.in_state("failed", said)
                self._say(f"{job.title}: {said}")

    def _watched(self, job: Job, aside: Aside) -> tuple[int | None, str]:
        """Wait for the end of a job, or bring it about.

        Returns:
            Its exit status, and why it was ended, a line; ``""`` where it was not.
        """
        trouble, before, since = "", _changed(job), time.monotonic()
        while (status := aside.wait(_LOOK)) is None and not trouble:
            if (now := _changed(job)) != before:
                before, since = now, time.monotonic()
            if time.monotonic() - since > MOST_IDLE:
                trouble = f"said nothing and got no farther for {MOST_IDLE:g} s"
            elif (free := shutil.disk_usage(self._folder).free) < LEAST_FREE:
                trouble = too_full(self._folder, free)
            if trouble or self._stopping.is_set():
                aside.stop()
        return status, trouble


def _changed(job: Job) -> tuple[int, ...]:
    """What is another value once a job said something, or got farther."""
    found = []
    for path in (job.log, job.progress):
        try:
            found.append(path.stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)


def too_full(folder: Path, free: int) -> str:
    """That a disk is too full to begin anything, in a line."""
    return (
        f"{folder}: {free / 1e9:.1f} GB of its disk are free, and {LEAST_FREE / 1e9:g} GB are to "
        "stay so; make some room first"
    )


def _memory_of_machine() -> int | None:
    """Bytes; None where nobody knows, or where a driver of a GPU may map more than that."""
    if any(map(os.path.exists, _GPUS)):
        return None
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
