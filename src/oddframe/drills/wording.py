"""What a drill found, in sentences and in lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from oddframe.calibration.threshold import most_alarms
from oddframe.console.words import aligned, count, duration, sentence
from oddframe.drills.result import Drill, Row


def saying(rows: Sequence[Row]) -> str:
    """Rows of one fault as a sentence says them: ``everything faster (2x, 3x)``."""
    details = []
    for row in rows:
        size = row.size if row.kind == "presence" else ""
        details.append(" ".join(part for part in (size, row.strength) if part))
    known = ", ".join(part for part in details if part)
    return f"{rows[0].name} ({known})" if known else rows[0].name


def summary(drill: Drill) -> list[str]:
    """Sentences without their stops: would notice, would miss, would ring without reason; more."""
    rows = drill.rows
    wanted = [row for row in rows if row.expected != "quiet"]
    quiet = [row for row in rows if row.expected == "quiet" and row.of]
    taken = [row for row in wanted if _taken_for_odd(row)]
    good = _listed([row for row in wanted if row.is_good])
    bad = _listed([row for row in wanted if row.is_good is False and row not in taken])
    lines = [
        f"would notice: {good or 'nothing of this'}",
        f"would miss: {bad or 'nothing of this'}",
    ]
    if rings := _listed([row for row in quiet if not row.is_good]):
        lines.append(f"would ring without reason at: {rings}")
    elif quiet:
        lines.append(f"would not ring without reason at: {_listed(quiet)}")
    if taken:
        lines.append(f"would take for odd, and not name as the camera's: {_listed(taken)}")
    if ringing := _listed([row for row in rows if not row.of]):
        lines.append(f"nothing can be said where the untouched footage alarms as well: {ringing}")
    return lines


def in_three_lines(drill: Drill) -> list[str]:
    """Would notice, would miss, and how it is with alarms without reason."""
    notice, miss, *others = summary(drill)
    return [notice, miss, "; ".join([false_alarms(drill), *others])]


def origin(drill: Drill) -> str:
    """What the three lines are from: ``10 faults, once each in 3 parts of held-out footage``."""
    faults = count(len({case.row[:3] for case in drill.cases}), "fault")
    where = "held-out normal footage" if drill.held_out else "footage that it has learnt from"
    doubt = "" if drill.held_out else ", so optimistic"
    return f"{faults}, once each in {count(drill.stretches, 'part')} of {where}{doubt}"


def _taken_for_odd(row: Row) -> bool:
    """Whether a trouble of the camera rings, but is not named."""
    return row.expected == "camera" and row.is_good is False and 2 * row.alarmed >= row.of


def false_alarms(drill: Drill) -> str:
    """``no alarm in 3.4 minutes ..., which only shows that there are fewer than 53 an hour``.

    Of none, the bound is that of :class:`oddframe.calibration.threshold.Threshold`, on one side:
    ``train`` and a drill of the same footage say the same.
    """
    rate, interval = drill.false_alarm_rate
    length = duration(3600 * drill.hours)
    some = "1 alarm" if drill.false_alarms == 1 else f"{drill.false_alarms} alarms"
    if not drill.false_alarms:
        return (
            f"no alarm in {length} of the untouched footage, which only shows that there are fewer "
            f"than {most_alarms(0, 0.95) / drill.hours:,.0f} an hour (95 % sure)"
        )
    between = f", between {interval[0]:,.0f} and {interval[1]:,.0f}" if interval else ""
    return f"{some} in {length} of the untouched footage, {rate:,.0f} an hour{between}"


def counted(row: Row) -> str:
    """``2 of 3``; or that the untouched footage rings."""
    return f"{row.noticed} of {row.of}" if row.of else "rings anyway"


def delay(row: Row) -> str:
    """``1.2 s``, or nothing."""
    return "" if row.delay is None else f"{row.delay:.1f} s"


def drill_text(drill: Drill) -> str:
    """The table and the sentences for a terminal."""
    table = [["fault", "size", "strength", "noticed", "after", "place", "AUC"]]
    for row in drill.rows:
        placed = "" if row.placed is None else f"{100 * row.placed:.0f} %"
        name = row.name + {"odd": "", "camera": " *", "quiet": " +"}[row.expected]
        auc = f"{row.surprise:.2f}"
        said = counted(row) + f", {row.alarmed} rang" * (row.expected == "camera")
        table.append([name, row.size, row.strength, said, delay(row), placed, auc])
    lines = [f"{drill.run}: drill on {drill.footage}", *aligned(table, left=3)]
    lines.append("* to be named as the camera's own trouble   + must not be noticed")
    lines += [f"left out: {name}: {why}" for name, why in drill.left_out.items()]
    lines.append(false_alarms(drill))
    return "\n".join([*lines, *summary(drill)])


def lead(drill: Drill) -> str:
    """The finding in a few sentences, for a page."""
    return " ".join(sentence(line) for line in [*summary(drill), false_alarms(drill)])


def _listed(rows: Sequence[Row]) -> str:
    """The rows, those of one fault together."""
    groups = groupby(rows, key=lambda row: (row.kind, row.name))
    return ", ".join(saying(list(group)) for _, group in groups)
