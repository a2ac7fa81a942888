"""A second look: what is sent of an alarm and when, what may come back, and that nothing waits."""

import base64
import json
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.made.live_events import NOON, live_event
from tests.made.vision_server import RIGHT, completion

from oddframe.alerts.secrets import Secret
from oddframe.cameras.cameras_file import Camera, CamerasFile, read_cameras
from oddframe.cameras.second_look import SecondLooks
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.journal.indexing import rebuild
from oddframe.journal.journal import open_journal
from oddframe.journal.reading import JournalReader
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder
from oddframe.media.video_writing import VideoWriter
from oddframe.sources.source import source_of
from oddframe.watching import second_looking
from oddframe.watching.film_pictures import pictures_of_film
from oddframe.watching.plan import plans_of
from oddframe.watching.second_looking import SecondLooking
from oddframe.watching.vision_server import MOST_ANSWERED, ServerAwayError, second_look
from oddframe.watching.watch import Watch

PIXEL = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def asked(server, **more):
    return second_look(SecondLooks(server.url, "seer", timeout=1.0, **more), [PIXEL], 2.0)


def images_in(request):
    urls = [part["image_url"]["url"] for part in request["messages"][0]["content"][1:]]
    assert all(url.startswith("data:image/jpeg;base64,") for url in urls)
    jpegs = [np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8) for url in urls]
    return [cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1].astype(int) for jpeg in jpegs]


def test_what_is_asked_is_what_such_servers_take(vision_server):
    answer = asked(vision_server, token=Secret("tok-123"), blurred=True)
    assert answer.host == vision_server.host
    said = (answer.anomalous, answer.kind, answer.sentence, answer.model)
    assert said == (True, "running", "Somebody runs across the street.", "seer")
    ((path, headers, body),) = vision_server.got
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer tok-123"
    assert (body["model"], len(images_in(body))) == ("seer", 1)
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["additionalProperties"] is False
    assert set(schema["schema"]["required"]) == set(RIGHT)
    assert "coarse blocks" in body["messages"][0]["content"][0]["text"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("It is a person who runs.", "in JSON"),
        ("```json\n" + json.dumps(RIGHT) + "\n```", "in JSON"),
        (json.dumps({**RIGHT, "score": 0.9}), "found 'score'"),
        (json.dumps({"anomalous": True, "kind": "x"}), "'sentence' is missing"),
        (json.dumps({**RIGHT, "anomalous": "yes"}), "expected true or false, found 'yes'"),
        (json.dumps({**RIGHT, "anomalous": 1}), "expected true or false, found 1"),
        (json.dumps({**RIGHT, "kind": None}), "expected words, found None"),
        (json.dumps({**RIGHT, "sentence": "a" * 401}), "found 401 characters"),
        (json.dumps({**RIGHT, "kind": "a" * 61}), "found 61 characters"),
        (json.dumps({**RIGHT, "sentence": "up\x1b[2J"}), "expected one line"),
        (json.dumps({**RIGHT, "sentence": "half \ud800"}), "expected one line"),
        (json.dumps({**RIGHT, "sentence": "\u202eback"}), "expected one line"),
        (json.dumps({**RIGHT, "sentence": " "}), "found nothing"),
        ('{"anomalous": true, "anomalous": false, "kind": "", "sentence": "x"}', "a second time"),
        (json.dumps([RIGHT]), "expected names and values"),
        ("[" * 50_000, "in JSON"),
        (None, "found None"),
        ([{"type": "text", "text": "x"}], "in words"),
    ],
)
def test_another_answer_is_refused_in_one_line(vision_server, words, found):
    vision_server.answer = 200, completion(words)
    with pytest.raises(OddframeError) as error:
        asked(vision_server)
    assert found in str(error.value)
    assert not isinstance(error.value, ServerAwayError)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html>hello</html>", "expected a chat completion in JSON"),
        (b"", "expected a chat completion in JSON"),
        (b'{"choices": []}', "with a message"),
        (b'{"choices": {"0": 1}}', "with a message"),
        (b"[1]", "with a message"),
        (b"\xff\xfe\x00", "expected a chat completion"),
        (b" " * 10_000_000, f"more than {MOST_ANSWERED:,} bytes"),
    ],
)
def test_what_is_no_chat_completion_is_refused(vision_server, body, found):
    vision_server.answer = 200, body
    with pytest.raises(OddframeError, match=found):
        asked(vision_server)


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_a_server_that_cannot_is_in_trouble_and_its_words_hide_the_key(vision_server, status):
    vision_server.answer = status, b'{"error": "you sent Bearer tok-123"}'
    with pytest.raises(ServerAwayError, match=f"answers {status} ") as error:
        asked(vision_server, token=Secret("tok-123"))
    assert "tok-123" not in str(error.value)
    assert "***" in str(error.value)


@pytest.mark.parametrize("answer", [(None, b""), ("drip", completion(json.dumps(RIGHT)))])
def test_a_server_that_never_ends_its_answer_is_left(vision_server, answer):
    vision_server.answer = answer
    began = time.monotonic()
    with pytest.raises(ServerAwayError, match=r"no answer from .* within 1 s"):
        asked(vision_server)
    assert time.monotonic() - began < 4


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(ServerAwayError, match=r"cannot reach 127\.0\.0\.1:1: Connection refused"):
        second_look(SecondLooks("http://127.0.0.1:1/v1", "seer"), [PIXEL], 2.0)


@pytest.fixture
def film(tmp_path):
    """10 s in which the grey level is 10 times the second, at 10 frames a second."""
    path = tmp_path / "film.mp4"
    with VideoWriter(path, 10.0, (640, 360)) as writer:
        for number in range(100):
            writer.write(np.full((360, 640, 3), 20 + 2 * number, np.uint8))
    return path


def test_the_pictures_are_of_the_event_and_its_peak(film):
    event = live_event(NOON, end=NOON + 3.0, peak_at=NOON + 0.7)
    found = pictures_of_film(film, event, 4.0, 6, blurred=False)
    images = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in found.jpegs]
    seconds = [(float(np.median(image)) - 20) / 20 for image in images]
    wanted = [3.0, 4.25, 4.7, 5.5, 6.75, 8.0]
    assert seconds == pytest.approx(wanted, abs=0.16)  # a frame, and coding
    assert found.seconds == pytest.approx(5.0, abs=0.11)
    for image in images:  # the box of the event, and nothing far from it
        assert np.ptp(image[5:95, 5:70].reshape(-1, 3), axis=0).max() > 60
        assert np.ptp(image[200:, 200:].reshape(-1, 3), axis=0).max() < 12
    elsewhere = live_event(NOON, end=NOON + 3.0, size=(320, 180))
    plain = pictures_of_film(film, elsewhere, 4.0, 6, blurred=False).jpegs[0]
    assert np.ptp(cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_COLOR)) < 12


def test_of_a_short_film_there_are_fewer_pictures_and_of_a_broken_one_none(film, tmp_path):
    event = live_event(NOON, end=NOON + 0.1, peak_at=NOON)
    assert len(pictures_of_film(film, event, 9.9, 6, blurred=False).jpegs) < 6
    assert pictures_of_film(film, event, 30.0, 6, blurred=False).jpegs == ()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(film.read_bytes()[:300])
    with pytest.raises(OddframeError, match=r"broken\.mp4"):
        pictures_of_film(broken, event, 0.0, 6, blurred=False)


def written(folder, street, server, **look):
    wanted = {"url": server.url, "model": "seer", "timeout": 5, **look}
    front = {"name": "front", "source": str(street.root / "fast.mp4")}
    path = folder / "cameras.yaml"
    content = {"run": str(street.run), "second_look": wanted, "cameras": [front]}
    path.write_text(json.dumps(content))
    return path


def watched(root, street, look, say=print):
    """The event of a watch, as fast as it can."""
    source = source_of(str(street.root / "fast.mp4"), pace="fast")
    wanted = CamerasFile(root / "none", (Camera("front", source, street.run),), {}, look)
    Watch(wanted, plans_of(wanted), root / "state", say).run()
    (event,) = JournalReader(StateFolder(root / "state")).events()
    return event


def test_an_alarm_of_a_watch_is_looked_at_and_the_answer_kept(
    street, vision_server, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LOOK", "tok-123")
    path = written(tmp_path, street, vision_server, token_env="LOOK")
    assert main(["watch", str(path), "--state", str(tmp_path / "state")]) == 0
    (event,) = JournalReader(StateFolder(tmp_path / "state")).events()
    assert event.second is not None
    assert (event.second.kind, event.second.host) == ("running", vision_server.host)
    assert event.clip is not None
    assert (event.ending, event.untold) != ("", "")
    state = StateFolder(tmp_path / "state")
    assert read_sidecar(state.files_of(event)) == event
    state.journal.unlink()
    rebuild(state.root)
    assert JournalReader(state).events() == [event]

    ((_, _, body),) = vision_server.got
    images = images_in(body)
    assert 4 <= len(images) <= 8
    assert {image.shape for image in images} == {(street.height, street.width, 3)}
    # They are of the time when it was there: no frame is like the first of the film.
    assert max(float(np.abs(a - b).mean()) for a in images for b in images) > 1
    assert "tok-123" not in capsys.readouterr().err + state.files_of(event).sidecar.read_text()


def within_blocks(image):
    """How much the grey level changes within the blocks of four of a 128 wide picture."""
    steps = np.abs(np.diff(image @ (0.299, 0.587, 0.114), axis=1))
    return np.median(steps[:, np.arange(127) % 4 != 3])


def test_pictures_are_in_coarse_blocks_on_request(street, vision_server, tmp_path):
    watched(tmp_path, street, SecondLooks(vision_server.url, "seer", blurred=True))
    ((_, _, body),) = vision_server.got
    blurred = [within_blocks(image) for image in images_in(body)]
    vision_server.got.clear()
    watched(tmp_path / "sharp", street, SecondLooks(vision_server.url, "seer"))
    ((_, _, body),) = vision_server.got
    sharp = [within_blocks(image) for image in images_in(body)]
    assert len(blurred) == len(sharp) >= 4
    assert 3 * max(blurred) < min(sharp), (blurred, sharp)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((500, b"out of memory"), "second look: 127.0.0.1:"),
        ((None, b""), "no answer from 127.0.0.1:"),
        ((200, completion("no")), "expected anomalous, kind and sentence in JSON"),
        ((200, completion(json.dumps({**RIGHT, "more": 1}))), "found 'more'; the event stays"),
        ((200, b"x" * 10_000_000), "bytes; the event stays as it was"),
    ],
)
def test_whatever_the_server_does_the_event_is_as_without_it(
    street, vision_server, answer, line, tmp_path
):
    vision_server.answer = answer
    lines: list[str] = []
    look = SecondLooks(vision_server.url, "seer", timeout=2.0)
    event = watched(tmp_path / "on", street, look, lines.append)
    (said,) = [one for one in lines if "second look" in one]
    assert line in said
    other = watched(tmp_path / "off", street, None)
    assert event.second is None
    for name in ("threshold", "reason", "boxes", "untold", "ending", "verdict"):
        assert getattr(event, name) == getattr(other, name)
    assert (event.peak, event.mean) == pytest.approx((other.peak, other.mean), rel=1e-4)
    assert event.clip is not None


class Looking:
    """Second looks over a real journal with events that have a film, and what was said."""

    def __init__(self, root: Path, film: Path, **wanted):
        self.root, self.film, self.wanted, self.lines = root, film, wanted, []

    def __enter__(self):
        self.opened = open_journal(self.root, self.lines.append)
        self.journal = self.opened.__enter__()
        self.looking = SecondLooking(self.journal, self.lines.append, SecondLooks(**self.wanted))
        return self

    def __exit__(self, *exception):
        self.looking.stop(lambda: True)
        self.opened.__exit__(None, None, None)

    def alarm(self, number):
        event = live_event(NOON + 60 * number, end=NOON + 60 * number + 3.0)
        files = self.journal.state.files_of(event)
        files.folder.mkdir(parents=True, exist_ok=True)
        files.clip().write_bytes(self.film.read_bytes())
        event = self.journal.write(
            live_event(NOON, **{**vars(event), "clip": files.name(files.clip())})
        )
        self.looking.ask(event, 4.0)
        return event

    def seconds(self):
        return [event for event in self.journal.events() if event.second is not None]


def until(found, patience=20.0):
    end = time.monotonic() + patience
    while not found():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_so_many_are_sent_in_an_hour_and_a_word_is_not_taken_back(vision_server, film, tmp_path):
    with Looking(tmp_path / "s", film, url=vision_server.url, model="seer", per_hour=2) as looks:
        events = [looks.alarm(number) for number in range(4)]
        until(lambda: len(looks.seconds()) == 2 and any("last hour" in one for one in looks.lines))
        looks.looking.stop(lambda: False)
        assert len(vision_server.got) == 2
        assert [one for one in looks.lines if "second look" in one] == [
            "second look: 2 alarms were sent in the last hour; others stay as they were"
        ]
        looks.journal.judge(events[0].id, "normal")
        looks.journal.write(events[0])
        found = looks.journal.event(events[0].id)
        assert (found.verdict, found.second.kind) == ("normal", "running")


def test_a_server_that_is_away_is_said_once_and_gone_back_to(vision_server, film, tmp_path):
    vision_server.answer = 503, b""
    with Looking(tmp_path / "s", film, url=vision_server.url, model="seer") as looks:
        for number in range(3):
            looks.alarm(number)
        until(lambda: len(vision_server.got) == 3)
        assert sum("answers 503" in one for one in looks.lines) == 1
        vision_server.answer = 200, completion(json.dumps(RIGHT))
        looks.alarm(3)
        until(lambda: looks.seconds())
        until(lambda: any("answers again" in one for one in looks.lines))


def test_nobody_waits_for_a_server_that_never_answers(vision_server, film, tmp_path):
    vision_server.answer = None, b""
    with Looking(tmp_path / "s", film, url=vision_server.url, model="seer") as looks:
        began = time.monotonic()
        for number in range(second_looking._MOST_WAITING + 5):
            looks.alarm(number)
        until(lambda: vision_server.got)
        assert sum("wait for a second look already" in one for one in looks.lines) == 1
        looks.looking.stop(lambda: True)
        assert time.monotonic() - began < 5
    assert len([t for t in threading.enumerate() if t.name == "oddframe-second-look"]) <= 1


def test_another_server_is_asked_after_a_change_and_none_without_one(vision_server, film, tmp_path):
    with Looking(tmp_path / "s", film, url="http://127.0.0.1:1/v1", model="seer") as looks:
        looks.alarm(0)
        until(lambda: any("cannot reach" in one for one in looks.lines))
        looks.looking.change(SecondLooks(vision_server.url, "other"))
        looks.alarm(1)
        until(lambda: looks.seconds())
        assert looks.seconds()[0].second.model == "other"
        looks.looking.change(None)
        looks.alarm(2)
        assert len(vision_server.got) == 1


@pytest.mark.parametrize(
    ("look", "found"),
    [
        ({"url": "ftp://127.0.0.1/v1"}, "'second_look.url': .* another scheme than http"),
        ({"url": "file:///etc/passwd"}, "another scheme than http"),
        ({"url": "http://me:pass@127.0.0.1/v1"}, "give a 'token_env'"),
        ({"url": "http://127.0.0.1/v1?key=pass"}, "more than a path"),
        ({"url": "http:///v1"}, "no host"),
        ({"url": None}, "'second_look.url': expected words"),
        ({"model": ""}, "the name of a model"),
        ({"model": None}, "'second_look.model'"),
        ({"per_hour": 0}, "1 or more"),
        ({"per_hour": 4000}, "from 1 to 3600"),
        ({"timeout": 0}, "from 1 to 600"),
        ({"timeout": 601}, "from 0 to 600"),
        ({"blurred": "yes"}, "true or false"),
        ({"token_env": "ODDFRAME_NOT_SET"}, "found none of the name"),
        ({"token": "tok-123"}, "unknown key 'second_look.token'"),
        ({"every": 3}, "unknown key"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_without_a_secret(tmp_path, look, found):
    path = tmp_path / "cameras.yaml"
    wanted = {"url": "http://127.0.0.1:8000/v1", "model": "seer", **look}
    one = {"name": "front", "source": "lavfi:testsrc", "run": "run"}
    path.write_text(json.dumps({"second_look": wanted, "cameras": [one]}))
    with pytest.raises(OddframeError, match=found) as error:
        read_cameras(path)
    said = str(error.value)
    assert ("\n" in said, ":pass" in said, "=pass" in said, "tok-123" in said) == (False,) * 4


def test_without_films_there_is_nothing_to_look_at(tmp_path):
    path = tmp_path / "cameras.yaml"
    wanted = {"url": "http://127.0.0.1:8000/v1/", "model": "seer"}
    one = {"name": "front", "source": "lavfi:testsrc", "run": "run"}
    path.write_text(json.dumps({"second_look": wanted, "cameras": [one], "keep": "blurred"}))
    with pytest.raises(OddframeError, match="no camera keeps any"):
        read_cameras(path)
    path.write_text(json.dumps({"second_look": wanted, "cameras": [one]}))
    found = read_cameras(path).second_look
    assert found == SecondLooks("http://127.0.0.1:8000/v1", "seer")
    assert found.address.geturl() == "http://127.0.0.1:8000/v1/chat/completions"


def test_a_check_says_what_goes_where(street, vision_server, tmp_path, capsys):
    path = written(tmp_path, street, vision_server, blurred=True)
    assert main(["watch", str(path), "--state", str(tmp_path / "state"), "--check"]) == 0
    said = capsys.readouterr()
    line = f"in coarse blocks, go to {vision_server.host} (seer), of 20 alarms an hour at most"
    assert line in said.out + said.err
    assert vision_server.got == []
