"""``features.json``: how the features of a folder of ours were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.text_files import read_json, shown

FORMAT = "oddframe-features/1"
INFO_FILE = "features.json"


def read_info(folder: str | Path) -> dict[str, Any]:
    """Read and check ``features.json``.

    Raises:
        OddframeError: no such file, not our format, or a number missing.
    """
    path = Path(folder) / INFO_FILE
    info = read_json(path, "the features' description", advice="extract again")
    if not isinstance(info, dict) or info.get("format") != FORMAT:
        found = info.get("format") if isinstance(info, dict) else info
        raise OddframeError(
            f"{path}: expected the format '{FORMAT}', found {shown(found)}; extract again"
        )
    for name in ("snippet_length", "stride", "crops", "channels"):
        if type(info.get(name)) is not int or not 1 <= info[name] < 1 << 40:
            raise OddframeError(
                f"{path}: expected '{name}' to be a positive integer, found "
                f"{shown(info.get(name))}; extract again"
            )
    if not isinstance(info.get("backbone", {}), dict):
        raise OddframeError(
            f"{path}: expected 'backbone' to be an object with a name, found "
            f"{shown(info['backbone'])}"
        )
    rate = info.get("rate")
    if rate is not None and not (isinstance(rate, int | float) and rate > 0):
        raise OddframeError(f"{path}: expected 'rate' to be null or positive, found {shown(rate)}")
    return info
