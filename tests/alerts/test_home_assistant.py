"""The page on Home Assistant says word for word what is published, on a real mosquitto."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.alerts.conftest import until
from tests.made.live_events import NOON, live_event

import oddframe
from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import health_message, message_of
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.journal.state_folder import StateFolder

PAGE = Path(__file__).parents[2].joinpath("docs/home-assistant.md").read_text(encoding="utf-8")
MADE = {
    "oddframe/front/event": {"made_at": NOON + 1.5},
    "oddframe/front/health": {"made_at": NOON + 60.0},
}
BLOCK = re.compile(r"`([a-z0-9_/]+)`[^`\n]*:\n\n```json\n(.*?)```", re.DOTALL)


def test_the_page_says_what_is_published(broker, listen, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")  # a message's text has the machine's time
    time.tzset()
    listener = listen()
    settings = {"host": "127.0.0.1", "port": broker.port, "box": "box1", "picture": True}
    sinks = read_sinks(Path("cameras.yaml"), {"mqtt": settings})
    alerts = Alerts(list(sinks.values()), tmp_path, ["front"], print)
    alerts.start()
    event = replace(live_event(end=None, ending="", verdict=None), id="01kjmma2g0m2x7z2")
    files = StateFolder(tmp_path).files_of(event)
    event = replace(event, picture=files.name(files.picture), clip=files.name(files.clip()))
    now = time.time()  # older messages would not be sent
    alerts.send(replace(message_of(event.to_json(), "new"), made_at=now))
    alerts.send(replace(health_message("front", "covered", "", NOON + 60), made_at=now))
    shown = dict(BLOCK.findall(PAGE))
    assert len(shown) == 3
    until(lambda: all(listener.of(topic) for topic in shown))
    alerts.stop()
    monkeypatch.undo()
    time.tzset()
    for topic, text in shown.items():
        (published,) = listener.of(topic)
        assert json.loads(text) == {**json.loads(published), **MADE.get(topic, {})}, published
    assert oddframe.__version__ in shown["homeassistant/device/oddframe_box1_front/config"]


def test_the_settings_of_the_page_are_read(tmp_path):
    (tmp_path / "mqtt").write_text("words\n")
    settings, _automation = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    content = yaml.safe_load(settings.replace("/run/secrets", str(tmp_path)))
    (sink,) = read_sinks(Path("cameras.yaml"), content["alerts"]).values()
    assert "found by Home Assistant as box1" in sink.describe()


@pytest.mark.parametrize("name", ["Odd", "Score", "Video", "Alerts", "Last odd moment"])
def test_every_entity_is_explained(name):
    assert f"| *{name}* |" in PAGE
    assert f'"name": "{name}"' in PAGE
