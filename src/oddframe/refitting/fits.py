"""Fits of a camera, each in a process of its own, which wants less of the machine than watching."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from oddframe.detectors import available
from oddframe.drills.after_training import FOLDER as DRILL
from oddframe.drills.page import PAGE
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text
from oddframe.files.yaml_table import Dumper
from oddframe.processes.aside import Aside, begin_aside, last_line
from oddframe.refitting.recordings import Recording
from oddframe.runs.run_folder import CHECKPOINT, read_config
from oddframe.zones.zone import Zones
from oddframe.zones.zone_file import rows_of

State = Literal["fitting", "fitted", "stopped"]
_LOG = "log.txt"


@dataclass(frozen=True)
class Fit:
    """A fit as it is now.

    Attributes:
        number: from 1.
        folder: of it.
        state: it goes on; there is a run; or it ended without one.
        said: how far it is, the last line that it said, or, of a run, what its threshold promises.
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
        self._aside: Aside | None = None
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
        try:
            self._prepare(own, pieces, detector, config.get("settings", {}), zones)
            self._start(own)
        except Exception:  # a full disk: half of what it learns from is no fit to go on with
            shutil.rmtree(own, ignore_errors=True)
            raise

    @staticmethod
    def _prepare(
        own: Path, pieces: Sequence[Recording], detector: str, settings: object, zones: Zones
    ) -> None:
        """Put all that a fit needs into its folder."""
        footage = own / "footage"
        footage.mkdir(parents=True)
        for piece in pieces:  # which may be removed from the list, and stay here
            target = footage / piece.path.name
            try:
                target.hardlink_to(piece.path)
            except OSError:
                shutil.copy2(piece.path, target)
        options = {"detector": detector, "settings": settings, "track": ["none"]}
        if zones:
            write_text(own / "zones.yaml", _yaml({"zones": rows_of(zones)}))
            options["zones"] = str((own / "zones.yaml").resolve())
        write_text(own / "options.yaml", _yaml(options))

    def go_on(self, fit: Fit) -> None:
        """Go on with one that was stopped.

        Raises:
            OddframeError: another fit goes on.
        """
        self._check_free()
        self._start(fit.folder)

    def stop(self, folder: Path | None = None) -> None:
        """End the fit in a folder, or whichever goes on; what it has kept stays."""
        if self._aside is not None and folder in (None, self._folder):
            self._aside.stop()

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
        return self._aside is not None and self._aside.goes_on

    def _start(self, folder: Path) -> None:
        words = ["train", str(folder / "footage")]
        words += ["--out", str(folder / "run"), "--config", str(folder / "options.yaml")]
        if (folder / "run").is_dir():
            words.append("--resume")
        self._aside = begin_aside(words, folder / _LOG, progress=folder / "progress.json")
        self._folder = folder

    def _fit(self, folder: Path) -> Fit:
        run = folder / "run"
        state: State = "stopped"
        said = last_line(folder / _LOG)
        if self._aside is not None and self._aside.goes_on and folder == self._folder:
            state = "fitting"
            done = self._aside.done
            said = said if done is None else done.words
        elif (run / CHECKPOINT).is_file():
            try:
                said = str(read_config(run).get("learnt", {}).get("threshold", said))
                state = "fitted"
            except OddframeError as error:  # the page stands, and this one can be removed
                said = str(error)
        footage = folder / "footage"
        pieces = len(list(footage.iterdir())) if footage.is_dir() else 0
        try:
            began = (folder / "options.yaml").stat().st_mtime
        except OSError:
            began = time.time()
        return Fit(int(folder.name), folder, state, said, began, pieces)


def _yaml(value: object) -> str:
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True)
