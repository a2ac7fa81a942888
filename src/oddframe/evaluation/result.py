"""The result of an evaluation: every number with its interval, its baselines, its protocol."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.text_files import read_json

FORMAT = "oddframe-metrics/1"


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % interval; None where it is undefined, and ``note`` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether there is an interval, and zero lies outside it."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Curve:
    """Points of a curve, thinned for drawing.

    Attributes:
        x, y: coordinates of each point.
        low, high: the 95 % interval of each y, None where it has none; empty for curves without.
    """

    x: list[float]
    y: list[float]
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Decision:
    """The metrics of calling every frame above a threshold anomalous.

    Attributes:
        threshold: scores strictly above it are called anomalous.
        rule: how it was chosen: ``fixed``, ``own`` (travels with the scores), ``g_mean`` or ``f1``.
        chosen_on: where, in words.
        oracle: whether the threshold, or the checkpoint, was chosen on the evaluated videos.
        metrics: over all frames.
        classes: class name to the same under the class's mask.
    """

    threshold: float
    rule: str
    chosen_on: str
    oracle: bool
    metrics: dict[str, Measured]
    classes: dict[str, dict[str, Measured]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Decision:
        """From what ``dataclasses.asdict`` made."""
        row["metrics"] = measured_metrics(row["metrics"])
        row["classes"] = {name: measured_metrics(part) for name, part in row["classes"].items()}
        return cls(**row)


@dataclass(frozen=True)
class Evaluation:
    """Every number of an evaluation, with its interval and its protocol: ``metrics.json``.

    Attributes:
        dataset, split: what was evaluated.
        videos, anomalous_videos, frames, anomalous_frames: its counts.
        metrics: metric name to number, in the order in which they are shown.
        baselines: name of a trivial baseline to the metrics that it reaches.
        classes: class name to its metrics.
        class_counts: class name to its ``videos`` and ``frames`` (anomalous ones).
        decisions: name of a threshold to the metrics at it.
        oracle: the metrics of a checkpoint that was selected on the evaluated videos; empty where
            none was given.
        curves: ``roc`` (x: false-positive rate, y: true-positive rate) and ``pr`` (x: recall,
            y: precision); those of :mod:`oddframe.evaluation.alarm_curves` and
            :mod:`oddframe.evaluation.surprise_curve`.
        normal_hours: hours watched of frames that are not anomalous, in which false alarms are
            counted; 0 if not known.
        protocol: plain sentences and values that say how the scores and numbers came about:
            detector, causal, smoothing, normalisation, threshold, where it was chosen, bootstrap.
        versions: package name to version.
        hashes: what was read to its SHA-256.
    """

    dataset: str
    split: str
    videos: int
    anomalous_videos: int
    frames: int
    anomalous_frames: int
    metrics: dict[str, Measured]
    baselines: dict[str, dict[str, Measured]] = field(default_factory=dict)
    classes: dict[str, dict[str, Measured]] = field(default_factory=dict)
    class_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    oracle: dict[str, Measured] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    normal_hours: float = 0.0
    protocol: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def write(self, path: str | Path) -> Path:
        """Write ``metrics.json``, whole or not at all.

        Args:
            path: the file.

        Returns:
            Its path.

        Raises:
            OddframeError: it cannot be written.
        """
        return write_json(path, {"format": FORMAT, **asdict(self)})

    @classmethod
    def read(cls, path: str | Path) -> Evaluation:
        """Read ``metrics.json`` (or the folder that holds it).

        Args:
            path: the file or the folder.

        Returns:
            Every number in it.

        Raises:
            OddframeError: the file is missing or is not an evaluation of this format.
        """
        path = Path(path)
        if path.is_dir():
            path = path / "metrics.json"
        row = read_json(path, "metrics.json", advice="make it with 'oddframe evaluate'")
        if not isinstance(row, dict) or row.pop("format", None) != FORMAT:
            raise OddframeError(f"{path}: expected format '{FORMAT}'; evaluate again")
        try:
            for key in ("baselines", "classes"):
                row[key] = {name: measured_metrics(part) for name, part in row[key].items()}
            for key in ("metrics", "oracle"):
                row[key] = measured_metrics(row.get(key, {}))
            decisions = row.get("decisions", {})
            row["decisions"] = {name: Decision.from_json(part) for name, part in decisions.items()}
            row["curves"] = {name: Curve(**curve) for name, curve in row["curves"].items()}
            return cls(**row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise OddframeError(
                f"{path}: expected '{FORMAT}', found other content ({error!r}); evaluate again"
            ) from None


def measured_metrics(row: dict[str, dict[str, Any]]) -> dict[str, Measured]:
    """Metric name to number, from what ``dataclasses.asdict`` made."""
    return {name: Measured(**value) for name, value in row.items()}
