"""The page on alarms: its example is read, and it names what there is."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from oddframe.alerts.sender import PAUSES
from oddframe.alerts.sinks.reading import KINDS, read_sinks

PAGE = Path(__file__).parents[2].joinpath("docs/alerts.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_is_read(tmp_path, monkeypatch):
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    for name, words in (
        ("PHONE_HOOK", "https://example.org/hook"),
        ("PHONE_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("MAIL_PASSWORD", "words"),
    ):
        monkeypatch.setenv(name, words)
    (tmp_path / "mqtt").write_text("words\n")
    text = found[1].replace("/run/credentials", str(tmp_path))
    sinks = read_sinks(Path("cameras.yaml"), yaml.safe_load(text)["alerts"])
    assert list(sinks) == ["stdout", "phone", "mqtt", "night", "bell"]
    assert "words" not in "".join(sink.describe() + repr(vars(sink)) for sink in sinks.values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_every_key(kind):
    for key in import_module(f"oddframe.alerts.sinks.{kind}").KEYS:
        named = re.search(rf"`{key}\b|\b{key}:", PAGE)
        general = re.fullmatch(r"(password|secret|token|url)_(env|file)", key)
        assert named or (general and f"`{general[1]}_" in PAGE), key


def test_the_page_names_the_pauses():
    assert PAUSES == (1, 5, 30, 120, 600, 3600)
    assert "after 1, 5, 30 s, 2, 10 and then every 60 minutes" in PAGE
