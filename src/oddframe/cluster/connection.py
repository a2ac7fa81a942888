"""A Ray cluster: one of our own on this machine, or one that is there already."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError

_PATIENCE_SECONDS = 5.0


def check_ray() -> None:
    """Raise an error that says how to install Ray, if it is not there.

    Raises:
        OddframeError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise OddframeError(
            f"this needs Ray, which is not installed; install it with: {how_to_install('ray')}"
        )


@contextmanager
def connected(address: str | None = None, workers: int | None = None) -> Generator[None]:
    """Connect to a Ray cluster, or start one on this machine that ends with the block.

    Inside the block SIGTERM is what Ctrl-C is by then, so that what was started ends in order;
    Ray's own handler may abort with a page of addresses.

    Args:
        address: ``host:port`` of a running cluster's head, or ``auto`` for the one that runs on
            this machine; None starts one.
        workers: processors of a cluster that is started; by default those of the machine.

    Raises:
        OddframeError: Ray is not installed, nothing answers at the address, or the cluster there
            wants a token that was not shown to it.
    """
    check_ray()
    if address is not None:
        _check_reachable(address)
    # Ray reports the use of a cluster to its makers unless it is told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    # Ray speaks on the terminal of things that its user did not ask for.
    quiet: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "configure_logging": False,
    }
    before, interrupting = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    # Its word on tokens comes before it looks at the level that it was given.
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        if address is None:
            ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
        else:
            ray.init(address, **quiet)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if address is None:
            raise OddframeError(f"Ray does not start ({reason})") from error
        hint = "see 'ray status'"
        if "RAY_AUTH_MODE" not in os.environ:
            # Ray sends its token to an address that somebody names only when told to.
            hint += (
                "; if 'ray start' said that token authentication is enabled, set "
                "RAY_AUTH_MODE=token"
            )
        raise OddframeError(
            f"--ray {address}: no Ray cluster lets us in ({reason}); {hint}"
        ) from error
    try:
        with _terminated_as_interrupted(before, interrupting):
            yield
    finally:
        ray.shutdown()


@contextmanager
def _terminated_as_interrupted(before: Any, interrupting: Any) -> Generator[None]:
    """For the block, SIGTERM does what Ctrl-C does; then what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other may change it, and Ray has not
        return
    signal.signal(signal.SIGTERM, interrupting)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_reachable(address: str) -> None:
    """Find out in seconds what Ray would try for a minute."""
    if address == "auto":
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise OddframeError(
            f"--ray: expected HOST:PORT of a running cluster's head, such as 10.0.0.1:6379, or "
            f"auto, found '{address}'"
        )
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise OddframeError(
            f"--ray {address}: nothing answers there ({error.strerror or error}); start a cluster "
            f"with 'ray start --head --port={port}' on {host}, or leave out --ray"
        ) from error
