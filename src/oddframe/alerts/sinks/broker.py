"""A connection to an MQTT broker that is held open, and made again for as long as it takes."""

from __future__ import annotations

import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.alerts.secrets import Secret, read_secret, secret_keys
from oddframe.alerts.settings import read_host, read_port
from oddframe.alerts.sink import Accepted, Later, Outcome
from oddframe.files.yaml_table import YamlTable

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

KEYS = ("host", "port", "tls", "ca", "user", *secret_keys("password"))
LIMIT = 10.0
"""Seconds for the broker to say that it has a message."""
_CONNECTING = 3.0
"""Seconds that a message waits for a connection before it counts as a try."""
_ALIVE = 30
"""Seconds after which a silent connection is asked whether it lives."""

Published = tuple[str, str | bytes, int, bool]
"""Topic, content, quality of service, and whether it is retained."""


@dataclass(frozen=True)
class Broker:
    """Where a broker is, and who logs in.

    Attributes:
        host: the broker.
        port: of it.
        tls: whether the connection is encrypted.
        ca: a file of certificates to trust in place of the system's.
        user: who logs in; empty for nobody.
        password: of that user.
    """

    host: str
    port: int
    tls: bool
    ca: Path | None
    user: str
    password: Secret

    @property
    def where(self) -> str:
        """``HOST:PORT``."""
        return f"{self.host}:{self.port}"

    @classmethod
    def from_table(cls, table: YamlTable) -> Broker:
        """From the cameras file.

        Raises:
            OddframeError: no broker, certificates that are none, a password without a user.
        """
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
        return cls(host, port, tls, ca, user, password)


class Connection:
    """A connection to a broker; what it is given while there is none is not kept.

    Args:
        broker: which.
        name: of the connection: the same at every start, so that the broker ends one that it takes
            for alive, and another for each who connects, since two of one name would end each
            other's for ever.
        will: the topic at which it is ``online`` or ``offline``, said by the broker if need be.
        topics: at which it hears what is published.
        welcome: called by a thread of paho's whenever there is a connection.
        heard: called by it with the topic, the content and whether it was retained.
        limit: seconds for the broker to say that it has a message.
    """

    def __init__(
        self,
        broker: Broker,
        name: str,
        will: str,
        topics: Sequence[str],
        welcome: Callable[[], None],
        heard: Callable[[str, bytes, bool], None],
        limit: float = LIMIT,
    ) -> None:
        self._broker, self._name, self._will, self._topics = broker, name, will, topics
        self._welcome, self._heard, self._limit = welcome, heard, limit
        self._client: Client | None = None
        self._connected = threading.Event()
        self._reason = "not yet connected"
        self._lock = threading.Lock()
        self._on_way: dict[str, list[MQTTMessageInfo]] = {}

    def open(self) -> None:
        """Begin to connect, in a thread of paho's own."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        broker = self._broker
        client = Client(CallbackAPIVersion.VERSION2, client_id=self._name)
        client.suppress_exceptions = True  # an error in what is called back must not end the thread
        if broker.user:
            client.username_pw_set(broker.user, broker.password.words or None)
        if broker.tls:
            cafile = None if broker.ca is None else str(broker.ca)
            client.tls_set_context(ssl.create_default_context(cafile=cafile))
        client.will_set(self._will, "offline", qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(1000)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _, __, one: self._heard(
            one.topic, bytes(one.payload), one.retain
        )
        self._client = client
        client.connect_async(broker.host, broker.port, _ALIVE)
        client.loop_start()

    @property
    def is_there(self) -> bool:
        """Whether there is a connection."""
        return self._connected.is_set()

    def publish(self, *what: Published) -> None:
        """Publish, and wait for nobody."""
        for one in what:
            if self._client is not None:
                self._client.publish(*one)

    def deliver(self, name: str, what: Sequence[Published]) -> Outcome:
        """Publish, and wait until the broker says that it has all of it.

        Args:
            name: the same when the same is tried again.
            what: to be published.
        """
        client = self._client
        if client is None or not self._connected.wait(_CONNECTING):
            return Later(f"no connection to {self._broker.where} ({self._reason})")
        with self._lock:
            sent = self._on_way.get(name)
        if sent is None:
            # Else the broker may still say so of what it was given before.
            sent = [client.publish(*one) for one in what]
            if any(info.rc != 0 for info in sent):
                return self._lost(client)
            with self._lock:
                self._on_way = {name: sent}
        until = time.monotonic() + self._limit
        for info in sent:
            while not info.is_published():
                if not self._connected.is_set():
                    return self._lost(client)
                if time.monotonic() > until:
                    return Later(
                        f"{self._broker.where} did not confirm a message within {self._limit:g} s"
                    )
                info.wait_for_publish(0.1)
        with self._lock:
            self._on_way.clear()
        return Accepted()

    def close(self) -> None:
        """Say ``offline``, which a will does not do at a good end, and disconnect."""
        client = self._client
        if client is None:
            return
        if self._connected.is_set():
            info = client.publish(self._will, "offline", 1, True)
            if info.rc == 0:
                info.wait_for_publish(2.0)
        client.drop_out_messages()
        client.disconnect()
        client.loop_stop()
        self._client = None

    def _lost(self, client: Client) -> Outcome:
        """The outbox sends a message again, so paho must not."""
        client.drop_out_messages()
        return Later(f"no connection to {self._broker.where} ({self._reason})")

    def _on_connect(self, client: Client, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self._reason = str(code)
            return
        for topic in self._topics:
            client.subscribe(topic, 1)
        client.publish(self._will, "online", 1, True)
        self._connected.set()
        self._welcome()

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
