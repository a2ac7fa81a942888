"""The literature's pixel-level criterion: was the place found in a frame, at each threshold.

Li, Mahadevan and Vasconcelos (PAMI 2014; Mahadevan et al., CVPR 2010) call an anomalous frame
found when at least 40 % of its anomalous pixels are, and a normal frame a false positive when any
of its pixels is; below 40 % an anomalous frame is a miss. That gives a ROC over frames. A frame is
found at every threshold up to the score that 40 % of its anomalous pixels have or exceed, and a
false positive up to its highest score; with that as its score it is an ordinary ROC, and exact.

Pixels that are called in an anomalous frame beside what is anomalous cost nothing, so a map that
says the score of the frame everywhere has the AUC of the frames.
"""

from __future__ import annotations

import numpy as np

from oddframe.evaluation.metrics.pixel_metrics import resize_map
from oddframe.evaluation.metrics.ranking import RankedFrames
from oddframe.evaluation.metrics.ranking_metrics import ranking_metrics


class PixelLevelFrames:
    """Whether each frame has anomalous pixels, and up to which threshold it is called."""

    def __init__(self) -> None:
        """No frames yet."""
        self._labels: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []

    def add(self, scores: np.ndarray, mask: np.ndarray | None, size: tuple[int, int]) -> None:
        """Judge the frames of one video; the arguments are those of ``PixelCounts.add``."""
        labels, values = np.zeros(len(scores), bool), np.empty(len(scores))
        for frame in range(len(scores)):
            pixels = resize_map(scores[frame], size)
            odd = pixels[:0] if mask is None else pixels[mask[frame]]
            labels[frame] = odd.size
            values[frame] = _found_up_to(odd) if odd.size else pixels.max()
        self._labels.append(labels)
        self._scores.append(values)

    def samples(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """AUC and equal error rate of each resample, ties half; NaN where a side is empty.

        Args:
            weights: ``(resamples, videos)``, how often each video that was added is in each.
        """
        if not self._labels:
            nothing = np.full(len(weights), np.nan)
            return {"pixel_level_auc": nothing, "pixel_level_equal_error_rate": nothing}
        anomalous = np.array([part.any() for part in self._labels])
        ranked = RankedFrames.of(self._scores, np.concatenate(self._labels), anomalous)
        found = ranking_metrics(ranked, weights)
        return {
            "pixel_level_auc": found.auc,
            "pixel_level_equal_error_rate": found.equal_error_rate,
        }


def _found_up_to(pixels: np.ndarray) -> np.floating:
    """The score that two fifths of the pixels have or exceed, rounded up to whole pixels."""
    behind = len(pixels) - -(-2 * len(pixels) // 5)
    return np.partition(pixels, behind)[behind]
