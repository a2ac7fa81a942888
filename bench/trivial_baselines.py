"""What scores without a look at a pixel reach on standard test sets: a table of evaluation.md.

    python bench/trivial_baselines.py

The official annotations are read from ``$ODDFRAME_DATA`` (``../shared/data``); no footage,
as a trivial baseline knows labels and lengths alone.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from oddframe.datasets.ucsd import prepare_ped2
from oddframe.evaluation.baselines import trivial_baselines
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Measured
from oddframe.files.matlab_files import read_mat
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video, events_from_labels
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("ODDFRAME_DATA", HERE.parent.parent / "shared" / "data"))
COLUMNS = (
    ("constant", "macro_auc_padded"),
    ("centre_prior", "micro_auc"),
    ("video_oracle", "micro_auc"),
    ("video_oracle", "average_precision"),
    ("oracle_centre_prior", "micro_auc"),
    ("oracle_centre_prior", "average_precision"),
)


def ped2() -> Manifest:
    return prepare_ped2(DATA / "ped2")


def avenue() -> Manifest:
    cells = read_mat(DATA / "annotations" / "avenue" / "avenue.mat")
    labels = ((name, np.ravel(part)) for name, part in cells.items() if name.isdigit())
    return _manifest("avenue", ((name, len(part), _events(part)) for name, part in labels))


def shanghaitech() -> Manifest:
    masks = sorted((DATA / "annotations" / "shanghaitech" / "test_frame_mask").glob("*.npy"))
    labels = ((path.stem, np.load(path)) for path in masks)
    return _manifest("shanghaitech", ((name, len(part), _events(part)) for name, part in labels))


def ucf_crime() -> Manifest:
    folder = DATA / "annotations" / "ucf-crime"
    with (folder / "frame_counts.csv").open(encoding="utf-8") as stream:
        frames = {row["video"]: int(row["frames"]) for row in csv.DictReader(stream)}
    rows = []
    table = folder / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"
    for line in table.read_text(encoding="utf-8").splitlines():
        name, _, *numbers = line.split()
        name = name.removesuffix(".mp4")
        labels = np.zeros(frames[name], dtype=bool)
        for first, last in zip(numbers[::2], numbers[1::2], strict=True):
            if int(first) > 0:  # 1-based and inclusive; -1 stands for none
                labels[int(first) - 1 : int(last)] = True
        rows.append((name, len(labels), _events(labels)))
    return _manifest("ucf-crime", rows)


def _events(labels: np.ndarray) -> tuple[Event, ...]:
    return events_from_labels(np.asarray(labels, dtype=bool))


def _manifest(name: str, rows: Iterable[tuple[str, int, tuple[Event, ...]]]) -> Manifest:
    videos = [
        Video(
            *(key, "", "test", "anomalous" if events else "normal", frames, 25.0),
            *(360, 240),
            events=events,
        )
        for key, frames, events in rows
    ]
    return Manifest(name, tuple(videos))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results" / "trivial_baselines.txt")
    options = parser.parse_args()

    head = provenance()
    lines = ["", " | ".join(["test set", *(f"{name}, {metric}" for name, metric in COLUMNS)])]
    result = {}
    for make in (ped2, avenue, shanghaitech, ucf_crime):
        manifest = make()
        videos = manifest.split("test")
        scores = dict(trivial_baselines(videos, 0))["constant"]
        found = evaluate_scores(scores, manifest)
        row = [found.baselines[name][metric] for name, metric in COLUMNS]
        counts = f"{found.videos} videos, {found.anomalous_videos} anomalous, "
        counts += f"{found.anomalous_frames} of {found.frames} frames"
        lines.append(f"{found.dataset}, {counts} | " + " | ".join(map(_shown, row)))
        result[found.dataset] = [part.value for part in row]
    publish(head, lines, result, options.out)


def _shown(part: Measured) -> str:
    if part.value is None or part.low is None or part.high is None:
        return "–" if part.value is None else f"{part.value:.3f}"
    return f"{part.value:.3f} [{part.low:.3f}, {part.high:.3f}]"


if __name__ == "__main__":
    run(main)
