"""Paths as people give them: text, or anything that is a path, become :class:`pathlib.Path`."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Any, ParamSpec, TypeVar, get_args, get_origin

from oddframe.errors import OddframeError

AnyPath = str | os.PathLike[str]
_P = ParamSpec("_P")
_R = TypeVar("_R")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)
"""``rtsp://host/stream``, also after a Path has made one slash of two; no drive letter."""


def as_path(value: Any, name: str) -> Path:
    """One path.

    Args:
        value: text, or an object with ``__fspath__`` that gives text.
        name: what it is given as, for messages.

    Raises:
        OddframeError: empty, an address of the internet or of a camera, a link that leads back to
            itself, or no path at all.
    """
    try:
        text = os.fspath(value)
    except TypeError:
        text = value
    if not isinstance(text, str):
        raise OddframeError(
            f"{name}: expected a path as text or as a Path, found {type(value).__name__}"
        )
    if not text:
        raise OddframeError(f"{name}: expected a path, found empty text")
    if "\0" in text:
        raise OddframeError(f"{name}: expected a path, found text with a zero byte: {text!r}")
    if (address := _ADDRESS.fullmatch(text)) and not os.path.lexists(text):
        given = text if "://" in text else f"{address[1]}://{address[2]}"
        raise OddframeError(
            f"{given}: {name} must be a file or folder of this machine, found an address; "
            f"'oddframe watch RUN {given}' watches it, and this records it: ffmpeg -i '{given}' "
            "-t 3600 -c copy recorded.mkv"
        )
    try:
        Path(text).stat()
    except UnicodeEncodeError:
        if coding := other_encoding():
            raise OddframeError(f"{name}: cannot name {text!r} in {coding}") from None
        raise OddframeError(f"{name}: expected a path, found half a character: {text!r}") from None
    except OSError as error:  # nothing need be there
        if error.errno == errno.ELOOP:
            raise OddframeError(f"{text}: {name} is a link that leads back to itself") from None
    return Path(text)


def other_encoding() -> str:
    """The encoding of names of files, and what to do, where it is not UTF-8; else empty."""
    encoding = sys.getfilesystemencoding()
    settings = "the encoding that LC_ALL and PYTHONUTF8 ask for; set LC_ALL=C.UTF-8 and "
    return f"{encoding}, {settings}PYTHONUTF8=1" * (encoding.replace("-", "") != "utf8")


def text_paths(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function whose parameters are of type Path take text and any ``os.PathLike``.

    Every public function with paths is decorated with it, so that their bodies deal with
    :class:`pathlib.Path` alone. A parameter of type ``list[Path]`` also takes a single path.
    """

    @functools.cache
    def described() -> tuple[inspect.Signature, dict[str, Any]]:
        signature = inspect.signature(function, eval_str=True)
        return signature, {part.name: part.annotation for part in signature.parameters.values()}

    @functools.wraps(function)
    def door(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        signature, kinds = described()
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _converted(value, kinds[name], name)
        return function(*bound.args, **bound.kwargs)

    return door


def is_path(kind: Any) -> bool:
    """Whether an annotation is of paths: ``Path`` or ``list[Path]``, perhaps ``| None``."""
    return kind is Path or any(is_path(part) for part in get_args(kind))


def _converted(value: Any, kind: Any, name: str) -> Any:
    allowed = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    if not is_path(kind) or (value is None and type(None) in allowed):
        return value
    if any(get_origin(part) is list for part in allowed):
        one = isinstance(value, str | bytes | os.PathLike) or not hasattr(value, "__iter__")
        return [as_path(part, name) for part in ([value] if one else value)]
    return as_path(value, name)
