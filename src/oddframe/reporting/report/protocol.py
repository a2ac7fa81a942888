"""How a report's scores and numbers came about: what travels with them, versions and hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.evaluation.result import Evaluation
from oddframe.pages.tables import Facts
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class Protocol:
    """Facts under their headings."""

    template: ClassVar[str] = "report/protocol.html"
    facts: Sequence[tuple[str, Facts]]


def protocol_section(manifest: Manifest, scores: Scores, evaluation: Evaluation | None) -> Protocol:
    """What is known of scores, evaluation and data.

    Args:
        manifest: the videos and their splits.
        scores: ``meta`` says how they were made.
        evaluation: the numbers, if there are any.
    """
    found: dict[str, Mapping[str, Any]] = {"Scores": scores.meta}
    if evaluation is not None:
        # What the scores' own table and the top of the page have said is not said again.
        said = {"warnings", "found", "scores_meta", "source", "label_rule", *scores.meta}
        found["Evaluation"] = {k: v for k, v in evaluation.protocol.items() if k not in said}
    data = {"data set": manifest.dataset, "source": manifest.source, "labels": manifest.label_rule}
    found["Data"] = {key: value for key, value in data.items() if value}
    if evaluation is not None:
        found["Versions"] = evaluation.versions
        found["SHA-256 of what was read"] = evaluation.hashes
    return Protocol([(title, facts_of(values)) for title, values in found.items() if values])


def facts_of(values: Mapping[str, Any]) -> Facts:
    """Names and plain values, such as the protocol or the versions."""
    return Facts([(name.replace("_", " "), _plain(value)) for name, value in values.items()])


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
