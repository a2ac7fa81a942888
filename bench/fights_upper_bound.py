"""What the features of the spliced fights hold: a probe that is told which snippets are fights.

    python bench/spliced_fights.py ../shared/data/surveillance-fights --out /tmp/fights
    oddframe extract /tmp/fights/manifest.jsonl --out /tmp/fights_features
    python bench/fights_upper_bound.py /tmp/fights /tmp/fights_features

A logistic regression on single snippets, trained on the train videos with the truth of
``splices.json``, its strength chosen on the val videos, scored once on the test videos. Weakly
supervised methods see labels of videos only, so this is about the most to be had from one snippet
of these features by a linear rule; methods that look at several snippets can pass it. Beside it,
without training: the mean pixel difference within each snippet.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""Inverse regularisation of the regression."""


def snippets(built: Path, folder: FeatureFolder, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Features ``(snippets, channels)``, mean over crops, and truth of a split's videos.

    A cut falls on a snippet's border, so a snippet is a fight or not.
    """
    plan = json.loads((built / "splices.json").read_text(encoding="utf-8"))
    each = plan["config"]["clip_frames"] // folder.stride
    features, truth = [], []
    for video in plan["videos"]:
        if video["split"] == split:
            features.append(folder.read(video["id"]).astype(np.float32).mean(axis=1))
            truth.append(np.repeat([part["fight"] for part in video["parts"]], each))
    return np.concatenate(features), np.concatenate(truth)


def pixel_differences(built: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean absolute difference of every second frame, 64x36 grey, and truth; per snippet."""
    manifest = Manifest.read(built / "manifest.jsonl")
    differences, truth = [], []
    for video in manifest.split(split):
        with open_video(manifest.locate(video)) as reader:
            small = [f.grey((64, 36)).astype(np.float32) for f in reader if f.index % 2 == 0]
        snippet = np.stack(small).reshape(-1, 8, 36 * 64)
        differences.append(np.abs(np.diff(snippet, axis=1)).mean(axis=(1, 2)))
        truth.append(video.frame_labels()[::16])
    return np.concatenate(differences), np.concatenate(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder that spliced_fights.py wrote")
    parser.add_argument("features", type=Path)
    options = parser.parse_args()
    difference, truth = pixel_differences(options.built, "test")
    print(
        f"pixel difference: test AUC {roc_auc_score(truth, difference):.3f}, "
        f"test AP {average_precision_score(truth, difference):.3f}"
    )
    folder = FeatureFolder.open(options.features)
    train, val, test = (snippets(options.built, folder, s) for s in ("train", "val", "test"))
    scaler = StandardScaler().fit(train[0])
    probes = [
        LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(
            scaler.transform(train[0]), train[1]
        )
        for strength in STRENGTHS
    ]
    val_aucs = [
        roc_auc_score(val[1], probe.decision_function(scaler.transform(val[0]))) for probe in probes
    ]
    best = int(np.argmax(val_aucs))
    scores = probes[best].decision_function(scaler.transform(test[0]))
    print(
        f"strength {STRENGTHS[best]:g}, val AUC {val_aucs[best]:.3f}, "
        f"test AUC {roc_auc_score(test[1], scores):.3f}, "
        f"test AP {average_precision_score(test[1], scores):.3f} "
        f"(share of fights {test[1].mean():.3f})"
    )


if __name__ == "__main__":
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")
