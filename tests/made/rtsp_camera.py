"""A real camera: GStreamer's RTSP server, which can be stopped, killed and frozen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("rtsp_camera_process.py")
_HAS_SERVER = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
missing = [n for n in ("openh264enc", "jpegenc", "rtph264pay") if not Gst.ElementFactory.find(n)]
raise SystemExit(", ".join(missing) or None)
"""


def free_port() -> int:
    """A port that nobody listens on, nor on the one after it."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class RtspCamera:
    """A camera that can be switched off and on, frozen, and changed."""

    def __init__(self, address: str = "127.0.0.1", before: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self.address = address
        self._before = before
        self._process: subprocess.Popen | None = None
        self.on()

    @property
    def url(self) -> str:
        return f"rtsp://{self.address}:{self.port}"

    def on(self, width: int = 320, height: int = 240) -> None:
        command = [PYTHON, str(SCRIPT), self.address, str(self.port), str(width), str(height)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/root")}
        self._process = subprocess.Popen(
            [*self._before, *command], stdout=subprocess.PIPE, env=environment, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "listening\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def rtsp_server() -> None:
    """Skips, and says so, where the packages of ``.ci/run`` are missing."""
    if not Path(PYTHON).exists():
        found = f"no {PYTHON}"
    else:
        run = subprocess.run([PYTHON, "-c", _HAS_SERVER], capture_output=True, text=True)
        found = run.stderr.strip().splitlines()[-1] if run.returncode else ""
    if found:
        text = f"UNTESTED: no RTSP server here ({found}); .ci/run installs GStreamer's with apt"
        warnings.warn(text, stacklevel=1)
        pytest.skip(text)


@pytest.fixture(scope="module")
def steady_camera(rtsp_server: None) -> Generator[RtspCamera]:
    """One for all tests of a module that leave it as it is."""
    camera = RtspCamera()
    yield camera
    camera.kill()


@pytest.fixture
def camera(rtsp_server: None) -> Generator[RtspCamera]:
    """One that a test may kill."""
    camera = RtspCamera()
    yield camera
    camera.kill()
