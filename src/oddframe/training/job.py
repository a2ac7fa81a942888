"""A training as a value: what is trained and where it goes. Every process of one builds it.

What is done before and after the loop is the same for all; what the loop is given, and how a state
that it kept is calibrated, is for bags (:mod:`oddframe.bags.training`) and for clips
(:mod:`oddframe.clips.training`) to say.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.console.progress import Progress, progress
from oddframe.console.words import count
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import (
    BEST,
    CHECKPOINT,
    LAST,
    MANIFEST,
    METRICS,
    ORACLE,
    SAMPLES,
    log,
    read_config,
    read_run,
    write_config,
)
from oddframe.training.hardware import Hardware
from oddframe.training.learner import Learner
from oddframe.training.loop import Batches, Schedule, train
from oddframe.training.validation import Validator
from oddframe.videos.manifest import Manifest

if TYPE_CHECKING:
    from lightning.fabric import Fabric


@dataclass(frozen=True)
class Prepared:
    """What the loop is given, and what is done with the states that it saves.

    Attributes:
        learner: the detector to train.
        batches: its training data.
        validators: called at every validation. Without one that is named ``val``, the last state is
            the one to use.
        calibrate: sets the threshold of a detector with a saved state.
    """

    learner: Learner
    batches: Batches
    validators: tuple[Validator, ...]
    calibrate: Callable[[Any], None]


@dataclass(frozen=True, kw_only=True)
class TrainingJob(ABC):
    """One training; picklable, so that spawned processes can each build it.

    Attributes:
        folder: the run folder, with ``manifest.jsonl`` in it.
        detector: name of the detector, or its file.
        config: its settings.
        seed: fixes weights, batches, noise and dropout.
        oracle: also look at the test videos' truth at every validation, and keep the state that
            is best there under that name.
        resume: go on from the last state.
    """

    folder: Path
    detector: str
    config: Any
    seed: int = 0
    oracle: bool = False
    resume: bool = False

    @abstractmethod
    def prepare(self, fabric: Fabric, manifest: Manifest, bar: Progress) -> Prepared:
        """What the loop is given.

        Args:
            fabric: launched; its first process makes the files that all of them map.
            manifest: the run's own.
            bar: told the progress.

        Raises:
            OddframeError: footage, features, labels or settings that cannot be trained on.
        """

    @abstractmethod
    def learns_from(self, manifest: Manifest) -> tuple[dict[str, Any], str]:
        """What it is trained on: ``fitted_on`` in ``config.yaml``, and in words for the log."""

    @property
    @abstractmethod
    def several_phases(self) -> bool:
        """Whether the detector has phases that each use some of its parameters only."""

    def launch(self, hardware: Hardware, manifest: Manifest, written: Mapping[str, Any]) -> None:
        """Train on some hardware; the run folder then holds ``checkpoint.pt``.

        Args:
            hardware: where.
            manifest: the run's own.
            written: what else ``config.yaml`` says.

        Raises:
            OddframeError: see :meth:`prepare`, the loop and :class:`Hardware`.
            KeyboardInterrupt: Ctrl-C; the last state is saved.
        """
        fitted_on, amount = self.learns_from(manifest)
        found = {"hardware": asdict(hardware), "fitted_on": fitted_on}
        write_config(self.folder, {**written, **found})
        steps = count(self.config.steps, "step")
        log(self.folder, f"training {self.detector} on {amount}, {steps}")
        hardware.launch(self, several_phases=self.several_phases)

    def __call__(self, fabric: Fabric) -> None:
        """Train in this process; afterwards ``checkpoint.pt`` holds the state to use."""
        config = self.config
        with progress() as bar:
            prepared = self.prepare(fabric, Manifest.read(self.folder / MANIFEST), bar)
            if fabric.is_global_zero and not (self.resume and (self.folder / LAST).exists()):
                _forget(self.folder)
            selected = train(
                fabric,
                prepared.learner,
                prepared.batches,
                Schedule(config.steps, config.validate_every, config.clip_gradient, self.seed),
                self.folder,
                validators=prepared.validators,
                resume=self.resume,
                advance=bar.count,
                say=bar.say,
            )
            if fabric.is_global_zero:
                if all(validator.name != "val" for validator in prepared.validators):
                    self.saver(prepared.learner, BEST)()
                self._finish(prepared.calibrate, selected)
        fabric.barrier()

    def saver(self, learner: Any, name: str) -> Callable[[], object]:
        """A function that saves the learner's state under a name, for a validator."""
        return lambda: write_checkpoint(self.folder / name, learner)

    def _finish(
        self, calibrate: Callable[[Any], None], selected: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Calibrate the states that were saved; the checkpoint to use is written last."""
        _write_selected(self.folder, selected)
        for source, target in ((ORACLE, ORACLE), (BEST, CHECKPOINT)):
            if not (self.folder / source).exists():
                continue
            detector = read_run(self.folder, source, self.detector).detector
            calibrate(detector)
            if source == BEST:
                log(self.folder, str(detector.notes.get("threshold")))
            write_checkpoint(self.folder / target, detector)
        for name in (BEST, LAST):
            (self.folder / name).unlink(missing_ok=True)


def _forget(folder: Path) -> None:
    """Remove what a training left that was begun and given up in the folder."""
    for name in (BEST, ORACLE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / SAMPLES, ignore_errors=True)


def _write_selected(folder: Path, selected: Mapping[str, Mapping[str, float]]) -> None:
    """``selected`` in ``config.yaml`` and the log: the validation of each saved state.

    Args:
        folder: the run folder.
        selected: validator to the step and the metrics of its best state, from the loop.
    """
    looks = read_curve(folder / METRICS)
    for split, numbers in selected.items():
        done = sum(line["split"] == split for line in looks)
        log(folder, f"best of {done} looks at {split}: {dict(numbers)}")
    if selected:
        written = {split: dict(numbers) for split, numbers in selected.items()}
        write_config(folder, {**read_config(folder), "selected": written})
