"""Footage that is brought for one command: from ``http(s)://``, or on standard input."""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from oddframe.console.redaction import redacted, trouble_of_login
from oddframe.errors import OddframeError
from oddframe.files.streamed import open_address, take_in

STDIN = "-"
_P = ParamSpec("_P")
_R = TypeVar("_R")
_WEB = re.compile(r"(https?):/{1,2}(?=[^/])", re.IGNORECASE)
"""Also after a Path has made one slash of two."""
_LIVE = ("multipart/x-mixed-replace", "application/vnd.apple.mpegurl", "application/x-mpegurl")
"""What a server calls what has no end, or is a list of other files."""


def brings(*names: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Let a verb take ``http(s)://`` addresses and ``-`` where it takes footage.

    What is brought lies in a temporary folder, and goes when the verb is done.

    Args:
        names: the parameters that are footage, or may be, the one of most of it last.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def door(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            bound = signature.bind(*args, **kwargs)
            given = {name: _listed(bound.arguments.get(name)) for name in names}
            place = next((n for n, parts in given.items() if any(map(is_brought, parts))), None)
            if place is None:
                return function(*args, **kwargs)
            pieces = [*given[place], *(given[names[-1]] if place != names[-1] else ())]
            if len(pieces) > 1:
                raise OddframeError(
                    f"{redacted(os.fspath(next(filter(is_brought, pieces))))}: is given alone, "
                    f"found {len(pieces)} pieces of footage; download them first, and give the "
                    "files"
                )
            with TemporaryDirectory(prefix="oddframe-") as folder:
                bound.arguments[place] = bring(pieces[0], Path(folder))
                return function(*bound.args, **bound.kwargs)

        return door

    return decorate


def is_brought(given: Any) -> bool:
    """Whether this names footage that has to be brought first."""
    if not isinstance(given, str | os.PathLike):
        return False
    text = os.fspath(given)
    return isinstance(text, str) and (text == STDIN or bool(_WEB.match(text)))


def bring(given: str | os.PathLike[str], folder: Path) -> Path:
    """The file of footage that was not here; results are named after it.

    Args:
        given: ``-`` or an address.
        folder: where it goes.

    Raises:
        OddframeError: nothing comes, no file comes, or it is too much.
    """
    text = os.fspath(given)
    return _from_stdin(folder) if text == STDIN else _from_web(text, folder)


def _from_stdin(folder: Path) -> Path:
    if sys.stdin is None or sys.stdin.isatty():
        raise OddframeError(
            f"{STDIN}: expected a video on standard input, found a terminal; send one: "
            "cat new.mp4 | oddframe score run -"
        )
    target = folder / "stdin"
    if not take_in(sys.stdin.buffer, target, "standard input"):
        raise OddframeError("standard input: expected a video, found nothing")
    return target


def _from_web(text: str, folder: Path) -> Path:
    url = _WEB.sub(lambda found: f"{found[1].lower()}://", text)
    if trouble := trouble_of_login(url):
        raise OddframeError(trouble)
    shown = redacted(url)
    with open_address(url, shown) as answer:
        kind, length = answer.headers.get_content_type(), answer.headers.get("Content-Length")
        playlist = PurePosixPath(urlsplit(url).path).suffix.lower() in (".m3u8", ".m3u")
        if kind in _LIVE or playlist or (length is None and kind != "text/html"):
            raise OddframeError(
                f"{shown}: expected a file that ends, found a stream, or a server that does not "
                f"say how long it is; 'oddframe watch RUN {shown}' watches a camera, and a file is "
                "downloaded first"
            )
        if kind == "text/html":
            raise OddframeError(
                f"{shown}: expected a video, found a web page; give the address of the file itself"
            )
        target = folder / _name(answer.url)
        take_in(answer, target, shown, int(length) if length.isdigit() else None)
    return target


def _name(url: str) -> str:
    """The last name in an address, as a file may be called; without any, that of its server."""
    parts = urlsplit(url)
    name = PurePosixPath(unquote(parts.path)).name or parts.hostname or ""
    return re.sub(r"[^\w .()+@,=-]", "-", name).lstrip(". _-")[-100:] or "video"


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return value if several else (value,)
