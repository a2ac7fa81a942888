"""When the packets of a video file are shown, where its times go back or round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_FLV_ROUND = 1 << 24
"""Milliseconds after which the time from decoding a picture to showing it begins anew in FLV."""


@dataclass
class PacketTimes:
    """Times of the packets of one stream, read in the order of the file.

    In files that are joined, or of a clock that was set back, time goes on from what was shown
    last, so that no two frames have the same.

    Attributes:
        container: FFmpeg's name of the format.
    """

    container: str
    _moved: int = 0  # ticks by which times are moved
    _decoded: int | None = None  # when the last packet was to be decoded
    _latest: int = 0  # when the last picture so far is shown

    def put_right(self, packet: Any) -> Any:
        """The packet of PyAV, with its times put right."""
        if packet.pts is None or packet.dts is None:
            return packet
        ahead = packet.pts - packet.dts
        if self.container == "flv" and abs(ahead) > _FLV_ROUND // 2:  # hours not filmed
            packet.pts = packet.dts + ahead % _FLV_ROUND
        step = max(packet.duration or 0, 1)
        if self._decoded is not None and packet.dts + self._moved < self._decoded - step:
            self._moved = self._latest + step - packet.pts
        packet.pts += self._moved
        packet.dts += self._moved
        self._latest = packet.pts if self._decoded is None else max(self._latest, packet.pts)
        self._decoded = packet.dts
        return packet
