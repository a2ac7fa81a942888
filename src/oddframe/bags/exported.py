"""A detector of features that was exported: its network is ONNX, and all else of it is numbers.

What :mod:`oddframe.exporting` writes. It scores as the detector that it was made of does, and needs
neither PyTorch nor the module of the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np

from oddframe.bags.snippets import BagShape, mean_over_crops
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.features.backbones.onnx_networks import open_session, run_session
from oddframe.files.saved_state import SavedState

BAGS, SCORES = "bags", "scores"
"""Names of the network's input and output."""


class ExportedBags:
    """What was a detector of features, see :class:`oddframe.bags.detector.BagDetector`.

    Args:
        name: of the detector.
        shape: the features that it was made for.
        network: ONNX, from bags float32 ``(videos, crops, time, channels)`` to scores 0 to 1
            ``(videos, time)``.
        threshold: frames with a higher score are odd.
        notes: plain values for a report.

    Raises:
        OddframeError: a network with other inputs or outputs.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits("features", "at once", causal=False)
    smoothing_seconds: ClassVar[float] = 0.0
    normalisation: ClassVar[str] = "none (a probability for each snippet)"

    def __init__(
        self, name: str, shape: BagShape, network: bytes, threshold: float, notes: dict[str, Any]
    ) -> None:
        self.name = name  # ty: ignore[invalid-attribute-access]
        self.shape, self.threshold, self.notes = shape, threshold, notes
        self.network = network
        self._session = open_session(network)
        given = [part.name for part in self._session.get_inputs()]
        made = [part.name for part in self._session.get_outputs()]
        if (given, made) != ([BAGS], [SCORES]):
            raise OddframeError(
                f"expected a network from ['{BAGS}'] to ['{SCORES}'], found one from {given} to "
                f"{made}"
            )

    def score_snippets(self, features: np.ndarray) -> np.ndarray:
        """Scores of a video's snippets, see :func:`oddframe.bags.snippets.mean_over_crops`.

        Args:
            features: ``(snippets, crops, channels)``, any float type.

        Returns:
            float32 ``(snippets,)``, 0 to 1.

        Raises:
            OddframeError: features of another width than the detector was made for, or scores that
                are no numbers from 0 to 1.
        """

        def score(bags: np.ndarray) -> np.ndarray:
            return run_session(self._session, {BAGS: bags}, "the network of the run")[0]

        return mean_over_crops(features, self.name, self.shape, score)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "name": self.name,
            "shape": asdict(self.shape),
            "threshold": float(self.threshold),
            "notes": self.notes,
            "network": np.frombuffer(self.network, np.uint8),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        return cls(
            saved.words("name"),
            BagShape.saved(saved),
            saved.array("network", np.uint8, (None,)).tobytes(),
            saved.number("threshold"),
            saved.notes("notes"),
        )


DETECTOR = ExportedBags
