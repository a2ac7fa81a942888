"""What the process of a trial is to do: ``job.json`` in the trial's folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oddframe.atomic import write_json
from oddframe.errors import OddframeError
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
        settings: of the detector.
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
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise OddframeError(
                f"{path}: cannot be read ({error}); start the sweep again, which writes it"
            ) from error

    def write(self, folder: Path) -> None:
        """Write ``job.json`` into a trial's folder."""
        write_json(folder / JOB, asdict(self))
