"""How a command ends: its exit status, and the one line that says why it did not succeed."""

from __future__ import annotations

import os
import sys
import traceback

from oddframe.console.colours import RED, label
from oddframe.console.installation import what_is_missing
from oddframe.console.redaction import redacted
from oddframe.console.streams import OutputError
from oddframe.detectors.plugins import place_in_own_code
from oddframe.errors import OddframeError

DONE = 0
ODD = 1
"""Something odd was found, where ``--exit-code`` asks."""
REFUSED = 2
"""A mistake that its reader can mend: input, options, disk, memory."""
LEFT_OUT = 3
"""Done, but for videos that could not be read."""
BUG = 70
"""Something that nobody foresaw; as ``sysexits.h`` has it, since 1 says that something is odd."""
STOPPED = 130
"""Ctrl-C; as shells have it, 128 and the number of the signal."""
PIPE_CLOSED = 141
"""Nobody reads standard output any more, as in ``oddframe ... | head -1``; likewise."""

TRACEBACK = "ODDFRAME_TRACEBACK"
"""Environment variable that asks for the traceback of whatever ends a command."""


def report(error: BaseException) -> int:
    """Say on standard error, in one line, what ended a command.

    Returns:
        The exit status.
    """
    if os.environ.get(TRACEBACK, "0") not in ("", "0"):
        traceback.print_exception(error)
    status, line = _ending(error)
    if line:
        before = label("oddframe:", sys.stderr, RED)
        print(f"{before} {redacted(line)}", file=sys.stderr, flush=True)
    return status


def _ending(error: BaseException) -> tuple[int, str]:
    match error:
        case OddframeError():
            return REFUSED, str(error)
        case KeyboardInterrupt():
            return STOPPED, str(error) or "stopped; give the same command again to go on or begin"
        case OutputError(error=BrokenPipeError()):
            return PIPE_CLOSED, ""
        case OutputError():
            return REFUSED, f"standard output: cannot write ({_of_system(error.error)})"
        case OSError():
            return REFUSED, f"{error.filename or 'input/output'}: {_of_system(error)}"
        case Exception() if place := place_in_own_code(error):
            said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")
            return REFUSED, f"{place}: {said}; {TRACEBACK}=1 shows how it came to that"
        case ModuleNotFoundError() if error.name and not error.name.startswith("oddframe"):
            return REFUSED, what_is_missing(error)
    said = " ".join(str(error).split())
    if _is_out_of_memory(error):
        return REFUSED, (
            f"out of memory{f' ({said})' if said else ''}; close other programs, or give fewer or "
            "smaller videos at a time"
        )
    return BUG, (
        f"{type(error).__name__}: {said or 'no message'}; this is a bug in oddframe, please report "
        f"it with the lines that {TRACEBACK}=1 in front of the command adds"
    )


def _of_system(error: OSError) -> str:
    return error.strerror or " ".join(str(error).split()) or type(error).__name__


def _is_out_of_memory(error: BaseException) -> bool:
    """Also in the words of PyTorch and OpenCV, which have no kind of their own for it."""
    words = ("can't allocate memory", "not enough memory", "insufficient memory", "out of memory")
    return isinstance(error, MemoryError) or any(part in str(error).lower() for part in words)
