"""What the command line prints when a verb is done."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from oddframe.bags.loss_spread import LossSpreads
from oddframe.cards.manifest_summary import summary
from oddframe.cli.scored_text import scored_text
from oddframe.comparison.drilled import DrillComparison
from oddframe.comparison.page import BESIDE
from oddframe.comparison.result import Comparison
from oddframe.console.words import FOOTAGE, aligned, count, notes_lines
from oddframe.drills.after_training import FOLDER
from oddframe.drills.drilling import Drilled
from oddframe.drills.page import PAGE
from oddframe.drills.wording import drill_text, in_three_lines, origin
from oddframe.evaluation.metric_names import (
    ALARMS,
    HEADLINES,
    baseline_name,
    decision_name,
    metric_name,
)
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.fitting.fit import Trained
from oddframe.reporting.wording import (
    doubts,
    hint,
    metric_label,
    normal_footage,
    number,
    oracle_notes,
)
from oddframe.runs.run_folder import Run
from oddframe.scoring.footage import Scored
from oddframe.teaching.taught import Taught
from oddframe.verbs.demo import Demo
from oddframe.verbs.extract import Extracted
from oddframe.verbs.merge_crops import Merged
from oddframe.videos.manifest import Manifest


@runtime_checkable
class Described(Protocol):
    """A result that says itself what a terminal shows of it."""

    def text(self) -> str:
        """Lines for a terminal."""
        ...


def describe(result: Any, given: Mapping[str, Any] | None = None) -> str:
    """The result of a verb as text for a terminal.

    Args:
        result: what the verb returned.
        given: the arguments that the verb was called with. Numbers do not know where they were
            written; with ``out`` the text ends with the page of an evaluation or a comparison.
    """
    given = given or {}
    match result:
        case Manifest():
            return summary(result)
        case Taught():
            return result.text()
        case Run():
            return _run(result)
        case Scored():
            return scored_text(result)
        case Evaluation():
            page = "report.html" if given.get("report") else None
            return evaluation_table(result) + _found(result) + _page(given, page)
        case Demo():
            found = _found(result.evaluation)
            return f"{evaluation_table(result.evaluation)}{found}\n\nreport: {result.report}"
        case Extracted():
            return _extracted(result)
        case Merged():
            folder = result.features
            videos, crops = count(len(folder.ids), "video"), count(folder.crops, "crop")
            return f"{folder.path}: {videos}, {crops} each"
        case LossSpreads():
            return result.table()
        case Comparison():
            page = _page(given, "comparison.html")
            if "out" in given:
                plots = ", pictures in plots/" if (Path(given["out"]) / "plots").is_dir() else ""
                page += f"\nbeside it: {BESIDE}{plots}"
            return result.text() + page
        case DrillComparison():
            return result.text() + _page(given, "comparison.html")
        case Drilled():
            return f"{drill_text(result.drill)}\nreport: {result.page}"
        case Described():
            return result.text()
    return ""


@runtime_checkable
class LeavingOut(Protocol):
    """A result that says itself what of that which it was given could not be used, and why."""

    left_out: Mapping[str, str]


def left_out(result: Any) -> Mapping[str, str]:
    """Recordings, or cameras, that a verb was given and could not read, and why."""
    match result:
        case Scored() | Extracted():
            return result.failed
        case Taught():
            return {}
        case Run():
            return result.config.get("left_out", {})
        case LeavingOut():
            return result.left_out
    return {}


def _found(evaluation: Evaluation) -> str:
    """The first sentences of its page, where scores have a threshold."""
    found = evaluation.protocol.get("found")
    return f"\n\n{found}" if found else ""


def _page(given: Mapping[str, Any], name: str | None) -> str:
    return f"\nreport: {Path(given['out']) / name}" if name and "out" in given else ""


def _run(run: Run) -> str:
    detector = run.detector
    done = "is fitted"
    if run.config.get("verb") == "import":
        done = "is imported"
    elif detector.traits.trained == "never":
        done = "needs no training"
    lines = [f"{run.folder}: detector {detector.name} {done}"]
    lines += [f"  {line}" for line in notes_lines(detector.notes)]
    lines += [f"  left out: {why}" for why in left_out(run).values()]
    drill = run.drill if isinstance(run, Trained) else None
    if drill:
        lines.append(f"a drill of {origin(drill)}:")
        lines += [f"  {line}" for line in in_three_lines(drill)]
        lines.append(f"  its pictures: {run.folder / FOLDER / PAGE}")
    shown = "MANIFEST --features DIR" if detector.traits.looks_at == "features" else "VIDEO"
    own = f" --detector {shlex.quote(run.source['file'])}" if "file" in run.source else ""
    lines.append(f"next: oddframe score {run.folder} {shown} --report{own}")
    if detector.traits.looks_at == "frames" and math.isfinite(detector.threshold):
        asked = "all faults:" if drill else "what would it notice?"
        lines.append(f"{asked} oddframe drill {run.folder}{own}")
    return "\n".join(lines)


def evaluation_table(evaluation: Evaluation) -> str:
    """The main metrics with intervals beside the trivial baselines."""
    names = [
        name
        for name in (*HEADLINES, *ALARMS)
        if name in evaluation.metrics and evaluation.metrics[name].value is not None
    ]
    beside = {"oracle": evaluation.oracle} if evaluation.oracle else {}
    beside |= {baseline_name(name): row for name, row in evaluation.baselines.items()}
    rows = [["", "95 % interval", "this", *beside]]
    for name in names:
        own = evaluation.metrics[name]
        others = [_number(row.get(name)) for row in beside.values()]
        label = metric_label(name, evaluation.normal_hours)
        rows.append([label, _interval(own), _number(own), *others])
    lines = aligned(rows)
    if not any(_interval(evaluation.metrics[name]) for name in names if name in HEADLINES):
        lines.append(str(evaluation.protocol.get("bootstrap", "")))
    if evaluation.oracle:
        lines.append("oracle: the checkpoint was selected on these very videos; an upper bound")
        lines += oracle_notes(evaluation)
    if "peaks" in evaluation.protocol:
        lines.append(evaluation.protocol["peaks"])
    lines += [*doubts({}, evaluation), *hint(evaluation)]
    if evaluation.decisions:
        lines += ["", *aligned(_decision_rows(evaluation))]
    head = (
        f"{evaluation.dataset}, {evaluation.split}: {count(evaluation.videos, 'video')}, "
        f"{count(evaluation.frames, 'frame')}, {evaluation.anomalous_frames:,} of them anomalous"
    )
    watched = normal_footage(evaluation.normal_hours)
    return "\n".join([f"{head}; {watched}" if watched else head, *lines])


def _decision_rows(evaluation: Evaluation) -> list[list[str]]:
    columns = {name: None for part in evaluation.decisions.values() for name in part.metrics}
    rows = [["threshold from", "above", *(metric_name(name).label for name in columns)]]
    for name, part in evaluation.decisions.items():
        values = (_number(part.metrics.get(column)) for column in columns)
        label = decision_name(name)
        if part.chosen_on in FOOTAGE:
            label += f", from {part.chosen_on}"
        rows.append([label, f"{part.threshold:.3g}", *values])
    return rows


def _number(part: Measured | None) -> str:
    return "-" if part is None or part.value is None else number(part.value)


def _interval(part: Measured) -> str:
    if part.low is None or part.high is None:
        return ""
    return f"{number(part.low)} to {number(part.high)}"


def _extracted(result: Extracted) -> str:
    folder = result.features
    without = f", {len(result.failed)} left out" if result.failed else ""
    lines = [
        f"{folder.path}: features of {count(result.extracted + result.kept, 'video')} "
        f"({result.kept} were there), {count(folder.crops, 'crop')} of {folder.channels} "
        f"channels{without}"
    ]
    lines += [f"no features: {video_id}: {why}" for video_id, why in result.failed.items()]
    return "\n".join(lines)
