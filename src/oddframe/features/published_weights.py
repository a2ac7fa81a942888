"""Weight files that others published: read without running code, loaded without a gap.

Two containers occur: PyTorch's own (a zip archive, before 2020 a run of pickles), and a plain
Python pickle of NumPy arrays, which Caffe2 and JAX projects publish.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError
from oddframe.features.array_pickles import NotedArray, read_array_pickle
from oddframe.files.regular_files import require_file
from oddframe.files.tensor_checks import fitting, without_prefix
from oddframe.files.tensor_files import read_tensor_file
from oddframe.files.text_files import shown

# The number with which PyTorch's old container begins, as a pickle of its own.
_OLD_TORCH = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
_WHAT = "weights, a PyTorch state dict or a pickle of NumPy arrays"
_DEEPEST = 16


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a weight file by name.

    Args:
        path: a PyTorch state dict, or a pickle of nested dictionaries of NumPy arrays. Names of
            nested dictionaries are joined by ``/``; a leading ``module.``, which training on
            several GPUs adds, is taken away.

    Raises:
        OddframeError: no such file, no weights in it, a name twice, or something that would run
            code.
    """
    path = Path(path)
    size = require_file(path, _WHAT, "give a weight file, see 'oddframe fetch'")
    with path.open("rb") as stream:
        old = stream.read(len(_OLD_TORCH)) == _OLD_TORCH
    if old or zipfile.is_zipfile(path):
        content = read_tensor_file(path, _WHAT, "fetch it again")
    else:
        content = _read_pickle(path)
    tensors: dict[str, Tensor] = {}
    try:
        for name, value in _flat(content, _Bounds(4 * size)):
            if name in tensors:
                raise ValueError(f"{shown(name)} twice")
            tensors[name] = value
    except ValueError as error:
        raise OddframeError(f"{path}: expected {_WHAT}, found {error}; fetch it again") from None
    if not tensors:
        raise OddframeError(
            f"{path}: expected named weights, found {type(content).__name__} without any; give "
            "the published weight file"
        )
    try:
        return without_prefix(tensors)
    except OddframeError as error:
        raise OddframeError(f"{path}: {error}") from None


def _read_pickle(path: Path) -> Any:
    try:
        return read_array_pickle(path.read_bytes())
    except Exception as error:  # a damaged pickle can raise anything
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise OddframeError(
            f"{path}: expected {_WHAT}, found something else ({reason}); fetch it again"
        ) from error


@dataclass
class _Bounds:
    """What may still be found; values of a pickle may share parts, or hold themselves."""

    nbytes: int
    values: int = 1_000_000


def _flat(
    content: Any, bounds: _Bounds, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of nested dictionaries; what is neither is left out.

    Raises:
        ValueError: an array that cannot be, or values without end.
    """
    if not isinstance(content, Mapping):
        return
    for key, value in content.items():
        name = f"{prefix}{key}"
        bounds.values -= 1
        bounds.nbytes -= value.nbytes if isinstance(value, NotedArray) else 0
        if bounds.values < 0 or bounds.nbytes < 0 or depth > _DEEPEST:
            raise ValueError("values within values without end")
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, NotedArray):
            array = value.array()
            if array is not None:
                yield name, torch.from_numpy(array)
        else:
            yield from _flat(value, bounds, f"{name}/", depth + 1)


def fill(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    path: str | Path,
    drop: str | tuple[str, ...],
) -> None:
    """Put named tensors into a network, every one of them, and set it to evaluation.

    Batch normalisation's ``num_batches_tracked`` may be absent, as in files older than PyTorch
    0.4; it counts training steps and has no part in the output.

    Args:
        network: the module to fill.
        tensors: its weights by name.
        path: the file they came from, for messages.
        drop: names that begin with it, or with one of several, belong to the classifier, which
            the network lacks; ``()`` drops none.

    Raises:
        OddframeError: a missing or foreign name, a wrong shape, or a value that is not finite.
    """
    wanted = network.state_dict()
    given = {name: value for name, value in tensors.items() if not name.startswith(drop)}
    counters = {name for name in wanted if name.endswith(".num_batches_tracked")}
    # They count training steps; some files hold them as floating-point numbers.
    given = {name: value for name, value in given.items() if name not in counters}
    taken, found = fitting(wanted, given, optional=counters)
    if found:
        raise OddframeError(
            f"{path}: does not fit {type(network).__name__}: expected its "
            f"{len(wanted) - len(counters)} weights, found {found}; give the weights "
            "of this very network"
        )
    network.load_state_dict({**{name: wanted[name] for name in counters}, **taken})
    network.eval()
