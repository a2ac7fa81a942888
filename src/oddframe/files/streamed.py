"""What comes over a connection or a pipe, taken into a file of limited size."""

from __future__ import annotations

import http.client
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    OpenerDirector,
    Request,
    build_opener,
)

from oddframe import __version__
from oddframe.console.progress import progress
from oddframe.errors import OddframeError
from oddframe.files.atomic import cannot_write

MOST_BYTES = 16_000_000_000
"""Of one file; more is somebody's disk filled by a stream without end."""
_CHUNK = 1 << 18
_TIMEOUT = 60.0


def take_in(
    stream: IO[bytes], target: Path, shown: str, expected: int | None = None, most: int = MOST_BYTES
) -> int:
    """Write what a stream brings into a file.

    Args:
        stream: is read to its end.
        target: the file.
        shown: what a message calls the stream.
        expected: how many bytes it should bring, where that is known.
        most: bytes at which it is given up.

    Returns:
        How many bytes came.

    Raises:
        OddframeError: more or fewer bytes, a connection that broke off, or a full disk.
    """
    done = 0
    try:
        with target.open("wb") as file, progress() as bar:
            while chunk := _read(stream, shown):
                done += len(chunk)
                if done > most:
                    raise OddframeError(
                        f"{shown}: expected at most {most:,} bytes, found more; a stream without "
                        "end is for 'oddframe watch', and a long recording is given as a file"
                    )
                file.write(chunk)
                bar.count(f"reading {shown}", done, expected)
    except OSError as error:
        raise cannot_write(target, error) from error
    if expected is not None and done != expected:
        raise OddframeError(
            f"{shown}: expected {expected:,} bytes, found {done:,}; the transfer broke off, give "
            "the same command again"
        )
    return done


def _read(stream: IO[bytes], shown: str) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise OddframeError(
            f"{shown}: broke off ({error or type(error).__name__}); give the same command again"
        ) from error


@contextmanager
def open_address(url: str, shown: str) -> Generator[Any]:
    """The answer of a server to ``GET``; a login in the address is given where it is asked for.

    Args:
        url: ``http://`` or ``https://``.
        shown: what a message calls it.

    Raises:
        OddframeError: no such server, or it refuses.
    """
    try:
        opener, bare = _opener(url)
        request = Request(
            bare, headers={"User-Agent": f"oddframe/{__version__}", "Accept-Encoding": "identity"}
        )
        answer = opener.open(request, timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        raise OddframeError(
            f"{shown}: expected a file, the server answered {error.code} {error.reason}"
        ) from error
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OddframeError(
            f"{shown}: no connection ({reason}); look at the address and the network"
        ) from error
    with answer:
        yield answer


def _opener(url: str) -> tuple[OpenerDirector, str]:
    """What opens an address, and the address without its login, which goes to its server alone."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    logins = HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
        logins.add_password(None, bare, user, password)
    return build_opener(HTTPBasicAuthHandler(logins), HTTPDigestAuthHandler(logins)), bare
