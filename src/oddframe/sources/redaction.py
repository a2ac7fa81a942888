"""Hiding what gives access to a camera, wherever its address is repeated.

PyAV repeats the whole address in the texts of its errors, so whatever is said of a source goes
through here.
"""

from __future__ import annotations

import re

HIDDEN = "***"
NEVER_IN_LOGIN = r"""[\s'"<>]"""
"""What ends an address in a text; a source with such a login is refused."""
_LOGIN = re.compile(r"""(?<=://)[^\s'"<>]*@""")
"""Up to the last ``@``, since passwords hold ``@``, ``/`` and ``:`` too; rather a word too many."""
_IN_QUERY = re.compile(
    r"""([?&;](?:[a-z_.-]*(?:pass|pwd|secret|token|auth|key|user|usr|login|signature|sig)[a-z_.-]*)=)"""
    r"""[^&;\s'"<>#]*""",
    re.IGNORECASE,
)
"""Cameras that take a login as ``?user=admin&password=...``."""


def redacted(text: str) -> str:
    """The text with every login in an address hidden: ``rtsp://***@host/path``."""
    return _IN_QUERY.sub(rf"\1{HIDDEN}", _LOGIN.sub(f"{HIDDEN}@", text))
