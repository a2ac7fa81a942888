"""Detectors: a folder for each school, and in it nothing but methods, a module or folder each.

A method is found by lying there, under the name of its module (``--detector fixed-camera``).
"""

from __future__ import annotations

import pkgutil
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from oddframe.detectors import plugins
from oddframe.errors import OddframeError, unknown
from oddframe.files.text_files import shown

DEFAULT = "fixed-camera"
DEFAULT_FEATURES = "rtfm"
MACHINES = ("clips", "bags")
"""The machines whose detectors can be exported: each has a module ``exported`` for these."""


def available() -> list[str]:
    """Names of all detectors, also of installed ones; nothing is imported to find them."""
    return sorted({*_built_in(), *plugins.installed()})


def schools() -> dict[str, list[str]]:
    """School to the names of its detectors; those of installed packages last, where there are."""
    found: dict[str, list[str]] = {}
    for name, module in sorted(_built_in().items(), key=lambda item: item[1]):
        found.setdefault(module.split(".")[-2].replace("_", " "), []).append(name)
    installed = sorted(plugins.installed())
    return {**found, "installed": installed} if installed else found


def load(name: str) -> ModuleType:
    """The module of a detector: its ``DETECTOR`` class and its ``CONFIG`` dataclass.

    Takes names only, so that names read from files can be given.

    Raises:
        OddframeError: no such detector, the message lists those there are; or an error in its
            code, or something that a detector has to have and it has not.
    """
    if module := _built_in().get(name):
        place = Path(__path__[0], *module.split(".")[2:])
        where = str(place if place.is_dir() else place.with_suffix(".py"))
        return _checked(
            plugins.run_code(partial(import_module, module), where, module), where, name
        )
    if point := plugins.installed().get(name):
        return _checked(*plugins.load_installed(point), name)
    if plugins.is_file(name):
        raise OddframeError(
            f"{name}: a file's code is run only where the file is named on the command line or in "
            "Python: train and score --detector FILE; elsewhere, a detector needs an installed name"
        )
    raise OddframeError(f"{unknown('detector', name, available())}, or a file (.py)")


def load_given(detector: str) -> ModuleType:
    """The module of a detector that a person names: by its name, or by its file, which is run.

    Raises:
        OddframeError: no such detector, an error in a file, or a file without one.
    """
    if not plugins.is_file(detector):
        return load(detector)
    module = _checked(plugins.load_file(Path(detector)), detector)
    if module.DETECTOR.name in available():
        raise OddframeError(
            f"{detector}: there is a detector '{module.DETECTOR.name}' already; give DETECTOR "
            "another name"
        )
    return module


def load_recorded(run: Path, name: str, source: Any) -> ModuleType:
    """The module of the detector that a run folder names, which can be no file.

    Args:
        run: the folder, for messages.
        name: the detector's name there.
        source: what is written there of where it came from (:func:`plugins.source_of`).

    Raises:
        OddframeError: it is not there; the message says what is missing.
    """
    if name not in available():
        raise OddframeError(
            f"{run}: its detector '{name}' is none of oddframe's; "
            f"{plugins.how_to_get(name, source)}"
        )
    return load(name)


def load_machine(name: Any) -> ModuleType:
    """The module of detectors that were exported from a machine; its ``DETECTOR`` class.

    Raises:
        OddframeError: no such machine.
    """
    if name not in MACHINES:
        raise OddframeError(f"'machine': expected {' or '.join(MACHINES)}, found {shown(name)}")
    return import_module(f"oddframe.{name}.exported")


def _checked(module: ModuleType, where: str, name: str = "") -> ModuleType:
    """The module, if it is a detector, and called as it was looked for."""
    from oddframe.detectors.conformance import check_detector

    check_detector(module, where)
    if name and module.DETECTOR.name != name:
        raise OddframeError(
            f"{where}: DETECTOR.name is '{module.DETECTOR.name}', expected '{name}', the name "
            "that it is found by"
        )
    return module


def _built_in() -> dict[str, str]:
    """Name of each method in a folder of a school, to its module."""
    return {
        method.name.replace("_", "-"): f"{__name__}.{school.name}.{method.name}"
        for school in pkgutil.iter_modules(__path__)
        if school.ispkg
        for method in pkgutil.iter_modules([str(Path(__path__[0], school.name))])
    }
