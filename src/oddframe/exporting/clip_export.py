"""A detector of clips as its network in ONNX and numbers (:mod:`oddframe.clips.exported`)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.clips.detector import ClipDetector
from oddframe.clips.exported import (
    CARRIED,
    CARRIED_ON,
    CLIPS,
    MAP,
    ClipPlan,
    ExportedClips,
    ExportedSettings,
)
from oddframe.clips.terms import in_cells
from oddframe.errors import OddframeError
from oddframe.exporting.onnx_export import as_onnx


class _Measuring(nn.Module):
    """What a detector measures of clips as they are kept: terms, map, what is carried on."""

    def __init__(self, detector: ClipDetector) -> None:
        super().__init__()
        self.detector = detector
        self.terms: tuple[str, ...] = ()
        """Names of the terms, known once it was asked."""

    def forward(self, clips: Tensor, *carried: Tensor) -> tuple[Tensor, ...]:
        measured, on = self.detector.measure_next(self.detector.as_pixels(clips), carried)
        self.terms = tuple(measured.terms)
        return *(value.float() for value in measured.terms.values()), in_cells(measured.map), *on


def exported_clips(detector: ClipDetector) -> ExportedClips:
    """The detector without PyTorch, with scales and threshold as they are.

    Args:
        detector: on the CPU; it is put into eval mode.

    Raises:
        OddframeError: a network that has no form in ONNX, or looks at frames in a way of its own.
    """
    looks, carried = detector.looks, detector.carried_at_first()
    if not looks.saved:
        raise OddframeError(
            f"{detector.name} looks at frames in a way of its own, which no package can hold; "
            "return picture_looks or patch_looks of oddframe.clips.looks from its 'looks'"
        )
    if not isinstance(carried, tuple) or not all(isinstance(part, Tensor) for part in carried):
        raise OddframeError(
            f"{detector.name}: expected carried_at_first to give a tuple of tensors, found "
            f"{type(carried).__name__}; a package can hold nothing else"
        )
    # What is carried goes from a clip to the next, so they are measured one after another.
    together = 1 if carried else detector.scoring_batch
    network = _Measuring(detector.eval())
    # Noise, in which everything moves. Its numbers change nothing: what follows from them is an
    # input, or parity refuses the package.
    drawn = np.random.default_rng(0).integers(
        0, 256, (min(together, 2), detector.clip_length, *looks.shape), np.uint8
    )
    examples = {CLIPS: torch.from_numpy(drawn.astype(looks.dtype))}
    examples |= {CARRIED.format(number): part for number, part in enumerate(carried)}
    with torch.no_grad():
        network(*examples.values())
    outputs = [*network.terms, MAP, *(CARRIED_ON.format(n) for n in range(len(carried)))]
    free = {CLIPS: {0: "clips"}, MAP: {0: "clips"}, **{n: {0: "clips"} for n in network.terms}}
    settings = detector.config
    exported = ExportedClips(
        ClipPlan(
            name=detector.name,
            clip_length=detector.clip_length,
            frame_step=detector.frame_step,
            judged=detector.judged,
            scoring_batch=together,
            carries_over_breaks=detector.carries_over_breaks,
            places=detector.traits.places,
            terms=network.terms,
            weights=dict(detector.weights),
            reasons={term: detector.reason(term) for term in detector.weights},
            simple_rules=dict(detector.simple_rules),
            video_scale=detector.video_scale,
            notes=detector.notes,
        ),
        ExportedSettings(settings.false_alarms_per_hour, settings.smoothing_seconds),
        looks,
        as_onnx(network, examples, outputs, {} if carried else free),
        [part.numpy() for part in carried],
    )
    exported.scales, exported.calibrated = dict(detector.scales), detector.calibrated
    return exported
