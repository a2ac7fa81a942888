"""Settings of a detector, as a person gives them, made to its configuration."""

from __future__ import annotations

from typing import Any

from oddframe.errors import OddframeError, nearest
from oddframe.settings.checked import settings_of


def check_seed(seed: int) -> None:
    """Refuse seeds that NumPy or PyTorch would.

    Raises:
        OddframeError: negative, or more than 63 bits.
    """
    if not 0 <= seed < 1 << 63:
        raise OddframeError(f"--seed: expected a whole number from 0 to 2^63 - 1, found {seed}")


def read_settings(kind: Any, detector: str, settings: dict[str, Any]) -> Any:
    """A configuration with these settings, the others at their defaults.

    Args:
        kind: the detector's ``CONFIG`` dataclass.
        detector: its name, for messages.
        settings: name to value.

    Raises:
        OddframeError: an unknown name, a value of another type, or one that is not allowed.
    """
    known = settings_of(kind)
    for name in settings:
        if name not in known:
            raise OddframeError(
                f"--settings.{name}: {detector} has no such setting; {nearest(name, known)}it has "
                f"{', '.join(sorted(known))}"
            )
    return kind(**{name: known[name].checked(value) for name, value in settings.items()})
