"""Servers of other people that tests talk to: where they are, or a loud word that they are not."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import pytest

_SYSTEM = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, and a warning says what to install.

    Args:
        name: of the program.
        package: of Debian, one of those that ``.ci/run`` installs.
    """
    assert package in Path(__file__).parents[2].joinpath(".ci/run").read_text().split()
    found = shutil.which(name, path=_SYSTEM)
    if found is None:
        text = f"UNTESTED: no {name} here; .ci/run installs it with apt ({package})"
        warnings.warn(text, stacklevel=2)
        pytest.skip(text)
    return found
