"""What systemd is told: that watching has begun, that it goes on, that it ends (``sd_notify``).

One datagram for each, to the socket that the service manager names; nothing where there is none.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Service:
    """The service manager.

    Args:
        environment: where it names its socket, ``NOTIFY_SOCKET``.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is abstract, which the kernel writes with a zero.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        """All cameras are being watched."""
        self._say("READY=1")

    def alive(self) -> None:
        """Every thread moves."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """It is going to end."""
        self._say("STOPPING=1")

    def _say(self, said: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.sendto(said.encode(), self._address)
