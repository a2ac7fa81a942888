"""Hiding what gives access to a camera, a server or a database, wherever its address is repeated.

Libraries repeat whole addresses in the texts of their errors, so whatever is said of an address
goes through here.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress

from oddframe.console.characters import made_visible

HIDDEN = "***"
_LOGIN = re.compile(r"(?<=://)(?!/)\S*@")
"""Up to the last ``@``, since passwords hold ``@``, ``/`` and ``:`` too; rather a word too many.
After a third slash stands a path, which is nobody's login."""
_OF_PATH = re.compile(r"\b((?:rtsps?|https?):/)(?!/)\S*@", re.IGNORECASE)
"""An address that was taken for a path has one slash less."""
_SPACED = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?!/).*\s.*@(.*)", re.DOTALL)
_NAMES = "(?:pass|pwd|secret|token|auth|key|user|usr|login|signature|sig)[a-z_.-]*="
_VALUE = r"""[^&;\s'"<>#]*"""
_IN_QUERY = re.compile(rf"([?&;][a-z_.-]*{_NAMES}){_VALUE}", re.IGNORECASE)
"""Cameras that take a login as ``?user=admin&password=...``."""
_IN_PATH = re.compile(rf"({_NAMES}){_VALUE}", re.IGNORECASE)
"""And those that take it as ``/user=admin_password=..._channel=1``, in an address alone."""
_ADDRESS = re.compile(r"(?<=://)(?!/)\S+")


def redacted(text: str) -> str:
    """The text with every login in an address hidden: ``rtsp://***@host/path``.

    A login ends at white space at the latest; :func:`trouble_of_login` refuses others.
    """
    shown = _OF_PATH.sub(rf"\1{HIDDEN}@", _LOGIN.sub(f"{HIDDEN}@", text))
    shown = _IN_QUERY.sub(rf"\1{HIDDEN}", shown)
    return _ADDRESS.sub(lambda found: _IN_PATH.sub(rf"\1{HIDDEN}", found[0]), shown)


def trouble_of_login(address: str) -> str:
    """Why an address is refused, a line: white space in its login, which ends where no text says.

    It is ``""`` where there is none.
    """
    found = _SPACED.fullmatch(address)
    if found is None:
        return ""
    place = " ".join(found[2].split())
    return (
        f"{found[1]}://{HIDDEN}@{place}: expected a login without spaces, found one; write them as "
        "%20"
    )


def say(line: str) -> None:
    """A line on standard error, without logins, and without what does something to a terminal."""
    with suppress(OSError):  # whoever reads it may go, and what is told of goes on
        # Servers and files may have put anything into it.
        plain = made_visible(" ".join(redacted(line).split()))
        print(f"oddframe: {plain}", file=sys.stderr, flush=True)
