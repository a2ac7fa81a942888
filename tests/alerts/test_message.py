"""Messages: ids that stay, words that a person understands, files that are refused."""

from __future__ import annotations

import json
import time

import pytest

from oddframe.alerts.message import (
    Message,
    a_test,
    health_message,
    in_words,
    message_of,
    plain_name,
)
from oddframe.errors import OddframeError

EVENT = {
    "id": "20261130T140312-ab12",
    "camera": "front",
    "start": 1795183392.0,
    "end": None,
    "peak": 5.234,
    "threshold": 4.0,
    "reason": "pace",
    "zone": "gate",
}


def test_the_same_news_has_the_same_id():
    assert message_of(EVENT, "new").id == message_of(dict(EVENT), "new").id
    ids = {
        message_of(EVENT, "new").id,
        message_of(EVENT, "end").id,
        message_of(EVENT, "update", 1).id,
        message_of(EVENT, "update", 2).id,
    }
    assert len(ids) == 4
    assert a_test("front").id != a_test("front").id
    assert (
        health_message("back yard", "down", at=5.0).id
        == health_message("back yard", "down", at=5.0).id
    )
    assert (
        health_message("back yard", "down", at=5.0).id
        != health_message("back yard", "back", at=6.0).id
    )


def test_json_there_and_back():
    message = message_of(EVENT, "new")
    assert Message.from_json(json.loads(json.dumps(message.to_json())), "here") == message


@pytest.mark.parametrize(
    "change",
    [
        {"id": "two words"},
        {"id": "line\nbreak"},
        {"kind": "alarm"},
        {"made_at": "now"},
        {"event": []},
        {"more": 1},
    ],
)
def test_what_is_no_message_is_refused(change):
    content = message_of(EVENT, "new").to_json() | change
    with pytest.raises(OddframeError, match=r"x\.json: expected a message to a sink, found"):
        Message.from_json(content, "x.json")


def test_an_id_that_would_break_a_header_is_refused():
    with pytest.raises(ValueError, match="expected the id"):
        Message("a\r\nSet-Cookie: b", "new", "front")


def test_words(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        assert in_words(message_of(EVENT, "new")) == (
            "front: odd since 2026-11-20 15:03:12: pace; gate; score 5.23, threshold 4.00"
        )
        ended = message_of({**EVENT, "end": EVENT["start"] + 7.4, "zone": None}, "end")
        assert in_words(ended) == (
            "front: odd from 2026-11-20 15:03:12 to 2026-11-20 15:03:19 (7 s): pace; score 5.23, "
            "threshold 4.00"
        )
        still = message_of({**EVENT, "end": EVENT["start"] + 600, "ending": "longest"}, "end")
        assert in_words(still).endswith("threshold 4.00; it is still so: is this the new normal?")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert in_words(health_message("front", "down", "no route")) == "front: down (no route)"
    assert in_words(health_message("front", "back")) == "front: back"
    assert in_words(Message("n.1", "new", "front", {"start": "?", "peak": True})) == "front: odd"
    assert in_words(Message("n.2", "new", "front", {"start": 1e30})) == (
        "front: odd since 1000000000000000019884624838656 s"
    )


def test_plain_names_differ_where_names_do():
    assert plain_name("Front-door_2") == "Front-door_2"
    names = ["a b", "a/b", "a#b", "a+b", "..", "", "Küche", "K_che", "x" * 300 + "/"]
    plain = [plain_name(name) for name in names]
    assert len(set(plain)) == len(names)
    assert all(name.replace("_", "").replace("-", "").isalnum() for name in plain)
    assert max(map(len, plain)) < 60
