"""How packets are coded: what a clip needs of a connection, once that is gone."""

from __future__ import annotations

import io
import weakref
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

COPIED = ("h264", "hevc", "av1", "vp9")
"""What goes into an MP4 as it is, and plays in browsers; all else is coded again as H.264."""
_START = b"\x00\x00\x01"
_PARAMETERS = {"h264": (0x1F, 0, (7, 8)), "hevc": (0x7E, 1, (32, 33, 34))}
"""Mask and shift that make a NAL unit's first byte its type, and the types of parameter sets."""


class Template:
    """A stream of PyAV like another, in a box of its own, so that the other's may be closed.

    Box and stream hold each other. Left to Python's collector of such circles, which comes seldom
    to a large process that makes few of them, hundreds of boxes would wait, of 90 KB each.

    Args:
        stream: of an open container.

    Attributes:
        stream: to be used as long as this is there.
    """

    def __init__(self, stream: Any) -> None:
        import av  # 0.1 s that `oddframe --help` should not pay

        box = av.open(io.BytesIO(), "w", format="matroska")
        self.stream: Any = box.add_stream_from_template(stream, opaque=True)
        weakref.finalize(self, box.close).atexit = False


@dataclass(frozen=True)
class CodedFilm:
    """The coding of consecutive packets.

    Attributes:
        codec: FFmpeg's name.
        size: width and height, in pixels.
        extradata: what a decoder has to know before the first packet.
        template: what a clip's stream is made from; None where packets are coded again.
    """

    codec: str
    size: tuple[int, int]
    extradata: bytes = b""
    template: Template | None = field(default=None, compare=False)

    @classmethod
    def of(cls, stream: Any) -> CodedFilm:
        """The coding of a stream of PyAV, which may be closed afterwards."""
        context = stream.codec_context
        name = context.name if context.codec is None else context.codec.canonical_name
        template = Template(stream) if name in COPIED else None
        return cls(name, (context.width, context.height), bytes(context.extradata or b""), template)

    @property
    def is_copied(self) -> bool:
        """Whether packets go into a clip as they are."""
        return self.template is not None

    @property
    def is_known(self) -> bool:
        """Whether a player has all that it takes; without parameter sets it opens no clip."""
        return bool(self.extradata) or self.codec not in _PARAMETERS

    def at(self, packet: Any, size: tuple[int, int]) -> CodedFilm:
        """The coding from a packet on: cameras tell of a new one in the stream, at a key frame.

        Args:
            packet: of PyAV.
            size: of its picture.
        """
        extradata = self.extradata
        if packet.is_keyframe and extradata[:1] != b"\x01":  # 1: of an MP4, whose packets have none
            extradata = parameter_sets(bytes(packet), self.codec) or extradata
        if (extradata, size) == (self.extradata, self.size):
            return self
        return replace(self, extradata=extradata, size=size)

    def add_to(self, output: Any) -> Any:
        """A stream for these packets in an MP4 of PyAV that is being written."""
        assert self.template is not None
        stream = output.add_stream_from_template(self.template.stream, opaque=True)
        stream.codec_context.extradata = self.extradata
        stream.codec_context.width, stream.codec_context.height = self.size
        stream.time_base = TICK
        if self.codec == "hevc":
            stream.codec_context.codec_tag = "hvc1"  # the name under which Apple's players take it
        return stream


TICK = Fraction(1, 90_000)
"""Seconds of a time stamp in clips."""


def parameter_sets(packet: bytes, codec: str) -> bytes:
    """The parameter sets in a packet of H.264 or H.265, with start codes; empty if it has none."""
    if codec not in _PARAMETERS:
        return b""
    mask, shift, kinds = _PARAMETERS[codec]
    sets = []
    at = packet.find(_START)
    while 0 <= at < len(packet) - 3:
        following = packet.find(_START, at + 3)
        unit = packet[at + 3 : following if following >= 0 else len(packet)]
        if (unit[0] & mask) >> shift in kinds:
            sets.append(b"\x00" + _START + unit.rstrip(b"\x00"))
        elif sets:  # they come first, and a picture is long
            break
        at = following
    return b"".join(sets)
