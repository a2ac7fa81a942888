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
        package: of Debian, one of ``.ci/packages.txt``.
    """
    listed = Path(__file__).parents[2].joinpath(".ci/packages.txt").read_text().split()
    assert package in listed
    found = shutil.which(name, path=_SYSTEM)
    if found is None:
        text = f"{name} is missing, and what needs it is NOT TESTED: apt-get install {package}"
        warnings.warn(text, stacklevel=2)
        pytest.skip(text)
    return found
