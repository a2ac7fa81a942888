"""Feature magnitude learning: the settings and the loss that RTFM and S3R share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from oddframe.bags import losses as bag_losses
from oddframe.bags.detector import BagConfig
from oddframe.networks.temporal import select_segments
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class MagnitudeConfig(BagConfig):
    """Settings of feature magnitude learning; the defaults are those of RTFM's released code.

    Attributes:
        loss: variant of the loss terms, see :mod:`oddframe.bags.losses`: ``official`` as in the
            released code, with which the published numbers were reached, ``paper`` as in the paper,
            ``thesis`` as in the thesis.
        k: segments of a video that are selected to represent it; 0 takes a tenth of them (3 of 32).
        dropout: share of values dropped in training, of features, in the classifiers and of
            segments before the selection.
        margin: wanted magnitude of anomalous features (``abs-square``) or wanted gap (``hinge``),
            in units of the features' L2 norm; 100 was chosen for I3D.
        magnitude_weight: weight of the term that makes features of anomalous videos larger.
        sparsity_weight: weight of the term that keeps high scores few.
        smoothness_weight: weight of the term that keeps scores of neighbouring segments alike.
    """

    loss: bag_losses.LossVariant = "official"
    k: int = setting(0, at_least=0)
    dropout: float = setting(0.7, at_least=0, below=1)
    margin: float = setting(100.0, at_least=0)
    magnitude_weight: float = 0.0001
    sparsity_weight: float = 0.008
    smoothness_weight: float = 0.0008


class MagnitudeOutput(NamedTuple):
    """What a network says about bags.

    Attributes:
        features: ``(videos, crops, time, channels)``, after dropout, float32.
        magnitudes: ``(videos, time)``, L2 norm over channels, mean over crops.
        scores: ``(videos, time)``, 0 to 1, mean over crops.
    """

    features: Tensor
    magnitudes: Tensor
    scores: Tensor


def output_of(features: Tensor, logits: Tensor) -> MagnitudeOutput:
    """The output from features and from logits ``(videos, crops, time, 1)``."""
    features = features.float()
    scores = logits.float().sigmoid().squeeze(3).mean(dim=1)
    return MagnitudeOutput(features, features.norm(dim=3).mean(dim=1), scores)


def magnitude_losses(
    config: MagnitudeConfig, output: MagnitudeOutput, normal: int, training: bool
) -> dict[str, Tensor]:
    """Weighted loss terms of bags of which the first ``normal`` are normal.

    Args:
        config: variant, weights, margin, dropout and k.
        output: what the network says of the normal bags, then of as many anomalous ones.
        normal: how many are normal.
        training: whether the selection mask is on.

    Returns:
        ``classification``, ``magnitude``, ``sparsity`` and ``smoothness``.
    """
    k = config.k or max(1, config.segments // 10)
    low, high = (
        select_segments(*part, k, config.dropout, training)
        for part in (
            [values[:normal] for values in output],
            [values[normal:] for values in output],
        )
    )
    sparsity, smoothness = bag_losses.regularisation(
        config.loss, output.scores[:normal], output.scores[normal:]
    )
    form = "hinge" if config.loss == "paper" else "abs-square"
    magnitude = bag_losses.magnitude(low.features, high.features, config.margin, form)
    return {
        "classification": bag_losses.classification(low.scores, high.scores),
        "magnitude": config.magnitude_weight * magnitude,
        "sparsity": config.sparsity_weight * sparsity,
        "smoothness": config.smoothness_weight * smoothness,
    }
