"""E-mail: the first alarm at once, and all that comes within the minutes after it in one mail."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from oddframe.alerts.message import Message, in_words
from oddframe.alerts.secrets import Secret, read_secret, secret_keys, without
from oddframe.alerts.settings import COMMON, read_host, read_kinds, read_port, read_words
from oddframe.alerts.sink import Accepted, Later, Outcome, PlainSink, Refused
from oddframe.alerts.sinks.time_limit import cut_after
from oddframe.console.characters import made_visible
from oddframe.files.yaml_table import YamlTable

KEYS = (
    *COMMON,
    "host",
    "port",
    "security",
    "user",
    *secret_keys("password"),
    "from",
    "to",
    "cool_down",
    "picture",
)
PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""How the connection is secured, and the port for it."""
LIMIT = 30.0
"""Seconds for one mail, from the connection on."""
COOL_DOWN = 300.0
MOST_MESSAGES = 50
"""In one mail."""
MOST_PICTURE = 2_000_000
_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")
"""ASCII without spaces and one @; who has another gives it as the mail server writes it."""
_CERTAIN = 500
"""Replies from here on are final."""


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        host: the mail server.
        port: of it.
        security: ``starttls`` (which it must offer), ``tls`` or ``none``.
        user: who logs in; empty for nobody.
        password: of that user.
        sender: the address that mails come from.
        to: where they go.
        cool_down: seconds between two mails; what comes in between is in the second.
        picture: whether the picture of the oddest event goes with it.
        kinds: of messages that are mailed.
    """

    host: str
    port: int
    security: str
    user: str
    password: Secret
    sender: str
    to: tuple[str, ...]
    cool_down: float
    picture: bool
    kinds: tuple[str, ...]

    @classmethod
    def from_table(cls, table: YamlTable) -> Config:
        """From the cameras file.

        Raises:
            OddframeError: no server, an address that is none, or a password that anybody could
                read on its way.
        """
        host = read_host(table, "a mail server")
        security = table.choice("security", tuple(PORTS), "starttls")
        port = read_port(table, PORTS[security])
        user = table.text("user", "")
        password = read_secret(table, "password")
        if bool(user) != bool(password):
            raise table.error(
                "expected both a 'user' and a 'password_env' or 'password_file' for "
                f"{host}, or neither, found one of them"
            )
        if password and security == "none":
            raise table.wrong(
                "security",
                "starttls or tls where there is a password, which else anybody reads",
                security,
            )
        to = read_words(table, "to")
        sender = table.text("from", user if _ADDRESS.fullmatch(user) else None)
        for key, address in (("from", sender), *(("to", one) for one in to)):
            if not _ADDRESS.fullmatch(address):
                raise table.wrong(key, "an address such as me@example.org", address)
        cool_down = table.number("cool_down", COOL_DOWN)
        kinds = read_kinds(table, ("new", "health"))
        picture = table.flag("picture", default=True)
        return cls(host, port, security, user, password, sender, to, cool_down, picture, kinds)

    def sink(self, name: str) -> EmailSink:
        """The sink of these settings."""
        return EmailSink(name, self)


class EmailSink(PlainSink):
    """Sends a mail for one or several messages.

    Args:
        name: as in the cameras file.
        config: its settings.
        limit: seconds for one mail.
    """

    batch = MOST_MESSAGES

    def __init__(self, name: str, config: Config, limit: float = LIMIT) -> None:
        super().__init__(name, config.kinds)
        self.config, self._limit = config, limit
        self.cool_down = config.cool_down

    def describe(self) -> str:
        """What it would do."""
        config = self.config
        return (
            f"mails {', '.join(config.to)} from {config.sender} by {config.host}:{config.port} "
            f"({config.security}), one mail in {config.cool_down:g} s"
        )

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Mail them."""
        where = f"{self.config.host}:{self.config.port}"
        try:
            self._deliver(self._mail(messages))
        except TimeoutError:
            return Later(f"no answer from {where} within {self._limit:g} s")
        except smtplib.SMTPRecipientsRefused as error:
            code, text = max(error.recipients.values())
            reason = f"{where} takes mail for none of the addresses: {self._said(code, text)}"
            return Refused(reason) if code >= _CERTAIN else Later(reason)
        except smtplib.SMTPDataError as error:
            reason = f"{where} says {self._said(error.smtp_code, error.smtp_error)}"
            # What is wrong with this mail may be right with the next.
            return Refused(reason) if error.smtp_code >= _CERTAIN else Later(reason)
        except smtplib.SMTPResponseException as error:
            return Later(f"{where} says {self._said(error.smtp_code, error.smtp_error)}")
        except (OSError, smtplib.SMTPException) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return Later(f"cannot mail by {where}: {self._said('', said)}")
        return Accepted()

    def _said(self, code: Any, text: Any) -> str:
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        words = made_visible(" ".join(f"{code} {words}".split()))[:200]
        return without([self.config.password], words)

    def _deliver(self, mail: EmailMessage) -> None:
        config, context = self.config, ssl.create_default_context()
        # Longer than the limit of the whole, which can be told from a connection that ended.
        pause = self._limit + 1
        if config.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=pause, context=context)
        else:
            server = smtplib.SMTP(timeout=pause)
        try:
            with cut_after(self._limit, lambda: getattr(server, "sock", None)):
                # The name is needed to check the certificate where TLS begins later.
                server._host = config.host  # ty: ignore[missing-attribute]
                server.connect(config.host, config.port)
                if config.security == "starttls":
                    server.starttls(context=context)
                if config.password:
                    server.login(config.user, config.password.words)
                server.send_message(mail, config.sender, config.to)
                with suppress(OSError, smtplib.SMTPException):  # it has the mail, whatever it says
                    server.quit()
        finally:
            server.close()

    def _mail(self, messages: Sequence[Message]) -> EmailMessage:
        lines = [in_words(message) for message in messages]
        cameras = {made_visible(message.camera) for message in messages}
        subject = (
            lines[0]
            if len(lines) == 1
            else (f"{len(lines)} messages of {', '.join(sorted(cameras))}")
        )
        mail = EmailMessage()
        mail["From"], mail["To"] = self.config.sender, ", ".join(self.config.to)
        mail["Subject"] = f"oddframe: {subject}"[:200]
        mail["Date"] = format_datetime(datetime.now(UTC))
        # The same for the same messages: a mail server that gets a mail twice may notice.
        digest = hashlib.sha256("\n".join(message.id for message in messages).encode())
        mail["Message-ID"] = f"<{digest.hexdigest()[:40]}@oddframe.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n".join(lines) + "\n")
        jpeg = self._picture(messages)
        if jpeg is not None:
            mail.add_attachment(jpeg, maintype="image", subtype="jpeg", filename="odd.jpg")
        return mail

    def _picture(self, messages: Sequence[Message]) -> bytes | None:
        """The picture of the oddest event that has one."""
        if not self.config.picture:
            return None
        pictures = (
            (float(message.event.get("peak") or 0.0), jpeg)
            for message in messages
            if (jpeg := self.link.jpeg(message, MOST_PICTURE)) is not None
        )
        return max(pictures, default=(0.0, None), key=lambda pair: pair[0])[1]
