"""The table of ARCHITECTURE.md is what the package is: every module has a row, and looks down."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import oddframe

PACKAGE = Path(oddframe.__file__).parent
TEXT = (PACKAGE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROWS = [
    re.findall(r"`([a-z_]+(?:/|\.py))`", line.split("|")[1])
    for line in TEXT.splitlines()
    if line.startswith("| `")
]
LEVEL = {name: level for level, names in enumerate(ROWS) for name in names}
CALL_EACH_OTHER = {"verbs/", "sweeps/", "tracking/"}
NO_ROW = {"__init__.py", "__main__.py"}


def room(path: Path) -> str:
    """``scoring/`` of everything in it, ``scores.py`` of a module."""
    first, *below = path.relative_to(PACKAGE).parts
    return f"{first}/" if below else first


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and room of every import from the package, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        named: list[str] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oddframe"):
            named = [f"{node.module}.{part.name}" for part in node.names]
        elif isinstance(node, ast.Import):
            named = [part.name for part in node.names if part.name.startswith("oddframe.")]
        for name in named:
            first = name.split(".")[1]
            if (PACKAGE / first).is_dir():
                yield node.lineno, f"{first}/"
            elif (PACKAGE / f"{first}.py").is_file():
                yield node.lineno, f"{first}.py"


def test_every_room_and_module_has_one_row():
    there = {room(path) for path in PACKAGE.rglob("*.py")} - NO_ROW
    named = [name for names in ROWS for name in names]
    assert sorted(named) == sorted(there)


def test_no_module_imports_from_a_row_above_its_own():
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        own = room(file)
        for line, other in imports(file) if own not in NO_ROW else ():
            upwards = LEVEL[other] < LEVEL[own]
            if upwards and not {own, other} <= CALL_EACH_OTHER:
                wrong.append(f"{file.relative_to(PACKAGE)}:{line} imports {other}")
    assert wrong == []
