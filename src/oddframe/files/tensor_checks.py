"""What tensors from a file must be before a network takes them.

In this order: plain, by the names and shapes of the network, of its kind of number, and then, as
the numbers that the network will compute with, finite and possible. So a fault is named before
anything is computed, and nothing large is made for a small file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown

Made = TypeVar("Made", bound=nn.Module)

_SPARE = 1 << 24
"""Numbers that a network may have beside those of its file: a memory, a fresh discriminator."""


def tensor_fault(tensor: Tensor) -> str:
    """Why a tensor is not plain, in words; empty if it is.

    A view with a stride of 0 claims any size for one stored number; sparse tensors and those on
    the device ``meta`` hold no numbers at their places at all.
    """
    if tensor.is_nested or tensor.layout != torch.strided:
        layout = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
        return f"a tensor that is not dense ({layout})"
    if tensor.is_quantized:
        return "a quantised tensor"
    if tensor.device.type == "meta":
        return "a tensor without numbers (meta)"
    stored = tensor.untyped_storage().nbytes() // tensor.element_size()
    if tensor.numel() > stored:
        return f"a tensor that claims {tensor.numel():,} numbers and holds {stored:,}"
    return ""


def renamed(tensors: Mapping[str, Tensor], rename: Callable[[str], str]) -> dict[str, Tensor]:
    """The tensors under other names.

    Raises:
        OddframeError: two would have the same one, of which one would silently be lost.
    """
    found: dict[str, Tensor] = {}
    before: dict[str, str] = {}
    for name, tensor in tensors.items():
        new = rename(name)
        if new in found:
            raise OddframeError(
                f"expected each tensor once, found {shown(name)} beside {shown(before[new])}; give "
                "the file of one network"
            )
        found[new], before[new] = tensor, name
    return found


def without_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without the ``module.`` that training on several GPUs puts before each name.

    Raises:
        OddframeError: a name with it beside the same without.
    """
    return renamed(tensors, lambda name: name.removeprefix("module."))


def built(make: Callable[[], Made], *tensors: Mapping[str, Tensor]) -> Made:
    """A network, once it is known to be about as large as the file that it is made for.

    Widths come from single numbers in a file, so a tiny file can ask for a network that no memory
    holds.

    Args:
        make: makes it.
        tensors: what its parts will be filled with.

    Raises:
        OddframeError: it would be far larger.
    """
    with torch.device("meta"):
        asked = sum(tensor.numel() for tensor in make().state_dict().values())
    held = sum(tensor.numel() for part in tensors for tensor in part.values())
    if asked > 4 * held + _SPARE:
        raise OddframeError(
            f"expected the tensors of one network, found {held:,} numbers where their shapes and "
            f"settings ask for {asked:,}"
        )
    return make()


def fitting(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], *, optional: Collection[str] = ()
) -> tuple[dict[str, Tensor], str]:
    """Given tensors as a network takes them, and how they differ from it.

    Args:
        wanted: the network's tensors by name.
        given: plain tensors.
        optional: names that may be missing.

    Returns:
        The tensors in the types of the network, and what is wrong in words, empty if they fit.
    """
    common = [name for name in wanted if name in given]
    found = {
        "missing": [name for name in wanted if name not in given and name not in optional],
        "foreign": [shown(name)[1:-1] for name in given if name not in wanted],
        "of another shape": [
            f"{name} {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in common
            if given[name].shape != wanted[name].shape
        ],
        "of another type": [
            f"{name} {_kind(given[name])} instead of {_kind(wanted[name])}"
            for name in common
            if not _same_kind(name, given[name], wanted[name])
        ],
    }
    taken = {}
    if not any(found.values()):
        taken = {name: given[name].to(wanted[name].dtype) for name in common}
        found["not finite"] = [name for name, value in taken.items() if not value.isfinite().all()]
        found["negative"] = [
            name for name, value in taken.items() if _is_variance(name) and (value < 0).any()
        ]
    return taken, "; ".join(
        f"{len(names)} {fault} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for fault, names in found.items()
        if names
    )


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _same_kind(name: str, given: Tensor, wanted: Tensor) -> bool:
    if given.dtype == torch.bool or given.is_complex():
        return given.dtype == wanted.dtype
    # It counts training steps and has no part in the output; some files have it in other types.
    if name.endswith("num_batches_tracked"):
        return True
    return given.is_floating_point() == wanted.is_floating_point()


def _is_variance(name: str) -> bool:
    return name.rpartition(".")[2] == "running_var"
