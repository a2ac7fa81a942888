"""Random scores: what a predictor that knows nothing reaches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from oddframe.bags.detector import BagConfig, BagDetector
from oddframe.bags.snippets import BagShape
from oddframe.detectors.traits import Traits


@dataclass(frozen=True)
class RandomScoresConfig(BagConfig):
    """There is nothing to train, so there are no steps."""

    steps: int = 0


class RandomScores(BagDetector):
    """A uniform score, 0 to 1, for each snippet, whatever is in it.

    The scores follow from the seed of the training and from a checksum of the features, so a video
    always gets the same ones and two videos different ones.
    """

    name: ClassVar[str] = "random-scores"
    traits: ClassVar[Traits] = replace(BagDetector.traits, trained="never")
    config_type: ClassVar[type[BagConfig]] = RandomScoresConfig
    phases = ()
    seed: Tensor

    def __init__(self, config: RandomScoresConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        self.register_buffer("seed", torch.tensor(0))

    def prepare(self, normal: Iterable[np.ndarray], seed: int) -> None:  # noqa: ARG002
        """Keep the seed; the bags are not looked at."""
        self.seed.fill_(seed)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """None: there is no phase to train in."""
        return {}

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        bags = features.transpose(1, 2).cpu().numpy()
        scores = np.stack([self.score_snippets(bag) for bag in bags])
        return torch.from_numpy(scores).to(features.device)

    def score_snippets(self, features: np.ndarray) -> np.ndarray:
        """Scores of a video's snippets.

        Args:
            features: ``(snippets, crops, channels)``; the first crop gives the checksum.

        Returns:
            float32 ``(snippets,)``, 0 to 1.
        """
        first = np.ascontiguousarray(features[:, 0], dtype=np.float32)
        checksum = hashlib.sha256(first.tobytes()).digest()
        generator = np.random.default_rng([int(self.seed), *checksum])
        return generator.random(len(features), dtype=np.float32)


DETECTOR = RandomScores
CONFIG = RandomScoresConfig
