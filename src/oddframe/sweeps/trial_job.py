"""What the process of a trial is to do: ``job.json`` in the trial's folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oddframe.files.atomic import write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json
from oddframe.sweeps.plan import Sweep, Trial

JOB = "job.json"
OUTPUT = "output.txt"
"""Standard output and error of all attempts."""
SCORES = Path("scores", "scores.npz")
ORACLE_SCORES = Path("scores", "oracle", "scores.npz")
REPORT = Path("report")


@dataclass(frozen=True)
class TrialJob:
    """Arguments of one training, its scoring and its evaluation.

    Attributes:
        working_folder: where the sweep was started; trackers take relative places from there.
        settings: settings of the detector.
        others: see :class:`oddframe.sweeps.plan.Sweep`.
    """

    detector: str
    manifest: str
    features: str | None
    root: str | None
    settings: dict[str, Any]
    seed: int
    device: str
    precision: str
    oracle: bool
    score: bool
    track: list[str] | None
    working_folder: str

    @classmethod
    def of(cls, sweep: Sweep, trial: Trial) -> TrialJob:
        """The job of a trial."""
        return cls(
            detector=sweep.detector,
            manifest=str(sweep.manifest),
            features=str(sweep.features) if sweep.features else None,
            root=str(sweep.root) if sweep.root else None,
            settings=trial.settings,
            seed=trial.seed,
            device=sweep.device,
            precision=sweep.precision,
            oracle=sweep.oracle,
            score=sweep.score,
            track=sweep.track,
            working_folder=str(Path.cwd()),
        )

    @classmethod
    def read(cls, folder: Path) -> TrialJob:
        """Read a trial's job.

        Raises:
            OddframeError: missing or damaged.
        """
        path = folder / JOB
        advice = "start the sweep again, which writes it"
        return typed(read_json(path, "the job of a trial", advice=advice), cls, str(path))

    def write(self, folder: Path) -> None:
        """Write ``job.json`` into a trial's folder."""
        write_json(folder / JOB, asdict(self))
