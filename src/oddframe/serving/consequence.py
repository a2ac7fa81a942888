"""What another threshold would have meant: calls of the last week, counted from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.console.words import count
from oddframe.journal.records import ScoreMinute
from oddframe.pages.tables import Cell, Table
from oddframe.serving.site import Site

WEEK = 7 * 86_400.0
_QUIET_MINUTES = 1
"""How far apart two minutes of one call are; of a minute, its highest score is known."""
_TIMES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Consequence:
    """Thresholds, and how often each would have rung.

    Attributes:
        table: a row for each.
        basis: what it was counted in.
    """

    template: ClassVar[str] = "serving/consequence.html"
    table: Table
    basis: str


def calls_at(minutes: Sequence[ScoreMinute], threshold: float) -> list[tuple[int, int]]:
    """Stretches of minutes in which a score was above a threshold: the first and the last of each.

    What lasts for minutes is one; two within the same minute are one as well, so it is a number of
    times that somebody would have been called, not of events.

    Args:
        minutes: the earliest first.
        threshold: on the scale of the scores.
    """
    calls: list[tuple[int, int]] = []
    for one in minutes:
        if one.highest <= threshold:
            continue
        if calls and one.minute - calls[-1][1] <= _QUIET_MINUTES:
            calls[-1] = calls[-1][0], one.minute
        else:
            calls.append((one.minute, one.minute))
    return calls


def watched_time(minutes: Sequence[ScoreMinute]) -> str:
    """``3.5 watched hours``; minutes where it is less than one."""
    if len(minutes) < 60:
        return count(len(minutes), "watched minute")
    return f"{len(minutes) / 60:.1f} watched hours"


def consequence(site: Site, camera: str, threshold: float, now: float) -> Consequence | None:
    """What other thresholds would have meant in the last week; None where nothing is known.

    Args:
        site: whose journal is read.
        camera: its name.
        threshold: as it is.
        now: Unix seconds.
    """
    minutes = site.reader.minutes(camera, now - WEEK, now)
    if not minutes or threshold <= 0:
        return None
    days = len(minutes) / (24 * 60)
    of_days = days >= 1  # from less a number a day would be a guess
    rows = []
    for times in _TIMES:
        tried = times * threshold
        calls = len(calls_at(minutes, tried))
        notes = ("as it is",) if times == 1 else ()
        row = [Cell(f"{tried:.2f}", notes=notes), Cell(f"{calls:,}", "number")]
        rows.append([*row, *([Cell(f"{calls / days:.1f}", "number")] * of_days)])
    head = [Cell("threshold"), Cell("calls", "number"), *([Cell("a day", "number")] * of_days)]
    basis = f"Counted in {watched_time(minutes)} of the last week."
    return Consequence(Table("What other thresholds would have meant", head, rows), basis)
