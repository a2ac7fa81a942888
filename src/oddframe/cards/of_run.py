"""The card of a run, which is a model card: learnt from what, promising what, blind to what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from oddframe.cards.card import Card, facts
from oddframe.citing.references import Reference, names_in, references_of
from oddframe.clips.exported import ExportedSettings
from oddframe.console.words import count, notes_lines
from oddframe.drills.after_training import FOLDER as OF_TRAINING
from oddframe.drills.request import OWN, drill_folder
from oddframe.drills.result import FILE, read_drill
from oddframe.drills.wording import in_three_lines, origin
from oddframe.runs.lessons import read_versions
from oddframe.runs.run_folder import CONFIG, Run, read_run
from oddframe.teaching.wording import lesson_in_words

PROMISE = "threshold"
"""The note of a detector that says what its threshold promises."""


def card_of_run(folder: Path, detector: str | None = None) -> Card:
    """What a run is, what it was fitted on, what it promises, what it would not notice.

    Args:
        folder: the run folder.
        detector: the file of a detector of one's own, whose code is run.

    Raises:
        OddframeError: no run, unfinished, or damaged.
    """
    run = read_run(folder, detector=detector)
    config = run.config
    papers = references_of(names_in(config, run.detector.name))
    notes = run.detector.notes
    rows = [
        ("detector", _detector(run)),
        ("made by", _made_by(config)),
        ("fitted on", _fitted_on(config.get("fitted_on", {}))),
        ("features", _features(config.get("features_info") or {})),
        ("settings", _settings(run)),
        ("zones", [f"{zone.name}: {zone.kind}" for zone in run.zones.all] if run.zones else ()),
        ("chosen", _chosen(config)),
        ("found", notes_lines({name: value for name, value in notes.items() if name != PROMISE})),
        ("promise", notes.get(PROMISE) or _threshold(run)),
        ("taught", _taught(run)),
        ("drill", _drill(run)),
        ("left out", list(config.get("left_out", {}).values())),
        ("papers", papers and f"{_keys(papers)}: oddframe cite {folder}"),
        ("checkpoint", f"sha256 {run.sha256[:16]}"),
    ]
    return Card(str(folder), "run", facts(rows))


def _threshold(run: Run) -> str:
    threshold = run.detector.threshold
    return f"threshold {threshold:.4g}" if math.isfinite(threshold) else "none: nothing rings"


def _detector(run: Run) -> str:
    known = f", version {run.version}" if run.version else ""
    own = run.source.get("file") or run.source.get("package") or ""
    return f"{run.detector.name}{known}{f', of {own}' if own else ''}"


def _made_by(config: Mapping[str, Any]) -> str:
    footage = f" of {config['footage']}" if "footage" in config else ""
    seed = f", seed {config['seed']}" if "seed" in config else ""
    return f"oddframe {config['verb']}{footage}{seed}" if "verb" in config else ""


def _fitted_on(counts: Mapping[str, Any]) -> list[str]:
    """What it learnt from, and what its threshold came from."""
    lines = []
    for name, words in (("", "learnt"), ("held_out_", "held out, for the threshold")):
        if f"{name}videos" in counts:
            videos = count(int(counts[f"{name}videos"]), "video")
            lines.append(f"{videos}, {counts.get(f'{name}minutes', 0):g} minutes: {words}")
    return lines


def _features(info: Mapping[str, Any]) -> str:
    backbone = info.get("backbone")
    name = backbone.get("name") if isinstance(backbone, Mapping) else backbone
    return f"{name}, {info.get('channels')} channels" if name else ""


def _settings(run: Run) -> str:
    """Those that are not the defaults."""
    settings = getattr(run.detector, "config", None)
    if settings is None:
        return ""
    if isinstance(settings, ExportedSettings):  # a package keeps of them what scoring asks for
        return f"those of the run that was exported, in {CONFIG}"
    usual = type(settings)()
    names = [part.name for part in fields(settings)]
    changed = [
        f"{name} {getattr(settings, name)}"
        for name in names
        if getattr(settings, name) != getattr(usual, name)
    ]
    return ", ".join(changed) or "the defaults"


def _chosen(config: Mapping[str, Any]) -> list[str]:
    """Where a training chose a checkpoint, and by what; the test videos' is an upper bound."""
    return [
        f"{name}: " + ", ".join(f"{what} {value:g}" for what, value in found.items())
        for name, found in config.get("selected", {}).items()
    ]


def _taught(run: Run) -> list[str]:
    return [f"{note.of} is {lesson_in_words(note)}" for note in read_versions(run.folder).lessons]


def _drill(run: Run) -> list[str]:
    """What it would notice and what not, by the newest drill of this very state of the run."""
    places = [drill_folder(run.folder, OWN, run.version), run.folder / OF_TRAINING]
    for place in places:
        if (place / FILE).is_file():
            drill = read_drill(place)
            if drill.run_sha256 == run.sha256:
                return [*in_three_lines(drill), f"from {origin(drill)}"]
    can = run.detector.traits.looks_at == "frames" and math.isfinite(run.detector.threshold)
    return [f"not drilled as it is: oddframe drill {run.folder}"] if can else []


def _keys(papers: Sequence[Reference]) -> str:
    return ", ".join(one.key for one in papers)
