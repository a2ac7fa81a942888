"""The page of a drill: what would be noticed, what not, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2

from oddframe.console.player_times import offset
from oddframe.console.words import count, duration, sentence
from oddframe.drills.pictures import SCENE, blind_spots
from oddframe.drills.result import Case, Drill, Row
from oddframe.drills.wording import counted, delay, false_alarms, lead, saying
from oddframe.files.atomic import write_text
from oddframe.pages.document import Introduction, html_document
from oddframe.pages.figures import Chart, data_uri
from oddframe.pages.rendering import Shown
from oddframe.pages.tables import Cell, Facts, Table

PAGE = "drill.html"
_MOST_OPEN = 12
_PLACED = ("presence", "staying", "look")
_KINDS = {
    "odd": (
        "Odd moments",
        "Noticed: a score above the run's threshold while the oddity is there. After: the median "
        "time to that. Right place: of the alarms that point somewhere, those whose oddest place "
        "meets the oddity. AUC: how well its frames are told from the untouched ones at any "
        "threshold; 0.5 is chance.",
    ),
    "camera": (
        "The camera itself",
        "Noticed: named as the camera's own trouble. A detector that does not watch the camera may "
        "take it for an odd moment; that is counted beside it.",
    ),
    "quiet": (
        "What must not ring",
        "Here every alarm is a false one. The ordinary mover is pasted in as all the others are: "
        "as far as it rings, what is noticed of those may be the pasting.",
    ),
}


@dataclass(frozen=True)
class HintedTable:
    """A table under a sentence on how to read it."""

    template: ClassVar[str] = "drill/table.html"
    hint: str
    table: Table


@dataclass(frozen=True)
class Example:
    """A picture of a case.

    Attributes:
        name: the fault.
        said: why it is odd, as the detector said.
        where: video and time.
        verdict: in words.
        good: whether it is what a run should say.
        picture: may be empty.
    """

    name: str
    said: str
    where: str
    verdict: str
    good: bool
    picture: str


@dataclass(frozen=True)
class Examples:
    """Pictures of cases, of which some are seen and the others unfold."""

    template: ClassVar[str] = "drill/examples.html"
    opened: Sequence[Example]
    folded: Sequence[Example]


def write_page(folder: Path, drill: Drill) -> Path:
    """Write ``drill.html`` beside the pictures that it shows.

    Raises:
        OddframeError: the folder cannot be written.
    """
    sections: dict[str, Shown | None] = {}
    for expected, (heading, hint) in _KINDS.items():
        rows = [row for row in drill.rows if row.expected == expected]
        sections[heading] = HintedTable(hint, _table(heading, rows)) if rows else None
    sections["Blind spots"] = _blind_spots(folder, drill)
    sections["Noticed and missed"] = _examples(folder, drill)
    sections["How it was drilled"] = _protocol(drill)
    introduction = Introduction(
        lead=lead(drill),
        notes=[
            f"{count(len(drill.cases), 'case')} in {count(drill.stretches, 'part')} of "
            f"{drill.footage}."
        ],
        warnings=[]
        if drill.held_out
        else ["The run knows this footage: shares are optimistic, false alarms too few."],
    )
    page = html_document(f"Drill of {Path(drill.run).name}", introduction, sections)
    return write_text(folder / PAGE, page)


def _table(label: str, rows: Sequence[Row]) -> Table:
    camera = rows[0].expected == "camera"
    quiet = rows[0].expected == "quiet"
    head = ["", "rang" if quiet else "noticed", "after"]
    head += ["rang as odd"] if camera else ["right place"] * (not quiet)
    head.append("AUC")
    return Table(
        label=label,
        head=[Cell(text, "number" if at else "") for at, text in enumerate(head)],
        rows=[_row(row, camera=camera, quiet=quiet) for row in rows],
    )


def _row(row: Row, *, camera: bool, quiet: bool) -> list[Cell]:
    kind = "number value" if row.is_good else "number value beats"
    if row.share is None:
        kind = "number suspect"
    notes = [f"{row.rings} rang anyway"] if row.rings and row.of else []
    cells = [
        Cell(row.name, notes=[part for part in (row.size, row.strength) if part]),
        Cell(counted(row), kind, notes),
        Cell(delay(row), "number"),
    ]
    if camera:
        cells.append(Cell(f"{row.alarmed} of {row.of}", "number"))
    elif not quiet:
        cells.append(Cell("" if row.placed is None else f"{100 * row.placed:.0f} %", "number"))
    return [*cells, Cell(f"{row.surprise:.2f}", "number")]


def _blind_spots(folder: Path, drill: Drill) -> Chart | None:
    """Where things that were put in went, over the scene."""
    scene = cv2.imread(str(folder / SCENE))
    placed = [case for case in drill.cases if case.boxes and case.kind in _PLACED]
    if scene is None or not placed:
        return None
    picture = blind_spots(cv2.cvtColor(scene, cv2.COLOR_BGR2RGB), drill.size, placed)
    missed = sum(case.verdict == "missed" for case in placed)
    said = f"{missed} of {len(placed)} things that were put in at a place were missed"
    caption = f"{said}: orange where they were missed, blue where they were noticed. A line is the "
    return Chart(data_uri(picture), said, f"{caption}way of a thing's feet, a box where it ends.")


def _examples(folder: Path, drill: Drill) -> Examples | None:
    """One case of each row first, the missed ones among them first; then the others."""
    firsts: dict[tuple[str, str, str, str], Case] = {}
    for case in sorted(drill.cases, key=_is_good):
        firsts.setdefault(case.row, case)
    rows = {(row.kind, row.name, row.size, row.strength): row for row in drill.rows}
    chosen = list(firsts.values())
    bad = [case for case in chosen if not _is_good(case)]
    good = [case for case in chosen if _is_good(case)]
    half = _MOST_OPEN // 2
    opened = [*bad[: max(half, _MOST_OPEN - len(good))], *good][:_MOST_OPEN]
    folded = [case for case in chosen if case not in opened]
    cards = [[_example(folder, case, rows[case.row]) for case in part] for part in (opened, folded)]
    return Examples(*cards) if chosen else None


def _is_good(case: Case) -> bool:
    said = case.verdict == "noticed"
    return case.verdict != "rings anyway" and said is not (case.expected == "quiet")


def _example(folder: Path, case: Case, row: Row) -> Example:
    path = folder / case.picture
    verdict: str = case.verdict
    if case.expected == "quiet" and verdict != "rings anyway":
        verdict = "rang" if case.alarmed else "did not ring"
    if case.expected == "camera":
        verdict = f"named: {case.camera}" if case.camera else "not named"
        verdict += ", rang as odd" * case.alarmed
    elif case.alarmed and case.delay is not None:
        verdict += f" after {case.delay:.1f} s"
    return Example(
        name=saying([row]),
        said=case.reason if case.alarmed else "",
        where=f"{case.video} · {offset(case.begins)} · highest score {case.peak:.2f}",
        verdict=verdict,
        good=_is_good(case),
        picture=data_uri(path.read_bytes()) if case.picture and path.is_file() else "",
    )


def _protocol(drill: Drill) -> Facts:
    one_sided = "too little moves to say"
    if drill.one_sided is not None:
        one_sided = f"{100 * drill.one_sided:.0f} % of the motion goes the usual way of its place"
    rows = [
        ("detector", f"{drill.detector}, run {drill.run}"),
        ("threshold", drill.promise or f"{drill.threshold:.3g}"),
        ("scores", "causal, as a live alarm has them: not smoothed over later frames"),
        ("footage", drill.footage),
        ("watched before each part", _watched(drill)),
        ("false alarms", false_alarms(drill)),
        ("camera troubles named in it", f"{drill.camera_alarms}"),
        ("direction", one_sided),
        ("pictures", f"{drill.size[0]}x{drill.size[1]}"),
        ("seed", f"{drill.seed}"),
    ]
    rows += [(f"left out: {name}", sentence(why)) for name, why in drill.left_out.items()]
    return Facts(rows)


def _watched(drill: Drill) -> str:
    """How far the stream that judged was in its stride."""
    if not drill.watched:
        return "nothing before one at least, which is judged as a recording that has just begun"
    return f"the part itself, over and over, for {duration(drill.watched)} at least"
