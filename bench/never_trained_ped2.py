"""The methods that are never trained on UCSD Ped2, beside the number of moving cubes.

    oddframe prepare ucsd-ped2 ../shared/data/ped2 --out ped2.jsonl
    python bench/never_trained_ped2.py ped2.jsonl --work never

Each row is ``train`` (the training videos choose its threshold and no more), ``score`` and
``evaluate``; then its scores scaled within each video. Seconds are the processor time of ``score``,
from JPEG files to scores and maps. What is in ``--work`` already is taken as it is.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from oddframe.evaluation.result import Evaluation, Measured
from oddframe.runs.run_folder import CHECKPOINT
from oddframe.verbs.evaluate import evaluate
from oddframe.verbs.score import score
from oddframe.verbs.train import train
from provenance import provenance, publish, run

ROWS: dict[str, dict[str, Any]] = {
    "unmasking": {"detector": "unmasking"},
    "unmasking-causal": {"detector": "unmasking", "causal": True},
    "unmasking-newer": {"detector": "unmasking", "settings": {"zero_rows": "newer"}},
    "unmasking-constant": {"detector": "unmasking", "settings": {"zero_rows": "constant"}},
    "appearance": {"detector": "unmasking", "settings": {"features": "appearance"}},
    "fused": {"detector": "unmasking", "settings": {"features": "fused"}},
    "mc2st": {"detector": "mc2st"},
    "mc2st-constant": {"detector": "mc2st", "settings": {"zero_rows": "constant"}},
    "giorno5": {"detector": "giorno"},
    "giorno15": {"detector": "giorno", "settings": {"motion_threshold": 15.0}},
}
"""Name of a row to what is trained and scored."""


def scored(name: str, manifest: Path, work: Path, *, per_video: bool = False) -> Path:
    """The scores of a row, with the seconds of processor time that they took beside them."""
    row, folder = ROWS[name], work / name
    if not (folder / CHECKPOINT).exists():
        train(
            [manifest], folder, detector=row["detector"], settings=row.get("settings"), drill=False
        )
    scores = folder / ("pv" if per_video else "s") / "scores.npz"
    if not scores.exists():
        begun = time.process_time()
        score(
            folder,
            [manifest],
            out=scores,
            causal=row.get("causal", False),
            per_video=per_video,
            maps=not per_video,
        )
        scores.with_name("seconds.txt").write_text(f"{time.process_time() - begun:.1f}\n")
    return scores


def evaluated(scores: Path, manifest: Path) -> Evaluation:
    """The numbers of some scores, without a page."""
    folder = scores.parent / "evaluated"
    if (folder / "metrics.json").exists():
        return Evaluation.read(folder / "metrics.json")
    return evaluate(scores, manifest, folder, report=False)


def span(part: Measured) -> str:
    return f"{part.value:.3f} [{part.low:.3f}, {part.high:.3f}]"


def cells(name: str, manifest: Path, work: Path) -> list[str]:
    """A row of the table."""
    scores = scored(name, manifest, work)
    found = evaluated(scores, manifest)
    metrics = found.metrics
    scaled = ""
    if not ROWS[name].get("causal"):
        inside = evaluated(scored(name, manifest, work, per_video=True), manifest)
        scaled = span(inside.metrics["micro_auc"])
    false_alarms = metrics["false_alarms_per_hour"].value or 0.0
    seconds = scores.with_name("seconds.txt")
    return [
        name,
        span(metrics["micro_auc"]),
        span(metrics["macro_auc"]),
        scaled,
        f"{found.baselines['moving cubes']['micro_auc'].value:.3f}",
        f"{metrics['events_alarmed'].value:.3f} at {found.decisions['run'].threshold:.3f}",
        f"{false_alarms * found.normal_hours:.0f}",
        seconds.read_text().strip() if seconds.exists() else "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    head = provenance()
    table = [cells(name, options.manifest, options.work) for name in ROWS]
    heads = [
        *("row", "micro AUC", "macro AUC", "scaled within each video", "moving cubes"),
        *("events alarmed at the threshold", "false alarms", "seconds"),
    ]
    lines = [heads, ["---"] * len(heads), *table]
    publish(head, [f"| {' | '.join(line)} |" for line in lines], {"rows": table}, options.out)


if __name__ == "__main__":
    run(main)
