"""Where networks compute: what a person may ask for, and what is here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from oddframe.errors import OddframeError

DEVICES = ("auto", "cpu", "cuda")


def check_device(device: str, known: Sequence[str] = DEVICES) -> None:
    """Refuse the name of a device that nobody knows.

    Raises:
        OddframeError: it is none of those.
    """
    if device not in known:
        raise OddframeError(f"--device: expected one of {', '.join(known)}, found '{device}'")


def device_here(device: str) -> Literal["cpu", "cuda"]:
    """Where a network of PyTorch computes that is asked for on a device; ``auto`` prefers a GPU.

    Raises:
        OddframeError: a GPU is asked for, and PyTorch sees none.
    """
    if device == "cpu":
        return "cpu"
    import torch  # which few verbs need

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise OddframeError(
            "--device cuda: PyTorch sees no GPU here, as 'oddframe doctor' says; use --device cpu"
        )
    return "cpu"
