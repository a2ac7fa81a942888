"""The webhook against a real HTTP server that answers, refuses, hangs and comes back."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.alerts.conftest import until

from oddframe.alerts.dispatch import Alerts, try_sink
from oddframe.alerts.message import Message
from oddframe.alerts.secrets import Secret
from oddframe.alerts.sink import Accepted, Gone, Later, Link, Refused
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.alerts.sinks.webhook import WebhookSink, signature
from oddframe.errors import OddframeError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FILE = Path("cameras.yaml")


def sink_of(**settings: object) -> WebhookSink:
    sink = read_sinks(FILE, {"hook": {"kind": "webhook", **settings}})["hook"]
    assert isinstance(sink, WebhookSink)
    return sink


def message(name: str = "e1.new", **event: object) -> Message:
    return Message(name, "new", "front", {"id": "e1", **event}, 1795183392.25)


def test_the_signature_is_that_of_the_specification():
    """The reference vector of Standard Webhooks, which its libraries are tested with."""
    found = signature(
        Secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_arrives(receiver, monkeypatch, tmp_path):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    (tmp_path / "token").write_text("open-sesame\n")
    sink = sink_of(
        url=receiver.url + "?room=1",
        secret_env="HOOK_SECRET",
        token_file=str(tmp_path / "token"),
        picture=True,
    )
    (tmp_path / "p.jpg").write_bytes(b"\xff\xd8 a picture")
    sink.open(Link(("front",), tmp_path))
    assert sink.send([message(peak=5.0, picture="p.jpg")]) == Accepted()
    [(headers, body)] = receiver.got
    assert headers["webhook-id"] == "e1.new"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer open-sesame"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 20
    wanted = signature(Secret(SECRET), "e1.new", int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == wanted
    content = json.loads(body)
    assert content["type"] == "oddframe.new"
    assert content["timestamp"] == "2026-11-20T14:03:12.250000+00:00"
    assert content["text"] == "front: odd: score 5.00"
    assert content["data"] == message(peak=5.0, picture="p.jpg").to_json()
    assert base64.b64decode(content["picture"]) == b"\xff\xd8 a picture"


def test_only_pictures_below_the_state_folder_travel(receiver, tmp_path):
    sink = sink_of(url=receiver.url, picture=True)
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "key").write_bytes(b"private")
    (state / "link.jpg").symlink_to(tmp_path / "key")
    (state / "large.jpg").write_bytes(b"x" * 200_001)
    sink.open(Link((), state))
    names = ["../key", str(tmp_path / "key"), "link.jpg", "large.jpg", "none.jpg", "", None, 3]
    for name in names:
        assert sink.send([message(picture=name)]) == Accepted()
    assert [body["picture"] for body in receiver.bodies()] == [None] * len(names)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_what_counts_as_taken(receiver, status):
    receiver.answers.append((status, {}))
    assert sink_of(url=receiver.url).send([message()]) == Accepted()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_wrong_with_one_message(receiver, status):
    receiver.answers.append((status, {}))
    assert isinstance(sink_of(url=receiver.url).send([message()]), Refused)


@pytest.mark.parametrize(
    ("status", "everybody"),
    [(500, False), (502, True), (503, True), (401, True), (404, True), (408, True), (429, True)],
)
def test_what_may_pass(receiver, status, everybody):
    receiver.answers.append((status, {}))
    outcome = sink_of(url=receiver.url).send([message()])
    assert isinstance(outcome, Later)
    assert outcome.everybody == everybody
    assert str(status) in outcome.reason


def test_gone_is_gone(receiver):
    receiver.answers.append((410, {}))
    assert isinstance(sink_of(url=receiver.url).send([message()]), Gone)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7),
        (lambda: formatdate(time.time() + 50, usegmt=True), 50),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after(receiver, asked, seconds):
    text = asked if isinstance(asked, str) else asked()
    receiver.answers.append((429, {"Retry-After": text}))
    outcome = sink_of(url=receiver.url).send([message()])
    assert isinstance(outcome, Later)
    assert outcome.after == (None if seconds is None else pytest.approx(seconds, abs=3))


def test_redirects_are_not_followed(receiver):
    receiver.answers.append((302, {"Location": receiver.url}))
    outcome = sink_of(url=receiver.url).send([message()])
    assert isinstance(outcome, Later)
    assert "redirects are not followed" in outcome.reason
    assert len(receiver.got) == 1


@pytest.mark.parametrize("answer", [None, "drip"])
def test_a_server_that_never_answers_is_left_in_time(receiver, answer):
    receiver.answers.append((answer, {}))
    sink = read_sinks(FILE, {"webhook": {"url": receiver.url}})["webhook"]
    assert isinstance(sink, WebhookSink)
    sink = WebhookSink("hook", sink.config, limit=0.4)
    began = time.monotonic()
    outcome = sink.send([message()])
    assert 0.3 < time.monotonic() - began < 3
    assert isinstance(outcome, Later)
    assert "no answer" in outcome.reason


def test_nobody_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    outcome = sink_of(url=f"http://127.0.0.1:{port}/secret").send([message()])
    assert isinstance(outcome, Later)
    assert "Connection refused" in outcome.reason
    assert "secret" not in outcome.reason


def test_a_certificate_that_nobody_trusts_is_not_trusted(receiver, own_certificate):
    """The server's own certificate, signed by itself: nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own_certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    outcome = sink_of(url=receiver.url.replace("http:", "https:")).send([message()])
    assert isinstance(outcome, Later)
    assert "certificate verify failed" in outcome.reason
    assert receiver.got == []


def test_over_tls_where_the_certificate_is_trusted(receiver, own_certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own_certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(own_certificate[0]))
    assert sink_of(url=receiver.url.replace("http:", "https:")).send([message()]) == Accepted()
    assert len(receiver.got) == 1


def test_500_then_200_and_429_with_retry_after(receiver, tmp_path):
    receiver.answers += [(500, {}), (500, {}), (200, {}), (429, {"Retry-After": "1"})]
    said: list[str] = []
    alerts = Alerts([sink_of(url=receiver.url)], tmp_path, ["front"], said.append, pauses=(0.05,))
    alerts.start()
    alerts.send(Message("e1.new", "new", "front", {"id": "e1"}))
    until(lambda: len(receiver.got) == 3)
    assert receiver.ids == ["e1.new"] * 3
    alerts.send(Message("e1.end", "end", "front", {"id": "e1"}))
    until(lambda: len(receiver.got) == 4)
    at = time.monotonic()
    until(lambda: len(receiver.got) == 5)
    assert time.monotonic() - at > 0.9
    until(lambda: not alerts.status()["hook"].waiting)
    alerts.stop()
    counts = alerts.status()["hook"].counts
    assert (counts["accepted"], counts["failed"]) == (2, 3)
    assert "very-secret-path" not in "".join(said)
    assert len(said) == 4


def test_a_test_message(receiver, tmp_path):
    try_sink(sink_of(url=receiver.url), tmp_path, ["front"])
    [content] = receiver.bodies()
    assert content["type"] == "oddframe.test"
    assert content["text"] == "front: a test message of oddframe; nothing happened"


def test_what_is_secret_is_never_shown(receiver, monkeypatch, tmp_path):
    monkeypatch.setenv("HOOK", receiver.url)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("TOKEN", "open-sesame")
    sink = sink_of(url_env="HOOK", secret_env="HOOK_SECRET", token_env="TOKEN")
    shown = [sink.describe(), repr(sink.config), repr(vars(sink)["config"].url)]
    for status in (404, 302, 410, 422):
        receiver.answers.append((status, {}))
        shown.append(repr(sink.send([message()])))
    text = " ".join(shown) + json.dumps(receiver.bodies())
    for secret in ("very-secret-path", SECRET[6:], "open-sesame"):
        assert secret not in text
    assert f"http://127.0.0.1:{receiver.port}/..." in sink.describe()


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({}, "'alerts.hook.url' is missing"),
        ({"url": "ftp://host/x"}, "found another scheme than http and https"),
        ({"url": "https:///x"}, "found no host"),
        ({"url": "https://host:99999/x"}, "found no address"),
        ({"url": "https://me:pw@host/x"}, "a user or a password in it"),
        ({"url": "https://host/a b"}, "written as %XX"),
        ({"url": "https://host/a\r\nX: y"}, "written as %XX|no address|found no"),
        ({"url": "https://host/", "url_env": "A"}, "either it or 'url'"),
        ({"url": "https://host/", "secret": "whsec_x"}, "unknown key 'alerts.hook.secret'"),
        ({"url": "https://host/", "secret_env": "NOT_THERE"}, "none of the name NOT_THERE"),
        ({"url": "https://host/", "secret_env": "HOME"}, "openssl rand -base64 32"),
        ({"url": "https://host/", "secret_file": "/not/there"}, "/not/there"),
        ({"url": "https://host/", "kinds": ["start"]}, "some of new, update, end, health"),
        ({"url": "https://host/", "kinds": []}, "a list of words"),
        ({"url": "https://host/", "picture": "yes"}, "true or false"),
    ],
)
def test_settings_that_are_wrong_are_one_line(settings, wrong):
    with pytest.raises(OddframeError, match=wrong) as caught:
        sink_of(**settings)
    assert str(caught.value).startswith("cameras.yaml: ") or "/not/there" in wrong
    assert "me:pw" not in str(caught.value)


def test_kinds_of_alerts_and_names():
    with pytest.raises(OddframeError, match="unknown kind of alert 'webhok'; did you mean"):
        read_sinks(FILE, {"webhok": {}})
    with pytest.raises(OddframeError, match=r"'alerts\.a': expected names and values"):
        read_sinks(FILE, {"a": 3})
    with pytest.raises(OddframeError, match="rename one"):
        read_sinks(FILE, {"out": {"kind": "stdout"}, "OUT": {"kind": "stdout"}})
    assert list(read_sinks(FILE, {"stdout": None})) == ["stdout"]
