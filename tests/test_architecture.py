"""The table of ARCHITECTURE.md is what the package is: every room has a row, and looks down."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import oddframe

PACKAGE = Path(oddframe.__file__).parent
REPOSITORY = PACKAGE.parents[1]
TEXT = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROWS = [
    re.findall(r"`([a-z_/]+(?:/|\.py))`", line.split("|")[1])
    for line in TEXT.splitlines()
    if line.startswith("| `")
]
LEVEL = {name: level for level, names in enumerate(ROWS) for name in names}
NO_ROW = {"__init__.py", "__main__.py"}
STORIES = "verbs/demo.py", "verbs/reproduce.py"


def room(path: Path) -> str:
    """The longest name in the table that a file lies in: ``detectors/one_class/``."""
    name = path.relative_to(PACKAGE).as_posix()
    within = [row for row in LEVEL if name.startswith(row)]
    return max(within, key=len, default=name)


def imported(file: Path) -> Iterator[tuple[int, Path]]:
    """Line and file of every import from the package, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        named: list[str] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oddframe"):
            named = [f"{node.module}.{part.name}" for part in node.names]
        elif isinstance(node, ast.Import):
            named = [part.name for part in node.names if part.name.startswith("oddframe.")]
        for name in named:
            place = PACKAGE.joinpath(*name.split(".")[1:])
            tried = [place.with_suffix(".py"), place / "__init__.py"]
            tried += [place.parent.with_suffix(".py"), place.parent / "__init__.py"]
            yield node.lineno, next(path for path in tried if path.is_file())


def test_every_room_has_one_row():
    there = {room(path) for path in PACKAGE.rglob("*.py")} - NO_ROW
    named = [name for names in ROWS for name in names]
    assert sorted(named) == sorted(there)


def test_no_room_imports_from_one_above_or_beside_it():
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        own, name = room(file), file.relative_to(PACKAGE).as_posix()
        if own in NO_ROW:
            continue
        for line, path in imported(file):
            other = room(path)
            if other in NO_ROW or other == own:
                continue
            if LEVEL[other] <= LEVEL[own]:
                wrong.append(f"{name}:{line} imports {other}")
    assert wrong == []


def test_no_two_modules_import_each_other_however_far_around():
    graph = {
        file: {path for _, path in imported(file) if path != file} for file in PACKAGE.rglob("*.py")
    }
    TopologicalSorter(graph).prepare()  # names the circle


def test_no_method_imports_another():
    """A school's folder holds methods, a file or folder each; what they share lies elsewhere."""

    def method(path: Path) -> str:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        inside = parts[0] == "detectors" and len(parts) > 2 and parts[2] != "__init__"
        return "/".join(parts[:3]) if inside else ""

    wrong = [
        f"{file.relative_to(PACKAGE).as_posix()}:{line} imports {method(path)}"
        for file in sorted((PACKAGE / "detectors").rglob("*.py"))
        for line, path in imported(file)
        if method(file) and method(path) not in ("", method(file))
    ]
    assert wrong == []


def test_only_verbs_that_tell_a_story_call_other_verbs():
    verbs = [*(PACKAGE / "verbs").glob("*.py")]
    calling = {
        file.relative_to(PACKAGE).as_posix()
        for file in verbs
        for _, path in imported(file)
        if path in verbs and path not in (file, PACKAGE / "verbs" / "__init__.py")
    }
    assert calling == set(STORIES)


def test_sources_that_documents_name_are_there():
    missing = []
    for page in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]:
        if page.name == "CHANGELOG.md":
            continue
        for name in re.findall(r"`([a-z_]+(?:/[a-z_0-9]+)+\.py)`", page.read_text("utf-8")):
            if not any((place / name).is_file() for place in (REPOSITORY, PACKAGE)):
                missing.append(f"{page.name}: {name}")
    assert missing == []
