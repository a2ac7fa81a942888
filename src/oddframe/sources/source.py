"""What is watched: an address, what kind of thing it names, and how it is to be read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from oddframe.console.redaction import redacted, trouble_of_login
from oddframe.errors import OddframeError, nearest
from oddframe.files.paths import as_path

Kind = Literal["rtsp", "http", "hls", "usb", "file", "growing", "folder", "lavfi"]
Transport = Literal["tcp", "udp"]
Pace = Literal["file", "fast"]

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_SCHEMES: dict[str, Kind] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
_PREFIXES: tuple[Kind, ...] = ("growing", "lavfi")
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]]+)(?::(\d{1,9}))?")
_USB = re.compile(r"/dev/video\d+|\d{1,3}")
_LONGEST_TIMEOUT = 3600.0
_WHAT = (
    "a camera (rtsp://, http://, https://, /dev/video0 or 0), growing:FILE, lavfi:GRAPH, a folder "
    "that receives recordings, or a video file"
)


@dataclass(frozen=True)
class Source:
    """One thing to watch.

    Attributes:
        kind: what it is. ``http`` is a stream of JPEGs, MPEG-TS and the like, ``hls`` a playlist;
            ``growing`` a file that is being written, ``folder`` one that receives finished
            recordings, ``lavfi`` a graph of FFmpeg's filters that makes its own pictures.
        address: as FFmpeg or the file system takes it; may hold a password.
        transport: how RTSP brings its packets.
        pace: of a recording or a made picture: as it was filmed (``file``), or as fast as its
            frames are taken, none dropped (``fast``). Cameras have their own, and the recordings
            in a folder are always read as fast as they are taken.
        timeout: seconds that a single read may last. Silence is noticed after about twice that.
    """

    kind: Kind
    address: str = field(repr=False)
    transport: Transport = "tcp"
    pace: Pace = "file"
    timeout: float = 5.0

    @property
    def shown(self) -> str:
        """The address for a person, without a login."""
        return (f"{self.kind}:" if self.kind in _PREFIXES else "") + redacted(self.address)

    @property
    def is_finite(self) -> bool:
        """Whether its end is an end, and not a disconnect."""
        return self.kind in ("file", "lavfi")

    @property
    def waits(self) -> bool:
        """Whether reading waits until frames are taken, so that none is dropped."""
        own_pace = self.kind in ("rtsp", "http", "hls", "usb")
        return self.kind == "folder" or (self.pace == "fast" and not own_pace)


def source_of(
    text: str, *, transport: str = "tcp", pace: str = "file", timeout: float = 5.0
) -> Source:
    """The source that an address names.

    Args:
        text: an address as in the documentation of ``watch``.
        transport: ``tcp`` or ``udp``; matters to RTSP alone.
        pace: ``file`` or ``fast``, see :class:`Source`.
        timeout: seconds, see :class:`Source`.

    Raises:
        OddframeError: no such kind of address, no such file, or a value that is none of those.
    """
    if trouble := trouble_of_login(text):
        raise OddframeError(trouble)
    shown = redacted(text)
    if transport not in get_args(Transport):
        raise OddframeError(f"{shown}: transport must be tcp or udp, found '{transport}'")
    if pace not in get_args(Pace):
        raise OddframeError(f"{shown}: pace must be file or fast, found '{pace}'")
    if not (math.isfinite(timeout) and 0 < timeout <= _LONGEST_TIMEOUT):
        raise OddframeError(
            f"{shown}: timeout must be above 0 and at most {_LONGEST_TIMEOUT:g} seconds, found "
            f"{timeout:g}"
        )
    kind, address = _kind_and_address(text, shown)
    return Source(kind, address, cast(Transport, transport), cast(Pace, pace), timeout)


def _kind_and_address(text: str, shown: str) -> tuple[Kind, str]:
    if not text.strip():
        raise OddframeError(f"source: expected {_WHAT}, found nothing")
    if any(ord(character) < 32 for character in text):
        raise OddframeError(f"{shown}: expected an address, found control characters in it")
    if found := _ADDRESS.fullmatch(text):
        scheme = found[1].lower()
        if scheme not in _SCHEMES:
            raise OddframeError(
                f"{shown}: unknown kind of address '{scheme}://'; {nearest(scheme, _SCHEMES)}"
                f"expected {_WHAT}"
            )
        place = found[2].rpartition("@")[2]
        if found[2].startswith("/") or not re.match(r"[^/?#]", place):
            raise OddframeError(f"{shown}: expected a host after '{scheme}://', found none")
        if not _is_place(found[2]):
            raise OddframeError(
                f"{shown}: expected HOST or HOST:PORT after '{scheme}://', found neither; an "
                "address of IPv6 stands in [ ], and a port is a number up to 65535"
            )
        path = re.split(r"[?#]", found[2])[0]
        is_playlist = _SCHEMES[scheme] == "http" and path.lower().endswith((".m3u8", ".m3u"))
        return ("hls" if is_playlist else _SCHEMES[scheme]), text
    for prefix in _PREFIXES:
        if text.startswith(f"{prefix}:"):
            rest = text[len(prefix) + 1 :]
            if not rest.strip():
                raise OddframeError(f"{text}: expected something after '{prefix}:', found nothing")
            return prefix, rest
    if _USB.fullmatch(text):
        return "usb", text if text.startswith("/") else f"/dev/video{text}"
    return _on_disk(as_path(text, "source"), text)


def _is_place(address: str) -> bool:
    """Whether a host and a port follow the login, as far as it is plain where that ends."""
    front = re.split(r"[/?#]", address)[0]
    if "@" not in front and "@" in address:  # a password with a sign that ends a host, or a path
        return True
    found = _PLACE.fullmatch(front.rpartition("@")[2])
    return found is not None and (found[1] is None or 0 < int(found[1]) < 1 << 16)


def _on_disk(path: Path, text: str) -> tuple[Kind, str]:
    if path.is_dir():
        return "folder", text
    if path.is_file():
        return "file", text
    # It may be an address of which the beginning is missing.
    shown = redacted(f"://{text}").removeprefix("://") if ":" in text.split("@")[0] else text
    raise OddframeError(f"{shown}: expected {_WHAT}; found no such file")
