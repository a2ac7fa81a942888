"""Detectors from outside the package: an installed one, by its name, or a file that is named.

To load a module is to run its code. So a file is loaded only where a person names it, and never
because a run folder, a recipe or another file says so; what is installed was trusted when it was.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from oddframe.console.installation import is_of_training, what_is_missing
from oddframe.errors import OddframeError
from oddframe.files.regular_files import require_file

GROUP = "oddframe.detectors"
"""Entry points of this group give detectors: their name, and the module."""
PREFIX = "oddframe_own_detector_"
"""Begins the name of a module that was loaded from a file."""
_LONGEST = 16 << 20
"""Bytes of a detector's file."""

Loaded = TypeVar("Loaded")


def is_file(detector: str) -> bool:
    """Whether what was given as a detector is meant as a file."""
    return detector.endswith(".py") or "/" in detector or "\\" in detector


def installed() -> dict[str, metadata.EntryPoint]:
    """The detectors that installed packages bring, by name; none is imported."""
    return _installed_in(tuple(sys.path))


@functools.cache
def _installed_in(_path: tuple[str, ...]) -> dict[str, metadata.EntryPoint]:
    """Those found along a path; each run that is read asks, and all packages are looked through."""
    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def load_installed(point: metadata.EntryPoint) -> tuple[ModuleType, str]:
    """The module of an installed detector, and how a message about it begins.

    Raises:
        OddframeError: it cannot be imported.
    """
    package = point.dist.name if point.dist else point.value
    where = f"detector '{point.name}' of the package {package}"
    return run_code(point.load, where, point.module.partition(".")[0]), where


def load_file(file: Path) -> ModuleType:
    """The module in a file; a file that has not changed is executed once.

    Raises:
        OddframeError: no such file, or an error in it.
    """
    if not file.is_file():
        raise OddframeError(f"{file}: no such file; --detector takes a name or a file (.py)")
    require_file(file, "a detector in Python", limit=_LONGEST)
    name = f"{PREFIX}{hashlib.sha256(file.read_bytes()).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise OddframeError(f"{file}: expected a Python file, with a name that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    loader = spec.loader
    try:
        run_code(lambda: loader.exec_module(module), str(file), name)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def run_code(load: Callable[[], Loaded], where: str, owner: str) -> Loaded:
    """What loading a detector gives.

    Args:
        load: imports or executes it.
        where: what it is, in a message.
        owner: the module whose code it is, or its package.

    Raises:
        OddframeError: an error in it, with the last place in its own code.
    """
    try:
        return load()
    except Exception as error:  # of any kind
        if isinstance(error, ModuleNotFoundError) and is_of_training(error):
            who = Path(where).stem if owner.startswith("oddframe.") else where
            raise OddframeError(f"{who}: {what_is_missing(error)}") from error
        place = _place(error, lambda name: f"{name}.".startswith(f"{owner}."))
        said = " ".join(str(error).split())
        kind = type(error).__name__
        reason = f"{kind}: {said}" if said else kind
        raise OddframeError(f"{place or where}: cannot be loaded ({reason})") from error


def place_in_own_code(error: BaseException) -> str:
    """``FILE line 12``, the last place in a detector from outside the package; or nothing."""
    packages = {point.module.partition(".")[0] for point in installed().values()}
    return _place(error, lambda name: name.startswith(PREFIX) or name.split(".")[0] in packages)


def _place(error: BaseException, is_own: Callable[[str], bool]) -> str:
    places = [
        f"{frame.f_code.co_filename} line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if is_own(str(frame.f_globals.get("__name__")))
    ]
    return places[-1] if places else ""


def source_of(module: ModuleType) -> dict[str, str]:
    """Where a detector came from, for ``config.yaml``; nothing for those of oddframe itself."""
    if module.__name__.startswith(PREFIX) and module.__file__:
        return {
            "file": str(Path(module.__file__).absolute()),
            "sha256": module.__name__.removeprefix(PREFIX),
        }
    point = installed().get(module.DETECTOR.name)
    if point is None or module.__name__.startswith("oddframe.detectors."):
        return {}
    return {"package": f"{point.dist.name} {point.dist.version}" if point.dist else point.value}


def how_to_get(detector: str, source: Any) -> str:
    """What to do about a run whose detector is not there.

    Args:
        detector: its name.
        source: what ``config.yaml`` says of where it came from.
    """
    found = source if isinstance(source, Mapping) else {}
    if "file" in found:
        return (
            f"it was trained with the file {found['file']}; if you have it and trust it, give it "
            f"again: --detector {found['file']}"
        )
    if "package" in found:
        return f"it comes from the package {found['package']}; install it"
    return f"give its file with --detector FILE.py, or install a package that brings '{detector}'"
