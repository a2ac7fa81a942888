"""A form with a file in it, taken apart while it comes: nothing but the piece at hand is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oddframe.errors import OddframeError

_LONGEST_HEADER = 8192
_END = b"\r\n"
_NAME = re.compile(r'[;\s]name="([^"]*)"')
_FILE = re.compile(r'[;\s]filename="([^"]*)"')


@dataclass(frozen=True)
class Begun:
    """A field begins.

    Attributes:
        name: of it.
        file: the name of the file that it holds; None where it is no file.
    """

    name: str
    file: str | None


def boundary_of(content_type: str) -> bytes:
    """What stands between the fields of a form.

    Raises:
        OddframeError: it is no form with files.
    """
    kind, _, rest = content_type.partition(";")
    found = re.search(r'boundary="?([^";,\s]{1,70})"?', rest)
    if kind.strip().lower() != "multipart/form-data" or found is None:
        raise OddframeError("expected a form with a file in it, found something else")
    return found[1].encode("latin-1", "replace")


class Multipart:
    """Takes a form apart (RFC 7578).

    Args:
        boundary: see :func:`boundary_of`.

    Attributes:
        is_whole: whether its end was seen.
    """

    def __init__(self, boundary: bytes) -> None:
        self._mark = _END + b"--" + boundary
        self._rest = _END  # the first mark need not have a line before it
        self._inside = False  # of a field's content, or before the first of all
        self.is_whole = False

    def fed(self, piece: bytes) -> Iterator[Begun | bytes]:
        """What a further piece says: where a field begins, and content of the one that began.

        Raises:
            OddframeError: it is no form.
        """
        self._rest += piece
        while not self.is_whole:
            if self._inside or self._mark not in self._rest[: len(self._mark)]:
                content, found, rest = self._rest.partition(self._mark)
                if not found:
                    # Its beginning may be at the end of what came so far.
                    keep = len(self._mark) - 1
                    content, self._rest = self._rest[:-keep], self._rest[-keep:]
                    if content and self._inside:
                        yield content
                    return
                if content and self._inside:
                    yield content
                self._rest, self._inside = self._mark + rest, False
            after = self._rest[len(self._mark) :]
            if after.startswith(b"--"):
                self.is_whole = True
                return
            header, found, rest = after.partition(_END + _END)
            if not found:
                if len(after) > _LONGEST_HEADER:
                    raise OddframeError("expected a form with a file in it, found something else")
                return
            self._rest, self._inside = rest, True
            yield _begun(header.decode("utf-8", "replace"))


def _begun(header: str) -> Begun:
    for line in header.splitlines():
        kind, _, said = line.partition(":")
        if kind.strip().lower() == "content-disposition":
            name, file = _NAME.search(said), _FILE.search(said)
            return Begun(name[1] if name else "", file[1] if file else None)
    return Begun("", None)
