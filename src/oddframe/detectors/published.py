"""Strict loading of published checkpoints: nothing missing, nothing foreign, no other shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor, nn

from oddframe.errors import OddframeError


def without_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without the ``module.`` that training on several GPUs puts before each name."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def width_of(tensors: Mapping[str, Tensor], key: str, axis: int, method: str) -> int:
    """Length of one axis of a named tensor, from which a network's width follows.

    Raises:
        OddframeError: the tensor is missing or has no such axis.
    """
    tensor = tensors.get(key)
    if tensor is None or tensor.ndim <= axis:
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
        network: with the published names.
        tensors: of the checkpoint, without prefix.
        method: for the message.
        own: names in the network's state that no published checkpoint has; they stay.

    Raises:
        OddframeError: missing or foreign names, or other shapes; one line names the first ones.
    """
    expected = {key: value for key, value in network.state_dict().items() if key not in own}
    missing = [key for key in expected if key not in tensors]
    foreign = [key for key in tensors if key not in expected]
    other = [
        f"{key} {tuple(tensors[key].shape)} instead of {tuple(value.shape)}"
        for key, value in expected.items()
        if key in tensors and tensors[key].shape != value.shape
    ]
    faults = {"missing": missing, "foreign": foreign, "of another shape": other}
    found = [
        f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for what, names in faults.items()
        if names
    ]
    if found:
        raise OddframeError(
            f"the checkpoint does not fit {method}: expected its {len(expected)} published "
            f"tensors, found {'; '.join(found)}; give the state dict of the published network"
        )
    network.load_state_dict(dict(tensors), strict=not own)
