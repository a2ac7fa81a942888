"""A detector of features to copy: an anomalous video has a snippet odder than any in a normal one.

    oddframe train manifest.jsonl --features features --detector example_bag_detector.py --out run
    oddframe score run manifest.jsonl --features features --detector example_bag_detector.py
    oddframe train --detector example_bag_detector.py --help        # its settings

What each part is for: own-detectors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from oddframe.bags.detector import BagConfig, BagDetector, BagShape
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class OddestSnippetConfig(BagConfig):
    """Settings: those of every detector of features, and each with a line here for ``--help``.

    Attributes:
        width: units of the hidden layer.
        sparsity_weight: weight of the mean score of anomalous videos, most of which is normal.
    """

    width: int = setting(32, at_least=1)
    sparsity_weight: float = setting(0.1, at_least=0)


class OddestSnippet(BagDetector):
    """Scores each snippet by itself; labels of videos say what the highest score should be."""

    name: ClassVar[str] = "oddest-snippet"
    config_type: ClassVar[type[BagConfig]] = OddestSnippetConfig
    config: OddestSnippetConfig

    def __init__(self, config: OddestSnippetConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        self.hidden = nn.Linear(shape.channels, config.width)
        self.answer = nn.Linear(config.width, 1)

    def log_odds(self, features: Tensor) -> Tensor:
        """``(videos, time)`` of ``(videos, crops, time, channels)``."""
        hidden = functional.relu(self.hidden(features))  # (videos, crops, time, width)
        # Losses are float32, also where --precision has layers answer in 16 bits.
        return self.answer(hidden)[..., 0].float().mean(dim=1)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Terms by name, scalars, for the curve; ``loss`` is what a step makes smaller."""
        normal, anomalous = self.log_odds(batch["normal"]), self.log_odds(batch["anomalous"])
        terms = {
            "normal": functional.softplus(normal.amax(dim=1)).mean(),
            "anomalous": functional.softplus(-anomalous.amax(dim=1)).mean(),
            "sparsity": self.config.sparsity_weight * anomalous.sigmoid().mean(),
        }
        return {**terms, "loss": sum(terms.values(), normal.new_zeros(()))}

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        return self.log_odds(features).sigmoid()


DETECTOR = OddestSnippet
CONFIG = OddestSnippetConfig
