"""MQTT against a real mosquitto: what arrives, a broker that goes, hangs and comes back."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from tests.alerts.conftest import until
from tests.made.mqtt_broker import Broker, Listener
from tests.made.programs import program

from oddframe.alerts.dispatch import Alerts, try_sink
from oddframe.alerts.message import Message
from oddframe.alerts.sink import CameraState
from oddframe.alerts.sinks.mqtt import MqttSink
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.errors import OddframeError

FILE = Path("cameras.yaml")
PASSWORD = "correct-horse-battery"


def sink_of(at: int, limit: float = 10.0, **settings: object) -> MqttSink:
    settings = {"host": "127.0.0.1", "port": at, "box": "box1", **settings}
    sink = read_sinks(FILE, {"mqtt": settings})["mqtt"]
    assert isinstance(sink, MqttSink)
    return MqttSink("mqtt", sink.config, limit)


def message(name: str, kind: str = "new", event: str = "e1", **more: object) -> Message:
    return Message(name, kind, "front", {"id": event, **more})  # ty: ignore


@pytest.fixture
def said() -> list[str]:
    return []


def started(sink: MqttSink, state: Path, said: list[str], **more: Any) -> Alerts:
    cameras = more.pop("cameras", ["front"])
    alerts = Alerts([sink], state / "state", cameras, said.append, pauses=(0.1,), **more)
    alerts.start()
    return alerts


def test_an_event_and_the_state_of_a_camera(broker, listen, tmp_path, said):
    listener = listen()
    alerts = started(sink_of(broker.port), tmp_path, said)
    alerts.state("front", CameraState(video=True, armed=True, odd=False))
    until(lambda: listener.of("oddframe/front/odd") == ["OFF"])
    alerts.send(message("e1.new", peak=5.0))
    alerts.send(message("e1.end", "end"))
    until(lambda: len(listener.of("oddframe/front/event")) == 2)
    until(lambda: listener.of("oddframe/front/odd") == ["OFF", "ON", "OFF"])
    first = json.loads(listener.of("oddframe/front/event")[0])
    assert (first["id"], first["kind"], first["event"]) == (
        "e1.new",
        "new",
        {"id": "e1", "peak": 5.0},
    )
    assert first["text"] == "front: odd: score 5.00"
    assert listener.of("oddframe/availability") == ["online"]
    alerts.send(Message("h1", "health", "front", {"state": "down"}))
    until(lambda: listener.of("oddframe/front/health"))
    alerts.stop()
    # Who comes later finds the state, and no event of the past.
    until(lambda: listener.of("oddframe/availability") == ["online", "offline"])
    late = listen()
    until(lambda: late.of("oddframe/availability"))
    until(lambda: late.of("oddframe/front/odd"))
    kept = {topic: payload for topic, payload, retained in late.got if retained}
    assert kept["oddframe/availability"] == "offline"
    assert kept["oddframe/front/odd"] == "OFF"
    assert kept["oddframe/front/video"] == kept["oddframe/front/armed"] == "ON"
    assert "oddframe/front/event" not in kept
    assert said == []


def test_scores_once_a_second_at_most(broker, listen, tmp_path, said):
    listener = listen()
    alerts = started(sink_of(broker.port), tmp_path, said)
    until(lambda: listener.of("oddframe/availability"))
    began = time.monotonic()
    while time.monotonic() - began < 1.3:
        alerts.state("front", CameraState(score=1.23456))
        time.sleep(0.02)
    until(lambda: listener.of("oddframe/front/score"))
    alerts.stop()
    assert 1 <= len(listener.of("oddframe/front/score")) <= 2
    assert listener.of("oddframe/front/score")[0] == "1.235"


def test_home_assistant_finds_each_camera_and_again_after_its_start(broker, listen, tmp_path, said):
    listener = listen()
    sink = sink_of(broker.port, picture=True)
    alerts = started(sink, tmp_path, said, cameras=["front", "back yard"])
    topic = "homeassistant/device/oddframe_box1_front/config"
    until(lambda: len([name for name, *_ in listener.got if name.endswith("/config")]) == 2)
    content = json.loads(listener.of(topic)[0])
    assert set(content) == {"device", "origin", "components"}
    assert content["origin"]["name"] == "oddframe"
    assert content["device"]["identifiers"] == ["oddframe_box1_front"]
    platforms = {key: part["platform"] for key, part in content["components"].items()}
    assert platforms == {
        "odd": "binary_sensor",
        "score": "sensor",
        "video": "binary_sensor",
        "armed": "switch",
        "picture": "image",
    }
    ids = []
    for name, payload, _ in listener.got:
        if not name.endswith("/config"):
            continue
        middle = name.removeprefix("homeassistant/device/").removesuffix("/config")
        assert middle.replace("_", "").replace("-", "").isalnum()
        for part in json.loads(payload)["components"].values():
            ids.append(part["unique_id"])
            assert part["availability"][0] == {"topic": "oddframe/availability"}
            topics = [value for key, value in part.items() if key.endswith("_topic")]
            assert topics
            assert all(not set("+#\0 ") & set(topic) for topic in topics)
    assert len(ids) == len(set(ids)) == 10
    listener.client.publish("homeassistant/status", "online")
    until(lambda: len(listener.of(topic)) == 2)
    alerts.stop()


def test_a_camera_s_alarms_are_switched_by_mqtt(broker, listen, tmp_path, said):
    listener = listen()
    listener.client.publish("oddframe/front/armed/set", "OFF", retain=True)
    armed: list[tuple[str, bool]] = []
    alerts = started(
        sink_of(broker.port), tmp_path, said, arm=lambda camera, on: armed.append((camera, on))
    )
    until(lambda: listener.of("oddframe/availability"))
    time.sleep(0.1)
    assert armed == []  # an order that lay at the broker is none of now
    for topic, words in (
        ("oddframe/front/armed/set", "ON"),
        ("oddframe/front/armed/set", "maybe"),
        ("oddframe/elsewhere/armed/set", "ON"),
        ("oddframe/front/armed/set", "OFF"),
    ):
        listener.client.publish(topic, words, 1)
    until(lambda: len(armed) == 2)
    alerts.stop()
    assert armed == [("front", True), ("front", False)]
    assert len(said) == 2
    assert "found 'maybe'" in said[0]


def test_a_picture_where_it_is_asked_for(broker, listen, tmp_path, said):
    listener = listen()
    alerts = started(sink_of(broker.port, picture=True), tmp_path, said)
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "p.jpg").write_bytes(b"JPEG")
    alerts.send(message("e1.new", picture="p.jpg"))
    alerts.send(message("e2.new", picture="../../etc/passwd"))
    until(lambda: len(listener.of("oddframe/front/event")) == 2)
    alerts.stop()
    assert listener.of("oddframe/front/picture") == ["JPEG"]


def test_a_broker_that_is_gone_and_back(broker, listen, tmp_path, said, monkeypatch):
    monkeypatch.setattr("oddframe.alerts.sinks.broker._CONNECTING", 0.1)
    listener = listen("observer")
    alerts = started(sink_of(broker.port), tmp_path, said)
    alerts.state("front", CameraState(video=True))
    alerts.send(message("e1.new"))
    until(lambda: listener.of("oddframe/front/event") and not alerts.status()["mqtt"].waiting)
    broker.stop(signal.SIGTERM)
    alerts.send(message("e0.end", "end", "e0"))
    until(lambda: alerts.status()["mqtt"].trouble)
    began = time.monotonic()
    for n in range(3):
        alerts.send(message(f"e1.update-{n + 1}", "update"))
        alerts.send(message(f"e{n + 2}.end", "end", f"e{n + 2}"))
    alerts.send(message("e1.end", "end"))
    alerts.state("front", CameraState(video=False))
    assert time.monotonic() - began < 2  # nobody waits for it
    broker.start()
    until(lambda: len(listener.of("oddframe/front/event")) >= 6, 15)
    time.sleep(0.3)
    ids = [json.loads(text)["id"] for text in listener.of("oddframe/front/event")]
    assert sorted(ids) == ["e0.end", "e1.end", "e1.new", "e2.end", "e3.end", "e4.end"]
    # What is true now was said, and that only: nothing went on or off while nobody was there.
    until(lambda: listener.of("oddframe/front/video")[-1:] == ["OFF"])
    until(lambda: listener.of("oddframe/front/odd")[-1:] == ["OFF"])
    assert [words for words, _ in groupby(listener.of("oddframe/front/odd"))] == ["ON", "OFF"]
    alerts.stop()
    assert said[0].startswith("alerts.mqtt: no connection to 127.0.0.1")
    assert said[-1] == "alerts.mqtt: takes messages again"


def test_a_broker_that_hangs_gets_a_message_once(broker, listen, tmp_path, said):
    listener = listen()
    alerts = started(sink_of(broker.port, limit=0.3), tmp_path, said)
    until(lambda: listener.of("oddframe/availability"))
    broker.signal(signal.SIGSTOP)
    try:
        alerts.send(message("e1.new"))
        until(lambda: alerts.status()["mqtt"].counts["failed"] >= 2)
    finally:
        broker.signal(signal.SIGCONT)
    until(lambda: not alerts.status()["mqtt"].waiting)
    time.sleep(0.2)
    alerts.stop()
    assert len(listener.of("oddframe/front/event")) == 1
    assert "did not confirm" in said[0]


def test_killed_is_offline_and_what_was_left_is_sent_after_the_restart(broker, listen, tmp_path):
    code = """
import sys, time
from pathlib import Path
from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message
from oddframe.alerts.sinks.reading import read_sinks
settings = {"host": "127.0.0.1", "port": int(sys.argv[1])}
sinks = read_sinks(Path("cameras.yaml"), {"mqtt": settings})
alerts = Alerts(list(sinks.values()), Path(sys.argv[2]), ["front"], print)
alerts.start()
for name in sys.argv[3:]:
    alerts.send(Message(name, "end", "front", {"id": name}))
time.sleep(60)
"""

    def begun(*names: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code, str(broker.port), tmp_path / "state", *names],
            stdout=subprocess.DEVNULL,
        )

    listener = listen()
    child = begun("e1.end")
    until(lambda: listener.of("oddframe/front/event"))
    until(lambda: not list((tmp_path / "state/outbox/mqtt").glob("*.json")))
    child.kill()
    child.wait()
    until(lambda: listener.of("oddframe/availability") == ["online", "offline"])
    child = begun("e1.end", "e2.end")
    until(lambda: len(listener.of("oddframe/front/event")) == 2)
    time.sleep(0.2)
    child.kill()
    child.wait()
    ids = [json.loads(text)["id"] for text in listener.of("oddframe/front/event")]
    assert ids == ["e1.end", "e2.end"]


def test_users_and_passwords(tmp_path, said, monkeypatch):
    made = program("mosquitto_passwd", "mosquitto")
    passwords = tmp_path / "passwords"
    subprocess.run([made, "-c", "-b", passwords, "odd", PASSWORD], check=True)
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    monkeypatch.setenv("MQTT_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG", "wrong-password")
    try:
        right = sink_of(broker.port, user="odd", password_env="MQTT_PASSWORD")
        listener = Listener(broker.port, "odd", PASSWORD)
        assert try_sink(right, tmp_path, ["front"]) == "alerts.mqtt: took a test message"
        until(lambda: listener.of("oddframe/front/test"))
        listener.close()
        wrong = sink_of(broker.port, user="odd", password_env="WRONG")
        monkeypatch.setattr("oddframe.alerts.sinks.broker._CONNECTING", 0.5)
        with pytest.raises(OddframeError, match="Not authorized") as caught:
            try_sink(wrong, tmp_path, ["front"])
        shown = repr(right.config) + right.describe() + str(caught.value)
        assert PASSWORD not in shown
        assert "wrong-password" not in shown
        everything = " ".join(payload for _, payload, _ in listener.got)
        assert PASSWORD not in everything
    finally:
        broker.stop()


def test_over_tls_only_with_a_certificate_that_is_trusted(tmp_path, own_certificate, monkeypatch):
    certificate, key = own_certificate
    broker = Broker(tmp_path, "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}")
    try:
        trusted = sink_of(broker.port, tls=True, ca=str(certificate))
        assert try_sink(trusted, tmp_path, ["front"]) == "alerts.mqtt: took a test message"
        monkeypatch.setattr("oddframe.alerts.sinks.broker._CONNECTING", 0.5)
        with pytest.raises(OddframeError, match="certificate verify failed"):
            try_sink(sink_of(broker.port, tls=True), tmp_path, ["front"])
    finally:
        broker.stop()


def test_nobody_there_costs_little_time(tmp_path, said, monkeypatch):
    monkeypatch.setattr("oddframe.alerts.sinks.broker._CONNECTING", 0.2)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(OddframeError, match=f"no connection to 127.0.0.1:{port} .*refused"):
        try_sink(sink_of(port), tmp_path, ["front"])
    assert time.monotonic() - began < 4
    sink = sink_of(port)
    sink.state("front", CameraState(video=True, score=1.0))  # before it is open
    sink.close()


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"host": "mqtt://box"}, "the name or address of a broker alone"),
        ({"host": "a..b"}, "the name or address of a broker alone"),
        ({"port": 70000}, "a port, up to 65535"),
        ({"prefix": "odd/#"}, "words of A-Z"),
        ({"home_assistant": "a b"}, "words of A-Z"),
        ({"password_env": "HOME"}, "who logs in"),
        ({"user": "me", "password": "x"}, "unknown key 'alerts.mqtt.password'; did you mean"),
        ({"ca": "/etc/passwd"}, "'tls: true' with it"),
        ({"tls": True, "ca": "/etc/passwd"}, "a file of certificates"),
    ],
)
def test_settings_that_are_wrong_are_one_line(settings, wrong):
    with pytest.raises(OddframeError, match=wrong):
        sink_of(1883, **settings)


def test_names_and_topics():
    sink = sink_of(1883, box="my box.local", home_assistant="")
    assert sink.config.box.startswith("my_box_local_")
    assert "Home Assistant" not in sink.describe()
    encrypted = replace(sink.config, broker=replace(sink.config.broker, tls=True))
    assert encrypted.sink("a").describe().count("(TLS)") == 1
