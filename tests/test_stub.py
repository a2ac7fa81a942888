"""What type checkers read of the package: its verbs, which take text wherever they take a Path.

The stub is made of the verbs' own signatures. After one has changed, make it anew:

    python tests/test_stub.py > src/oddframe/__init__.pyi && ruff format src && ruff check --fix src
"""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import oddframe
from oddframe.files.paths import is_path

STUB = Path(oddframe.__file__).with_suffix(".pyi")


def made_stub() -> str:
    """The stub as it should be."""
    public = {name: getattr(oddframe, name) for name in oddframe.__all__}
    doors = [value for value in public.values() if inspect.isfunction(value) and _has_paths(value)]
    others = [f"from {v.__module__} import {n} as {n}" for n, v in public.items() if v not in doors]
    results = {line for door in doors for line in _imports(door)} - {
        line.partition(" as ")[0] for line in others
    }
    lines = [
        '"""oddframe finds the odd moments in video; made by tests/test_stub.py."""',
        "from collections.abc import Sequence",
        "from typing import Any",
        *sorted({*others, *results, "from oddframe.files.paths import AnyPath"}),
        "__version__: str",
        *(f"def {door.__name__}{_signature(door)}: ..." for door in doors),
        f"__all__ = {oddframe.__all__!r}",
    ]
    return "\n".join(lines) + "\n"


def _has_paths(door) -> bool:
    parameters = inspect.signature(door, eval_str=True).parameters.values()
    return hasattr(door, "__wrapped__") and any(is_path(part.annotation) for part in parameters)


def _imports(door) -> list[str]:
    known = inspect.unwrap(door).__globals__
    names = re.findall(r"\w+", str(inspect.signature(door).return_annotation))
    return [f"from {known[name].__module__} import {name}" for name in names]


def _signature(door) -> inspect.Signature:
    signature = inspect.signature(door)
    parts = [
        part.replace(
            annotation=Raw(_opened(part.annotation)),
            default=part.empty if part.default is part.empty else Raw("..."),
        )
        for part in signature.parameters.values()
    ]
    return signature.replace(parameters=parts, return_annotation=Raw(signature.return_annotation))


class Raw(str):
    """Text that a signature shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _opened(annotation: str) -> str:
    several = annotation.replace("list[Path]", "AnyPath | Sequence[Path]")
    return re.sub(r"\bPath\b", "AnyPath", several)


def _said(text: str) -> tuple[set[tuple[str | None, str, str | None]], list[str]]:
    """What is imported, in any order, and all else."""
    body = ast.parse(text).body
    imports = [part for part in body if isinstance(part, ast.ImportFrom)]
    names = {(part.module, name.name, name.asname) for part in imports for name in part.names}
    return names, [ast.dump(part) for part in body if part not in imports]


def test_the_stub_is_that_of_the_verbs():
    how = "make the stub anew, as the head of this file says"
    assert _said(STUB.read_text()) == _said(made_stub()), f"a verb has changed: {how}"


def test_a_type_checker_takes_text_and_refuses_what_is_no_path(tmp_path):
    (tmp_path / "good.py").write_text(
        "import pathlib, oddframe\n"
        'run = oddframe.train("normal/", "run")\n'
        'oddframe.score(run.folder, pathlib.Path("a.mp4"), report=True).path.parent\n'
        'oddframe.compare(["a", "b"], "c")\n'
    )
    (tmp_path / "bad.py").write_text('import oddframe\noddframe.train("normal/", 5)\n')
    for name, status in {"good.py": 0, "bad.py": 1}.items():
        command = [sys.executable, "-m", "ty", "check", "--python", sys.prefix, "--quiet"]
        source = ["--extra-search-path", STUB.parents[1], tmp_path / name]
        done = subprocess.run([*command, *source], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr


if __name__ == "__main__":
    print(made_stub(), end="")
