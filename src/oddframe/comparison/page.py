"""Several sets of scores side by side: a page, tables as CSV and LaTeX, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from oddframe.comparison.latex import latex_table
from oddframe.comparison.published_numbers import Published
from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.differences import differences_section
from oddframe.comparison.sections.model_curves import model_curves
from oddframe.comparison.sections.numbers import MOST_COLUMNS, classes_section, numbers_section
from oddframe.comparison.sections.oracle import oracle_section
from oddframe.comparison.sections.published import published_section
from oddframe.comparison.sections.seeds import seeds_section
from oddframe.comparison.sections.timelines import model_timelines, some_videos
from oddframe.comparison.tables import TABLES, write_tables
from oddframe.console.words import count
from oddframe.evaluation.result import Evaluation
from oddframe.files.atomic import write_text
from oddframe.pages.colours import series_class
from oddframe.pages.document import Introduction, html_document
from oddframe.pages.figures import Legend, Mark, Planes
from oddframe.reporting.drawing.plots import (
    PROBABILITIES,
    plots_folder,
    write_precision_recall,
    write_roc,
    write_timeline,
)
from oddframe.reporting.parts.alarm_drawings import alarm_drawings
from oddframe.reporting.parts.curve_drawings import roc_and_pr
from oddframe.reporting.parts.decision_tables import Decisions, decisions_part
from oddframe.reporting.parts.lanes import series_key
from oddframe.reporting.wording import doubts, normal_footage
from oddframe.scores.frame_scores import Scores
from oddframe.videos.names import require_files_apart
from oddframe.videos.video import Video

BESIDE = "comparison.json, comparison.tex, tables as CSV"
"""The other files of a comparison, in words."""


def remove_comparison(folder: Path) -> None:
    """Remove the page, numbers and tables of an earlier comparison: new ones do not fit them."""
    for name in ("comparison.html", "comparison.json", "comparison.tex", *TABLES):
        (folder / name).unlink(missing_ok=True)


def write_comparison(
    folder: Path,
    comparison: Comparison,
    *,
    title: str = "Comparison",
    evaluations: Mapping[str, Evaluation] | None = None,
    videos: Sequence[Video] = (),
    scores: Mapping[str, Scores] | None = None,
    curves: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] | None = None,
    published: Sequence[Published] = (),
    elsewhere: Sequence[Published] = (),
) -> Path:
    """Write ``comparison.html``, its tables as CSV and LaTeX and its pictures into the folder.

    The tables are ``comparison.tex`` and those of
    :func:`oddframe.comparison.tables.write_tables`; the pictures are in ``plots/``, if matplotlib
    is there to draw them.

    Args:
        folder: made if it is not there.
        comparison: the numbers and their paired differences.
        title: heading of the page.
        evaluations: model name to its evaluation; gives curves (also as ``plots/*.png``) and
            whether its numbers are to be marked. Other names than the comparison's are ignored.
        videos: those to draw timelines of.
        scores: model name to the scores of these videos.
        curves: model name to the lines of ``metrics.jsonl`` of each of its trainings.
        published: what others reported on this data set; shown apart from what was measured.
        elsewhere: what they reported on other data sets; on the page in tables of its own, and
            not in LaTeX, where it would stand below the columns of this one.

    Returns:
        The path of ``comparison.html``.

    Raises:
        OddframeError: the folder cannot be written, or a training curve cannot be read.
    """
    folder = Path(folder)
    require_files_apart((video.id for video in videos), folder)
    known = {name: e for name, e in (evaluations or {}).items() if name in comparison.models}
    suspects = {**comparison.doubts}
    suspects |= {name: found for name, e in known.items() if (found := doubts({}, e))}
    write_tables(folder, comparison, [*published, *elsewhere])
    write_text(folder / "comparison.tex", latex_table(comparison, published, suspects))
    plots = plots_folder(folder)
    if plots and known and all("roc" in e.curves for e in known.values()):
        write_roc(plots / "roc.png", known)
    if plots and known and all("pr" in e.curves for e in known.values()):
        write_precision_recall(plots / "precision_recall.png", known)
    total, videos = len(videos), some_videos(videos)
    timelines = model_timelines(videos, scores, total) if videos and scores else None
    if plots and timelines and scores:
        axis = PROBABILITIES if timelines.common else None
        for video in videos:
            target = plots / "timelines" / f"{video.id}.png"
            named = {name: part[video.id] for name, part in scores.items()}
            write_timeline(target, video, named, axis=axis)
    sections = {
        "Numbers": numbers_section(comparison, suspects),
        "Differences": differences_section(comparison, suspects),
        "Seeds": seeds_section(comparison, suspects),
        "Chosen by validation, and the oracle beside it": oracle_section(comparison, suspects),
        "Published numbers": published_section([*published, *elsewhere]),
        "Classes": classes_section(plots, comparison, suspects),
        "Decisions at a threshold": _decisions(comparison, set(suspects)),
        "Curves": _curves(known),
        "Training curves": model_curves(curves or {}, list(comparison.models)),
        "Timelines": timelines,
    }
    page = html_document(title, _introduction(comparison, suspects), sections)
    return write_text(folder / "comparison.html", page)


@dataclass(frozen=True)
class ModelDecisions:
    """What several models decide at each threshold, folded away where they are many."""

    template: ClassVar[str] = "comparison/decisions.html"
    summary: str
    decisions: Decisions


@dataclass(frozen=True)
class ModelPlanes:
    """Curves of several models over each other."""

    template: ClassVar[str] = "comparison/curves.html"
    key: Legend
    curves: Planes | None
    alarms: Planes | None


def _introduction(comparison: Comparison, suspects: Mapping[str, Sequence[str]]) -> Introduction:
    drawn = (
        f"Intervals are 95 %, from {count(comparison.resamples, 'resample')} of whole videos, the "
        f"same for all models (seed {comparison.seed})."
        if comparison.resamples
        else "There are no intervals: nothing was resampled."
    )
    cut = comparison.skip_first
    counted = f"Of every video the frames from {cut} on count." if cut else "Every frame counts."
    footage = normal_footage(comparison.normal_hours)
    watched = f", with {footage}" if footage else ""
    return Introduction(
        lead=f"{count(len(comparison.models), 'model')} on {count(comparison.videos, 'video')} of "
        f"{comparison.dataset}, split {comparison.split}{watched}.",
        notes=[f"{drawn} {counted}"],
        warnings=_warnings(suspects),
        origins=_origins(comparison),
    )


def _warnings(suspects: Mapping[str, Sequence[str]]) -> list[str]:
    """Each doubt once, after the names of all models that it is about."""
    names: dict[str, list[str]] = {}
    for name, lines in suspects.items():
        for line in lines:
            names.setdefault(line, []).append(name)
    return [f"{', '.join(about)}: {line}." for line, about in names.items()]


def _origins(comparison: Comparison) -> list[tuple[Mark, str]]:
    """Where the scores of each model come from, which of its repeats pictures show."""
    rows = []
    for place, name in enumerate(comparison.models):
        words = [comparison.origins.get(name, ""), comparison.drawn.get(name, "")]
        if said := "; ".join(word for word in words if word):
            rows.append((Mark(series_class(place), name), said))
    return rows


def _decisions(comparison: Comparison, suspects: set[str]) -> ModelDecisions | None:
    found = decisions_part(comparison.decisions, suspects)
    if found is None:
        return None
    many = len(comparison.decisions) > MOST_COLUMNS
    summary = f"{len(comparison.decisions)} models at each threshold" if many else ""
    return ModelDecisions(summary, found)


def _curves(evaluations: Mapping[str, Evaluation]) -> ModelPlanes | None:
    models = list(evaluations.values())
    curves, alarms = roc_and_pr(models), alarm_drawings(models)
    if curves is None and alarms is None:
        return None
    return ModelPlanes(series_key(list(evaluations)), curves, alarms)
