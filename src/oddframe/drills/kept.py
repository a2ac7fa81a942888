"""What a drill has done so far, kept in ``.drilling/`` until its numbers are whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oddframe.drills.result import FILE
from oddframe.files.atomic import write_json

KEPT = ".drilling"
SETTINGS = f"{KEPT}/settings.json"
CASES = "cases"
"""Folder of the pictures."""


class Kept:
    """Plain values by name, of a drill that goes on; one of other settings begins anew.

    Args:
        folder: of the drill, which this one alone writes into.
        settings: all that the values depend on, as JSON holds it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder = folder / KEPT
        path = folder / SETTINGS
        try:
            same = json.loads(path.read_text(encoding="utf-8")) == settings
        except (OSError, ValueError):
            same = False
        if not same:
            for name in (KEPT, CASES):
                shutil.rmtree(folder / name, ignore_errors=True)
            (folder / FILE).unlink(missing_ok=True)
            write_json(path, settings)

    def get(self, name: str) -> dict[str, Any] | None:
        """The value of a name; None if there is none that can be read."""
        try:
            value = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def put(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Keep a value; it, as it will be read."""
        write_json(self._folder / f"{name}.json", value)
        return json.loads(json.dumps(value))

    def remove(self) -> None:
        """All of it: the drill is done."""
        shutil.rmtree(self._folder, ignore_errors=True)
