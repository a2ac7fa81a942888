"""Weight files that others published: read without running code, loaded without a gap.

Two containers occur. PyTorch's own (a zip archive, before 2020 a run of pickles) is read with
``weights_only=True``. The other is a plain Python pickle of NumPy arrays, which Caffe2 and JAX
projects publish; it is read here by an unpickler that can build arrays and nothing else, since an
ordinary ``pickle.load`` runs whatever the file says.
"""

from __future__ import annotations

import _codecs
import pickle
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError

# The number with which PyTorch's old container begins, as a pickle of its own.
_OLD_TORCH = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)

_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_FROM_BUFFER = np.zeros(0).__reduce_ex__(5)[0]
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    # Old NumPy named the module without the underscore; Python 2 wrote bytes through _codecs.
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("_codecs", "encode"): _codecs.encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Builds containers, numbers, text and NumPy arrays; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a weight file by name.

    Args:
        path: a PyTorch state dict, or a pickle of nested dictionaries of NumPy arrays. Names of
            nested dictionaries are joined by ``/``; a leading ``module.``, which training on
            several GPUs adds, is taken away.

    Raises:
        OddframeError: no such file, no weights in it, or something that would run code.
    """
    path = Path(path)
    if not path.is_file():
        raise OddframeError(f"{path}: no such file; give a weight file, see 'oddframe fetch'")
    try:
        with path.open("rb") as stream:
            old = stream.read(len(_OLD_TORCH)) == _OLD_TORCH
            if old or zipfile.is_zipfile(path):
                content = torch.load(path, map_location="cpu", weights_only=True)
            else:
                stream.seek(0)
                content = _ArrayUnpickler(stream, encoding="latin1").load()
    except Exception as error:  # torch.load and pickle raise a dozen kinds; all mean the same
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise OddframeError(
            f"{path}: cannot be read as weights ({reason}); expected a PyTorch state dict or a "
            "pickle of NumPy arrays, fetch it again"
        ) from error
    tensors = {name.removeprefix("module."): value for name, value in _flat(content)}
    if not tensors:
        raise OddframeError(
            f"{path}: expected named weights, found {type(content).__name__} without any; give "
            "the published weight file"
        )
    return tensors


def _flat(content: Any, prefix: str = "") -> list[tuple[str, Tensor]]:
    """Names and tensors of nested dictionaries; what is neither is left out."""
    if not isinstance(content, Mapping):
        return []
    found: list[tuple[str, Tensor]] = []
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Tensor):
            found.append((name, value))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            # Files from other machines may have the other byte order, which PyTorch lacks.
            found.append((name, torch.from_numpy(value.astype(np.float32))))
        else:
            found += _flat(value, f"{name}/")
    return found


def faults(
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    *,
    optional: Collection[str] = (),
    also: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """How given tensors differ from those wanted, in words; empty if they fit.

    Args:
        wanted, given: tensors by name; only names and shapes are compared.
        optional: names that may be missing.
        also: further faults and the names they concern.
    """
    found: dict[str, Sequence[str]] = {
        "missing": [name for name in wanted if name not in given and name not in optional],
        "foreign": [name for name in given if name not in wanted],
        "of another shape": [
            f"{name} {tuple(given[name].shape)} instead of {tuple(value.shape)}"
            for name, value in wanted.items()
            if name in given and given[name].shape != value.shape
        ],
        **(also or {}),
    }
    return "; ".join(
        f"{len(names)} {fault} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for fault, names in found.items()
        if names
    )


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
    broken = [name for name, value in given.items() if not torch.isfinite(value).all()]
    found = faults(wanted, given, optional=counters, also={"not finite": broken})
    if found:
        raise OddframeError(
            f"{path}: does not fit {type(network).__name__}: expected its "
            f"{len(wanted) - len(counters)} weights, found {found}; give the weights "
            "of this very network"
        )
    network.load_state_dict({**{name: wanted[name] for name in counters}, **given})
    network.eval()
