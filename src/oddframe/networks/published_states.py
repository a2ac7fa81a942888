"""Strict loading of published checkpoints: nothing missing, nothing foreign, no other shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor, nn

from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import fitting


def width_of(tensors: Mapping[str, Tensor], key: str, axis: int, method: str) -> int:
    """Length of one axis of a named tensor, from which a network's width follows.

    Raises:
        OddframeError: the tensor is missing, empty or has no such axis.
    """
    tensor = tensors.get(key)
    if tensor is None or tensor.ndim <= axis or not tensor.numel():
        found = "no such tensor" if tensor is None else f"the shape {tuple(tensor.shape)}"
        raise OddframeError(
            f"not a {method} checkpoint: expected the tensor '{key}', found {found} among "
            f"{len(tensors)} tensors; give the state dict of the published {method} network"
        )
    return tensor.shape[axis]


def crops_for(channels: int, crops: int | None) -> int:
    """Crops per snippet, which no checkpoint stores: 10 for I3D's 2048 channels, 5 for 1024."""
    return crops or {2048: 10, 1024: 5}.get(channels, 1)


def load_strictly(
    network: nn.Module, tensors: Mapping[str, Tensor], method: str, own: Collection[str] = ()
) -> None:
    """Load published tensors into a network.

    Args:
        network: its state has the published names.
        tensors: the checkpoint's state dict, without prefix.
        method: name of the method, for the message.
        own: names in the network's state that no published checkpoint has; they stay.

    Raises:
        OddframeError: missing or foreign names, other shapes or types, or numbers that cannot be;
            one line names the first ones.
    """
    expected = {key: value for key, value in network.state_dict().items() if key not in own}
    taken, found = fitting(expected, tensors)
    if found:
        raise OddframeError(
            f"the checkpoint does not fit {method}: expected its {len(expected)} published "
            f"tensors, found {found}; give the state dict of the published network"
        )
    network.load_state_dict(taken, strict=not own)
