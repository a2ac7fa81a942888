"""What detectors of clips share: normal frames in, scores per frame out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

import torch

from oddframe.clips.learner import ClipLearner
from oddframe.clips.stream import ClipStream
from oddframe.detectors.traits import Traits
from oddframe.files.saved_networks import saved_network
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MediaInfo


class ClipDetector(ClipLearner):
    """A detector whose networks are trained on clips of normal footage.

    A subclass defines ``name``, ``config_type``, ``phases``, the networks in ``__init__``, and
    :meth:`losses`, :meth:`optimisers`, :meth:`measure` and :meth:`pictures`.

    Args:
        config: an instance of the subclass's configuration.
    """

    traits: ClassVar[Traits] = Traits(
        "frames", "in steps", places=True, per_video=True, on_gpu=True
    )

    def stream(
        self,
        info: MediaInfo,
        *,
        source: str = "",
        live: bool = False,
    ) -> ClipStream:
        """Begin a stream; frames wait for ``scoring_batch`` clips, unless it is live."""
        return ClipStream(self, info, live=live, source=source)

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        before, whole = self.span - self.judged, self.span - 1
        parts = [f"{weight:g} {name}" for name, weight in self.weights.items()]
        notes: dict[str, Any] = {
            "score": " + ".join(parts) if len(parts) > 1 else next(iter(self.weights)),
            "frames": self.looks.words,
        }
        if before:
            which = "frame 0 takes" if before == 1 else f"frames 0 to {before - 1} take"
            of = f"frame {before}" if whole == before else f"frames {before} to {whole}, repeated"
            notes["beginning"] = f"{which} the score of {of}"
        if self.calibrated:
            notes["threshold"] = self.calibrated.sentence
        return notes

    def state(self) -> dict[str, Any]:
        """Tensors and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "config": asdict(self.config),
            **self.learnt_scales(),
            "network": {key: value.detach().cpu() for key, value in self.state_dict().items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        config = cls.config_type(**state["config"])
        detector = saved_network(saved, "network", lambda: cls(config))
        detector.take_scales(saved)
        return detector.to(memory_format=torch.channels_last).eval()  # ty: ignore[no-matching-overload]
