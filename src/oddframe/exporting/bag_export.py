"""A detector of features as its network in ONNX and numbers (:mod:`oddframe.bags.exported`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from oddframe.bags.detector import BagDetector
from oddframe.bags.exported import BAGS, SCORES, ExportedBags
from oddframe.exporting.onnx_export import as_onnx

_SNIPPETS = 40
"""Of the bags that are traced; any number is taken afterwards."""


class _Scoring(nn.Module):
    """Bags ``(videos, crops, time, channels)`` to scores ``(videos, time)``."""

    def __init__(self, detector: BagDetector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, bags: Tensor) -> Tensor:
        return self.detector.snippet_scores(bags).float()


def exported_bags(detector: BagDetector) -> ExportedBags:
    """The detector without PyTorch.

    Args:
        detector: on the CPU; it is put into eval mode.

    Raises:
        OddframeError: a network that has no form in ONNX.
    """
    drawn = torch.Generator().manual_seed(0)
    # A bag holds one crop in scoring; two of them, so that neither number becomes a constant.
    example = torch.randn(2, 1, _SNIPPETS, detector.shape.channels, generator=drawn)
    free = {BAGS: {0: "videos", 2: "snippets"}, SCORES: {0: "videos", 1: "snippets"}}
    network = as_onnx(_Scoring(detector.eval()), {BAGS: example}, [SCORES], free)
    return ExportedBags(
        detector.name, detector.shape, network, detector.threshold, dict(detector.notes)
    )
