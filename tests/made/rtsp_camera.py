"""A real camera: GStreamer's RTSP server, which can be stopped, killed and frozen."""

from __future__ import annotations

import os
import shutil
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
    """A camera that can be switched off and on, frozen, and changed.

    Args:
        address: of this machine, on which it listens.
        before: words before its command.
        film: an MP4 of H.264 that it serves as ``/film``, once for each who asks.
    """

    def __init__(
        self,
        address: str = "127.0.0.1",
        before: tuple[str, ...] = (),
        film: Path | None = None,
    ) -> None:
        self.port = free_port()
        self.address = address
        self._before, self._film = before, film
        self._process: subprocess.Popen | None = None
        self.on()

    @property
    def url(self) -> str:
        return f"rtsp://{self.address}:{self.port}"

    def on(self, width: int = 320, height: int = 200) -> None:
        command = [PYTHON, str(SCRIPT), self.address, str(self.port), str(width), str(height)]
        command += [] if self._film is None else [str(self._film)]
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


class FarCamera(RtspCamera):
    """A camera in a network namespace of its own.

    Args:
        address, before: as of every camera.
        device: of this machine, that leads there.
    """

    def __init__(self, address: str, before: tuple[str, ...], device: str) -> None:
        super().__init__(address, before)
        self._device = device

    def pull(self) -> None:
        subprocess.run(["ip", "link", "set", self._device, "down"], check=True)

    def put_back(self) -> None:
        subprocess.run(["ip", "link", "set", self._device, "up"], check=True)


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


@pytest.fixture
def far_camera(rtsp_server: None) -> Generator[FarCamera]:
    """A camera whose cable can be pulled."""
    name = f"odd{os.getpid()}"
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("UNTESTED: the pulled cable needs root and iproute2")

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"UNTESTED: no network namespaces here ({error.stderr.decode().strip()})")
    here, there = f"{name}a"[-15:], f"{name}b"[-15:]
    net = f"10.{os.getpid() % 199 + 20}.77"
    camera = None
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        ip("addr", "add", f"{net}.1/24", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", name, "addr", "add", f"{net}.2/24", "dev", there)
        ip("-n", name, "link", "set", there, "up")
        ip("-n", name, "link", "set", "lo", "up")
        camera = FarCamera(f"{net}.2", ("ip", "netns", "exec", name), here)
        yield camera
    finally:
        if camera is not None:
            camera.kill()
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
