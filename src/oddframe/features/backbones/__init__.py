"""What turns the pixels of a snippet into a feature vector, and where each kind is found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from oddframe.errors import OddframeError, unknown
from oddframe.settings.devices import check_device

DEFAULT = "efficientnet-lite0"

# Name to the module that defines ``load_backbone(name, options)``.
_MODULES = {
    "efficientnet-lite0": "lite0_snippets",
    "efficientnet-lite0-change": "lite0_snippets",
    "onnx": "onnx_snippets",
    "i3d-inception": "i3d_snippets",
    "i3d-resnet50": "i3d_snippets",
}


@dataclass(frozen=True)
class BackboneOptions:
    """What a backbone may be told.

    Attributes:
        weights: the weight file, for backbones whose weights do not come with oddframe.
        mean, std: used by ``onnx`` only: pixels, 0 to 255, become ``(value - mean) / std`` for each
            of R, G and B.
        device: ``auto``, ``cpu`` or ``cuda``, for backbones that run in PyTorch; the others run
            on the CPU.
    """

    weights: Path | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    device: str = "auto"

    def __post_init__(self) -> None:
        check_device(self.device)


class Backbone(Protocol):
    """A frozen network that describes snippets.

    Attributes:
        name: as on the command line.
        channels: width of a feature vector.
        input_size: side of its square input in pixels.
        frames_per_snippet: frames that it looks at, spread evenly over the snippet.
        device: where it runs, ``cpu`` or ``cuda``.
    """

    name: str
    channels: int
    input_size: int
    frames_per_snippet: int
    device: str

    def describe(self) -> dict[str, Any]:
        """Plain values for ``features.json``: the weights' source, licence and SHA-256, and how
        a snippet becomes a vector. Two backbones that differ in any result differ here.
        """
        ...

    def encode(self, clips: np.ndarray) -> np.ndarray:
        """Features of a batch.

        Args:
            clips: uint8 RGB ``(n, frames_per_snippet, input_size, input_size, 3)``.

        Returns:
            float32 ``(n, channels)``.
        """
        ...


def available() -> list[str]:
    """Names of all backbones."""
    return list(_MODULES)


def load_backbone(name: str, options: BackboneOptions) -> Backbone:
    """A backbone that is ready to run.

    Raises:
        OddframeError: no such backbone, or weights that are missing or do not fit.
    """
    if name not in _MODULES:
        raise OddframeError(unknown("backbone", name, _MODULES))
    return import_module(f"oddframe.features.backbones.{_MODULES[name]}").load_backbone(
        name, options
    )
