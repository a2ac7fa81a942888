"""The state of a sweep as a table, from what is on disk; nothing is asked of Ray."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from oddframe.console.words import aligned, count, duration, shown_path
from oddframe.evaluation.seed_spread import SeedSpread
from oddframe.runs.run_folder import LOG, SWEEP
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.summary import ConfigurationResult, Summary, no_metric, summarise
from oddframe.sweeps.trial_record import TrialRecord, moment

_STATES = ("finished", "stopped", "running", "interrupted", "waiting", "failed")
_PACE = re.compile(r"(\S+ \S+) step (\d+) of (\d+): .*?([\d.e+-]+) s a step")
"""The line that a training writes into ``log.txt`` after each validation."""


@dataclass(frozen=True)
class _Row:
    """A trial as the table shows it.

    Attributes:
        state: as in the record, but ``interrupted`` for one that nobody runs any more.
        seconds_left: what a running one still takes; None if nobody can say.
    """

    record: TrialRecord
    state: str
    seconds_left: float | None = None


def status_table(sweep: Sweep) -> str:
    """Every trial with its state, epoch, metric and time left; configurations; totals.

    Args:
        sweep: as the sweep file says now; trials that were appended to it are shown as waiting,
            and those that were taken out of it stay as long as their folders.

    Raises:
        OddframeError: a damaged file in the sweep's folder.
    """
    folder = SweepFolder(sweep.folder)
    begun = (folder.path / SWEEP).exists()
    held = folder.is_held()
    summary = summarise(folder) if begun else None
    records = {record.trial.id: record for record in folder.records()} if begun else {}
    listed = {trial.id: TrialRecord(trial) for trial in sweep.trials()}
    usual = _usual_seconds(records.values())
    rows = [_row(folder, record, held) for record in {**listed, **records}.values()]
    undrawn = max(sweep.count - len(rows), 0) if sweep.distributions else 0
    lines = [] if begun else [_not_begun(sweep)]
    lines += _trial_lines(sweep, folder, rows, summary)
    if undrawn:
        lines.append(f"and {undrawn} that are not drawn yet")
    for row in rows:
        if row.state == "failed":
            lines.append(f"{row.record.trial.id} failed: {row.record.attempts[-1].error}")
    if summary is not None:
        found = _configuration_lines(folder, rows, summary)
        lines += ["", *found] if found else []
    totals = {state: sum(row.state == state for row in rows) for state in _STATES}
    totals["waiting"] += undrawn
    counts = ", ".join(f"{many} {state}" for state, many in totals.items() if many)
    left = _seconds_left(rows, totals["waiting"], usual)
    end = "not running" if not held else f"time left {_about(left)}"
    if begun and not held and totals["finished"] + totals["stopped"] == sum(totals.values()):
        end = "nothing left to do"
    return "\n".join([*lines, "", f"{count(sum(totals.values()), 'trial')}: {counts}; {end}"])


def _not_begun(sweep: Sweep) -> str:
    out = shown_path(sweep.folder)
    command = f"oddframe sweep {shown_path(sweep.file)} --out {out}"
    return f"no sweep in {out} yet; begin it with: {command}"


def _row(folder: SweepFolder, record: TrialRecord, held: bool) -> _Row:
    if record.state != "running":
        return _Row(record, record.state)
    if not held:
        return _Row(record, "interrupted")
    began = moment(record.attempts[-1].began)
    return _Row(record, "running", _seconds_by_pace(folder.trial_folder(record.trial.id), began))


def _trial_lines(
    sweep: Sweep, folder: SweepFolder, rows: list[_Row], summary: Summary | None
) -> list[str]:
    kept = {}
    for part in summary.configurations if summary else ():
        kept |= part.values
    table = [["trial", "what varies", "state", "seed", "epoch", sweep.metric, "time left"]]
    for row in rows:
        trial = row.record.trial
        curve = folder.curve(trial.id)
        state = row.state
        if row.record.stopped_at is not None and state == "stopped":
            state += f" at step {row.record.stopped_at}"
        table.append(
            [
                trial.id,
                trial.words,
                state,
                str(trial.seed),
                f"{curve[-1]['epoch']:.1f}" if curve and "epoch" in curve[-1] else "-",
                _metric(folder, sweep, trial.id, kept),
                _about(row.seconds_left),
            ]
        )
    return aligned(table, left=3)


def _metric(folder: SweepFolder, sweep: Sweep, id: str, kept: Mapping[str, float]) -> str:
    """The metric of the checkpoint that a trial kept, or the best so far."""
    if id in kept:
        return f"{kept[id]:.4f}"
    found = folder.best(id, sweep.metric, sweep.mode)
    return "-" if found is None else f"{found[1]:.4f}"


def _configuration_lines(folder: SweepFolder, rows: list[_Row], summary: Summary) -> list[str]:
    shown = [part for part in summary.configurations if part.count("finished")]
    if not shown:
        return []
    headline = next((part.headline for part in shown if part.headline), "")
    with_oracle = any(headline in part.oracle for part in shown)
    head = ["configuration", "finished", summary.metric, "± sd", "95 % interval"]
    if headline:
        head += [f"test/{headline}", "± sd", "95 % interval"]
    if with_oracle:
        head += [f"oracle/test/{headline}", "± sd", "95 % interval"]
    table = [head]
    for part in shown:
        asked = sum(row.record.trial.configuration == part.configuration for row in rows)
        row = [part.words, f"{part.count('finished')} of {asked}", *_spread(part.validation)]
        if headline:
            row += _spread(part.test.get(headline))
        if with_oracle:
            row += _spread(part.oracle.get(headline))
        table.append(row)
    lines = aligned(table)
    if summary.chosen is not None:
        lines.append(f"chosen by {summary.metric}: {_named(summary.chosen)}")
    if summary.oracle is not None:
        lines.append(
            f"best by test/{headline}: {_named(summary.oracle)} (oracle: chosen on the test "
            "videos, an upper bound)"
        )
    return [*lines, *filter(None, [no_metric(folder, summary)])]


def _named(part: ConfigurationResult) -> str:
    return f"{part.words} ({part.configuration})"


def _spread(part: SeedSpread | None) -> list[str]:
    if part is None:
        return ["-", "-", "-"]
    if part.standard_deviation is None:
        return [f"{part.mean:.4f}", "-", "-"]
    interval = f"{part.low:.4f} to {part.high:.4f}"
    return [f"{part.mean:.4f}", f"{part.standard_deviation:.4f}", interval]


def _seconds_by_pace(folder: Path, began: datetime) -> float | None:
    """What is left of a training, by the pace that its log tells; None before it tells one."""
    try:
        text = (folder / LOG).read_text(encoding="utf-8")
    except OSError:
        return None
    found = list(_PACE.finditer(text))
    if not found:
        return None
    said, step, steps, pace = found[-1].groups()
    when = datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    if when < began.replace(microsecond=0):  # the log of an earlier attempt; it has whole seconds
        return None
    since = (datetime.now(UTC) - when).total_seconds()
    return max((int(steps) - int(step)) * float(pace) - since, 0.0)


def _usual_seconds(records: Iterable[TrialRecord]) -> float | None:
    """Mean time of the finished trials, all attempts together; None without one."""
    times = [
        sum(attempt.seconds or 0.0 for attempt in record.attempts)
        for record in records
        if record.state == "finished"
    ]
    return fmean(times) if times else None


def _seconds_left(rows: list[_Row], waiting: int, usual: float | None) -> float | None:
    """What is left of the sweep: the work that remains, shared by as many as run now."""
    running = [row for row in rows if row.state == "running"]
    if not running:
        return None
    left = [_remaining(row, usual) for row in running]
    known = [seconds for seconds in left if seconds is not None]
    if len(known) < len(left) or (waiting and usual is None):
        return None
    return max(*known, (sum(known) + waiting * (usual or 0.0)) / len(known))


def _remaining(row: _Row, usual: float | None) -> float | None:
    """Seconds left of a running trial, by what finished ones took with scoring, or by its pace."""
    if usual is None:
        return row.seconds_left
    began = moment(row.record.attempts[-1].began)
    return max(usual - (datetime.now(UTC) - began).total_seconds(), row.seconds_left or 0.0)


def _about(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return "a moment" if seconds < 5 else f"about {duration(seconds)}"
