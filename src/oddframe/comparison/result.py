"""What a comparison found: ``comparison.json``, and what a terminal shows of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from oddframe.comparison.paired_differences import PairedDifference
from oddframe.comparison.wording import oracle_in_words
from oddframe.errors import OddframeError
from oddframe.evaluation.metric_names import baseline_name, metric_name
from oddframe.evaluation.metrics.frame_metrics import headline_metric
from oddframe.evaluation.result import Decision, Measured, measured_metrics
from oddframe.files.atomic import write_json
from oddframe.files.text_files import read_json

FORMAT = "oddframe-comparison/1"


@dataclass(frozen=True)
class Comparison:
    """What ``comparison.json`` holds.

    Attributes:
        dataset, split, videos, resamples, seed: what was compared, and how.
        models: name of a score set to its frame metrics.
        classes: name of a score set to class name to its metrics.
        class_counts: class name to its ``videos`` and ``frames`` (anomalous ones).
        decisions: name of a score set to name of a threshold to the metrics at it.
        differences: every pair in every metric.
        doubts: name of a score set to why its numbers must not be set beside honest ones.
        repeats: name of a model with several score sets (seeds) to metric to the value of each;
            ``models`` holds their mean, with an interval over videos.
        oracle: name to the frame metrics of its checkpoints that were selected on these videos.
        oracle_gaps: name to metric to oracle minus selected, paired: what selection on the test
            videos would have added (:func:`oddframe.comparison.wording.oracle_in_words`).
        origins: name to where its scores come from and how it was selected, in words.
        drawn: name of a model with repeats to which of them curves and timelines show, in words.
        caution: how many of the intervals of differences would exclude zero by chance alone;
            empty where there are few.
        baselines: name of a trivial baseline to the metrics that it reaches on these videos.
        normal_hours: hours watched of frames that are not anomalous, in which false alarms are
            counted; 0 if not known.
        skip_first: frames at the beginning of each video that did not count.
    """

    dataset: str
    split: str
    videos: int
    resamples: int
    seed: int
    models: dict[str, dict[str, Measured]]
    differences: list[PairedDifference]
    classes: dict[str, dict[str, dict[str, Measured]]] = field(default_factory=dict)
    class_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    decisions: dict[str, dict[str, Decision]] = field(default_factory=dict)
    doubts: dict[str, list[str]] = field(default_factory=dict)
    repeats: dict[str, dict[str, list[float | None]]] = field(default_factory=dict)
    oracle: dict[str, dict[str, Measured]] = field(default_factory=dict)
    oracle_gaps: dict[str, dict[str, Measured]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    caution: str = ""
    baselines: dict[str, dict[str, Measured]] = field(default_factory=dict)
    normal_hours: float = 0.0
    skip_first: int = 0

    def text(self) -> str:
        """What a terminal shows: the main metric in words, and what to bear in mind."""
        main = headline_metric(self.dataset)
        lines = [part.words for part in self.differences if part.metric == main]
        lines += [oracle_in_words(name, main, row[main]) for name, row in self.oracle_gaps.items()]
        lines += [self.caution] if self.caution else []
        lines += [f"{name}: {line}" for name in self.doubts for line in self.doubts[name]]
        beside = [
            f"{baseline_name(name)} {row[main].value:.3f}"
            for name, row in self.baselines.items()
            if main in row and row[main].value is not None
        ]
        if beside:
            label = metric_name(main).label
            lines.append(f"{label} without a look at a pixel: {'; '.join(beside)}")
        lines += [self.single] if self.single else []
        return "\n".join(lines)

    @property
    def single(self) -> str:
        """Which models are one training, and what that leaves open; empty without intervals."""
        names = [name for name in self.models if name not in self.repeats]
        if not names or not self.resamples:
            return ""
        which = f"{names[0]} is" if len(names) == 1 else f"{', '.join(names)} are"
        return (
            f"{which} one set of scores{' each' * (len(names) > 1)}, of one training (one seed) or "
            "not known: the intervals hold the chance in the choice of videos, not that of another "
            "seed."
        )

    def write(self, path: str | Path) -> Path:
        """Write the comparison as JSON, atomically."""
        return write_json(path, {"format": FORMAT, **asdict(self)})

    @classmethod
    def read(cls, path: str | Path) -> Comparison:
        """Read what :meth:`write` wrote.

        Raises:
            OddframeError: the file is missing or is not a comparison.
        """
        path = Path(path)
        row = read_json(path, "a comparison", advice="make it with 'oddframe compare'")
        try:
            if row.pop("format", None) != FORMAT:
                raise ValueError(f"another format than '{FORMAT}'")
            for key in ("models", "oracle", "oracle_gaps", "baselines"):
                rows = row["models"] if key == "models" else row.get(key, {})
                row[key] = {name: measured_metrics(metrics) for name, metrics in rows.items()}
            row["classes"] = {
                name: {title: measured_metrics(metrics) for title, metrics in classes.items()}
                for name, classes in row.get("classes", {}).items()
            }
            row["decisions"] = {
                name: {title: Decision.from_json(part) for title, part in decided.items()}
                for name, decided in row.get("decisions", {}).items()
            }
            row["differences"] = [
                PairedDifference(value=Measured(**part.pop("value")), **part)
                for part in row["differences"]
            ]
            return cls(**row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise OddframeError(f"{path}: expected a comparison, found {error}") from error
