"""Connections of viewers: how many there may be, and how long one may do nothing.

A viewer who stops reading, or who never finishes asking, costs a socket and a task of this process,
which films cameras beside. Both are given up after a while, and there are only so many sockets.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_OPEN = 512
"""Connections; the next ones are closed at once, before the process runs out of files, which
cameras and the journal need too."""
ASKING_SECONDS = 20.0
"""After which a viewer who sends nothing more of a request is left, or half of it."""
UNSENT_BYTES = 1 << 17
"""That the system keeps of a connection and has not sent: two grids of stills, or pictures."""
READING_SECONDS = 60.0
"""After which a viewer who reads nothing of what was sent is left. A browser that held back a film
asks for the rest of it when it goes on."""

# Linux has both, macOS the first; elsewhere slow viewers see what was, and stay.
_NOT_SENT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_WAIT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


class PatientConnection(H11Protocol):
    """A connection as uvicorn has it, that does not wait for ever."""

    _look: asyncio.TimerHandle | None = None
    _came = 0

    def connection_made(self, transport: Any) -> None:
        """Take it, or close it where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_OPEN:
            transport.abort()
            return
        self._look_again(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something of a request came."""
        self._came += 1
        super().data_received(data)

    def _look_again(self, before: int | None) -> None:
        """Close it where nothing came since the last look of a request that is not there in full.

        Args:
            before: how often something had come then; None where a request was there in full.
        """
        is_asking = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        came = self._came if is_asking and not self.flow.read_paused else None
        if came is not None and came == before:
            self.transport.abort()
            return
        self._look = self.loop.call_later(ASKING_SECONDS / 2, self._look_again, came)


def set_options(listening: socket.socket) -> None:
    """Have the system send at once, keep little, and leave who takes nothing.

    An answer is sent as head and body: without ``TCP_NODELAY`` the body of each but the first would
    wait for the other end's word, 40 ms. What follows each other for ever, stills and films, would
    come late by all that the system keeps for a slow connection: megabytes, if it may.

    Args:
        listening: what connections are made to; they take it over from there.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in ((_NOT_SENT, UNSENT_BYTES), (_WAIT, round(1000 * READING_SECONDS))):
        if option is not None:
            listening.setsockopt(socket.IPPROTO_TCP, option, value)
