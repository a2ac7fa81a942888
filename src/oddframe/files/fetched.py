"""A file from a known address, or from one whose hash is given: fetched whole, and checked."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from oddframe.errors import OddframeError, unknown
from oddframe.files.addresses import ADDRESSES, Address, known
from oddframe.files.atomic import sha256_of
from oddframe.files.download import download


@dataclass(frozen=True)
class Fetched:
    """What ``fetch`` did.

    Attributes:
        path: the file, None if only the addresses were asked for.
        sha256: its hash.
        checked: whether the hash was compared with a known one.
        note: what to do with the file.
    """

    path: Path | None = None
    sha256: str = ""
    checked: bool = False
    note: str = ""

    def text(self) -> str:
        """A few lines for a person: the file and its hash, or the list of addresses."""
        if self.path is None:
            return _listing()
        known_hash = (
            "as expected"
            if self.checked
            else "not checked: no published hash is known; note it down and give it with --sha256 "
            "next time"
        )
        lines = [f"{self.path}", f"  sha256 {self.sha256} ({known_hash})"]
        return "\n".join([*lines, f"  {self.note}"] if self.note else lines)


def fetch_file(what: str, out: Path | None, sha256: str | None) -> Fetched:
    """Download a file, unless it is there; or nothing, for the list of addresses.

    Args:
        what: a name of the list, an ``https://`` address, or ``list``.
        out: the file to write, or an existing folder; None for the published name here.
        sha256: 64 hexadecimal digits that the file must have.

    Raises:
        OddframeError: an unknown name, a page that only a person can use, an address without a
            hash, another file that is there already, or a download that failed.
    """
    if what == "list":
        return Fetched()
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise OddframeError(f"--sha256: expected 64 hexadecimal digits, found '{sha256}'")
    address = _address(what, sha256)
    wanted = sha256.lower() if sha256 else address.sha256
    target = Path(address.file) if out is None else out
    if target.is_dir():
        target = target / address.file
    if target.exists():
        found = sha256_of(target)
        if found != wanted:
            raise OddframeError(
                f"{target}: is there already, with SHA-256 {found}"
                f"{f' instead of {wanted}' if wanted else ''}; delete it or choose another --out"
            )
    else:
        found = download(address.url, target, size=address.size, sha256=wanted)
    return Fetched(target, found, wanted is not None, address.note)


def _address(what: str, sha256: str | None) -> Address:
    if re.match(r"https?://", what):
        if sha256 is None:
            raise OddframeError(
                f"{what}: an address that is not in the list needs --sha256, the hash that its "
                "owner published"
            )
        name = PurePosixPath(unquote(re.split(r"[?#]", what)[0])).name
        return Address(what, "", what, "", name)
    address = known(what)
    if address is None:
        names = [part.name for part in ADDRESSES]
        raise OddframeError(f"{unknown('name', what, names)}, or an https:// address")
    if not address.file:
        raise OddframeError(
            f"{what}: a page to visit, no file that a program can download: {address.url}"
            f"{f' ({address.note})' if address.note else ''}"
        )
    return address


def _listing() -> str:
    lines = ["files: oddframe fetch NAME [--out FILE]"]
    lines += [line for part in ADDRESSES if part.file for line in _entry(part)]
    lines += ["", "pages to visit, whose files a program cannot download:"]
    lines += [line for part in ADDRESSES if not part.file for line in _entry(part)]
    return "\n".join(lines)


def _entry(address: Address) -> list[str]:
    facts = [f"licence: {address.licence}"]
    if address.file:
        facts.append(f"{address.size:,} bytes" if address.size else "size unknown")
        facts.append(f"sha256 {address.sha256}" if address.sha256 else "no published sha256")
    rest = [address.what, address.url, "; ".join(facts), address.note]
    wrapped = [line for part in rest for line in textwrap.wrap(part, 96, break_long_words=False)]
    return [f"  {address.name}", *(f"      {line}" for line in wrapped)]
