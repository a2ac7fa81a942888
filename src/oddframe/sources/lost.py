"""Why a source gives nothing: PyAV's many errors as a few words."""

from __future__ import annotations

import errno
from typing import Literal

from oddframe.console.redaction import redacted
from oddframe.errors import OddframeError

Reason = Literal[
    "refused",
    "unreachable",
    "denied",
    "not-found",
    "server-error",
    "no-video",
    "silent",
    "ended",
    "hung",
    "unreadable",
]
"""A bounded set, so that it can label a counter."""

_BY_ERRNO: dict[int | None, Reason] = {
    errno.ECONNREFUSED: "refused",
    **dict.fromkeys((errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN), "unreachable"),
    errno.EACCES: "denied",
    **dict.fromkeys((errno.ENOENT, errno.ENODEV, errno.ENXIO), "not-found"),
    **dict.fromkeys((errno.ETIMEDOUT, errno.EAGAIN), "silent"),
    **dict.fromkeys((errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED), "ended"),
    errno.EPERM: "ended",  # where FFmpeg says -1: a server that goes away while it answers
}
_BY_CLASS: dict[str, Reason] = {
    "HTTPUnauthorizedError": "denied",
    "HTTPForbiddenError": "denied",
    "HTTPNotFoundError": "not-found",
    "HTTPServerError": "server-error",
    "ExitError": "silent",
    "TimeoutError": "silent",
}
"""Names of PyAV's classes, which need not be imported for it."""
_WORDS: dict[Reason, str] = {
    "refused": "nothing listens there; is the camera on, and the port right?",
    "unreachable": "no way there, or no such host; check the address and the network",
    "denied": "the login was refused; check user and password",
    "not-found": "there is no such stream or device; check the path",
    "server-error": "the camera answers with an error of its own; restart it",
    "no-video": "it answers, and sends no video",
    "silent": "nothing came any more",
    "ended": "the connection ended",
    "hung": "a read did not come back",
    "unreadable": "what comes cannot be read as video",
}


class Lost(Exception):  # noqa: N818 -- no mistake of anybody's, and what a live source ends with
    """A source gives nothing any more.

    Args:
        reason: in a word.
        detail: what was found, if it says more; logins in it are hidden.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason: Reason = reason
        said = redacted(" ".join(detail.split()))
        super().__init__(f"{_WORDS[reason]} ({said})" if said else _WORDS[reason])


def lost_by(error: BaseException, *, waited: bool = False) -> Lost:
    """What an error of PyAV, of the system or of a reader of files means.

    Args:
        error: the error.
        waited: whether it came after as long as a read may take: FFmpeg then calls an answer that
            did not come invalid data.
    """
    if isinstance(error, Lost):
        return error
    if isinstance(error, OddframeError):
        return Lost("unreadable", str(error))
    named = [_BY_CLASS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _BY_CLASS]
    code = getattr(error, "errno", None)
    # FFmpeg gives EIO for a name that is not resolved, and for a connection that broke.
    fallback: Reason = "silent" if waited else "unreadable"
    reason: Reason = named[0] if named else _BY_ERRNO.get(code, fallback)
    if code == errno.EIO and not waited:
        reason = "unreachable"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Lost(reason, said)
