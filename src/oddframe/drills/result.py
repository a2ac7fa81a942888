"""What a drill found: every case, counted by fault, and its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np

from oddframe.drills.stage import Expected
from oddframe.errors import OddframeError
from oddframe.evaluation.intervals import Counted
from oddframe.files.atomic import write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json, shown

FORMAT = "oddframe-drill/1"
FILE = "drill.json"
Verdict = Literal["noticed", "missed", "rings anyway"]


@dataclass(frozen=True)
class Case:
    """One fault in one stretch of footage.

    Attributes:
        kind, name, size, strength, expected: of the fault.
        video: whose footage it was made of.
        begins: when it begins, in seconds of that video.
        lasts: seconds.
        verdict: whether what was expected of a run was said (of a control and of changes that must
            not ring, whether it rang); or that the untouched footage rings there as well.
        alarmed: whether a score passed the threshold.
        camera: the trouble that the detector named.
        delay: seconds from the beginning to the alarm.
        peak: the highest score.
        shown: number of that frame in the clip, whose picture is kept.
        place: whether the oddest place was the right one, at the alarm; None where the detector
            says no places, or the fault has none.
        reason: why, as the detector said it.
        boxes: where the thing was, at a few moments, in pixels of the drill's pictures.
        surprise: AUC of its frames against those of all untouched footage, at any threshold.
        picture: file of its picture, relative to the drill's folder; or none.
    """

    kind: str
    name: str
    size: str
    strength: str
    expected: Expected
    video: str
    begins: float
    lasts: float
    verdict: Verdict
    alarmed: bool
    camera: str
    delay: float | None
    peak: float
    shown: int
    place: bool | None
    reason: str
    boxes: tuple[tuple[int, int, int, int], ...]
    surprise: float
    picture: str = ""

    @property
    def row(self) -> tuple[str, str, str, str]:
        """What the cases of one row of the table have in common."""
        return self.kind, self.name, self.size, self.strength


@dataclass(frozen=True)
class Row:
    """The cases of one fault, size and strength.

    Attributes:
        kind, name, size, strength, expected: of the fault.
        noticed: cases in which what was expected was said.
        of: cases that say something.
        rings: cases that do not, since the untouched footage rings there as well.
        alarmed: cases in which a score passed the threshold, for the camera's faults.
        delay: the median, in seconds; None where nothing was noticed.
        placed: share of the alarms with the right place; None where there is none to say.
        surprise: the mean AUC.
    """

    kind: str
    name: str
    size: str
    strength: str
    expected: Expected
    noticed: int
    of: int
    rings: int
    alarmed: int
    delay: float | None
    placed: float | None
    surprise: float

    @property
    def share(self) -> float | None:
        """Share noticed; None where no case says anything."""
        return self.noticed / self.of if self.of else None

    @property
    def is_good(self) -> bool | None:
        """Whether a run does here what it should, at least half of the time."""
        if self.share is None:
            return None
        return self.share < 0.5 if self.expected == "quiet" else self.share >= 0.5


@dataclass(frozen=True)
class Drill:
    """A drill of a run.

    Attributes:
        run: the run's folder.
        run_sha256: of its checkpoint.
        detector: its name.
        threshold: the run's own.
        promise: what the run says of its threshold.
        footage: what the faults were put into, in words.
        held_out: whether the run did not learn from it, as far as is known.
        seed: fixes every draw.
        size: width and height of the pictures.
        stretches: how many stretches of footage were used.
        cases: all of them.
        left_out: fault (as in the table) to why it could not be made, or says nothing, here.
        false_alarms: alarms in the untouched stretches.
        hours: length of those.
        camera_alarms: troubles of the camera that were named in them, as events.
        one_sided: share of the motion that goes the usual way of its place.
        watched: seconds that the stream which judges a stretch had watched before it, the least of
            all stretches.
    """

    run: str
    run_sha256: str
    detector: str
    threshold: float
    promise: str
    footage: str
    held_out: bool
    seed: int
    size: tuple[int, int]
    stretches: int
    cases: tuple[Case, ...]
    left_out: dict[str, str]
    false_alarms: int
    hours: float
    camera_alarms: int
    one_sided: float | None
    watched: float = 0.0

    @property
    def rows(self) -> tuple[Row, ...]:
        """The table, in the order of the faults."""
        grouped: dict[tuple[str, str, str, str], list[Case]] = {}
        for case in self.cases:
            grouped.setdefault(case.row, []).append(case)
        return tuple(_row(cases) for cases in grouped.values())

    @property
    def false_alarm_rate(self) -> tuple[float, tuple[float, float] | None]:
        """False alarms per hour of the untouched footage, and its exact 95 % interval.

        There is no interval where there are plenty to count.
        """
        rate = self.false_alarms / self.hours if self.hours else 0.0
        return rate, Counted(self.false_alarms, self.hours, hours=True).bounds()

    def share_noticed(self) -> float | None:
        """Mean over the rows of odd things of the share noticed: one number for a ranking."""
        shares = [row.share for row in self.rows if row.expected == "odd" and row.share is not None]
        return float(np.mean(shares)) if shares else None

    def surprise(self) -> float | None:
        """Mean over the rows of odd things of the AUC: the same without a threshold."""
        found = [row.surprise for row in self.rows if row.expected == "odd"]
        return float(np.mean(found)) if found else None

    def write(self, folder: Path) -> Path:
        """Write ``drill.json``."""
        rate, interval = self.false_alarm_rate
        counted = [{**asdict(row), "share": row.share} for row in self.rows]
        content = {
            "format": FORMAT,
            **asdict(replace(self, cases=())),
            "false_alarms_per_hour": {"rate": rate, "interval": interval},
            "rows": counted,
            "cases": [asdict(case) for case in self.cases],
        }
        return write_json(folder / FILE, content)


def is_drill(folder: Path) -> bool:
    """Whether something is the folder of a drill."""
    return (folder / FILE).is_file()


def drill_folder(path: Path) -> Path:
    """The folder of a drill, of which its ``drill.json`` may be given; anything else as it is."""
    return path.parent if path.name == FILE and path.is_file() else path


def read_drill(folder: Path) -> Drill:
    """Read ``drill.json`` of a folder.

    Raises:
        OddframeError: missing, or something else.
    """
    path = folder / FILE
    content = read_json(path, FORMAT, advice="make it with 'oddframe drill'")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else content
        raise OddframeError(f"{path}: expected {FORMAT}, found {shown(found)}; drill again")
    own = {field.name: content[field.name] for field in fields(Drill) if field.name in content}
    return typed(own, Drill, str(path))


def _row(cases: Sequence[Case]) -> Row:
    first = cases[0]
    telling = [case for case in cases if case.verdict != "rings anyway"]
    noticed = [case for case in telling if case.verdict == "noticed"]
    delays = [case.delay for case in noticed if case.delay is not None]
    places = [case.place for case in noticed if case.place is not None]
    return Row(
        *first.row,
        first.expected,
        noticed=len(noticed),
        of=len(telling),
        rings=len(cases) - len(telling),
        alarmed=sum(case.alarmed for case in telling),
        delay=round(float(np.median(delays)), 3) if delays else None,
        placed=sum(places) / len(places) if places else None,
        surprise=_mean(case.surprise for case in cases),
    )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
