"""A trial of a sweep and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from oddframe.console.words import count
from oddframe.files.text_files import shown
from oddframe.sweeps.plan import Trial

State = Literal["waiting", "running", "finished", "stopped", "failed"]


@dataclass(frozen=True)
class Attempt:
    """One start of a trial.

    Attributes:
        began, ended: times as :func:`now` gives them; ``ended`` is None while it runs, and stays
            so where it was killed.
        exit: exit status; None while it runs.
        node, pid: where it runs.
        error: why it failed, in one line, or ``""``.
    """

    began: str
    ended: str | None = None
    exit: int | None = None
    node: str = ""
    pid: int = 0
    error: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took, None where it has not ended."""
        if self.ended is None:
            return None
        return (moment(self.ended) - moment(self.began)).total_seconds()


@dataclass(frozen=True)
class TrialRecord:
    """A trial and what became of it.

    Attributes:
        trial: the trial.
        state: ``finished`` was trained (scored, evaluated) to the end, ``stopped`` was given up
            early because others were better.
        attempts: the oldest first.
        stopped_at: training step of a stopped trial.
    """

    trial: Trial
    state: State = "waiting"
    attempts: tuple[Attempt, ...] = ()
    stopped_at: int | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in ("finished", "stopped")


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes:
        done: trials that are finished or stopped.
        failed: trials whose attempts all failed.
        total: all, also those that wait or are not drawn yet.
    """

    done: int
    failed: int
    total: int

    @property
    def words(self) -> str:
        """``7 of 9 trials done, 1 failed``."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {count(self.total, 'trial')} done{failed}"


def now() -> str:
    """The time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """The time that :func:`now` gave.

    Raises:
        ValueError: it is no time, or one without a zone, which cannot be compared.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{shown(text)} has no time zone")
    return found
