"""Which state is the best on the test videos, as papers choose; never mixed with what is honest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from oddframe.evaluation.metrics.frame_metrics import average_precision, roc_auc
from oddframe.training.validation import Validation, Validator
from oddframe.videos.video import Video


def oracle(
    videos: Sequence[Video],
    score: Callable[[Video], np.ndarray],
    ranked_by: str,
    save: Callable[[], object],
) -> Validator:
    """Validate by the truth of the test videos.

    Args:
        videos: the test videos, each with truth for its frames.
        score: scores of a video ``(frames,)`` by the learner as it is.
        ranked_by: ``micro_auc`` or ``average_precision``.
        save: called when a state is the best so far.
    """
    labels = np.concatenate([video.frame_labels() for video in videos])

    def validate() -> Validation:
        scores = np.concatenate([score(video) for video in videos])
        metrics = {
            "micro_auc": roc_auc(labels, scores),
            "average_precision": average_precision(labels, scores),
        }
        return Validation(metrics, (metrics[ranked_by],))

    return Validator("oracle", validate, save)
