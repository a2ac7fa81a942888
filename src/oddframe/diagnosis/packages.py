"""Which packages are installed, and which extras are whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import oddframe
from oddframe.console.installation import how_to_install, requirements_of
from oddframe.diagnosis.finding import Finding

_NOT_FOR_USERS = {"dev"}
_NAME = re.compile(r"[\w.-]+")


def packages() -> Iterator[Finding]:
    """Oddframe and what it needs, then each extra."""
    where = Path(oddframe.__file__).parent
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("oddframe", f"{oddframe.__version__} in {where}, Python {version}")
    versions = {name: _version(name) for name in _needed()}
    if missing := [name for name, found in versions.items() if found is None]:
        yield Finding("packages", f"missing {', '.join(missing)}; {_install()}", works=False)
    shown = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
    yield Finding("packages", shown)
    for extra in _extras():
        names = _needed(extra)
        lacking = [name for name in names if _version(name) is None]
        if lacking:
            yield Finding(f"[{extra}]", f"not here: {', '.join(lacking)}; {_install(extra)}", None)
        else:
            found = ", ".join(f"{name} {_version(name)}" for name in names)
            yield Finding(f"[{extra}]", found)


def _needed(extra: str = "") -> list[str]:
    """Names of what is needed always, or by an extra."""
    named = (_NAME.match(line) for line in requirements_of(extra))
    return [found[0] for found in named if found is not None]


def _extras() -> list[str]:
    """Those that are for users."""
    try:
        named = metadata.metadata("oddframe").get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return []
    return sorted({*named} - _NOT_FOR_USERS)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _install(extra: str = "") -> str:
    return f"install with: {how_to_install(extra)}"
