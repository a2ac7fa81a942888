"""Drills side by side: which run notices what."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oddframe.console.words import aligned, sentence
from oddframe.drills.result import Drill, Row, is_drill, read_drill
from oddframe.drills.wording import counted, delay, false_alarms
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json, write_text
from oddframe.pages.document import Introduction, html_document
from oddframe.pages.tables import Cell, Facts, Table

FORMAT = "oddframe-drill-comparison/1"
_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class DrillComparison:
    """Drills by name, in the order that they were given."""

    drills: Mapping[str, Drill]

    @classmethod
    def of(cls, named: Mapping[str, Path]) -> DrillComparison:
        """Read the folders of some drills.

        Raises:
            OddframeError: one is no drill.
        """
        other = next((path for path in named.values() if not is_drill(path)), None)
        if other is not None:
            raise OddframeError(
                f"{other}: expected a folder of 'oddframe drill', as the others are, found none; "
                "drills are compared with drills"
            )
        return cls({name: read_drill(path) for name, path in named.items()})

    @property
    def rows(self) -> list[tuple[Row, dict[str, Row]]]:
        """Each row that any drill has, and by name what each drill has of it."""
        found: dict[_Key, dict[str, Row]] = {}
        for name, drill in self.drills.items():
            for row in drill.rows:
                found.setdefault((row.kind, row.name, row.size, row.strength), {})[name] = row
        return [(next(iter(rows.values())), rows) for rows in found.values()]

    @property
    def doubt(self) -> str:
        """Why the drills are not of the same cases; empty if they are."""
        drills = list(self.drills.values())
        for key, words in (("footage", "footage"), ("seed", "seeds"), ("size", "picture sizes")):
            if len({str(getattr(drill, key)) for drill in drills}) > 1:
                return f"the drills have different {words}, so that their cases are not the same"
        return ""

    def alone(self, one: str, other: str) -> tuple[int, int]:
        """How many odd cases one notices and the other misses, and the other way round.

        Only cases that both have, and that say something in both.
        """
        cases = [
            {case.picture: case for case in self.drills[name].cases if case.expected == "odd"}
            for name in (one, other)
        ]
        verdicts = [
            (cases[0][key].verdict, cases[1][key].verdict) for key in cases[0].keys() & cases[1]
        ]
        return verdicts.count(("noticed", "missed")), verdicts.count(("missed", "noticed"))

    def text(self) -> str:
        """Lines for a terminal."""
        table = [["fault", "size", "strength", *self.drills]]
        for row, by_name in self.rows:
            cells = [_cell(by_name.get(name)) for name in self.drills]
            table.append([row.name, row.size, row.strength, *(" ".join(c).strip() for c in cells)])
        return "\n".join([*aligned(table, left=3), *self._sentences()])

    def write(self, folder: Path) -> None:
        """Write ``comparison.html`` and ``comparison.json``.

        Raises:
            OddframeError: the folder cannot be written.
        """
        content: dict[str, Any] = {
            "format": FORMAT,
            "drills": {
                name: {
                    "run": drill.run,
                    "detector": drill.detector,
                    "footage": drill.footage,
                    "share_noticed": drill.share_noticed(),
                    "auc": drill.surprise(),
                    "false_alarms": drill.false_alarms,
                    "hours": drill.hours,
                }
                for name, drill in self.drills.items()
            },
            "rows": [
                {
                    "kind": row.kind,
                    "name": row.name,
                    "size": row.size,
                    "strength": row.strength,
                    "expected": row.expected,
                    "drills": {name: asdict(own) for name, own in by_name.items()},
                }
                for row, by_name in self.rows
            ],
        }
        write_json(folder / "comparison.json", content)
        sections = {"Noticed": self._table(), "How they were drilled": self._facts()}
        introduction = Introduction(
            lead=" ".join(sentence(line) for line in self._sentences()),
            warnings=[sentence(self.doubt)] if self.doubt else [],
        )
        page = html_document("Drills side by side", introduction, sections)
        write_text(folder / "comparison.html", page)

    def _sentences(self) -> list[str]:
        lines = []
        for name, drill in self.drills.items():
            share, auc = drill.share_noticed(), drill.surprise()
            if share is not None and auc is not None:
                lines.append(f"{name} notices {100 * share:.0f} % of odd things, AUC {auc:.3f}")
        for one, other in itertools.combinations(self.drills, 2):
            first, second = self.alone(one, other)
            lines.append(
                f"{one} alone notices {first} of the cases that both have, {other} alone {second}"
            )
        return lines + ([self.doubt] if self.doubt else [])

    def _table(self) -> Table:
        head = [Cell(text) for text in ("", "size", "strength")]
        head += [Cell(name, "number") for name in self.drills]
        return Table("Noticed by each run", head, [self._row(*pair) for pair in self.rows])

    def _row(self, row: Row, by_name: Mapping[str, Row]) -> Sequence[Cell]:
        cells = [Cell(row.name), Cell(row.size), Cell(row.strength)]
        for name in self.drills:
            own = by_name.get(name)
            share, after = _cell(own)
            kind = "number value" if own is not None and own.is_good else "number"
            notes = [part for part in (after, f"AUC {own.surprise:.2f}" if own else "") if part]
            cells.append(Cell(share, kind, notes))
        return cells

    def _facts(self) -> Facts:
        return Facts(
            [
                (name, f"{drill.detector}, run {drill.run}, on {drill.footage}; "
                 f"{false_alarms(drill)}")
                for name, drill in self.drills.items()
            ]
        )  # fmt: skip


def _cell(row: Row | None) -> tuple[str, str]:
    """What a drill has of a row: ``2 of 3``, and after how long."""
    return ("", "") if row is None else (counted(row), delay(row))
