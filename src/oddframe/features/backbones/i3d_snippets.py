"""The I3D networks as backbones: all 16 frames of a snippet at once, weights from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from oddframe.errors import OddframeError
from oddframe.features.backbones import BackboneOptions
from oddframe.features.backbones.i3d_inception import InceptionI3D
from oddframe.features.backbones.i3d_resnet50 import ResNet50I3D
from oddframe.files.atomic import sha256_of
from oddframe.settings.devices import device_here

_NETWORKS: dict[str, Callable[[], Any]] = {
    "i3d-inception": InceptionI3D,
    "i3d-resnet50": ResNet50I3D,
}


class I3DSnippets:
    """An I3D network in PyTorch; see :class:`oddframe.features.backbones.Backbone`.

    Args:
        name: ``i3d-inception`` or ``i3d-resnet50``.
        weights: a published weight file of that network.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        OddframeError: no such device, or a file that does not fit the network.
    """

    input_size = 224
    frames_per_snippet = 16

    def __init__(self, name: str, weights: Path, device: str) -> None:
        device = device_here(device)
        network = _NETWORKS[name]()
        network.load_weights(weights)
        self.name = name
        self.channels: int = network.channels
        self._network: nn.Module = network.to(device).eval()
        self.device = device
        self._sha256 = sha256_of(weights)

    def describe(self) -> dict[str, Any]:
        """What ``features.json`` says of it."""
        return {
            "name": self.name,
            "weights": "a published Kinetics checkpoint, given as a file (docs/weights.md)",
            "licence": "that of the checkpoint",
            "sha256": self._sha256,
            "frames_per_snippet": self.frames_per_snippet,
            "pooling": "mean over time and space of the last stage",
        }

    @torch.inference_mode()
    def encode(self, clips: np.ndarray) -> np.ndarray:
        """Features of clips ``(n, 16, 224, 224, 3)``: float32 ``(n, channels)``."""
        batch = torch.from_numpy(np.ascontiguousarray(clips)).to(self.device)
        batch = batch.permute(0, 4, 1, 2, 3).float()
        return self._network(batch).float().cpu().numpy()


def load_backbone(name: str, options: BackboneOptions) -> I3DSnippets:
    """The backbone ``i3d-inception`` or ``i3d-resnet50``.

    Raises:
        OddframeError: no weight file was given, or it does not fit.
    """
    if options.weights is None:
        raise OddframeError(
            f"{name}: its weights do not come with oddframe; give the file with --weights (the "
            "addresses are in docs/weights.md)"
        )
    return I3DSnippets(name, options.weights, options.device)
