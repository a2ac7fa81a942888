"""The one exception that means "the input is wrong, and here is what to do"."""

from __future__ import annotations

from collections.abc import Iterable

from oddframe.console.characters import made_visible
from oddframe.console.redaction import redacted


class _OneLine:
    """Whatever it repeats, its message is a line without logins that does nothing to a terminal."""

    def __str__(self) -> str:
        return made_visible(redacted(" ".join(super().__str__().split())))


class OddframeError(_OneLine, Exception):
    """A problem that its reader can mend.

    The message is one line: it names the file, what was expected, what was found and what to
    do. The command line prints it without a traceback and exits with status 2.
    """


class OddframeWarning(_OneLine, UserWarning):
    """Something was mended on the way and the reader should know, such as a truncated video."""


def in_words(error: BaseException) -> str:
    """What went wrong, in a line; of what nobody foresaw also the kind."""
    if isinstance(error, OddframeError):
        return str(error)
    return made_visible(redacted(" ".join(f"{type(error).__name__}: {error}".split())))


def unknown(what: str, name: str, names: Iterable[str]) -> str:
    """``unknown verb 'scroe'; did you mean 'score'? use one of demo, ...``."""
    known = list(names)
    which = f"{nearest(name, known)}use one of {', '.join(known)}" if known else "there are none"
    return f"unknown {what} '{name}'; {which}"


def nearest(name: str, names: Iterable[str]) -> str:
    """``did you mean 'NAME'? `` with the nearest of the names, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), 1)
    return f"did you mean '{found[0]}'? " if found else ""
