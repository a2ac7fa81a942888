"""A webhook: each message as an HTTP POST, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from oddframe.alerts.message import Message, in_words
from oddframe.alerts.secrets import Secret, read_secret, secret_keys, without
from oddframe.alerts.settings import COMMON, read_kinds
from oddframe.alerts.sink import Accepted, Gone, Later, Outcome, PlainSink, Refused
from oddframe.alerts.sinks.posting import Posted, failed, post, wrong_address
from oddframe.files.yaml_table import YamlTable

KEYS = (
    *COMMON,
    "url",
    *secret_keys("url"),
    *secret_keys("secret"),
    *secret_keys("token"),
    "picture",
)
LIMIT = 10.0
"""Seconds from the connection to the answer."""
MOST_PICTURE = 200_000
"""Bytes of a picture that travels with a message."""
_SIGNING = "whsec_"
_THIS_MESSAGE = 400, 406, 409, 413, 414, 415, 422
"""What is wrong with one message; other errors are the address's or the server's, and may pass."""
_ITS_FAULT = 500, 501
"""What a server says that stumbles over one message, or over any."""


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        url: where to; part of it is often a secret.
        secret: the signing key, ``whsec_`` and base64; empty for no signature.
        token: sent as ``Authorization: Bearer``; empty for none.
        picture: whether the picture goes with it.
        kinds: of messages that are sent.
    """

    url: Secret
    secret: Secret
    token: Secret
    picture: bool
    kinds: tuple[str, ...]

    @classmethod
    def from_table(cls, table: YamlTable) -> Config:
        """From the cameras file.

        Raises:
            OddframeError: no address, one that is none, or a secret of another form.
        """
        given = [key for key in ("url", *secret_keys("url")) if key in table]
        if len(given) > 1:
            raise table.wrong(given[1], f"either it or '{given[0]}'", "both")
        url = read_secret(table, "url") or Secret(table.text("url"))
        wrong = wrong_address(url.words)
        if wrong:
            # The address is not repeated: a good part of it may be a secret.
            raise table.error(f"'url': expected https://HOST/PATH, found {wrong}")
        secret = read_secret(table, "secret")
        if secret and not _key(secret):
            raise table.error(
                f"'secret': expected {_SIGNING} and 24 to 64 bytes in base64, found something "
                "else; make one with: echo whsec_$(openssl rand -base64 32)"
            )
        token = read_secret(table, "token")
        if not token.words.isascii() or not token.words.isprintable():
            raise table.error("'token': expected printable ASCII, found something else")
        return cls(url, secret, token, table.flag("picture"), read_kinds(table))

    def sink(self, name: str) -> WebhookSink:
        """The sink of these settings."""
        return WebhookSink(name, self)


def _key(secret: Secret) -> bytes:
    """The bytes of a signing key; empty if it is none."""
    try:
        key = base64.b64decode(secret.words.removeprefix(_SIGNING), validate=True)
    except (binascii.Error, ValueError):
        return b""
    right = secret.words.startswith(_SIGNING) and 24 <= len(key) <= 64
    return key if right else b""


def signature(secret: Secret, name: str, at: int, body: bytes) -> str:
    """The value of ``webhook-signature``.

    Args:
        secret: ``whsec_`` and base64.
        name: the message's id.
        at: Unix seconds of this try.
        body: as it is sent.
    """
    signed = f"{name}.{at}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()}"


class WebhookSink(PlainSink):
    """Posts each message as JSON; redirects are not followed.

    Args:
        name: as in the cameras file.
        config: its settings.
        limit: seconds from the connection to the answer.
    """

    def __init__(self, name: str, config: Config, limit: float = LIMIT) -> None:
        super().__init__(name, config.kinds)
        self.config, self._limit = config, limit
        self._address: SplitResult = urlsplit(config.url.words)

    @property
    def _shown(self) -> str:
        """The address as far as it is no secret."""
        host = self._address.netloc
        return f"{self._address.scheme}://{host}" + ("/..." if self._address.path > "/" else "")

    def describe(self) -> str:
        """What it would do."""
        signed = "signed" if self.config.secret else "not signed"
        picture = ", with the picture" if self.config.picture else ""
        return f"posts JSON to {self._shown} ({signed}{picture})"

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Post one message."""
        try:
            answer = self._post(messages[0])
            return self._judged(answer.status, answer.retry_after)
        except TimeoutError:
            return Later(f"no answer from {self._shown} within {self._limit:g} s")
        except (OSError, http.client.HTTPException) as error:
            hidden = (self.config.url, self.config.secret, self.config.token)
            return Later(f"cannot reach {self._shown}: {without(hidden, failed(error))[:200]}")

    def _body(self, message: Message) -> bytes:
        content = {
            "type": f"oddframe.{message.kind}",
            "timestamp": datetime.fromtimestamp(message.made_at, UTC).isoformat(),
            "text": in_words(message),
            "data": message.to_json(),
        }
        if self.config.picture:
            jpeg = self.link.jpeg(message, MOST_PICTURE)
            content["picture"] = base64.b64encode(jpeg).decode() if jpeg else None
        return json.dumps(content).encode()

    def _post(self, message: Message) -> Posted:
        body, at = self._body(message), int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
        }
        if self.config.secret:
            headers["webhook-signature"] = signature(self.config.secret, message.id, at, body)
        if self.config.token:
            headers["Authorization"] = f"Bearer {self.config.token.words}"
        return post(self._address, body, headers, self._limit)

    def _judged(self, status: int, asked: str | None) -> Outcome:
        said = f"{self._shown} answers {status} {http.client.responses.get(status, '')}".strip()
        if 200 <= status < 300:
            return Accepted()
        if status == 410:
            return Gone(said)
        if status in _THIS_MESSAGE:
            return Refused(said)
        if 300 <= status < 400:
            return Later(f"{said}, and redirects are not followed; give the other address")
        return Later(said, _seconds(asked), everybody=status not in _ITS_FAULT)


def _seconds(asked: str | None) -> float | None:
    """``Retry-After``: seconds, or a date; None where it is neither."""
    if asked is None:
        return None
    if asked.strip().isdigit():
        return float(asked.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
