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
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from oddframe.alerts.message import Message, in_words, plain_name
from oddframe.alerts.settings import COMMON, read_kinds
from oddframe.alerts.sink import CameraState, Link, Outcome
from oddframe.alerts.sinks import broker
from oddframe.alerts.sinks.broker import LIMIT, Broker, Connection, Published
from oddframe.alerts.sinks.home_assistant import Topics, discovery, discovery_id
from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.files.text_files import shown
from oddframe.files.yaml_table import YamlTable

KEYS = (*COMMON, *broker.KEYS, "prefix", "box", "home_assistant", "picture")
MOST_PICTURE = 500_000
_SCORE_EVERY = 1.0
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        broker: where it publishes.
        prefix: what all topics begin with.
        box: the name of this machine in Home Assistant and of the connection; two that share a
            broker need two, and two prefixes.
        home_assistant: what its discovery topics begin with; empty for none.
        picture: whether pictures of events are published.
        kinds: of messages that are published.
    """

    broker: Broker
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
        where = Broker.from_table(table)
        texts = {"prefix": table.text("prefix", "oddframe")}
        texts["home_assistant"] = table.text("home_assistant", "homeassistant")
        for key, text in texts.items():
            if not _TOPIC.fullmatch(text) and not (key == "home_assistant" and not text):
                raise table.wrong(key, "words of A-Z, a-z, 0-9, _ and -, with / in between", text)
        box = plain_name(table.text("box", socket.gethostname()))
        picture, kinds = table.flag("picture"), read_kinds(table)
        return cls(where, **texts, box=box, picture=picture, kinds=kinds)

    def sink(self, name: str) -> MqttSink:
        """The sink of these settings."""
        return MqttSink(name, self)


class MqttSink:
    """Publishes messages and states at a broker.

    Args:
        name: as in the cameras file.
        config: its settings.
        limit: seconds for the broker to say that it has a message.
    """

    batch = 1
    cool_down = 0.0

    def __init__(self, name: str, config: Config, limit: float = LIMIT) -> None:
        self.name, self.kinds, self.config = name, config.kinds, config
        self._link = Link((), Path())
        topics = [f"{config.prefix}/+/armed/set"]
        if config.home_assistant:
            topics.append(f"{config.home_assistant}/status")
        self._connection = Connection(
            config.broker,
            plain_name(f"oddframe-{config.box}-{config.prefix}"),
            f"{config.prefix}/availability",
            topics,
            self._welcome,
            self._heard,
            limit,
        )
        self._lock = threading.Lock()
        self._states: dict[str, CameraState] = {}
        self._scored_at: dict[str, float] = {}

    def describe(self) -> str:
        """What it would do."""
        config = self.config
        found = f", found by Home Assistant as {config.box}" if config.home_assistant else ""
        secured = " (TLS)" if config.broker.tls else ""
        return (
            f"publishes {config.prefix}/CAMERA/event, odd, video, armed and score at "
            f"{config.broker.where}{secured}{found}"
        )

    def open(self, link: Link) -> None:
        """Begin to connect."""
        self._link = link
        self._connection.open()

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Publish one message, and wait until the broker says that it has it."""
        return self._connection.deliver(messages[0].id, self._of(messages[0]))

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
        if changed and self._connection.is_there:
            self._publish_state(camera, CameraState(**changed))

    def close(self) -> None:
        """Say that oddframe is offline, and disconnect."""
        self._connection.close()

    def _of(self, message: Message) -> list[Published]:
        """What is published of a message: topic, content, quality of service, retained."""
        topics = Topics(self.config.prefix, message.camera)
        content = json.dumps({**message.to_json(), "text": in_words(message)})
        name = message.kind if message.kind in ("health", "test") else "event"
        found: list[Published] = [(topics.of(name), content, 1, False)]
        if self.config.picture and message.kind in ("new", "update", "end"):
            jpeg = self._link.jpeg(message, MOST_PICTURE)
            if jpeg is not None:
                found.append((topics.of("picture"), jpeg, 1, True))
        return found

    def _publish_state(self, camera: str, state: CameraState) -> None:
        topics = Topics(self.config.prefix, camera)
        for key, value in vars(state).items():
            if isinstance(value, bool):
                self._connection.publish((topics.of(key), "ON" if value else "OFF", 1, True))
            elif value is not None:
                # At once or never: a broker that hangs is left after some 45 of them.
                self._connection.publish((topics.of(key), f"{value:.4g}", 0, False))

    def _introduce(self) -> None:
        """Say to Home Assistant which cameras there are."""
        from oddframe import __version__

        config = self.config
        for camera in self._link.cameras if config.home_assistant else ():
            topics = Topics(config.prefix, camera)
            content = discovery(topics, config.box, __version__, config.picture)
            topic = f"{config.home_assistant}/device/{discovery_id(config.box, camera)}/config"
            self._connection.publish((topic, json.dumps(content), 1, True))

    def _welcome(self) -> None:
        """There is a connection: say all that is true now."""
        self._introduce()
        with self._lock:
            states = dict(self._states)
        for camera, state in states.items():
            self._publish_state(camera, replace(state, score=None))
        self._link.wake()

    def _heard(self, topic: str, content: bytes, retained: bool) -> None:
        words = content[:100].decode("utf-8", "replace")
        if topic == f"{self.config.home_assistant}/status":
            if words == "online":
                self._introduce()
            return
        if retained:
            return  # an old order, which somebody left at the broker
        by_topic = {Topics(self.config.prefix, one).set_armed: one for one in self._link.cameras}
        camera = by_topic.get(topic)
        if camera is not None and words in ("ON", "OFF"):
            self._link.arm(camera, words == "ON")
        else:
            self._link.say(
                f"alerts.{self.name}: expected ON or OFF for a camera, found {shown(words)} at "
                f"{shown(topic)}"
            )
