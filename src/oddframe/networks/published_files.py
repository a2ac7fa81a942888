"""Reading checkpoints that authors published: state dicts of tensors, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.tensor_files import read_tensor_file
from oddframe.files.text_files import shown

_WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Training scripts save the state dict under one of these, beside the epoch and the optimiser."""


def read_networks(path: Path) -> dict[str, Any]:
    """The tensors of a published checkpoint: one state dict, or several by name.

    Optimisers and numbers beside the state dicts are left out.

    Raises:
        OddframeError: as :func:`read_state_dict`.
    """
    content = _content(path)
    if isinstance(content, dict):
        several = {str(key): part for key, part in content.items() if _is_state_dict(part)}
        if several and not set(several) <= set(_WRAPPERS):
            for name, part in several.items():
                _check_names(path, part, f"{name}.")
            return several
    return _state_dict(path, content)


def read_state_dict(path: Path) -> dict[str, Any]:
    """The tensors of a published checkpoint, read without running any code in it.

    Raises:
        OddframeError: no such file, damaged, pickled objects, or something else than plain tensors
            by name.
    """
    return _state_dict(path, _content(path))


def _content(path: Path) -> Any:
    return read_tensor_file(path, "a PyTorch state dict", "give the published checkpoint file")


def _state_dict(path: Path, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or not content:
        found = "an empty one" if isinstance(content, dict) else type(content).__name__
        raise OddframeError(
            f"{path}: expected a state dict of tensors, found {found}; give the state dict itself"
        )
    content = _unwrapped(content)
    _check_names(path, content, "")
    return dict(content)


def _check_names(path: Path, tensors: dict[Any, Any], prefix: str) -> None:
    import torch

    for key, value in tensors.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            found = type(value).__name__ if isinstance(key, str) else "a number as a name"
            raise OddframeError(
                f"{path}: expected a state dict of tensors, found {found} under "
                f"{shown(f'{prefix}{key}')}; give the state dict itself"
            )


def _is_state_dict(part: Any) -> bool:
    import torch

    return (
        isinstance(part, dict)
        and bool(part)
        and all(isinstance(value, torch.Tensor) for value in part.values())
    )


def _unwrapped(content: dict[Any, Any]) -> dict[Any, Any]:
    """The one state dict inside, if there is exactly one and no tensor beside it."""
    import torch

    inside = [content[key] for key in _WRAPPERS if _is_state_dict(content.get(key))]
    beside = any(isinstance(value, torch.Tensor) for value in content.values())
    return inside[0] if len(inside) == 1 and not beside else content
