"""Published networks of MNAD and MNADrc: the settings that they were made with."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from oddframe.detectors.one_class.mnad.settings import CONTEXT, MnadConfig
from oddframe.errors import OddframeError
from oddframe.networks.published_states import width_of


def config_of(tensors: Mapping[str, Tensor], memory: Tensor | None, method: str) -> MnadConfig:
    """The settings that follow from the shapes of a network's tensors.

    A network for four frames is taken to predict, since MNADrc's networks for other tasks with four
    frames look the same.

    Args:
        tensors: state dict of the network, under the published names.
        memory: the items that belong to it.
        method: name of the method, for the message.

    Raises:
        OddframeError: other tensors, or a memory that does not fit them.
    """
    first, out = "encoder.moduleConv1.0.weight", "decoder.moduleDeconv1.6.weight"
    width, channels = (width_of(tensors, key, 0, method) for key in (first, out))
    frames = width_of(tensors, first, 1, method) / max(channels, 1)
    if frames not in (1, CONTEXT) or channels not in (1, 3):
        raise OddframeError(
            f"not an mnad checkpoint: expected 1 or {CONTEXT} frames of 1 or 3 channels, found "
            f"{frames:g} of {channels}; give the state dict of the published mnad network"
        )
    has_memory = width_of(tensors, "decoder.moduleConv.0.weight", 1, method) == 16 * width
    if memory is not None:
        _expect_items(memory, 8 * width, has_memory)
    keeps = width_of(tensors, "decoder.moduleUpsample4.0.weight", 1, method) == 8 * width
    joins = width_of(tensors, "decoder.moduleDeconv3.0.weight", 1, method) == 8 * width
    predicts = frames == CONTEXT
    loss_weight = 0.1 if predicts else 0.01
    return MnadConfig(
        task="prediction" if predicts else "reconstruction",
        resize="bilinear",
        decoder="wide" if keeps else "skips" if joins else "narrow",
        colour="bgr" if channels == 3 else "grey",
        memory=has_memory,
        items=10 if memory is None else len(memory),
        compactness=loss_weight,
        separateness=loss_weight,
        alpha=0.6 if predicts else 0.7,
        update_below=0.01 if predicts else 0.015,
        width=width,
    )


def _expect_items(items: Tensor, width: int, has_memory: bool) -> None:
    if not has_memory:
        raise OddframeError(
            "this mnad checkpoint has no memory (its decoder takes no items); leave out --memory"
        )
    if items.ndim != 2 or items.shape[1] != width or len(items) < 2 or not items.isfinite().all():
        raise OddframeError(
            f"the memory does not fit the mnad checkpoint: expected finite items of {width} "
            f"values, 2 or more, found the shape {tuple(items.shape)}; give its own keys.pt"
        )
