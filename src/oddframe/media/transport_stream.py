"""Whether an MPEG transport stream ends with a whole packet.

Such a stream has no header that promises a length, since it is made for broadcast. But all of its
packets have one size, so that a file that was cut anywhere nearly always ends within one.
"""

from __future__ import annotations

from pathlib import Path

_SYNC = 0x47
"""First byte of each packet (ISO/IEC 13818-1, 2.4.3.2)."""
_SIZES = {188: 188, 192: 188, 204: 204}
"""Bytes from packet to packet, and from the sync byte to the packet's end.

Blu-ray and camcorders (192) put a time before each packet, DVB (204) a checksum behind it.
"""
_LOOKED_AT = 50
"""Packets at the end of the file, all of which must have the sync byte in one place."""


def ends_within_a_packet(path: Path) -> bool:
    """Whether the file is packets to its last byte, and the last one is not whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LOOKED_AT * max(_SIZES)))
        tail = file.read()
    left = set()
    for size, length in _SIZES.items():
        if len(tail) >= 10 * size:
            starts = (len(tail) - ago for ago in range(1, size + 1))
            left |= {
                length - (len(tail) - start)
                for start in starts
                if all(byte == _SYNC for byte in tail[start::-size])
            }
    return bool(left) and 0 not in left
