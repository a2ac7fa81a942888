"""Which packages are installed, and which extras are whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import oddframe
from oddframe.console.installation import how_to_install
from oddframe.diagnosis.finding import Finding

_NOT_FOR_USERS = ("dev",)
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(?:;.*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"])?")


def packages() -> Iterator[Finding]:
    """Oddframe and what it needs, then each extra."""
    where = Path(oddframe.__file__).parent
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("oddframe", f"{oddframe.__version__} in {where}, Python {version}")
    needed, extras = _requirements()
    versions = {name: _version(name) for name in needed}
    if missing := [name for name, found in versions.items() if found is None]:
        yield Finding("packages", f"missing {', '.join(missing)}; {_install()}", works=False)
    shown = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
    yield Finding("packages", shown)
    for extra, names in sorted(extras.items()):
        lacking = [name for name in names if _version(name) is None]
        if lacking:
            yield Finding(f"[{extra}]", f"not here: {', '.join(lacking)}; {_install(extra)}", None)
        else:
            found = ", ".join(f"{name} {_version(name)}" for name in names)
            yield Finding(f"[{extra}]", found)


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """What is needed always, and by each extra, as the installed package says."""
    try:
        lines = metadata.requires("oddframe") or []
    except metadata.PackageNotFoundError:
        lines = []
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found is None or found["name"] == "oddframe" or found["extra"] in _NOT_FOR_USERS:
            continue
        (needed if found["extra"] is None else extras.setdefault(found["extra"], [])).append(
            found["name"]
        )
    return needed, extras


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _install(extra: str = "") -> str:
    return f"install with: {how_to_install(extra)}"
