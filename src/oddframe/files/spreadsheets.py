"""Documents of a spreadsheet program, given where a table in text is expected."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO

FOUND = "a spreadsheet; save it as CSV (in Excel: 'CSV UTF-8') and give that file"
AS_UTF8 = "save the file as UTF-8 (in Excel: as 'CSV UTF-8')"

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What .xls begins with, as all documents of old Office programs do."""


def is_spreadsheet(file: Path | IO[bytes]) -> bool:
    """Whether a file is an .xlsx, .xls or .ods by what is in it, whatever it is called."""
    with suppress(OSError, ValueError, zipfile.BadZipFile):
        if isinstance(file, Path):
            with file.open("rb") as stream:
                return is_spreadsheet(stream)
        if file.read(len(_OLD)) == _OLD:
            return True
        names = set(zipfile.ZipFile(file).namelist())
        return {"mimetype", "content.xml"} <= names or any(n.startswith("xl/") for n in names)
    return False
