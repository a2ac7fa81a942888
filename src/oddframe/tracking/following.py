"""Tracking while a training runs, beside it: whatever goes wrong costs no more than a warning."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from oddframe.console.redaction import redacted
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import CONFIG, METRICS, SAMPLES, log
from oddframe.tracking import Tracker, load_tracker
from oddframe.tracking.pictures import with_drawn_pictures
from oddframe.tracking.record import FAILED, TRACKED, read_progress, read_record
from oddframe.tracking.state import held
from oddframe.training.hardware import rank

POLL_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
"""How long a training that is done waits for its upload."""


@contextmanager
def followed(folder: Path, trackers: Sequence[str], *, several: bool = False) -> Generator[None]:
    """Track the training that goes on in the block, and upload the run at its end.

    A training that fails says so in ``log.txt``, with or without trackers. Where to look at the
    uploaded run is a line for each tracker there and on standard error.

    Args:
        folder: the run folder; its ``config.yaml`` may be written in the block.
        trackers: as :func:`oddframe.tracking.load_tracker` takes them.
        several: several processes train together, and only the first of them tracks.
    """
    if several and rank() > 0:
        yield
        return
    with _held(folder, trackers) as mine:
        followers = [_Follower(folder, spec) for spec in mine]
        for follower in followers:
            follower.start()
        try:
            yield
        except Exception as error:
            # One that was refused has no log; a full disk, say, is told by the error itself.
            if (folder / CONFIG).is_file():  # otherwise it was refused before it began
                with suppress(OSError):
                    log(folder, f"{FAILED}{' '.join(str(error).split()) or type(error).__name__}")
            raise
        finally:
            _finish(folder, followers)


@contextmanager
def _held(folder: Path, trackers: Sequence[str]) -> Generator[Sequence[str]]:
    with ExitStack() as stack:
        try:
            if trackers:
                stack.enter_context(held(folder))
        except OddframeError as error:
            _warn(folder, ",".join(trackers), str(error))
            trackers = ()
        yield trackers


def _finish(folder: Path, followers: Sequence[_Follower]) -> None:
    for follower in followers:
        follower.done.set()
    until = time.monotonic() + PATIENCE_SECONDS
    for follower in followers:
        follower.join(max(until - time.monotonic(), 0.0))
        if follower.is_alive():
            follower.stop(f"the upload takes more than {PATIENCE_SECONDS:.0f} s")
        if follower.stopped:
            _warn(folder, follower.spec, follower.stopped)
        elif follower.tracked:
            _tell(folder, follower.tracked)


class _Follower(threading.Thread):
    """One tracker's thread: it looks every two seconds at what is new in the run folder.

    Attributes:
        spec: the tracker.
        done: set it when the training is over.
        stopped: why tracking has stopped early; empty where it has not.
        tracked: where to look at the run, and on a second line how; empty until it is uploaded.
    """

    def __init__(self, folder: Path, spec: str) -> None:
        super().__init__(name=f"track-{spec}", daemon=True)
        self.done = threading.Event()
        self._folder = folder
        self.spec = spec
        self.stopped = ""
        self.tracked = ""
        self._began = time.time()

    def run(self) -> None:
        """Follow, then upload."""
        tracker: Tracker | None = None
        try:
            tracker = load_tracker(self.spec)
            self._follow(tracker)
            if (self._folder / CONFIG).is_file():  # otherwise it failed before it began
                with with_drawn_pictures(read_record(self._folder)) as record:
                    line = tracker.upload(record)
                self.tracked = "\n  ".join(filter(None, (line, tracker.viewer())))
        except Exception as error:
            said = redacted(" ".join(str(error).split()))[:300]
            self.stop(said or type(error).__name__)
        finally:
            if tracker is not None:
                with suppress(Exception):  # the upload went through, or was warned of
                    tracker.close()

    def stop(self, reason: str) -> None:
        """Log why tracking stops here.

        The warning is the main thread's: in another one it is lost whenever some package silences
        warnings for a moment, which silences those of all threads.
        """
        if not self.stopped:
            self.stopped = reason
            with suppress(OSError):
                # The log is sent to trackers too.
                log(self._folder, redacted(f"tracking to {self.spec} stopped ({reason})"))

    def _follow(self, tracker: Tracker) -> None:
        record = None
        seen: object = None
        while not self.done.wait(POLL_SECONDS):
            config = self._folder / CONFIG
            # A run that goes on has the files of before until its training begins.
            if not config.is_file() or config.stat().st_mtime < self._began - 1:
                continue
            now = _signs(self._folder)
            if now != seen:
                record = read_progress(record) if record else read_record(self._folder)
                tracker.follow(record)
                seen = now


def _signs(folder: Path) -> tuple[int, int]:
    """What changes when there is something new."""
    curve, samples = folder / METRICS, folder / SAMPLES
    pictures = len(os.listdir(samples)) if samples.is_dir() else 0  # noqa: PTH208
    return curve.stat().st_size if curve.is_file() else 0, pictures


def _tell(folder: Path, line: str) -> None:
    said = redacted(f"{TRACKED}{line}")
    with suppress(OSError):
        log(folder, said.partition("\n")[0])
    print(said, file=sys.stderr, flush=True)


def _warn(folder: Path, spec: str, reason: str) -> None:
    said = (
        f"tracking to {spec} stopped ({reason}); the training went on without; upload later with: "
        f"oddframe track {folder} --to {spec}"
    )
    warnings.warn(redacted(said), OddframeWarning, stacklevel=2)
