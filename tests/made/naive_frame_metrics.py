"""Frame metrics of one set of frames by scikit-learn, which all resamples are held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve


def equal_error_rate(labels: np.ndarray, scores: np.ndarray) -> float:
    """Where the ROC polyline, walked along, meets FPR = 1 - TPR."""
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    walked = np.concatenate(([0], np.cumsum(np.diff(x) + np.diff(y))))

    def excess(at: float) -> float:
        return np.interp(at, walked, x) + np.interp(at, walked, y) - 1

    return float(np.interp(brentq(excess, 0, walked[-1], xtol=1e-15), walked, x))


def macro_auc(videos: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean AUC of those of the videos, (labels, scores), that have both classes."""
    both = [(labels, scores) for labels, scores in videos if len(np.unique(labels)) == 2]
    return float(np.mean([roc_auc_score(*video) for video in both])) if both else float("nan")


def macro_auc_padded(videos: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean AUC with a normal frame below, and an anomalous one above all others of each video."""
    ends = [min(s.min() for _, s in videos) - 1, max(s.max() for _, s in videos) + 1]
    return float(
        np.mean([roc_auc_score([0, *labels, 1], [ends[0], *s, ends[1]]) for labels, s in videos])
    )
