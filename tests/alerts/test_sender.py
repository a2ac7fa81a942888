"""The thread of a sink: tries again, in order, gives up what it must, and survives a kill."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from tests.alerts.conftest import until

from oddframe.alerts.dispatch import Alerts, try_sink
from oddframe.alerts.message import Message
from oddframe.alerts.sink import Accepted, CameraState, Gone, Later, Outcome, PlainSink, Refused
from oddframe.errors import OddframeError

QUICK = 0.03, 0.06, 0.1


def message(name: str, kind: str = "end", event: str | None = None, age: float = 0.0) -> Message:
    return Message(name, kind, "front", {"id": event or name}, time.time() - age)  # ty: ignore


class Noting(PlainSink):
    """Takes messages, or does with them what ``judge`` says."""

    def __init__(self, name: str = "noting", judge: Callable[[str], Outcome] | None = None) -> None:
        super().__init__(name)
        self.judge = judge or (lambda _: Accepted())
        self.got: list[str] = []
        self.batches: list[int] = []
        self.states: list[CameraState] = []
        self.closed = False

    def send(self, messages: Sequence[Message]) -> Outcome:
        outcome = self.judge(messages[0].id)
        self.batches.append(len(messages))
        if isinstance(outcome, Accepted):
            self.got += [one.id for one in messages]
        return outcome

    def state(self, camera: str, state: CameraState) -> None:
        self.states.append(state)

    def close(self) -> None:
        self.closed = True


def alerts(*sinks: PlainSink, state: Path, said: list[str]) -> Alerts:
    return Alerts(sinks, state, ["front"], said.append, pauses=QUICK)


@pytest.fixture
def said() -> list[str]:
    return []


def test_every_sink_gets_it_unless_told_otherwise_or_of_another_kind(tmp_path, said):
    one, two = Noting("one"), Noting("two")
    two.kinds = ("end",)
    both = alerts(one, two, state=tmp_path, said=said)
    both.start()
    both.send(message("m1", "new"))
    both.send(message("m2", "end"))
    both.send(message("m3", "end"), to=["two"])
    both.send(message("m1.end", "end", "m1"))
    both.state("front", CameraState(score=1.5))
    until(lambda: len(one.got) == 3 and len(two.got) == 3)
    both.stop()
    assert one.got == ["m1", "m2", "m1.end"]
    assert two.got == ["m2", "m3", "m1.end"]
    # An event that goes on shows, also at a sink that takes only ends, until it ends.
    odd, score = CameraState(odd=True), CameraState(score=1.5)
    assert one.states == [odd, odd, CameraState(odd=False), score]
    assert one.closed
    assert both.status()["one"].counts["accepted"] == 3
    assert said == []


def test_a_sink_that_hangs_costs_the_others_nothing(tmp_path, said):
    free = threading.Event()
    hanging = Noting("hanging", lambda _: Accepted() if free.wait(20) else Later("no"))
    other = Noting("other")
    both = alerts(hanging, other, state=tmp_path, said=said)
    both.start()
    began = time.monotonic()
    for n in range(5):
        both.send(message(f"m{n}"))
    until(lambda: len(other.got) == 5)
    both.stop(patience=0.2)
    assert time.monotonic() - began < 5
    free.set()
    # What it did not take is there for the next start.
    again = Noting("hanging")
    later = alerts(again, state=tmp_path, said=said)
    later.start()
    until(lambda: len(again.got) >= 4)
    later.stop()
    assert again.got[-4:] == ["m1", "m2", "m3", "m4"]


def test_a_sink_that_is_away_is_tried_with_pauses_and_said_once(tmp_path, said):
    times: list[float] = []

    def away(_: str) -> Outcome:
        times.append(time.monotonic())
        return Later("nobody there") if len(times) < 6 else Accepted()

    sink = Noting(judge=away)
    one = alerts(sink, state=tmp_path, said=said)
    one.start()
    for n in range(3):
        one.send(message(f"m{n}"))
    until(lambda: one.status()["noting"].trouble == "nobody there")
    assert one.status()["noting"].since is not None
    until(lambda: len(sink.got) == 3)
    one.stop()
    assert sink.got == ["m0", "m1", "m2"]
    between = [b - a for a, b in pairwise(times)][:5]
    least = [0.8 * pause for pause in (*QUICK, QUICK[-1], QUICK[-1])]
    assert all(got >= wanted for got, wanted in zip(between, least, strict=True))
    assert said == [
        "alerts.noting: nobody there; tried again until it is taken",
        "alerts.noting: takes messages again",
    ]
    assert one.status()["noting"].counts["failed"] == 5
    assert one.status()["noting"].trouble == ""


def test_it_is_back_as_soon_as_it_says_so(tmp_path, said):
    sink = Noting(judge=lambda _: Later("away"))
    one = Alerts([sink], tmp_path, ["front"], said.append, pauses=(60.0,))
    one.start()
    one.send(message("m1"))
    until(lambda: sink.batches)
    sink.judge = lambda _: Accepted()
    sink.link.wake()
    until(lambda: sink.got == ["m1"], 2)
    one.stop()


def test_a_message_that_only_itself_is_not_taken_holds_no_other(tmp_path, said):
    tries: list[str] = []

    def judge(name: str) -> Outcome:
        tries.append(name)
        stumbles = name == "a.new" and tries.count(name) < 3
        return Later("error 500", everybody=False) if stumbles else Accepted()

    sink = Noting(judge=judge)
    one = alerts(sink, state=tmp_path, said=said)
    for name, kind, event in (("a.new", "new", "a"), ("a.end", "end", "a"), ("b", "end", "b")):
        one.send(message(name, kind, event))
    one.start()
    until(lambda: len(sink.got) == 3)
    one.stop()
    assert sink.got == ["b", "a.new", "a.end"]  # of one event in order


def test_what_is_refused_is_given_up_and_named(tmp_path, said):
    sink = Noting(judge=lambda name: Refused("too odd") if name == "m1" else Accepted())
    one = alerts(sink, state=tmp_path, said=said)
    one.start()
    for name in ("m1", "m2"):
        one.send(message(name))
    until(lambda: sink.got == ["m2"])
    one.send(message("m1"))
    one.stop()
    assert sink.batches == [1, 1]
    assert one.status()["noting"].counts["refused"] == 1
    assert said == ["alerts.noting: too odd; message m1 is given up"]


def test_a_sink_that_is_gone_is_off_until_the_next_start(tmp_path, said):
    sink = Noting(judge=lambda _: Gone("410 Gone"))
    one = alerts(sink, state=tmp_path, said=said)
    one.start()
    one.send(message("m1"))
    until(lambda: one.status()["noting"].off)
    one.send(message("m2"))
    time.sleep(0.1)
    one.stop()
    assert len(sink.batches) == 1
    assert one.status()["noting"].counts["off"] == 1
    assert said == ["alerts.noting: 410 Gone; it is off until the next start"]
    again = Noting()
    two = alerts(again, state=tmp_path, said=said)
    two.start()
    until(lambda: again.got == ["m1"])
    two.stop()


@pytest.mark.parametrize("again", [False, True], ids=["this process", "the next"])
def test_a_beginning_that_is_old_news_is_left_out_and_an_end_is_not(tmp_path, said, again):
    sink, only_new = Noting(), Noting("mail")
    only_new.kinds = ("new",)
    both = alerts(sink, only_new, state=tmp_path, said=said)
    both.send(message("a.new", "new", "a", age=3700))
    both.send(message("a.end", "end", "a", age=3650))
    both.send(message("b.end", "end", "b", age=8 * 86400))
    both.send(message("c.new", "new", "c", age=3500))
    if again:  # it was killed
        both = alerts(sink, only_new, state=tmp_path, said=said)
    both.start()
    until(lambda: len(sink.got) == 2 and len(only_new.got) == 2)
    both.stop()
    assert sink.got == ["a.end", "c.new"]
    assert only_new.got == ["a.new", "c.new"]  # who takes no ends would hear nothing of it
    assert both.status()["noting"].counts["expired"] == 2


def test_a_clock_that_is_set_forward_makes_no_message_old(tmp_path, said, monkeypatch):
    """As on a machine without a battery, once its network tells it the year."""
    sink = Noting()
    one = alerts(sink, state=tmp_path, said=said)
    one.send(message("a.new", "new", "a"))
    one.send(message("a.end", "end", "a"))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 400 * 86400)
    one.start()
    until(lambda: len(sink.got) == 2)
    one.stop()
    assert said == []


def test_messages_in_batches_with_a_pause_after_each(tmp_path, said):
    times: list[float] = []

    def judge(_: str) -> Outcome:
        times.append(time.monotonic())
        return Accepted()

    sink = Noting(judge=judge)
    sink.batch, sink.cool_down = 10, 0.2  # ty: ignore
    one = alerts(sink, state=tmp_path, said=said)
    for n in range(13):
        one.send(message(f"m{n}"))
    one.start()
    until(lambda: len(sink.got) == 13)
    one.stop()
    assert sink.batches == [10, 3]
    assert times[1] - times[0] >= 0.2


def test_a_mistake_in_a_sink_ends_nothing(tmp_path, said):
    class Broken(Noting):
        def send(self, messages: Sequence[Message]) -> Outcome:
            if not self.batches:
                self.batches.append(1)
                raise RuntimeError("secret words")
            return super().send(messages)

    sink = Broken()
    one = alerts(sink, state=tmp_path, said=said)
    one.start()
    one.send(message("m1"))
    until(lambda: sink.got == ["m1"])
    one.stop()
    assert "RuntimeError" in said[0]
    assert "secret" not in "".join(said)


def test_messages_of_a_sink_that_is_no_more_are_kept_and_named(tmp_path, said):
    alerts(Noting("old"), state=tmp_path, said=said).send(message("m1"))
    alerts(Noting("new"), state=tmp_path, said=said)
    assert len(said) == 1
    assert "1 messages to a sink that is no more" in said[0]
    assert len(list((tmp_path / "outbox" / "old").glob("*.json"))) == 1


def test_trying_a_sink(tmp_path):
    assert try_sink(Noting(), tmp_path, ["front"]) == "alerts.noting: took a test message"
    sink = Noting(judge=lambda _: Later("nobody there"))
    with pytest.raises(OddframeError, match="noting: did not take a test message: nobody there"):
        try_sink(sink, tmp_path, [])
    assert sink.closed


CHILD = """
import sys, time
from pathlib import Path
from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message
from oddframe.alerts.sinks.reading import read_sinks
url, state, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
sinks = read_sinks(Path("cameras.yaml"), {"webhook": {"url": url}})
alerts = Alerts(list(sinks.values()), state, ["front"], print, pauses=(0.05,))
alerts.start()
for name in names:
    alerts.send(Message(name, "end", "front", {"id": name}))
print("sent", flush=True)
time.sleep(60)
"""


def test_kill_9_with_messages_unsent_loses_none_and_repeats_none(tmp_path, receiver):
    """The receiver takes m1, is away for m2; the process is killed, and started again."""

    def begun(*names: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, receiver.url, tmp_path, *names],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        while child.stdout.readline() != "sent\n":
            assert child.poll() is None
        return child

    receiver.answers += [(200, {})] + [(503, {})] * 1000
    child = begun("m1", "m2", "m3")
    until(lambda: receiver.ids.count("m2") >= 2)
    child.kill()
    child.communicate()
    assert receiver.ids[0] == "m1"
    assert set(receiver.ids[1:]) == {"m2"}  # the same webhook-id at each try
    receiver.answers.clear()
    receiver.got.clear()
    # What watches says again all that it knows of: it cannot know what was taken.
    child = begun("m1", "m2", "m3", "m4")
    until(lambda: len(receiver.got) == 3)
    time.sleep(0.2)
    child.kill()
    child.communicate()
    assert receiver.ids == ["m2", "m3", "m4"]
