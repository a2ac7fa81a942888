"""Cameras, and files that are being written: packets until nothing comes any more.

To FFmpeg a server that dies is the end of a file, and one that falls silent is an error only where
a timeout is given; after one, it says that it came to the end of its patience in several ways. So
every end is a :class:`Lost` here, and silence is measured here too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from oddframe.media.containers import open_input
from oddframe.media.file_frame import FileFrame, shown_size
from oddframe.sources.coded_film import CodedFilm
from oddframe.sources.feed import Filmed, FilmOf
from oddframe.sources.growing import GrowingFile
from oddframe.sources.lost import Lost
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.source import Source
from oddframe.sources.still_coder import RAW, StillCoder
from oddframe.sources.wall_clock import WallClock

_TIMES_SILENT = 3.0
"""Timeouts without a picture, whatever else comes; where nothing does, FFmpeg gives up before."""
_QUICKLY = {"probesize": "500000", "analyzeduration": "1000000", "fpsprobesize": "0"}
"""First picture after 1.6 s and not 4; with ``nobuffer`` the key frame would be thrown away that
came meanwhile, and the next may be ten seconds off."""
_HTTP_PROTOCOLS = "http,https,httpproxy,tcp,tls"
_HTTP_FORMATS = "mpjpeg,mjpeg,mpegts,flv,live_flv,matroska,webm,mov,mp4,h264,hevc"
_UNTIMED = ("mpjpeg", "mjpeg", "jpeg_pipe", "image2pipe")
"""Formats without time stamps: FFmpeg counts 1/25 s a picture, however often they come."""
_BLOCKED = 0.005
"""Seconds that a read takes when its packet was not there yet."""
_LATE, _EARLY = 0.5, 30.0
"""Seconds by which a picture may miss its turn before others are moved."""


class Turns:
    """When pictures are due that come in bursts, such as a segment of HLS: evenly."""

    def __init__(self) -> None:
        self._base: float | None = None

    def due(self, stamp: float) -> float:
        """Steady time (``time.monotonic``) at which a picture with this stamp is to be shown."""
        now = time.monotonic()
        if self._base is None or not now - _LATE <= stamp + self._base <= now + _EARLY:
            self._base = now - stamp
        return stamp + self._base


class CameraFeed:
    """One connection to a camera, or one opening of a file that grows.

    Sound is neither asked for nor kept. Pictures that were sent before the connection stood are
    decoded and kept for clips, and not given.
    """

    def __init__(
        self,
        source: Source,
        clock: WallClock,
        ring: PacketRing | None,
        growing: GrowingFile | None,
        wanted: Callable[[], bool],
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._clock = clock
        self._ring = ring
        self._growing = growing
        if growing is not None:
            growing.begin()
        self._container = _open(source)
        if not self._container.streams.video:
            sound = "sound only" if self._container.streams.audio else ""
            self._container.close()
            raise Lost("no-video", sound)
        self._stream = self._container.streams.video[0]
        # By slices: threads that decode whole frames at once hold back one each.
        self._stream.thread_type = "SLICE"
        self._is_timed = self._container.format.name not in _UNTIMED
        self.codec: str = self._stream.codec_context.name
        self._stills = StillCoder(ring) if ring is not None and self.codec in RAW else None
        self._turns = Turns() if source.kind in ("hls", "growing") else None
        self._film: FilmOf | None = None
        # What was lost shows as smears until the next key frame, and would be odd indeed.
        self._is_damaged = False
        self.fps: float | None = None  # what cameras claim is often wrong
        self.damaged = 0
        if not wanted():
            return
        clock.connect()
        if ring is not None and self._stills is None:
            ring.begin(CodedFilm.of(self._stream))

    def __iter__(self) -> Iterator[Filmed | None]:
        patience = _TIMES_SILENT * self._source.timeout
        asked = pictured = time.monotonic()
        is_live = self._source.kind != "rtsp"  # only there what was sent meanwhile comes first
        for packet in self._packets():
            if not self._wanted():
                return
            is_live |= time.monotonic() - asked > _BLOCKED
            if packet.stream is self._stream and packet.size:
                if self._growing is not None and self._growing.is_known(packet):
                    pictured = time.monotonic()
                    yield None
                    continue
                self._put_right(packet)
                for filmed in self._filmed(packet):
                    pictured = time.monotonic()
                    yield filmed if is_live else None
            if time.monotonic() - pictured > patience:
                raise Lost("silent" if self._film else "no-video", "packets come, and no picture")
            asked = time.monotonic()
        raise Lost("ended")

    def _packets(self) -> Iterator[Any]:
        import av

        try:
            yield from self._container.demux()
        except av.error.FFmpegError:
            if not self._stream.codec_context.width:  # it was asked to play, and has not begun
                raise Lost("no-video") from None
            raise

    def _put_right(self, packet: Any) -> None:
        """See to it that a packet has times."""
        tick = float(packet.time_base)
        given = packet.dts if packet.dts is not None else packet.pts
        stamp = given * tick if self._is_timed and given is not None else None
        used = self._clock.arrive(stamp)
        if stamp is None:
            packet.pts = packet.dts = round(used / tick)
        elif packet.pts is None:
            packet.pts = packet.dts

    def _filmed(self, packet: Any) -> Iterator[Filmed]:
        import av

        self._is_damaged = packet.is_corrupt or (self._is_damaged and not packet.is_keyframe)
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self._is_damaged = True
            self.damaged += 1
            return
        self._keep(packet, frames)
        for frame in frames:
            self._is_damaged |= frame.is_corrupt
            if self._is_damaged or frame.pts is None:
                self.damaged += 1
                continue
            stamp = float(frame.pts * frame.time_base)
            moment = self._clock.moment(stamp)
            size = shown_size(frame)
            if self._film is None or self._film.size != size:
                self._film = FilmOf(self._source.shown, size)
            picture = FileFrame(0, moment.seconds, frame, self._film)
            due = None if self._turns is None else self._turns.due(stamp)
            yield Filmed(picture, size, moment.seconds, moment.at, moment.lag, due)

    def _keep(self, packet: Any, frames: list[Any]) -> None:
        """Put it into the ring; once it is decoded, the decoder knows its size."""
        if self._ring is None:
            return
        seconds = self._clock.seconds(float(packet.pts * packet.time_base))
        if self._stills is not None:
            for frame in frames:
                self._stills.push(frame, seconds)
        else:
            context = self._stream.codec_context
            self._ring.push(packet, seconds, (context.width, context.height))

    def close(self) -> None:
        """Hang up."""
        self._container.close()


def _open(source: Source) -> Any:
    """PyAV's container of a camera, or of a file that grows."""
    microseconds = str(round(source.timeout * 1e6))
    waiting = {"timeout": microseconds, "rw_timeout": microseconds}
    options = {
        "rtsp": {
            "rtsp_transport": source.transport,
            "timeout": microseconds,
            "allowed_media_types": "video",
            "protocol_whitelist": f"rtsp,rtsps,rtp,udp,{_HTTP_PROTOCOLS}",
        },
        "http": {
            **waiting,
            "protocol_whitelist": _HTTP_PROTOCOLS,
            "format_whitelist": _HTTP_FORMATS,
        },
        "hls": {
            **waiting,
            "protocol_whitelist": f"crypto,{_HTTP_PROTOCOLS}",
            "format_whitelist": "hls,mpegts,mov,mp4,aac",
            # Else a list that stays as it is counts as news for 18 s.
            "max_reload": "5",
            "m3u8_hold_counters": "3",
        },
        "usb": {},
        "growing": {
            "follow": "1",
            "protocol_whitelist": "file",
            "format_whitelist": "mpegts,matroska,webm,flv",
        },
    }[source.kind]
    return open_input(
        f"file:{source.address}" if source.kind == "growing" else source.address,
        format="v4l2" if source.kind == "usb" else None,
        options={**_QUICKLY, **options},
        timeout=(source.timeout, source.timeout),
    )
