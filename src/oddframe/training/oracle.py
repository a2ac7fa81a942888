"""Which state is the best on the test videos, as papers choose; never mixed with what is honest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from oddframe.evaluation.frame_metrics import average_precision, roc_auc
from oddframe.training.loop import Judge, Judgement
from oddframe.videos.manifest import Video


def oracle(
    videos: Sequence[Video],
    score: Callable[[Video], np.ndarray],
    ranked_by: str,
    keep: Callable[[], object],
) -> Judge:
    """Judge by the truth of the test videos.

    Args:
        videos: the test videos, each with truth for its frames.
        score: scores of a video ``(frames,)`` by the learner as it is.
        ranked_by: ``micro_auc`` or ``average_precision``.
        keep: called when a state is the best so far.
    """
    labels = np.concatenate([video.frame_labels() for video in videos])

    def judge() -> Judgement:
        scores = np.concatenate([score(video) for video in videos])
        metrics = {
            "micro_auc": roc_auc(labels, scores),
            "average_precision": average_precision(labels, scores),
        }
        return Judgement(metrics, (metrics[ranked_by],))

    return Judge("oracle", judge, keep)
