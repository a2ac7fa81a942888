"""A Ray cluster of nodes that are process groups on this machine, of which one can be killed."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 300.0


class Nodes:
    """The nodes, each in a session of its own.

    Attributes:
        address: of the head.
        environment: what processes need that connect to it.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self.environment = {
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }
        self._sessions: list[int] = []

    def start(self) -> None:
        """One more, of one CPU, which is there afterwards; the first is the head."""
        own = [f"--address={self.address}"]
        if not self._sessions:
            own = ["--head", f"--port={self._port}", "--include-dashboard=false"]
        own += ["--num-cpus=1", "--object-store-memory=80000000", "--node-ip-address=127.0.0.1"]
        node = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", *own],
            env={**os.environ, **self.environment},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._sessions.append(node.pid)
        assert node.wait(PATIENCE) == 0, "a node does not start"

    def kill(self, number: int) -> None:
        """All of a node's processes at once, as when its plug is pulled."""
        for process in _of_session(self._sessions[number]):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def stop(self) -> None:
        """All nodes."""
        for number in reversed(range(len(self._sessions))):
            self.kill(number)


def _of_session(leader: int) -> set[int]:
    """Its processes, and their children wherever these are."""
    parents, found = {}, set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = status.read_text().rpartition(")")[2].split()
            parents[int(status.parent.name)] = int(words[1])
            if int(words[3]) == leader:
                found.add(int(status.parent.name))
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@contextmanager
def ray_nodes() -> Generator[Nodes]:
    """A head, to which others are added."""
    nodes = Nodes()
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.stop()
