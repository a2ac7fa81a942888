"""A time limit for a whole exchange with a server, however slowly it answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress


@contextmanager
def cut_after(seconds: float, sock: Callable[[], socket.socket | None]) -> Generator[None]:
    """For the block, an exchange by a socket takes no longer than this.

    A socket's own time limit begins anew with each byte of a server that drips.

    Args:
        seconds: from now on.
        sock: the socket, asked when the time is over.

    Raises:
        TimeoutError: the time was over, and something in the block failed by it.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        held = sock()
        if held is not None:
            with suppress(OSError):
                # Of the plain socket: TLS is in the hands of the thread that waits.
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
