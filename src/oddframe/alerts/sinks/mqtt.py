"""MQTT: events as messages, the state of cameras as retained topics, Home Assistant's discovery.

``PREFIX/availability`` is ``online`` or ``offline`` (also by the broker, as the will). Of each
camera, below ``PREFIX/CAMERA/``: ``odd``, ``video`` and ``armed`` are ``ON`` or ``OFF``, retained;
``score`` is a number, once a second at most; ``event`` and ``health`` are messages in JSON, with
quality of service 1; ``picture``, if it is asked for, is a JPEG, retained; ``armed/set`` takes
``ON`` and ``OFF``.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.alerts.message import Message, in_words, plain_name
from oddframe.alerts.secrets import Secret, read_secret, secret_keys
from oddframe.alerts.settings import COMMON, read_host, read_kinds, read_port
from oddframe.alerts.sink import Accepted, CameraState, Later, Link, Outcome
from oddframe.alerts.sinks.home_assistant import Topics, discovery, discovery_id
from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.files.text_files import shown
from oddframe.files.yaml_table import YamlTable

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

KEYS = (
    *COMMON,
    "host",
    "port",
    "tls",
    "ca",
    "user",
    *secret_keys("password"),
    "prefix",
    "box",
    "home_assistant",
    "picture",
)
LIMIT = 10.0
"""Seconds for the broker to say that it has a message."""
MOST_PICTURE = 500_000
_CONNECTING = 3.0
"""Seconds that a message waits for a connection before it counts as a try."""
_SCORE_EVERY = 1.0
_ALIVE = 30
"""Seconds after which a silent connection is asked whether it lives."""
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        host: the broker.
        port: of it.
        tls: whether the connection is encrypted.
        ca: a file of certificates to trust in place of the system's.
        user: who logs in; empty for nobody.
        password: of that user.
        prefix: what all topics begin with.
        box: the name of this machine in Home Assistant and of the connection; two that share a
            broker need two, and two prefixes.
        home_assistant: what its discovery topics begin with; empty for none.
        picture: whether pictures of events are published.
        kinds: of messages that are published.
    """

    host: str
    port: int
    tls: bool
    ca: Path | None
    user: str
    password: Secret
    prefix: str
    box: str
    home_assistant: str
    picture: bool
    kinds: tuple[str, ...]

    @classmethod
    def from_table(cls, table: YamlTable) -> Config:
        """From the cameras file.

        Raises:
            OddframeError: no broker, a topic that is none, a password without a user, or paho-mqtt
                is not installed.
        """
        if find_spec("paho") is None:
            raise OddframeError(
                "alerts by MQTT need paho-mqtt, which is not installed; install it with: "
                f"{how_to_install('mqtt')}"
            )
        host, tls = read_host(table, "a broker"), table.flag("tls")
        port = read_port(table, 8883 if tls else 1883)
        ca = table.path("ca")
        if ca is not None:
            if not tls:
                raise table.wrong("ca", "'tls: true' with it", str(ca))
            try:
                ssl.create_default_context(cafile=str(ca))
            except (OSError, ssl.SSLError):
                raise table.wrong("ca", "a file of certificates (PEM)", str(ca)) from None
        user, password = table.text("user", ""), read_secret(table, "password")
        if password and not user:
            raise table.error(f"'user': expected who logs in at {host}, found only a password")
        texts = {"prefix": table.text("prefix", "oddframe")}
        texts["home_assistant"] = table.text("home_assistant", "homeassistant")
        for key, text in texts.items():
            if not _TOPIC.fullmatch(text) and not (key == "home_assistant" and not text):
                raise table.wrong(key, "words of A-Z, a-z, 0-9, _ and -, with / in between", text)
        box = plain_name(table.text("box", socket.gethostname()))
        picture, kinds = table.flag("picture"), read_kinds(table)
        return cls(
            host, port, tls, ca, user, password, **texts, box=box, picture=picture, kinds=kinds
        )

    def sink(self, name: str) -> MqttSink:
        """The sink of these settings."""
        return MqttSink(name, self)


class MqttSink:
    """A connection to a broker, held open; it is made again for as long as it takes.

    Args:
        name: as in the cameras file.
        config: its settings.
        limit: seconds for the broker to say that it has a message.
    """

    batch = 1
    cool_down = 0.0

    def __init__(self, name: str, config: Config, limit: float = LIMIT) -> None:
        self.name, self.kinds, self.config = name, config.kinds, config
        self._limit = limit
        self._link = Link((), Path())
        self._client: Client | None = None
        self._connected = threading.Event()
        self._reason = "not yet connected"
        self._lock = threading.Lock()
        self._states: dict[str, CameraState] = {}
        self._scored_at: dict[str, float] = {}
        self._on_way: dict[str, list[MQTTMessageInfo]] = {}

    def describe(self) -> str:
        """What it would do."""
        config = self.config
        found = f", found by Home Assistant as {config.box}" if config.home_assistant else ""
        secured = " (TLS)" if config.tls else ""
        return (
            f"publishes {config.prefix}/CAMERA/event, odd, video, armed and score at "
            f"{config.host}:{config.port}{secured}{found}"
        )

    def open(self, link: Link) -> None:
        """Begin to connect, in a thread of paho's own."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._link = link
        config = self.config
        # The same at every start, so that a broker ends a connection that it takes for alive; and
        # another for each prefix, since two of one name would end each other's for ever.
        own = plain_name(f"oddframe-{config.box}-{config.prefix}")
        client = Client(CallbackAPIVersion.VERSION2, client_id=own)
        client.suppress_exceptions = True  # an error in what is called back must not end the thread
        if config.user:
            client.username_pw_set(config.user, config.password.words or None)
        if config.tls:
            cafile = None if config.ca is None else str(config.ca)
            client.tls_set_context(ssl.create_default_context(cafile=cafile))
        client.will_set(f"{config.prefix}/availability", "offline", qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(1000)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client
        client.connect_async(config.host, config.port, _ALIVE)
        client.loop_start()

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Publish one message, and wait until the broker says that it has it."""
        message, client = messages[0], self._client
        where = f"{self.config.host}:{self.config.port}"
        if client is None or not self._connected.wait(_CONNECTING):
            return Later(f"no connection to {where} ({self._reason})")
        with self._lock:
            sent = self._on_way.get(message.id)
        if sent is None:
            # Else the broker may still say so of what it was given before.
            sent = [client.publish(*what) for what in self._of(message)]
            if any(info.rc != 0 for info in sent):
                return self._lost(client, where)
            with self._lock:
                self._on_way = {message.id: sent}
        until = time.monotonic() + self._limit
        for info in sent:
            while not info.is_published():
                if not self._connected.is_set():
                    return self._lost(client, where)
                if time.monotonic() > until:
                    return Later(f"{where} did not confirm a message within {self._limit:g} s")
                info.wait_for_publish(0.1)
        with self._lock:
            self._on_way.clear()
        return Accepted()

    def state(self, camera: str, state: CameraState) -> None:
        """Publish what is new about a camera; what nobody is there for is published later."""
        known = {key: value for key, value in vars(state).items() if value is not None}
        with self._lock:
            before = self._states.get(camera, CameraState())
            self._states[camera] = replace(before, **known)
            now = time.monotonic()
            if "score" in known:
                if now - self._scored_at.get(camera, -_SCORE_EVERY) < _SCORE_EVERY:
                    del known["score"]
                else:
                    self._scored_at[camera] = now
        changed = {
            key: value
            for key, value in known.items()
            if key == "score" or value != getattr(before, key)
        }
        if changed and self._connected.is_set():
            self._publish_state(camera, CameraState(**changed))

    def close(self) -> None:
        """Say that oddframe is offline, which a will does not do at a good end, and disconnect."""
        client = self._client
        if client is None:
            return
        if self._connected.is_set():
            info = client.publish(f"{self.config.prefix}/availability", "offline", 1, True)
            if info.rc == 0:
                info.wait_for_publish(2.0)
        client.drop_out_messages()
        client.disconnect()
        client.loop_stop()
        self._client = None

    def _lost(self, client: Client, where: str) -> Outcome:
        """The outbox sends a message again, so paho must not."""
        client.drop_out_messages()
        return Later(f"no connection to {where} ({self._reason})")

    def _of(self, message: Message) -> list[tuple[str, str | bytes, int, bool]]:
        """What is published of a message: topic, content, quality of service, retained."""
        topics = Topics(self.config.prefix, message.camera)
        content = json.dumps({**message.to_json(), "text": in_words(message)})
        name = message.kind if message.kind in ("health", "test") else "event"
        found: list[tuple[str, str | bytes, int, bool]] = [(topics.of(name), content, 1, False)]
        if self.config.picture and message.kind in ("new", "update", "end"):
            jpeg = self._link.jpeg(message, MOST_PICTURE)
            if jpeg is not None:
                found.append((topics.of("picture"), jpeg, 1, True))
        return found

    def _publish_state(self, camera: str, state: CameraState) -> None:
        client, topics = self._client, Topics(self.config.prefix, camera)
        if client is None:
            return
        for key, value in vars(state).items():
            if isinstance(value, bool):
                client.publish(topics.of(key), "ON" if value else "OFF", 1, True)
            elif value is not None:
                # At once or never: a broker that hangs is left after some 45 of them.
                client.publish(topics.of(key), f"{value:.4g}", 0, False)

    def _introduce(self, client: Client) -> None:
        """Say to Home Assistant which cameras there are."""
        from oddframe import __version__

        config = self.config
        for camera in self._link.cameras if config.home_assistant else ():
            topics = Topics(config.prefix, camera)
            content = discovery(topics, config.box, __version__, config.picture)
            topic = f"{config.home_assistant}/device/{discovery_id(config.box, camera)}/config"
            client.publish(topic, json.dumps(content), 1, True)

    def _on_connect(self, client: Client, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self._reason = str(code)
            return
        config = self.config
        client.subscribe(f"{config.prefix}/+/armed/set", 1)
        if config.home_assistant:
            client.subscribe(f"{config.home_assistant}/status", 1)
        client.publish(f"{config.prefix}/availability", "online", 1, True)
        self._introduce(client)
        with self._lock:
            states = dict(self._states)
            self._connected.set()
        for camera, state in states.items():
            self._publish_state(camera, replace(state, score=None))
        self._link.wake()

    def _on_connect_fail(self, *_: Any) -> None:
        error = sys.exc_info()[1]  # paho calls this where it has caught it, and does not pass it on
        self._reason = getattr(error, "strerror", None) or str(error or "nobody answers")

    def _on_disconnect(self, client: Client, _: Any, __: Any, code: Any, ___: Any) -> None:
        with self._lock:
            if self._connected.is_set() or not code.is_failure:
                self._reason = "the connection was lost"
            self._connected.clear()
            self._on_way.clear()
        client.drop_out_messages()

    def _on_message(self, client: Client, _: Any, message: Any) -> None:
        words = message.payload[:100].decode("utf-8", "replace")
        if message.topic == f"{self.config.home_assistant}/status":
            if words == "online":
                self._introduce(client)
            return
        if message.retain:
            return  # an old order, which somebody left at the broker
        by_topic = {Topics(self.config.prefix, one).set_armed: one for one in self._link.cameras}
        camera = by_topic.get(message.topic)
        if camera is not None and words in ("ON", "OFF"):
            self._link.arm(camera, words == "ON")
        else:
            self._link.say(
                f"alerts.{self.name}: expected ON or OFF for a camera, found {shown(words)} at "
                f"{shown(message.topic)}"
            )
