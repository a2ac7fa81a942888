"""The last seconds of a source as it sent them, for clips that begin before their event did."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

from oddframe.sources.coded_film import CodedFilm

MOST_BYTES = 64 * 2**20
"""Bytes of packets: 30 s of 16 Mbit/s."""
_PATIENCE = 5.0
"""Seconds that a source which can wait does so for a clip that is being written."""


@dataclass(frozen=True)
class KeptPacket:
    """A packet of the ring.

    Attributes:
        number: consecutive.
        packet: of PyAV; several clips may use it, so none may change it.
        seconds: when its picture is shown, on the axis of ``LiveFrame.seconds``.
        film: how it is coded.
    """

    number: int
    packet: Any
    seconds: float
    film: CodedFilm

    @property
    def decoded(self) -> float:
        """When it is to be decoded, on the same axis: all that is shown before then has come."""
        packet = self.packet
        if packet.dts is None:
            return self.seconds
        return self.seconds - float((packet.pts - packet.dts) * packet.time_base)


class PacketRing:
    """Packets from a key frame on, at least so many seconds of them where the bound allows it.

    Args:
        seconds: how far back a clip may begin. What a detector needs to find out that something
            began is to be added to the pre-roll.
        most_bytes: bound; then the oldest go, whatever they are needed for.
    """

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self.seconds = seconds
        self.waits = False
        self._most_bytes = most_bytes
        self._kept: deque[KeptPacket] = deque()
        self._bytes = 0
        self._next = 0
        self._film: CodedFilm | None = None
        self._keyless = True  # no key frame since the connection, of which a clip can begin
        self._closed = False
        self._followers: list[Follower] = []
        self.changed = threading.Condition()

    def begin(self, film: CodedFilm) -> None:
        """A connection begins; what it sends counts from its first key frame on."""
        with self.changed:
            self._film, self._keyless = film, True

    def push(self, packet: Any, seconds: float, size: tuple[int, int] | None = None) -> None:
        """Take the next packet.

        Args:
            packet: of PyAV, with times.
            seconds: when its picture is shown, on the axis of ``LiveFrame.seconds``.
            size: width and height of its picture, if they may have changed.
        """
        with self.changed:
            if self._film is None or (self._keyless and not packet.is_keyframe):
                return
            self._film = self._film.at(packet, size or self._film.size)
            if not self._film.is_known:  # a camera may tell of its coding by a packet of its own
                return
            self._keyless = False
            self._kept.append(KeptPacket(self._next, packet, seconds, self._film))
            self._next += 1
            self._bytes += packet.size
            self._let_go()
            self.changed.notify_all()

    def _let_go(self) -> None:
        """Drop what is too old, whole groups from key frame to key frame, and what is too much."""
        since = self._kept[-1].seconds - self.seconds
        last = 0  # place of the key frame that is to be the first
        for place, kept in enumerate(self._kept):
            if kept.seconds > since:
                break
            if kept.packet.is_keyframe:
                last = place
        if last and self.waits:
            first = self._kept[last].number
            self.changed.wait_for(
                lambda: all(follower.next >= first for follower in self._followers), _PATIENCE
            )
        self._drop(last)
        while self._bytes > self._most_bytes:
            keys = [place for place, kept in enumerate(self._kept) if kept.packet.is_keyframe]
            if len(keys) < 2:  # a single group that is too long: nothing until the next key frame
                self._drop(len(self._kept))
                self._keyless = True
                return
            self._drop(keys[1])

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= self._kept.popleft().packet.size

    def close(self) -> None:
        """The source is through: no more packets come."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()

    def follow(self, since: float) -> Follower:
        """Read along, from the last key frame at or before ``since``, or the first that is there.

        Args:
            since: on the axis of ``LiveFrame.seconds``.
        """
        with self.changed:
            keys = [kept for kept in self._kept if kept.packet.is_keyframe]
            before = [kept.number for kept in keys if kept.seconds <= since]
            first = before[-1] if before else keys[0].number if keys else self._next
            follower = Follower(self, first)
            self._followers.append(follower)
            return follower

    @property
    def bytes(self) -> int:
        """Bytes of the packets that are there."""
        with self.changed:
            return self._bytes

    @property
    def span(self) -> tuple[float, float] | None:
        """Times of the first and the last packet that are there."""
        with self.changed:
            return (self._kept[0].seconds, self._kept[-1].seconds) if self._kept else None

    def after(self, follower: Follower) -> list[KeptPacket]:
        """What a follower did not get yet; the lock is held."""
        if not self._kept or follower.next >= self._next:
            return []
        return list(islice(self._kept, max(follower.next - self._kept[0].number, 0), None))

    def forget(self, follower: Follower) -> None:
        """Wait for a follower no more."""
        with self.changed:
            self._followers.remove(follower)
            self.changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether no more packets come; the lock is held."""
        return self._closed


class Follower:
    """Reads along with a ring.

    Attributes:
        next: number of the packet that is next.
        missed: packets that were gone before they were read.
    """

    def __init__(self, ring: PacketRing, first: int) -> None:
        self.next = first
        self.missed = 0
        self._ring = ring

    def take(self, wait: float) -> list[KeptPacket] | None:
        """What has come since; empty if nothing does within ``wait`` seconds, None at the end."""
        ring = self._ring
        with ring.changed:
            ring.changed.wait_for(lambda: ring.after(self) or ring.is_closed, wait)
            new = ring.after(self)
            if not new:
                return None if ring.is_closed else []
            self.missed += new[0].number - self.next
            self.next = new[-1].number + 1
            ring.changed.notify_all()
            return new

    def close(self) -> None:
        """Read no more."""
        self._ring.forget(self)
