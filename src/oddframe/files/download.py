"""Downloads that go on where they stopped, and files that are whole or absent.

What has arrived lies in ``<file>.partial`` until its size and hash are right; then it is renamed.
Beside it, ``<file>.partial.json`` says which address and which state of it the bytes belong to,
so that a file changed on the server is never sewn together from two halves.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from oddframe import __version__
from oddframe.console.progress import Progress, progress
from oddframe.errors import OddframeError
from oddframe.files.atomic import cannot_write, sha256_of, write_json

_CHUNK = 1 << 18
_TIMEOUT = 60.0


def download(
    url: str, target: str | Path, *, size: int | None = None, sha256: str | None = None
) -> str:
    """Download a file, going on where an earlier attempt stopped.

    Args:
        url: ``http://`` or ``https://`` address.
        target: the file to write; it must not exist.
        size: bytes it must have, if known.
        sha256: 64 hexadecimal digits that it must have, if known.

    Returns:
        The SHA-256 of the file.

    Raises:
        OddframeError: no network, refused by the server, a web page instead of a file, a transfer
            that ended early (what came is kept), a wrong size or hash (what came is deleted), a
            folder that cannot be written.
    """
    target = Path(target)
    partial = target.with_name(f"{target.name}.partial")
    state = target.with_name(f"{target.name}.partial.json")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with progress() as bar:
            _transfer(url, partial, state, size, bar)
        found = sha256_of(partial)
        if sha256 is not None and found != sha256.lower():
            partial.unlink()
            state.unlink(missing_ok=True)
            raise OddframeError(
                f"{url}: expected SHA-256 {sha256.lower()}, found {found}; the download was "
                "deleted, the file has changed or the hash is that of another one"
            )
        partial.replace(target)
        state.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(target, error) from error
    return found


def _transfer(url: str, partial: Path, state: Path, size: int | None, bar: Progress) -> None:
    """Fetch what is missing into ``partial``."""
    before = _read_state(state)
    have = partial.stat().st_size if partial.exists() else 0
    # Without a mark of the server's (ETag, date) nobody can tell if the rest fits the beginning.
    total, mark = before.get("total"), before.get("mark")
    goes_on = before.get("url") == url and bool(mark and total) and 0 < have <= total
    if goes_on and have == total:
        return
    headers = {"User-Agent": f"oddframe/{__version__}", "Accept-Encoding": "identity"}
    if goes_on:
        headers |= {"Range": f"bytes={have}-", "If-Range": mark}
    with _open(url, headers) as answer:
        _refuse_pages(url, answer, partial)
        start = have if answer.status == 206 and goes_on else 0
        total = _total(answer, start)
        if total is not None and size is not None and total != size:
            raise OddframeError(
                f"{url}: expected {size:,} bytes, the server has {total:,}; the file has changed"
            )
        mark = answer.headers.get("ETag", "")
        if not mark or mark.startswith("W/"):  # a weak mark says nothing about single bytes
            mark = answer.headers.get("Last-Modified", "")
        write_json(state, {"url": url, "mark": mark, "total": total})
        done, reason = _receive(answer, partial, start, total, bar)
    expected = total if total is not None else size
    if reason or (expected is not None and done != expected):
        whole = f"{expected:,}" if expected is not None else "an unknown number of"
        raise OddframeError(
            f"{url}: the transfer ended after {done:,} of {whole} bytes"
            f"{f' ({reason})' if reason else ''}; run the same command again, it goes on from "
            "there if the server allows"
        )


def _receive(
    answer: http.client.HTTPResponse, partial: Path, start: int, total: int | None, bar: Progress
) -> tuple[int, str]:
    """Append the answer to the file; bytes it has then, and what broke off the transfer."""
    done = start
    name = partial.name.removesuffix(".partial")
    with partial.open("r+b" if start else "wb") as stream:
        stream.seek(start)
        stream.truncate()
        try:
            while True:
                try:
                    chunk = answer.read(_CHUNK)
                except (OSError, http.client.HTTPException) as error:
                    return done, str(error) or type(error).__name__
                if not chunk:
                    return done, ""
                stream.write(chunk)
                done += len(chunk)
                bar.count(name, done, total)
        finally:
            stream.flush()
            os.fsync(stream.fileno())


def _open(url: str, headers: dict[str, str]) -> Any:
    try:
        return urlopen(Request(url, headers=headers), timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        raise OddframeError(
            f"{url}: the server answered {error.code} {error.reason}; the address may have moved, "
            "see 'oddframe fetch list'"
        ) from error
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OddframeError(
            f"{url}: no connection ({reason}); look at the network, or download it elsewhere and "
            "copy it here"
        ) from error


def _refuse_pages(url: str, answer: Any, partial: Path) -> None:
    """A link that has died often answers with a page about it instead of an error."""
    name = partial.name.removesuffix(".partial")
    page = answer.headers.get_content_type() == "text/html"
    if page and not name.endswith((".html", ".htm")):
        raise OddframeError(
            f"{url}: expected a file, found a web page; open the address in a browser and download "
            "the file by hand"
        )


def _total(answer: Any, start: int) -> int | None:
    """Bytes of the whole file, as the server says; None if it does not."""
    if answer.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != start:
            raise OddframeError(
                f"{answer.url}: asked for the bytes from {start}, found "
                f"'{answer.headers.get('Content-Range')}'; delete the .partial file and try again"
            )
        return int(match[2])
    length = answer.headers.get("Content-Length")
    return int(length) if length is not None and length.isdigit() else None


def _read_state(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
