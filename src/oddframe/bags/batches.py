"""Training bags: which normal and which anomalous videos a step sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from oddframe.bags.segments import Segments
from oddframe.errors import OddframeError
from oddframe.videos.video import Video


class BagBatches:
    """Steps of as many normal as anomalous bags, each class in its own seeded order.

    Each class is an endless row of permutations, so every video is served equally often however
    unequal the classes are, and none is dropped at the end of an epoch. What a step serves
    follows from the seed and the step alone.

    Args:
        segments: pooled bags.
        videos: the videos to serve, labelled.
        batch_size: bags per class and step; a class with fewer videos serves some of them twice.
        seed: fixes both orders.

    Raises:
        OddframeError: a video without a label, or all of one class.
    """

    def __init__(
        self, segments: Segments, videos: Sequence[Video], batch_size: int, seed: int
    ) -> None:
        for video in videos:
            if video.label is None:
                raise OddframeError(
                    f"video '{video.id}' has no label, and training on bags needs one for every "
                    "video; label it normal or anomalous in the manifest, or take it out"
                )
        self._segments = segments
        self._seed = seed
        self._rows = {
            label: segments.rows([v.id for v in videos if v.label == label])
            for label in ("normal", "anomalous")
        }
        for label, rows in self._rows.items():
            if not len(rows):
                other = "anomalous" if label == "normal" else "normal"
                raise OddframeError(
                    f"all {len(videos)} videos are {other}: training on bags needs normal and "
                    f"anomalous videos; add {label} ones, or use a detector of normal footage "
                    "such as fixed-camera"
                )
        self._largest = max(map(len, self._rows.values()))
        self.batch_size = min(batch_size, self._largest)

    @property
    def steps_per_epoch(self) -> int:
        """Steps until the larger class was served once."""
        return -(-self._largest // self.batch_size)

    def batch(self, step: int, part: int = 0, parts: int = 1) -> dict[str, Tensor]:
        """``normal`` and ``anomalous``: float32 ``(bags, crops, segments, channels)`` each."""
        if parts > self.batch_size:
            raise OddframeError(
                f"{parts} processes for batches of {self.batch_size} bags; use fewer --processes "
                "or a larger --settings.batch_size"
            )
        return {
            label: torch.from_numpy(
                np.asarray(self._segments.values[self.served(label, step)[part::parts]], np.float32)
            )
            for label in ("normal", "anomalous")
        }

    def served(self, label: str, step: int) -> np.ndarray:
        """Rows of the segments that a step serves of a class."""
        rows = self._rows[label]
        places = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        epochs = places // len(rows)
        orders = [self._order(label, epoch) for epoch in range(epochs[0], epochs[-1] + 1)]
        return rows[np.concatenate(orders)[places - epochs[0] * len(rows)]]

    def _order(self, label: str, epoch: int) -> np.ndarray:
        sequence = np.random.SeedSequence((self._seed, label == "anomalous", epoch))
        return np.random.default_rng(sequence).permutation(len(self._rows[label]))
