"""A sweep on disk: what it was begun with, and a folder with the state of each trial.

``sweep.json`` says what the sweep was begun with, ``trials/ID/`` is the run folder of a trial, and
its ``trial.json`` says what became of it. Everything that is known of a sweep is read from here, so
that a killed one leaves nothing behind that somebody would have to repair.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import oddframe
from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of, write_json
from oddframe.files.folder_lock import alone_in, holder
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json, shown
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import CHECKPOINT, METRICS, SWEEP, read_config
from oddframe.sweeps.plan import Mode, Sweep
from oddframe.sweeps.trial_record import Progress, TrialRecord, moment, now

FORMAT = "oddframe-sweep/1"
TRIALS = "trials"
RECORD = "trial.json"
REPORT = "report/metrics.json"


class SweepFolder:
    """The folder of a sweep.

    Args:
        path: the folder; it is made when something is written to it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @contextmanager
    def held(self) -> Generator[None]:
        """Keep other sweeps out of the folder; a killed holder lets go of it by itself.

        Raises:
            OddframeError: another process is writing in it; the message says which.
        """
        with alone_in(self.path):
            yield

    def is_held(self) -> bool:
        """Whether a sweep is running in the folder."""
        return holder(self.path) is not None

    def begin(self, sweep: Sweep) -> None:
        """Write ``sweep.json``, or check that the folder was begun with the same.

        Trials of different data or of different training are no sweep. What only says which
        trials there are and how they are chosen (grid, seeds, metric, resources) may change.

        Raises:
            OddframeError: another manifest, features, detector, precision, oracle or score.
        """
        row = _as_row(sweep)
        before = self.begun() if (self.path / SWEEP).exists() else row
        for key in _FIXED:
            if before.get(key) != row[key]:
                found = "another manifest" if key == "manifest_sha256" else f"{key} {row[key]}"
                was = "" if key == "manifest_sha256" else f" with {key} {before.get(key)}"
                raise OddframeError(
                    f"{self.path}: this sweep was begun{was}, now {sweep.file.name} gives {found}; "
                    "give what it was begun with, or choose another --out"
                )
        write_json(self.path / SWEEP, row)

    def begun(self) -> dict[str, Any]:
        """What ``sweep.json`` says: detector, manifest, metric, mode and more.

        Raises:
            OddframeError: there is none, or it is damaged.
        """
        path = self.path / SWEEP
        if not path.is_file():
            raise OddframeError(
                f"{self.path}: not the folder of a sweep, {SWEEP} is missing; make one with "
                "'oddframe sweep'"
            )
        row = typed(read_json(path, "what a sweep began with"), dict[str, Any], str(path))
        if row.get("format") != FORMAT:
            raise _damaged(path, f"expected format '{FORMAT}', found {shown(row.get('format'))}")
        for name, hint in _KINDS.items():
            if name in row:
                row[name] = typed(row[name], hint, f"{path}: '{name}'")
            elif name in _READ_AGAIN:
                raise _damaged(path, f"'{name}' is missing")
        return row

    def trial_folder(self, id: str) -> Path:
        """The run folder of a trial."""
        return self.path / TRIALS / id

    def read(self, id: str) -> TrialRecord | None:
        """The record of a trial, None before it was first written.

        A trial is believed to be finished only when its checkpoint is there, and its evaluation
        where the sweep has one; otherwise it waits. One that is ``running`` in a folder that
        nobody holds was interrupted.

        Raises:
            OddframeError: the record is damaged.
        """
        found = self._read(id)
        return found and found[1]

    def records(self) -> list[TrialRecord]:
        """All records, in the order of their creation."""
        folders = [path.parent for path in (self.path / TRIALS).glob(f"*/{RECORD}")]
        found = [row for folder in folders if (row := self._read(folder.name))]
        return [record for _, record in sorted(found, key=lambda row: (row[0], row[1].trial.id))]

    def write(self, record: TrialRecord) -> None:
        """Write a record atomically.

        Raises:
            OddframeError: the disk is full or the folder cannot be written.
        """
        before = self._read(record.trial.id)
        created = before[0] if before else now()
        write_json(
            self.trial_folder(record.trial.id) / RECORD, {"created": created, **asdict(record)}
        )

    def progress(self) -> Progress:
        """How far it is; trials that were taken out of the file count where they are done.

        Raises:
            OddframeError: not the folder of a sweep, or a damaged file in it.
        """
        begun, records = self.begun(), {record.trial.id: record for record in self.records()}
        done = {id for id, record in records.items() if record.done}
        # A search lists none before they are drawn, and older folders do not say.
        wanted = set(begun.get("trials") or records)
        failed = sum(records[id].state == "failed" for id in wanted & set(records))
        return Progress(len(done), failed, max(len(done | wanted), begun.get("count", 0)))

    def curve(self, id: str) -> list[dict[str, Any]]:
        """The training curve of a trial, as in ``metrics.jsonl``; empty before the first look."""
        return read_curve(self.trial_folder(id) / METRICS)

    def best(self, id: str, metric: str, mode: Mode) -> tuple[int, float] | None:
        """Training step and value where a metric was best so far, the first among equals.

        Args:
            id: the trial.
            metric: ``SPLIT/NAME``, such as ``val/video_auc``.
            mode: whether high or low is good.
        """
        split, _, name = metric.partition("/")
        looks = [
            (int(line["step"]), float(line[name]))
            for line in self.curve(id)
            if line.get("split") == split and math.isfinite(line.get(name, math.nan))
        ]
        sign = 1 if mode == "max" else -1
        return max(looks, key=lambda look: sign * look[1], default=None)

    def metrics(self, id: str) -> list[str]:
        """Names of the validation metrics of a trial, ``val/NAME``, as far as it has come."""
        names = {name for line in self.curve(id) if line.get("split") == "val" for name in line}
        return sorted(f"val/{name}" for name in names - {"step", "epoch", "split"})

    def selected(self, id: str, metric: str) -> float | None:
        """A validation metric of the checkpoint that a finished trial kept.

        The training chooses its checkpoint by rules of its own; where those are not the metric,
        the best value of the curve belongs to a state that is gone. A training that chooses none
        keeps its last state.
        """
        split, _, name = metric.partition("/")
        if not (self.trial_folder(id) / CHECKPOINT).exists():
            return None
        kept = read_config(self.trial_folder(id)).get("selected", {}).get(split)
        if kept is None:
            looks = [line for line in self.curve(id) if line.get("split") == split]
            kept = looks[-1] if looks else {}
        value = float(kept.get(name, math.nan))
        return value if math.isfinite(value) else None

    def _read(self, id: str) -> tuple[str, TrialRecord] | None:
        """When a record was created, and the record."""
        path = self.trial_folder(id) / RECORD
        if not path.is_file():
            return None
        row = typed(read_json(path, "the record of a trial"), dict[str, Any], str(path))
        created = typed(row.pop("created", None), str, f"{path}: 'created'")
        record = typed(row, TrialRecord, str(path))
        try:
            _ = [(moment(attempt.began), attempt.seconds) for attempt in record.attempts]
        except ValueError as error:  # one of its times is none
            raise _damaged(path, error) from error
        if record.trial.id != id:
            # A copy beside the trial would count as one more seed.
            raise OddframeError(
                f"{path}: expected the record of the trial that its folder is named after, found "
                f"that of {shown(record.trial.id)}; move the folder out of the sweep"
            )
        if record.state in ("running", "failed") and not record.attempts:
            raise _damaged(path, f"it is {record.state} without an attempt")
        if record.state == "finished" and not self._is_whole(id):
            record = replace(record, state="waiting")
        return created, record

    def _is_whole(self, id: str) -> bool:
        folder = self.trial_folder(id)
        scored = (folder / REPORT).exists() or not self.begun()["score"]
        return scored and (folder / CHECKPOINT).exists()


_FIXED = ("detector", "manifest_sha256", "features", "precision", "oracle", "score")
"""What trials of one folder must have in common."""


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("file", "detector", "manifest", "manifest_sha256", "precision"), str),
    "metric": str,
    "mode": Mode,
    **dict.fromkeys(("features", "root", "search"), str | None),
    **dict.fromkeys(("oracle", "score"), bool),
    "stopping": dict[str, Any] | None,
    "seeds": list[int],
    "trials": list[str],
    "count": int,
}
"""What ``sweep.json`` holds."""
_READ_AGAIN = ("metric", "mode", "score")
"""What nothing can be said without; what else there is, older versions did not all write."""


def _as_row(sweep: Sweep) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "oddframe": oddframe.__version__,
        "file": str(sweep.file),
        "detector": sweep.detector,
        "manifest": str(sweep.manifest),
        "manifest_sha256": sha256_of(sweep.manifest),
        "features": None if sweep.features is None else str(sweep.features),
        "root": None if sweep.root is None else str(sweep.root),
        "precision": sweep.precision,
        "oracle": sweep.oracle,
        "score": sweep.score,
        "metric": sweep.metric,
        "mode": sweep.mode,
        "search": sweep.search if sweep.distributions else None,
        "stopping": sweep.stopping and asdict(sweep.stopping),
        "seeds": list(sweep.seeds),
        "trials": [trial.id for trial in sweep.trials()],
        "count": sweep.count,
    }


def _damaged(path: Path, reason: object) -> OddframeError:
    return OddframeError(
        f"{path}: cannot be read ({reason}); delete it to begin this part again, or take a copy "
        "back"
    )
