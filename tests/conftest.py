"""Shared fixtures: where the real data is, and small videos made on the spot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data (``$ODDFRAME_DATA``, by default ``../shared/data``)."""
    folder = Path(os.environ.get("ODDFRAME_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder
