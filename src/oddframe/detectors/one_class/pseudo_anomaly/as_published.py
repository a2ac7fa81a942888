"""What the public thesis code of the pseudo-anomaly pipeline does, errors included.

These parts exist so that the corrected pipeline can be compared with the code as it was published
(``as_published`` of the detector beside this module, which lists what is reproduced).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from oddframe.clips.terms import within_video
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import without_prefix
from oddframe.networks.published_states import width_of

COMPARED_ROWS = 5
"""Rows of a batch that the published perceptual loss compares: it meant five layers."""
NETWORKS = ("net_g_norm", "net_d_norm", "net_g_abn", "net_d_abn", "net_c")
"""State dicts in a checkpoint of the thesis: generators, discriminators, classifier."""


class SteppedTogether(torch.optim.Optimizer):
    """Several optimisers that step at once, as one phase of the training loop.

    The published code fills all gradients from one set of weights and then steps its optimisers,
    so phases, which step one after the other, would train something else.

    Args:
        parts: optimisers with parameters of their own.
    """

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self.parts = parts
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._join()

    def _join(self) -> None:
        # The very groups of the parts, so that a learning rate set here is set there.
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure: Any = None) -> None:  # ty: ignore[incompatible-method-override]
        """One step of each part."""
        for part in self.parts:
            part.step(closure)

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts, in order."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back what :meth:`state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._join()


def two_sigmoids(pseudo: Tensor, normal: Tensor) -> Tensor:
    """The published loss of the classifier: each output a yes or no of its own.

    Args:
        pseudo: logits ``(n, 2)`` of pseudo-anomalies, whose target is ``[1, 0]``.
        normal: logits ``(n, 2)`` of normal frames, whose target is ``[0, 1]``.
    """
    losses = []
    for logits, answer in ((pseudo, (1.0, 0.0)), (normal, (0.0, 1.0))):
        wanted = logits.new_tensor(answer).expand_as(logits)
        losses.append(functional.binary_cross_entropy_with_logits(logits, wanted))
    return (losses[0] + losses[1]) / 2


def compared_rows(prediction: Tensor, target: Tensor) -> Tensor:
    """The published perceptual loss, given the deepest features that it computes.

    It means to compare five layers, but has one layer's tensor and takes rows 0 to 4 of the batch:
    the distances of the first five frames are added up, the others' are not looked at.

    Args:
        prediction: features ``(n, channels, h, w)`` of predicted frames.
        target: features of the real frames, in the same shape.

    Raises:
        OddframeError: a batch of less than five.
    """
    if len(prediction) < COMPARED_ROWS:
        raise OddframeError(
            f"--settings.as_published: its perceptual term needs batches of {COMPARED_ROWS} clips "
            f"or more, found {len(prediction)}; raise --settings.batch_size or set "
            "--settings.perceptual none"
        )
    distance = (prediction[:COMPARED_ROWS] - target[:COMPARED_ROWS]).abs()
    return distance.flatten(1).mean(1).sum()


def shifted_terms(
    terms: Mapping[str, np.ndarray], names: Iterable[str], before: int
) -> dict[str, np.ndarray]:
    """Terms as the published evaluation pairs them with labels, each from 0 to 1 in its video.

    It measures the windows that end at frames ``before`` to ``n - 1``, drops the first of them,
    and sets the others beside the labels of frames ``before`` to ``n - 2``: the score of frame t
    meets the label of frame t - 1. Frames that it does not judge take the nearest value.

    Args:
        terms: name to values ``(n,)``, each at its own frame.
        names: names of the terms wanted.
        before: frames before the first whole clip.

    Returns:
        By name, float32 ``(n,)``. Where the published code divides by zero, 0.
    """
    shifted = {}
    for name in names:
        values = np.asarray(terms[name], np.float64)
        # A video without a second window has nothing left to shift.
        judged = values[before + 1 :] if len(values) > before + 1 else values[-1:]
        places = np.arange(len(values)) - before
        shifted[name] = within_video(judged)[places.clip(0, len(judged) - 1)].astype(np.float32)
    return shifted


def checkpoint_parts(
    checkpoint: Mapping[str, Any], method: str
) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]]:
    """A checkpoint of the thesis, taken apart.

    Args:
        checkpoint: state dicts under :data:`NETWORKS`; those of optimisers are ignored.
        method: name of the method, for the message.

    Returns:
        The settings that follow from the shapes of the tensors, and the tensors of each network.

    Raises:
        OddframeError: a network is missing, or is another network.
    """
    missing = [name for name in NETWORKS if not isinstance(checkpoint.get(name), Mapping)]
    if missing:
        raise OddframeError(
            f"not a {method} checkpoint: expected the state dicts {', '.join(NETWORKS)}, found no "
            f"{', '.join(missing)} among {', '.join(sorted(checkpoint)[:12]) or 'nothing'}; give "
            "the file that the thesis' training saved"
        )
    nets = {name: without_prefix(checkpoint[name]) for name in NETWORKS}
    generator, classifier = nets["net_g_abn"], nets["net_c"]
    channels = width_of(generator, "outc.weight", 0, method)
    inputs = width_of(generator, "inc.conv.conv.0.weight", 1, method)
    classifier_width = width_of(classifier, "discriminator.0.weight", 0, method)
    columns = width_of(classifier, "discriminator.12.weight", 1, method)
    if channels not in (1, 3) or inputs % channels or not classifier_width:
        raise OddframeError(
            f"not a {method} checkpoint: expected whole frames of 1 or 3 channels, found {inputs} "
            f"channels in, {channels} out and a classifier of width {classifier_width}; give the "
            "file that the thesis' training saved"
        )
    settings = {
        # Four convolutions leave a sixteenth of the frame's side, in 8 times the width.
        "size": 16 * isqrt(columns // (8 * classifier_width)),
        "resize": "bilinear",
        "colour": "bgr" if channels == 3 else "grey",
        "context": inputs // channels,
        "width": width_of(generator, "outc.weight", 1, method),
        "discriminator_width": width_of(nets["net_d_abn"], "net.0.weight", 0, method),
        "classifier_width": classifier_width,
    }
    return settings, nets
