"""Detectors from outside the package: an installed one, by its name, or a file that is named.

To load a module is to run its code. So a file is loaded only where a person names it, and never
because a run folder, a recipe or another file says so; what is installed was trusted when it was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.files.regular_files import require_file

GROUP = "oddframe.detectors"
"""Entry points of this group give detectors: their name, and the module."""
PREFIX = "oddframe_own_detector_"
"""Begins the name of a module that was loaded from a file."""
_LONGEST = 16 << 20
"""Bytes of a detector's file."""


def is_file(detector: str) -> bool:
    """Whether what was given as a detector is meant as a file."""
    return detector.endswith(".py") or "/" in detector or "\\" in detector


def is_name(name: Any) -> TypeGuard[str]:
    """Whether a detector may be called so: small letters, digits and ``-``, 100 at most."""
    return isinstance(name, str) and bool(
        re.fullmatch(r"(?=.{1,100}\Z)[a-z0-9]+(-[a-z0-9]+)*", name)
    )


def installed() -> dict[str, metadata.EntryPoint]:
    """The detectors that installed packages bring, by name; none is imported."""
    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def load_installed(point: metadata.EntryPoint) -> ModuleType:
    """The module of an installed detector.

    Raises:
        OddframeError: it cannot be imported, or is no detector of that name.
    """
    package = point.dist.name if point.dist else point.value
    where = f"detector '{point.name}' of the package {package}"
    try:
        module = point.load()
    except Exception as error:  # code of somebody else's
        raise OddframeError(f"{where}: cannot be imported ({_reason(error)})") from error
    check_detector(module, where)
    if module.DETECTOR.name != point.name:
        raise OddframeError(
            f"{where}: its DETECTOR.name is '{module.DETECTOR.name}'; both must be the same"
        )
    return module


def load_file(file: Path) -> ModuleType:
    """The module in a file; a file that has not changed is executed once.

    Raises:
        OddframeError: no such file, an error in it, or no detector.
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
    try:
        spec.loader.exec_module(module)
        check_detector(module, str(file))
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, OddframeError) or not isinstance(error, Exception):
            raise
        where = place_in_file(error) or str(file)
        raise OddframeError(f"{where}: cannot be loaded ({_reason(error)})") from error
    return module


def place_in_file(error: BaseException) -> str:
    """``FILE line 12``, the last place in a detector that was loaded from a file; or nothing."""
    places = [
        f"{frame.f_code.co_filename} line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).startswith(PREFIX)
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


def check_detector(module: Any, where: str) -> None:
    """Refuse a module that is no detector, before anything is done with it.

    Raises:
        OddframeError: what it lacks.
    """
    kind, config = getattr(module, "DETECTOR", None), getattr(module, "CONFIG", None)
    if not inspect.isclass(kind):
        raise OddframeError(f"{where}: expected DETECTOR, a class; see docs/own-detectors.md")
    if not inspect.isclass(config) or not is_dataclass(config):
        raise OddframeError(f"{where}: expected CONFIG, a dataclass; see docs/own-detectors.md")
    bare = [field.name for field in fields(config) if field.default is MISSING]
    if bare:
        raise OddframeError(f"{where}: expected a default for every setting, '{bare[0]}' has none")
    name, traits = getattr(kind, "name", None), getattr(kind, "traits", None)
    if not is_name(name):
        raise OddframeError(
            f"{where}: expected DETECTOR.name in small letters, digits and '-', found {name!r}"
        )
    if not isinstance(traits, Traits):
        raise OddframeError(
            f"{where}: expected DETECTOR.traits, Traits of oddframe.detectors.traits, found "
            f"{traits!r}; see docs/own-detectors.md"
        )
    wanted = ["state", "from_state"]
    wanted += ["stream"] if traits.looks_at == "frames" else ["score_snippets"]
    wanted += ["fit"] if traits.trained == "at once" else []
    wanted += ["scaled_terms", "combine"] if traits.per_video else []
    wanted += ["to"] if traits.on_gpu else []
    missing = [method for method in wanted if not callable(getattr(kind, method, None))]
    if missing:
        raise OddframeError(f"{where}: expected DETECTOR to have a method {missing[0]}")


def _reason(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
