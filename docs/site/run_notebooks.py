"""Runs the notebooks of ``docs/tutorials/`` from beginning to end, each in an empty folder.

``python docs/site/run_notebooks.py`` fails where a cell does, or where a cell gives something of
another kind than the file keeps; ``--write`` keeps in the files what came out. It needs the extras
``docs`` and ``notebook``.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
LONGEST = 600
"""Seconds that a cell may take: machines that test are slow and busy."""


def main() -> int:
    """Run all notebooks; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of notebooks; by default all")
    parser.add_argument("--write", action="store_true", help="keep what came out in the files")
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    os.environ["ODDFRAME_TRACK"] = "none"
    faults = []
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        if given.names and path.stem not in given.names:
            continue
        begun, used = time.monotonic(), _processor()
        kept = nbformat.read(path, as_version=4)
        try:
            made = run(path)
        except CellExecutionError as error:
            faults.append(f"{path.name}: {error}")
            continue
        if given.write:
            nbformat.write(made, path)
        else:
            faults += [f"{path.name}: {fault}" for fault in differences(kept, made)]
        took, worked = time.monotonic() - begun, _processor() - used
        print(f"{path.name}: {took:.0f} s, {worked:.0f} s of processor time", flush=True)
    print("\n".join(faults), file=sys.stderr, end="\n" * bool(faults))
    return bool(faults)


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells give.

    Raises:
        CellExecutionError: a cell failed.
    """
    book = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        NotebookClient(book, timeout=LONGEST, resources={"metadata": {"path": folder}}).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran
        # What is said of progress on standard error is another on every machine.
        if cell.cell_type == "code":
            cell.outputs = [part for part in cell.outputs if part.get("name") != "stderr"]
    book.metadata = nbformat.from_dict(
        {"kernelspec": book.metadata.kernelspec, "language_info": {"name": "python"}}
    )
    return book


def differences(kept: nbformat.NotebookNode, made: nbformat.NotebookNode) -> list[str]:
    """Cells that give something of another kind than the file keeps; numbers may differ."""
    return [
        f"cell {number} gave {found or 'nothing'}, the file has {wanted or 'nothing'}"
        for number, (before, after) in enumerate(zip(kept.cells, made.cells, strict=True))
        if (wanted := _kinds(before)) != (found := _kinds(after))
    ]


def _kinds(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell gave: ``stream``, or the types of what is displayed."""
    return [
        "/".join(sorted(part.get("data", {part.output_type: 0})))
        for part in cell.get("outputs", [])
    ]


def _processor() -> float:
    """Seconds of processor time of the notebooks that are through."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
