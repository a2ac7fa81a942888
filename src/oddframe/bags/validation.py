"""What is measured at a validation of a training on bags, and which state is the best."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch

from oddframe.bags.batches import BagBatches
from oddframe.bags.detector import BagDetector
from oddframe.bags.segments import Segments
from oddframe.errors import OddframeWarning
from oddframe.evaluation.metrics.frame_metrics import roc_auc
from oddframe.training.validation import Validation, Validator
from oddframe.videos.video import Video

_SEED = 0
"""Normal and anomalous bags are paired in the same way at every validation."""


def validator(
    learner: BagDetector,
    segments: Segments,
    videos: Sequence[Video],
    batch_size: int,
    save: Callable[[], object],
) -> Validator:
    """Validate by labels per video: AUC of each bag's highest score, then the loss.

    Validation videos of the weakly supervised sets have no truth for their frames, so a checkpoint
    is chosen by how well it tells anomalous videos from normal ones; among equals, and small
    validation sets have many, the lower loss wins.
    """
    labels = np.array([video.label == "anomalous" for video in videos])
    rows = segments.rows([video.id for video in videos])
    if labels.all() or not labels.any():
        warnings.warn(
            "the validation videos are all of one class, so no checkpoint can be chosen by them "
            "and the last is kept; prepare the data set with a stratified split",
            OddframeWarning,
            stacklevel=2,
        )
        return Validator("val", lambda: Validation({}, ()), save)
    pairs = BagBatches(segments, videos, batch_size, _SEED)

    def validate() -> Validation:
        metrics = mean_losses(learner, pairs) if learner.phases else {}
        scores = np.array([bag_score(learner, segments.values[row]) for row in rows])
        metrics["video_auc"] = roc_auc(labels, scores)
        return Validation(metrics, (metrics["video_auc"], -metrics.get("loss", 0.0)))

    return Validator("val", validate, save)


def bag_score(detector: BagDetector, bag: np.ndarray) -> float:
    """The highest score of a bag's segments ``(crops, segments, channels)``."""
    return float(detector.score_snippets(bag.transpose(1, 0, 2)).max())


@torch.no_grad()
def mean_losses(detector: BagDetector, batches: BagBatches) -> dict[str, float]:
    """Mean of each loss term over one pass of the bags, in eval mode."""
    detector.eval()
    like = next(detector.parameters())
    sums: dict[str, float] = {}
    for step in range(batches.steps_per_epoch):
        batch = {key: value.to(like) for key, value in batches.batch(step).items()}
        for phase in detector.phases:
            for name, value in detector.losses(phase, batch).items():
                sums[name] = sums.get(name, 0.0) + float(value)
    return {name: total / batches.steps_per_epoch for name, total in sums.items()}
