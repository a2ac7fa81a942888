"""Finding and reading the text files that weakly supervised data sets are annotated with."""

from __future__ import annotations

import re
from pathlib import Path
from unicodedata import normalize

from oddframe.errors import OddframeError
from oddframe.files.text_files import read_text
from oddframe.footage.listing import contents


def find_annotation(root: Path, annotations: Path | None, name: str) -> Path | None:
    """The file or folder of this official name, or None.

    Args:
        root: folder of the data set; it and two levels of subfolders are searched.
        annotations: folder to search instead.
        name: the official name.
    """
    top = root if annotations is None else annotations
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        found = sorted(top.glob(pattern))
        if found:
            return found[0]
    return None


def require_annotations(root: Path, annotations: Path | None, *names: str) -> list[Path]:
    """The files or folders of these official names.

    Raises:
        OddframeError: some are not there.
    """
    found = {name: find_annotation(root, annotations, name) for name in names}
    missing = [f"'{name}'" for name, path in found.items() if path is None]
    if missing:
        top = root if annotations is None else annotations
        raise OddframeError(
            f"{top}: expected the official annotation {', '.join(missing)} there or in a "
            f"subfolder, found {contents(top)}; give the folder that holds it with --annotations"
        )
    return [path for path in found.values() if path is not None]


def read_lines(path: Path) -> list[tuple[str, str]]:
    """Lines that are not blank, each with ``path line N`` for messages; composed as ids are.

    Raises:
        OddframeError: not a UTF-8 text, or nothing in it.
    """
    text = normalize("NFC", read_text(path, "an annotation"))
    lines = [
        (f"{path} line {number}", line.strip())
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if not lines:
        raise OddframeError(f"{path}: the list is empty; get the official file again")
    return lines


_COUNT = re.compile(r"0{0,9}[1-9]\d{0,8}", re.ASCII)


def read_counts(path: Path, column: str) -> dict[str, int]:
    """Video name to a count, from a CSV with a header line whose first column is ``video``.

    Names may hold anything but a line break: the count is what follows the last comma.

    Raises:
        OddframeError: another header, or a row without a positive count.
    """
    lines = read_lines(path)
    where, header = lines[0]
    names = header.split(",")
    if names[0] != "video" or names[-1] != column:
        raise OddframeError(f"{where}: expected the header 'video,...,{column}', found '{header}'")
    counts = {}
    for where, line in lines[1:]:
        parts = line.rsplit(",", len(names) - 1)
        if len(parts) != len(names) or not _COUNT.fullmatch(parts[-1]):
            raise OddframeError(
                f"{where}: expected a video and its number of {column}, found '{line[:80]}'"
            )
        counts[parts[0]] = int(parts[-1])
    return counts
