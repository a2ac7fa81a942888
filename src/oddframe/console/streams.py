"""Standard output and standard error of a command, as they really are.

What is printed may hold any name and any sign, while a stream may know only ASCII, lead into a
pipe that nobody reads any more, or onto a full disk.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

from oddframe.console.characters import made_visible
from oddframe.console.colours import painted_row, takes_colours

_IN_ROWS = re.compile(r"[^\n\t]+")


class OutputError(BaseException):
    """Standard output takes no more text. Like Ctrl-C it ends everything, so it is no Exception.

    Attributes:
        error: what the system said.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Stream:
    """A text stream that takes every character: what its encoding lacks is escaped.

    Args:
        stream: the stream behind, which also answers whatever else is asked.
        needed: whether text that cannot be written ends the command (:class:`OutputError`), as it
            does on standard output. Messages on standard error are lost then, and work goes on.
    """

    def __init__(self, stream: TextIO, *, needed: bool) -> None:
        self._stream, self._needed = stream, needed

    def write(self, text: str) -> int:
        """Write text; returns its length."""
        if self._needed:  # bars act on a terminal by standard error; names in results do not
            text = _visible(text)
        self._put(text)
        return len(text)

    def show(self, text: str) -> None:
        """Write text that a person reads, and a line end: in colours where the stream takes them.

        What would act on a terminal is escaped before, so no name can paint or move anything.
        """
        rows = _visible(text).split("\n")
        if takes_colours(self._stream):
            rows = [painted_row(row, first=at == 0) for at, row in enumerate(rows)]
        self._put("\n".join([*rows, ""]))

    def _put(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        known = text.encode(encoding, "backslashreplace").decode(encoding)
        with self._watched():
            self._stream.write(known)

    def flush(self) -> None:
        """Hand over what was written."""
        with self._watched():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _watched(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            _lead_nowhere(self._stream)
            if self._needed:
                raise OutputError(error) from error


def _visible(text: str) -> str:
    return _IN_ROWS.sub(lambda found: made_visible(found[0]), text)


def _lead_nowhere(stream: TextIO) -> None:
    """Python flushes at its end once more what could not be written, and complains again."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def standard_streams() -> Generator[TextIO]:
    """For the block, standard output and error take every character.

    Printing raises :class:`OutputError` where standard output cannot be written.

    Yields:
        Standard output. What must have arrived before the block ends has to be flushed.
    """
    with contextlib.ExitStack() as stack:
        # A program that is started without them, as by ">&-", has None in their place.
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123
        out = Stream(sys.stdout or nowhere, needed=True)
        err = Stream(sys.stderr or nowhere, needed=False)
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        try:
            yield cast(TextIO, out)
        finally:
            err.flush()
            with contextlib.suppress(OutputError):
                out.flush()
