"""From what each frame of a snippet shows to what the snippet shows: its mean and its change."""

from __future__ import annotations

import numpy as np


def mean_and_change(frames: np.ndarray) -> np.ndarray:
    """Pool the embeddings of a snippet's frames over time.

    The mean says what is there; the mean absolute difference between neighbouring frames says
    how it moves.

    Args:
        frames: float32 ``(n, frames, channels)``, at least 2 frames.

    Returns:
        float32 ``(n, 2 * channels)``: the means, then the changes.
    """
    change = np.abs(np.diff(frames, axis=1)).mean(axis=1)
    return np.concatenate([frames.mean(axis=1), change], axis=1).astype(np.float32)
