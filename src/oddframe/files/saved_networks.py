"""Networks from the state of a detector: all of their tensors, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from oddframe.files.saved_state import SavedState
from oddframe.files.tensor_checks import built, fitting

Network = TypeVar("Network", bound=nn.Module)


def saved_network(saved: SavedState, name: str, make: Callable[[], Network]) -> Network:
    """A network with the tensors below a name.

    Args:
        saved: the state.
        name: beginning of the tensors' names.
        make: makes the network; it is called once more if the tensors are as many as it needs.

    Raises:
        OddframeError: naming what does not fit.
    """
    part = saved.part(name)
    tensors = {key: torch.as_tensor(part.tensor(key)) for key in part}
    with torch.device("meta"):
        wanted: dict[str, Tensor] = make().state_dict()
    taken, found = fitting(wanted, tensors)
    if found:
        raise saved.wrong(name, f"{len(wanted)} tensors", found)
    network = built(make, tensors)
    network.load_state_dict(taken, strict=True)
    return network
