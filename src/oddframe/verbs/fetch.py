"""The verb ``fetch``: weights, features and data sets with known addresses."""

from __future__ import annotations

from pathlib import Path

from oddframe.files.fetched import Fetched, fetch_file
from oddframe.files.paths import text_paths


@text_paths
def fetch(what: str = "list", *, out: Path | None = None, sha256: str | None = None) -> Fetched:
    """Download weights, features or a data set, or list the known addresses.

    A broken transfer goes on where it stopped when the same command is given again. The file
    appears under its name only when it is whole and its hash, if one is known, is right.

    Args:
        what: a name of the list, an ``https://`` address (then with ``--sha256``), or ``list``.
        out: the file to write, or an existing folder; by default the published file name here.
        sha256: 64 hexadecimal digits that the file must have.

    Returns:
        The file and its hash.

    Raises:
        OddframeError: an unknown name, a page that only a person can use, a file that is there
            already, or a download that failed.
    """
    return fetch_file(what, out, sha256)
