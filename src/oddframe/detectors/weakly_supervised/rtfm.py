"""RTFM: robust temporal feature magnitude learning (Tian et al., ICCV 2021, arXiv 2101.10030).

A video is as odd as its few segments with the largest feature magnitudes. A temporal network turns
snippet features into features whose L2 norm is trained to be large for anomalous videos and small
for normal ones; a small classifier scores the segments so selected. ``docs/weak-methods.md``
compares code and paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.bags.detector import BagDetector
from oddframe.bags.feature_magnitude import (
    MagnitudeConfig,
    MagnitudeOutput,
    magnitude_losses,
    output_of,
)
from oddframe.bags.snippets import BagShape
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.published_states import crops_for, load_strictly, width_of
from oddframe.networks.temporal import MultiscaleTemporalNetwork
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class RTFMConfig(MagnitudeConfig):
    """Settings of RTFM; those of its bases apply, with weight decay 0.0005 as in the paper.

    Attributes:
        width: channels of each temporal branch and of the classifier's first layer (its second
            layer has a quarter); 512 for every feature width, as published.
    """

    width: int = setting(512, at_least=4, multiple_of=4)


def _finish(convolution: nn.Conv1d, channels: int) -> nn.Sequential:
    # The norm comes after the activation, unlike in S3R.
    return nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm1d(channels))


class RTFM(BagDetector):
    """Robust temporal feature magnitude learning; attribute names are the published ones."""

    name = "rtfm"
    traits = replace(BagDetector.traits, published=True)
    config_type = RTFMConfig
    config: RTFMConfig

    def __init__(self, config: RTFMConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        self.Aggregate = MultiscaleTemporalNetwork(shape.channels, config.width, _finish)
        self.fc1 = nn.Linear(shape.channels, config.width)
        self.fc2 = nn.Linear(config.width, config.width // 4)
        self.fc3 = nn.Linear(config.width // 4, 1)
        self.dropout = nn.Dropout(config.dropout)
        xavier_initialise(self)

    def forward(self, features: Tensor) -> MagnitudeOutput:
        """Features, magnitudes and scores of bags ``(videos, crops, time, channels)``."""
        out = self.Aggregate(features.flatten(0, 1)).view(features.shape)
        out = self.dropout(out)
        hidden = self.dropout(functional.relu(self.fc1(out)))
        hidden = self.dropout(functional.relu(self.fc2(hidden)))
        return output_of(out, self.fc3(hidden))

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Weighted terms, which add up to ``loss``."""
        output = self(torch.cat([batch["normal"], batch["anomalous"]]))
        terms = magnitude_losses(self.config, output, len(batch["normal"]), self.training)
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        return self(features).scores

    @classmethod
    def from_published(cls, tensors: Mapping[str, Tensor], crops: int | None = None) -> Self:
        """The detector of a published checkpoint; the widths come from its tensors.

        Args:
            tensors: a state dict, with or without ``module.`` before the names.
            crops: crops of the features it was trained on; by default 10 for 2048 channels, 5 for
                1024.

        Raises:
            OddframeError: missing or foreign names, or other shapes.
        """
        tensors = without_prefix(tensors)
        channels = width_of(tensors, "fc1.weight", 1, cls.name)
        config = RTFMConfig(width=width_of(tensors, "fc1.weight", 0, cls.name))
        shape = BagShape(crops_for(channels, crops), channels, config.segments)
        detector = built(lambda: cls(config, shape), tensors)
        load_strictly(detector, tensors, cls.name)
        return detector.eval()


DETECTOR = RTFM
CONFIG = RTFMConfig
