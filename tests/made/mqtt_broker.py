"""A real MQTT broker, mosquitto, which can be stopped and hung; and who listens to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from tests.made.programs import program


def _until(true: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Broker:
    """A mosquitto of a test's own, on a port of its own."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self._path = program("mosquitto", "mosquitto")
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        access = lines or ("allow_anonymous true",)
        rows = [f"listener {self.port} 127.0.0.1", "user root", *access]
        rows += ["persistence true", f"persistence_location {folder}/"]
        self._file.write_text("\n".join(rows) + "\n")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self._path, "-c", self._file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: int = signal.SIGKILL) -> None:
        self.signal(number)
        assert self.process is not None
        self.process.wait()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


class Listener:
    """Notes everything that the broker passes on, in order."""

    def __init__(self, port: int, user: str = "", password: str = "", name: str = "") -> None:
        from paho.mqtt.client import Client  # an extra, which not every test needs
        from paho.mqtt.enums import CallbackAPIVersion

        self.got: list[tuple[str, str, bool]] = []
        # Of one with a name the broker keeps what it misses.
        self.client = Client(CallbackAPIVersion.VERSION2, name, clean_session=not name)
        if user:
            self.client.username_pw_set(user, password)
        self.client.reconnect_delay_set(1, 1)
        self.ready = False
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.client.on_message = self._note
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()
        _until(lambda: self.ready)

    def _note(self, _: Any, __: Any, one: Any) -> None:
        row = one.topic, one.payload.decode("utf-8", "replace"), one.retain
        # A broker that stopped before it heard that this had it says so again, and marks it.
        if not (one.dup and row in self.got):
            self.got.append(row)

    def of(self, topic: str) -> list[str]:
        return [payload for name, payload, _ in self.got if name == topic]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Generator[Broker]:
    one = Broker(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def listen(broker: Broker) -> Generator[Callable[..., Listener]]:
    made: list[Listener] = []

    def listener(name: str = "") -> Listener:
        made.append(Listener(broker.port, name=name))
        return made[-1]

    yield listener
    for one in made:
        one.close()
