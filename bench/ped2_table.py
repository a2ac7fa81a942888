"""The thesis's table, made here on UCSD Ped2: old methods and new ones on one page of ``compare``.

    oddframe prepare ucsd-ped2 ../shared/data/ped2 --out ped2.jsonl
    python bench/ped2_table.py ped2.jsonl --out table

    python bench/one_class_ped2.py ped2.jsonl recipes/ped2-small/*.yaml --out runs --no-oracle
    python bench/ped2_table.py ped2.jsonl --runs runs --out table     # of trainings of your own

What is fitted in minutes or never trained (``fixed-camera``, ``giorno``, ``unmasking``, ``mc2st``)
is made here, unless it is in ``--out`` already. Of the others the scores are taken that
``bench/one_class_ped2.py`` has left in the folders of ``--runs``, by default those that are kept
beside the results of these benches; a method without scores is named and left out. ``--scores
"giorno=g.npz" "giorno per video=p.npz"`` takes anybody's in place of both. Every method with a form
scaled within each test video, which is how papers count, stands there a second time, as "NAME per
video". The numbers that papers report on Avenue, where the thesis compares, stand on the page in a
table of their own.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from oddframe.comparison.published_numbers import published_for
from oddframe.comparison.result import Comparison
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Measured
from oddframe.runs.run_folder import CHECKPOINT
from oddframe.verbs.compare import compare
from oddframe.verbs.score import score
from oddframe.verbs.train import train

PER_VIDEO = " per video"
KEPT = Path(__file__).parent / "results" / "ped2"


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        name: of the method, as it stands on the page.
        published: its name among the published numbers; empty if there is none.
        trained: the scores of ``bench/one_class_ped2.py``: its recipe, and which of its variants.
        detector: where it is made here instead, with its default settings: its name.
        per_video: whether it has a form that is scaled within each video.
    """

    name: str
    published: str = ""
    trained: str = ""
    detector: str = ""
    per_video: bool = True


LINES = (
    Line("fixed-camera", detector="fixed-camera", per_video=False),
    Line("giorno", "Giorno", detector="giorno"),
    Line("conv-ae-clip", "Conv-AE", "conv-ae-clip, error"),
    Line("convlstm-ae", "ConvLSTM-AE", "convlstm-ae, error"),
    Line("spatiotemporal-ae", "Chong & Tay", "spatiotemporal-ae, error"),
    Line("deep-appearance", "DeepAppearance", "deep-appearance, svm"),
    Line("unmasking", "Unmasking", detector="unmasking"),
    Line("mc2st", "MC2ST", detector="mc2st"),
    Line("stacked-rnn", "Stacked RNN", "stacked-rnn, pyramid"),
    Line("stacked-rnn-tsc", "Stacked RNN, TSC alone", "stacked-rnn-tsc, pyramid"),
    Line(
        "P_normal",
        "Pseudo-anomalies, P_normal",
        "pseudo-anomaly-one-as-published, full, output normal",
    ),
    Line("P_abnormal", "Pseudo-anomalies, P_abnormal", "pseudo-anomaly-one-as-published, full"),
    Line("P_full", "Pseudo-anomalies, P_full", "pseudo-anomaly-two-as-published, full"),
    Line("pseudo-anomaly-one", "", "pseudo-anomaly-one, full"),
    Line("pseudo-anomaly-two", "", "pseudo-anomaly-two, full"),
    Line("conv-ae", "", "conv-ae"),
    Line("future-frame", "Future frame prediction", "future-frame"),
    Line("mnad-prediction", "MNAD", "mnad-prediction, whole"),
    Line("mnad-reconstruction", "", "mnad-reconstruction, whole"),
    Line("ognet", "OGNet", "ognet"),
    Line("dcgan", "", "dcgan"),
)


def made_here(line: Line, manifest: Path, out: Path) -> dict[str, Path]:
    """The scores of a method that needs no long training, made unless they are there."""
    run = out / "runs" / line.detector
    if not (run / CHECKPOINT).exists():
        train([manifest], run, detector=line.detector, drill=False)
    found = {}
    for suffix in ("", PER_VIDEO)[: 1 + line.per_video]:
        scores = out / "scores" / f"{line.name}{suffix}" / "scores.npz"
        score(run, [manifest], out=scores, per_video=bool(suffix), maps=False)
        found[line.name + suffix] = scores
    return found


def made_before(line: Line, folders: list[Path]) -> dict[str, Path]:
    """The scores that a training has left: those of the last folder that has them."""
    found = {}
    for suffix, how in (("", "smoothed"), (PER_VIDEO, "per video")):
        for folder in folders:
            path = folder / "scores" / f"{line.trained} {how}.npz"
            if path.exists():
                found[line.name + suffix] = path
    return found


def printed(comparison: Comparison) -> list[str]:
    """The table, with the published numbers at its right end."""
    elsewhere = {
        data: {row.method: row.printed for row in reversed(published_for(data))}
        for data in ("ucsd-ped2", "avenue")
    }
    lines = [
        "| method | micro AUC | macro AUC | micro AUC, per video | *published, Ped2* "
        "| *published, Avenue* |",
        "|---|---|---|---|---|---|",
    ]
    for line in LINES:
        if (own := comparison.models.get(line.name)) is None:
            continue
        scaled = comparison.models.get(line.name + PER_VIDEO)
        cells = [
            _span(own["micro_auc"]),
            _span(own["macro_auc"]),
            _span(scaled["micro_auc"]) if scaled else "",
            *(elsewhere[data].get(line.published, "") for data in ("ucsd-ped2", "avenue")),
        ]
        lines.append(f"| {line.name} | {' | '.join(cells)} |")
    for name, metrics in comparison.baselines.items():
        cells = [f"{metrics[metric].value:.3f}" for metric in ("micro_auc", "macro_auc")]
        lines.append(f"| *{name}* | {' | '.join(cells)} | | | |")
    return lines


def _span(part: Measured) -> str:
    return f"{part.value:.3f} [{part.low:.3f}, {part.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--runs", type=Path, nargs="*", default=[KEPT])
    parser.add_argument("--scores", metavar="NAME=FILE", nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    scores: dict[str, Path] = {}
    given = {name: Path(path) for name, _, path in (text.partition("=") for text in options.scores)}
    for line in LINES:
        names = (line.name, line.name + PER_VIDEO)
        if line.name in given:
            found = {name: given[name] for name in names if name in given}
        elif line.detector:
            found = made_here(line, options.manifest, options.out)
        else:
            found = made_before(line, options.runs)
        if not found:
            print(f"{line.name}: no scores of '{line.trained}'; left out", file=sys.stderr)
        scores |= found
    page = options.out / "page"
    compare(
        list(scores.values()),
        page,
        manifest=options.manifest,
        names=[*scores],
        pairs="first",
        published=["avenue"],
    )
    print("\n".join(printed(Comparison.read(page / "comparison.json"))))


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
