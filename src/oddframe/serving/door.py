"""Where the page listens, and whether others may come."""

from __future__ import annotations

from dataclasses import dataclass

from oddframe.errors import OddframeError

_LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Door:
    """Where the page listens.

    Attributes:
        host, port: of this machine; port 0 takes one that is free.
        names: under which this machine is asked for, beside numbers and its own.
    """

    host: str = "127.0.0.1"
    port: int = 8777
    names: tuple[str, ...] = ()

    def check(self, *, guarded: bool) -> None:
        """Refuse what nobody should mean.

        Args:
            guarded: whether there is a password.

        Raises:
            OddframeError: others could come without a password, or there is no such port.
        """
        if not 0 <= self.port < 1 << 16:
            raise OddframeError(f"--port: expected 0 to 65535, found {self.port}")
        if self.host not in _LOCAL and not guarded:
            raise OddframeError(
                f"--host {self.host}: others could look and decide, since no password is set; "
                "set one first: oddframe serve --set-password owner"
            )
