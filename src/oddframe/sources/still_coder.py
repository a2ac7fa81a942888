"""Pictures that come as they are, coded as JPEGs so that a ring can hold seconds of them."""

from __future__ import annotations

from typing import Any

from oddframe.sources.coded_film import CodedFilm
from oddframe.sources.packet_ring import PacketRing

RAW = ("wrapped_avframe", "rawvideo")
"""FFmpeg's names of what is not coded: of USB cameras without JPEG, and of made pictures."""


class StillCoder:
    """Puts decoded frames into a ring."""

    def __init__(self, ring: PacketRing) -> None:
        self._ring = ring
        self._coder: Any = None

    def push(self, frame: Any, seconds: float) -> None:
        """Code a frame of PyAV, and keep it."""
        import av

        if self._coder is None or (self._coder.width, self._coder.height) != (
            frame.width,
            frame.height,
        ):
            coder = av.CodecContext.create("mjpeg", "w")
            coder.width, coder.height, coder.pix_fmt = frame.width, frame.height, "yuvj420p"
            coder.time_base = frame.time_base
            coder.thread_count = 1
            self._coder = coder
            self._ring.begin(CodedFilm("mjpeg", (frame.width, frame.height)))
        pts = frame.pts
        still = frame.reformat(format="yuvj420p")
        still.pts, still.time_base = pts, frame.time_base
        for packet in self._coder.encode(still):
            self._ring.push(packet, seconds)
