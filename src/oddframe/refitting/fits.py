"""Fits of a camera, each in a process of its own, which wants less of the machine than watching."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from oddframe.detectors import available
from oddframe.drills.after_training import FOLDER as DRILL
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text
from oddframe.files.yaml_table import Dumper
from oddframe.refitting.recordings import Recording
from oddframe.runs.run_folder import CHECKPOINT, read_config
from oddframe.zones.zone import Zones
from oddframe.zones.zone_file import rows_of

State = Literal["fitting", "fitted", "stopped"]
PAGE = "drill.html"
_NICE = 15
_LOG_BYTES = 8192
_PATIENCE = 10.0


@dataclass(frozen=True)
class Fit:
    """A fit as it is now.

    Attributes:
        number: from 1.
        folder: of it.
        state: it goes on; there is a run; or it ended without one.
        said: the last line that it said, or, of a run, what its threshold promises.
        began: Unix seconds.
        pieces: how many it learns from.
    """

    number: int
    folder: Path
    state: State
    said: str
    began: float
    pieces: int

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    @property
    def drill(self) -> Path | None:
        """The page of its drill; None where there is none."""
        page = self.run / DRILL / PAGE
        return page if page.is_file() else None


class Fits:
    """The fits of all cameras: one goes on at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    def all_in(self, folder: Path) -> list[Fit]:
        """The fits of a camera, the latest first.

        Args:
            folder: ``fits`` of the camera.
        """
        found = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
        return [self._fit(path) for path in sorted(found, key=lambda path: -int(path.name))]

    def begin(self, folder: Path, pieces: Sequence[Recording], run: Path, zones: Zones) -> None:
        """Fit a run as another one was, from other footage.

        Args:
            folder: ``fits`` of the camera.
            pieces: what it learns from.
            run: the run whose detector and settings it has.
            zones: of the camera.

        Raises:
            OddframeError: nothing to learn from, another fit goes on, or a detector from outside.
        """
        self._check_free()
        if not pieces:
            raise OddframeError("choose some of the recorded pieces to learn from")
        config = read_config(run)
        detector = str(config.get("detector", ""))
        if detector not in available():
            raise OddframeError(
                f"{run}: its detector '{detector}' is not one of oddframe's, whose code a page "
                "never starts; use 'oddframe train' with its file"
            )
        last = max((fit.number for fit in self.all_in(folder)), default=0)
        own = folder / str(last + 1)
        footage = own / "footage"
        footage.mkdir(parents=True)
        for piece in pieces:  # which may be removed from the list, and stay here
            target = footage / piece.path.name
            try:
                target.hardlink_to(piece.path)
            except OSError:
                shutil.copy2(piece.path, target)
        options = {"detector": detector, "settings": config.get("settings", {}), "track": ["none"]}
        if zones:
            write_text(own / "zones.yaml", _yaml({"zones": rows_of(zones)}))
            options["zones"] = str((own / "zones.yaml").resolve())
        write_text(own / "options.yaml", _yaml(options))
        self._start(own)

    def go_on(self, fit: Fit) -> None:
        """Go on with one that was stopped.

        Raises:
            OddframeError: another fit goes on.
        """
        self._check_free()
        self._start(fit.folder)

    def stop(self, folder: Path | None = None) -> None:
        """End the fit in a folder, or whichever goes on; what it has kept stays."""
        process = self._process
        if process is None or (folder is not None and folder != self._folder):
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with suppress(OSError):
                os.killpg(process.pid, number)
            try:
                process.wait(_PATIENCE)
                return
            except subprocess.TimeoutExpired:
                continue

    @staticmethod
    def remove(fit: Fit) -> None:
        """Remove one that does not go on, with all that is in its folder."""
        shutil.rmtree(fit.folder)

    def _check_free(self) -> None:
        if self._goes_on():
            raise OddframeError(
                f"{self._folder}: a fit goes on there; wait for it, or stop it first"
            )

    def _goes_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self, folder: Path) -> None:
        command = [sys.executable, "-m", "oddframe", "train", str(folder / "footage")]
        command += ["--out", str(folder / "run"), "--config", str(folder / "options.yaml")]
        if (folder / "run").is_dir():
            command.append("--resume")
        with (folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._folder = folder
        with suppress(OSError):  # before it has threads, which begin with as much
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def _fit(self, folder: Path) -> Fit:
        run = folder / "run"
        state: State = "stopped"
        said = _last_line(folder / "log.txt")
        if self._goes_on() and folder == self._folder:
            state = "fitting"
        elif (run / CHECKPOINT).is_file():
            state = "fitted"
            said = str(read_config(run).get("learnt", {}).get("threshold", said))
        footage = folder / "footage"
        pieces = len(list(footage.iterdir())) if footage.is_dir() else 0
        try:
            began = (folder / "options.yaml").stat().st_mtime
        except OSError:
            began = time.time()
        return Fit(int(folder.name), folder, state, said, began, pieces)


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _LOG_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _yaml(value: object) -> str:
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True)
