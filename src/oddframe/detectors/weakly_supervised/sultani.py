"""Multiple-instance ranking: the plain baseline of learning from video labels.

Source: Sultani, Chen and Shah, "Real-World Anomaly Detection in Surveillance Videos", CVPR 2018,
Sec. 3. The highest score of an anomalous video shall exceed the highest score of a normal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.bags.detector import BagConfig, BagDetector
from oddframe.bags.losses import regularisation
from oddframe.bags.snippets import BagShape
from oddframe.networks.initialise import xavier_initialise
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class SultaniConfig(BagConfig):
    """Settings of the ranking baseline; the defaults are the paper's unless a line says more.

    Attributes:
        weight_decay: weight decay of the optimiser, an L2 penalty on the network's weights; it
            stands in place of their Frobenius norm in the paper's Eq. 7.
        optimiser: ``adagrad`` as in the paper, or ``adam``.
        dropout: share of values dropped in training after the first and after the second layer.
        normalise: divide each feature vector by its L2 norm, as the paper does.
        sparsity_weight: weight of the term that keeps high scores few (Eq. 6).
        smoothness_weight: weight of the term that keeps scores of neighbouring segments alike
            (Eq. 6).
    """

    batch_size: int = 30
    optimiser: Literal["adagrad", "adam"] = "adagrad"
    dropout: float = setting(0.6, at_least=0, below=1)
    normalise: bool = True
    sparsity_weight: float = 8e-5
    smoothness_weight: float = 8e-5


class Sultani(BagDetector):
    """Three fully connected layers on each segment by itself.

    Only the first layer has a ReLU, as in the paper. The paper's features had no crops; here each
    crop is scored and the scores are averaged.
    """

    name: ClassVar[str] = "sultani"
    config_type: ClassVar[type[BagConfig]] = SultaniConfig
    config: SultaniConfig

    def __init__(self, config: SultaniConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        self.scorer = nn.Sequential(
            nn.Linear(shape.channels, 512),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(512, 32),
            nn.Dropout(config.dropout),
            nn.Linear(32, 1),
        )
        xavier_initialise(self)

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        if self.config.normalise:
            features = functional.normalize(features, dim=3)
        return self.scorer(features).float().sigmoid().squeeze(3).mean(dim=1)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Weighted terms, which add up to ``loss``: the mean of Eq. 6 over pairs of bags.

        ``ranking`` (Eq. 5) takes every normal bag with every anomalous bag of the batch, as the
        released code does; sparsity and smoothness are the mean over the anomalous bags.
        """
        normal = self.snippet_scores(batch["normal"])
        anomalous = self.snippet_scores(batch["anomalous"])
        gaps = anomalous.amax(dim=1)[:, None] - normal.amax(dim=1)[None]
        sparsity, smoothness = regularisation("paper", normal, anomalous)
        terms = {
            "ranking": (1 - gaps).clamp(min=0).mean(),
            "sparsity": self.config.sparsity_weight * sparsity,
            "smoothness": self.config.smoothness_weight * smoothness,
        }
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimiser that the settings name, for all parameters."""
        if self.config.optimiser == "adam":
            return super().optimisers()
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return {"network": torch.optim.Adagrad(self.parameters(), lr=rate, weight_decay=decay)}


DETECTOR = Sultani
CONFIG = SultaniConfig
