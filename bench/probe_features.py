"""What a backbone's features know: fights against other clips, by logistic regression.

Takes a folder of features of ``$ODDFRAME_DATA/surveillance-fights`` (ids ``fight/...`` and
``noFight/...``), averages each clip's snippets and crops, and prints the ROC AUC of ten-fold
logistic regression, standardised and not, for all channels and for each half of them (the mean
and the change, for the default backbone). Needs scikit-learn.

    oddframe extract ../shared/data/surveillance-fights --out features
    python bench/probe_features.py features
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from oddframe.features.feature_folder import FeatureFolder


def main() -> None:
    folder = FeatureFolder.open(Path(sys.argv[1]))
    labels = np.array([name.startswith("fight/") for name in folder.ids])
    clips = [np.asarray(folder.read(name), np.float32).mean(axis=(0, 1)) for name in folder.ids]
    vectors = np.stack(clips)
    half = folder.channels // 2
    scaled = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    plain = LogisticRegression(C=1.0, max_iter=1000)
    print(f"{len(labels)} clips, {folder.channels} channels; AUC standardised, as it is")
    parts = {"all": slice(None), "first half": slice(half), "second half": slice(half, None)}
    for name, part in parts.items():
        values = [auc(model, vectors[:, part], labels) for model in (scaled, plain)]
        print(f"{name:<12} {values[0]:.3f} {values[1]:.3f}")


def auc(model: object, vectors: np.ndarray, labels: np.ndarray) -> float:
    values = []
    for seed in range(2):
        folds = StratifiedKFold(10, shuffle=True, random_state=seed)
        chance = cross_val_predict(model, vectors, labels, cv=folds, method="predict_proba")
        values.append(roc_auc_score(labels, chance[:, 1]))
    return float(np.mean(values))


if __name__ == "__main__":
    main()
