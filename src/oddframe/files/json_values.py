"""Values out of JSON, checked to be of the type that they should have.

Every function raises a ValueError that names the key and shows what was found; who knows the file
and the line adds them.
"""

from __future__ import annotations

from typing import Any

from oddframe.files.text_files import shown


def text_of(key: str, value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise ValueError(f"expected {key} to be text, found {shown(value)}")
    return value


def whole_of(key: str, value: Any) -> int:
    """A whole number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected {key} to be a whole number, found {shown(value)}")
    return value


def number_of(key: str, value: Any) -> float:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected {key} to be a number, found {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"expected {key} to be a number, found one too large") from None


def list_of(key: str, value: Any) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise ValueError(f"expected {key} to be a list, found {shown(value)}")
    return value


def table_of(key: str, value: Any) -> dict[str, Any]:
    """Keys and values."""
    if not isinstance(value, dict):
        raise ValueError(f"expected {key} to be a JSON object, found {shown(value)}")
    return value
