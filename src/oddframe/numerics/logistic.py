"""The logistic function."""

from __future__ import annotations

import numpy as np


def logistic(values: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-x))`` of each value, of the same shape; 0 where that is too small."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-values))
