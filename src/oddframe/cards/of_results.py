"""Cards of what was made of footage: scores, features, a drill."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.cards.card import Card, facts
from oddframe.console.words import count
from oddframe.drills.result import read_drill
from oddframe.drills.wording import in_three_lines, origin
from oddframe.features.feature_folder import FeatureFolder
from oddframe.scores.detections import EventRule
from oddframe.scores.frame_scores import Scores
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.untested import untested_spans


def card_of_scores(path: Path) -> Card:
    """Whose scores, of how many videos, how high, and above what something rings.

    Raises:
        OddframeError: no scores, or damaged.
    """
    scores = Scores.read(path)
    meta, rule = scores.meta, EventRule.of(scores.meta)
    values = np.concatenate([scores[name] for name in scores]) if len(scores) else np.empty(0)
    part = JudgedPart.of(meta)
    above = f"{np.mean(values > rule.threshold):.2%} of all frames are above" if rule else ""
    span = ""
    if values.size:
        low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
        span = f"{low:.3g} to {high:.3g}, median {middle:.3g}"
    rows = [
        ("detector", meta.get("detector", "somebody's: they do not say")),
        ("run", meta.get("run")),
        ("videos", count(len(scores), "video")),
        ("frames", f"{values.size:,}"),
        ("values", span),
        ("judged", f"only {part.words} of each video" if part else ""),
        ("uses", _uses(meta)),
        ("scaled", meta.get("normalisation")),
        ("threshold", f"{rule.threshold:g}; {above}" if rule else "none: nothing rings"),
        ("from", meta.get("threshold_source")),
        ("events", rule.words if rule else ""),
        (
            "not looked at",
            f"{len(untested_spans(meta))} videos have such parts" if untested_spans(meta) else "",
        ),
    ]
    return Card(str(path), "scores", facts(rows))


def _uses(meta: dict[str, object]) -> str:
    if "causal" not in meta:
        return ""
    return "no later frame (causal)" if meta["causal"] else "later frames too (not causal)"


def card_of_features(path: Path) -> Card:
    """Of how many videos, made how.

    Raises:
        OddframeError: no features, or damaged.
    """
    folder = FeatureFolder.open(path)
    backbone = folder.info.get("backbone") or {}
    snippets = sum(folder.snippets(name) for name in folder.ids)
    rows = [
        ("backbone", backbone.get("name", "unknown: published files do not say")),
        ("videos", count(len(folder.ids), "video")),
        ("snippets", f"{snippets:,}, of {folder.snippet_length} frames, every {folder.stride}"),
        ("a vector", f"{folder.channels} channels, of {count(folder.crops, 'crop')}"),
        ("frame rate", f"{folder.rate:g} a second" if folder.rate else "the videos' own"),
        ("made by", f"oddframe {folder.info['oddframe']}" if "oddframe" in folder.info else ""),
    ]
    return Card(str(path), "features", facts(rows))


def card_of_drill(path: Path) -> Card:
    """What a run would notice, and what not.

    Raises:
        OddframeError: no drill, or damaged.
    """
    drill = read_drill(path)
    rows = [
        ("of", f"{drill.run} ({drill.detector}, threshold {drill.threshold:.4g})"),
        ("footage", drill.footage),
        ("from", origin(drill)),
        ("result", in_three_lines(drill)),
    ]
    return Card(str(path), "drill", facts(rows))
