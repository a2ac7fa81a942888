"""E-mail against a real SMTP server: aiosmtpd, with TLS and users, and one that only hangs."""

from __future__ import annotations

import email.policy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from tests.alerts.conftest import until

from oddframe.alerts.dispatch import Alerts, try_sink
from oddframe.alerts.message import Message
from oddframe.alerts.sink import Accepted, Later, Link, Refused
from oddframe.alerts.sinks.email import EmailSink
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.errors import OddframeError

FILE = Path("cameras.yaml")
PASSWORD = "correct-horse-battery"


class Office:
    """A mail server's side: what came, and what it says to the next steps."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.recipient: list[str] = []
        self.data: list[str] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802
        self, server: Any, _: Any, envelope: Any, address: str, __: Any
    ) -> str:
        if self.recipient:
            return self.recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.data:
            return self.data.pop(0)
        self.got.append(envelope)
        return "250 OK"

    def mails(self) -> list[EmailMessage]:
        return [
            cast(
                EmailMessage,
                message_from_bytes(cast(bytes, one.content), policy=email.policy.default),
            )
            for one in self.got
        ]


def checked(_: Any, __: Any, ___: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    right = (data.login, data.password) == (b"odd@example.org", PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@pytest.fixture
def serve(own_certificate: tuple[Path, Path]) -> Generator[Callable[..., Office]]:
    """Start a mail server with ``security`` as in the cameras file; users where there is TLS."""
    running: list[Controller] = []

    def started(security: str, port: int = 0) -> Office:
        office = Office()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*own_certificate)
        more: dict[str, Any] = {}
        if security != "none":
            more = {"authenticator": checked, "auth_required": True}
        if security == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        if security == "tls":
            more |= {"ssl_context": context, "auth_require_tls": False}
        if not port:
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                port = unused.getsockname()[1]
        controller = Controller(office, "127.0.0.1", port, **more)
        controller.start()
        running.append(controller)
        office.port = port
        return office

    yield started
    for controller in running:
        controller.stop(no_assert=True)


@pytest.fixture
def trusted(own_certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(own_certificate[0]))
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG", "wrong-password")


def sink_of(office_port: int, **more: object) -> EmailSink:
    settings = {
        "host": "127.0.0.1",
        "port": office_port,
        "security": "none",
        "from": "odd@example.org",
        "to": ["me@example.org", "you@example.org"],
        "cool_down": 0,
        **more,
    }
    sink = read_sinks(FILE, {"email": settings})["email"]
    assert isinstance(sink, EmailSink)
    return sink


def with_user(security: str, password: str = "MAIL_PASSWORD") -> dict[str, str]:
    return {"security": security, "user": "odd@example.org", "password_env": password}


def message(name: str = "e1.new", camera: str = "front", **event: object) -> Message:
    return Message(name, "new", camera, {"id": name, **event})


def test_one_mail(serve, tmp_path):
    office = serve("none")
    sink = sink_of(office.port)
    (tmp_path / "p.jpg").write_bytes(b"\xff\xd8JPEG")
    sink.open(Link(("front",), tmp_path))
    sent = message(camera="Küche\r\nBcc: all@example.org", peak=5.0, picture="p.jpg")
    assert sink.send([sent]) == Accepted()
    [mail] = office.mails()
    assert mail["Subject"] == "oddframe: Küche Bcc: all@example.org: odd: score 5.00"
    assert (mail["From"], mail["To"]) == ("odd@example.org", "me@example.org, you@example.org")
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert office.got[0].rcpt_tos == ["me@example.org", "you@example.org"]
    body = mail.get_body()
    assert body is not None
    assert body.get_content().strip() == "Küche Bcc: all@example.org: odd: score 5.00"
    [picture] = mail.iter_attachments()
    assert picture.get_content_type() == "image/jpeg"
    assert picture.get_content() == b"\xff\xd8JPEG"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # all is TLS there
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_with_tls_and_a_password(serve, trusted, security, tmp_path):
    office = serve(security)
    sink = sink_of(office.port, **with_user(security))
    assert try_sink(sink, tmp_path, ["front"]) == "alerts.email: took a test message"
    [mail] = office.mails()
    assert mail["Subject"] == "oddframe: front: a test message of oddframe; nothing happened"
    wrong = sink_of(office.port, **with_user(security, "WRONG"))
    outcome = wrong.send([message()])
    assert isinstance(outcome, Later)
    assert "535" in outcome.reason
    shown = outcome.reason + sink.describe() + repr(sink.config) + str(office.got[0].content)
    assert PASSWORD not in shown
    assert "wrong-password" not in shown


def test_no_password_without_tls(serve, trusted, monkeypatch):
    office = serve("none")  # offers no STARTTLS, as somebody in between would have it
    outcome = sink_of(office.port, **with_user("starttls")).send([message()])
    assert isinstance(outcome, Later)
    assert "STARTTLS" in outcome.reason
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = sink_of(serve("starttls").port, **with_user("starttls")).send([message()])
    assert isinstance(outcome, Later)
    assert "certificate verify failed" in outcome.reason


def test_the_first_at_once_and_the_rest_in_one_mail(serve, tmp_path):
    office = serve("none")
    sink = sink_of(office.port, cool_down=0.5)
    said: list[str] = []
    alerts = Alerts([sink], tmp_path, ["front", "back"], said.append, pauses=(0.1,))
    (tmp_path / "small.jpg").write_bytes(b"small")
    (tmp_path / "high.jpg").write_bytes(b"high")
    alerts.start()
    alerts.send(message("e0"))
    until(lambda: office.got)
    at = time.monotonic()
    alerts.send(message("e1", "back", peak=2.0, picture="small.jpg"))
    alerts.send(message("e2", "front", peak=9.0, picture="high.jpg"))
    alerts.send(message("e3", "front", peak=3.0))
    alerts.send(Message("e3.end", "end", "front", {"id": "e3"}))  # not mailed, if not asked for
    until(lambda: len(office.got) == 2)
    assert time.monotonic() - at > 0.4
    alerts.stop()
    digest = office.mails()[1]
    assert digest["Subject"] == "oddframe: 3 messages of back, front"
    body = digest.get_body()
    assert body is not None
    assert body.get_content().splitlines() == [
        "back: odd: score 2.00",
        "front: odd: score 9.00",
        "front: odd: score 3.00",
    ]
    assert [one.get_content() for one in digest.iter_attachments()] == [b"high"]
    assert said == []


def test_what_may_pass_and_what_will_not(serve):
    office = serve("none")
    sink = sink_of(office.port)
    office.recipient = ["450 greylisted"] * 2
    assert isinstance(sink.send([message()]), Later)
    office.recipient = ["550 nobody here"] * 2
    outcome = sink.send([message()])
    assert isinstance(outcome, Refused)
    assert "550 nobody here" in outcome.reason
    office.data = ["452 full"]
    assert isinstance(sink.send([message()]), Later)
    office.data = ["554 no"]
    assert isinstance(sink.send([message()]), Refused)
    office.recipient = ["550 nobody here"]  # the other gets it
    assert sink.send([message()]) == Accepted()
    assert office.got[-1].rcpt_tos == ["you@example.org"]


def test_a_server_that_is_away_and_back(serve, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    said: list[str] = []
    alerts = Alerts([sink_of(port)], tmp_path, ["front"], said.append, pauses=(0.1,))
    alerts.start()
    alerts.send(message("e1"))
    alerts.send(message("e2"))
    until(lambda: alerts.status()["email"].counts["failed"] >= 2)
    office = serve("none", port)
    until(lambda: office.got)
    time.sleep(0.2)
    alerts.stop()
    assert len(office.got) == 1
    assert office.mails()[0]["Subject"] == "oddframe: 2 messages of front"
    assert "Connection refused" in said[0]


@pytest.mark.parametrize("greeting", [b"", b"2"])
def test_a_server_that_never_speaks_is_left_in_time(greeting):
    """Says nothing, or one letter at a time."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as client:
                while greeting and not over.wait(0.05):
                    try:
                        client.sendall(greeting)
                    except OSError:
                        return
                over.wait(10)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        sink = EmailSink("email", sink_of(server.getsockname()[1]).config, limit=0.4)
        began = time.monotonic()
        outcome = sink.send([message()])
        assert time.monotonic() - began < 3
        over.set()
        thread.join()
    assert isinstance(outcome, Later)
    assert "within 0.4 s" in outcome.reason


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"host": "smtp://x"}, "of a mail server alone"),
        ({"security": "ssl"}, "one of starttls, tls, none"),
        ({"to": []}, "a list of words"),
        ({"to": "me"}, "an address such as"),
        ({"to": ["a@b\r\nBcc: c@d"]}, "an address such as"),
        ({"from": "küche@example.org"}, "an address such as"),
        ({"user": "me"}, "expected both a 'user' and"),
        ({**with_user("none")}, "starttls or tls where there is a password"),
        ({"password": "x"}, "unknown key 'alerts.email.password'; did you mean"),
        ({"cool_down": -1}, "a number, 0 or more"),
    ],
)
def test_settings_that_are_wrong_are_one_line(settings, wrong, trusted):
    with pytest.raises(OddframeError, match=wrong):
        sink_of(25, **settings)
