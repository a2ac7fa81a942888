"""The verb serve: over what a watch left, beside a watch, and what it refuses."""

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.made.serve_process import Process
from tests.made.waiting import until
from tests.serving.conftest import OWNER

from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.journal.journal import open_journal
from oddframe.serving.passwords import Passwords
from oddframe.verbs.serve import serve


@pytest.fixture
def watched(street, tmp_path):
    """What a watch of a film left."""
    words = ["watch", street.run, street.root / "fast.mp4", "--pace", "fast", "--name", "door"]
    assert main([*map(str, words), "--state", str(tmp_path / "state")]) == 0
    return tmp_path


def test_what_a_watch_left_is_shown_and_takes_words(watched):
    served = Process(watched, "--state", "state")
    try:
        text = served.browser.get("/review").text
        (event,) = re.findall(r'data-ids="(\w+)"', text)
        assert "door" in text
        assert served.browser.get(f"/events/{event}/picture").body[:2] == b"\xff\xd8"
        assert served.browser.get(f"/events/{event}/clip/1").body[4:8] == b"ftyp"
        assert served.browser.post("/review", {"ids": event, "word": "odd"}).text == "0\n"
        assert served.end() == 0
    finally:
        served.process.kill()
    assert served.said.splitlines()[-1] == "state: served"
    assert "Traceback" not in served.said
    with open_journal(watched / "state", print) as journal:
        assert journal.event(event).verdict == "odd"


def test_beside_another_writer_it_reads(watched):
    with open_journal(watched / "state", print):
        served = Process(watched, "--state", "state")
        try:
            assert "Another process watches" in served.browser.get("/review").text
            assert "the page shows what is there, and takes no word" in served.said
            assert served.end(signal.SIGINT) == 0
        finally:
            served.process.kill()


def test_cameras_are_watched_meanwhile(street, tmp_path):
    """Their pictures come as stills and as a film, with heat or without, also when all is over."""
    film = street.root / "fast.mp4"
    (tmp_path / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n  - {{name: the door, source: '{film}'}}\n"
    )
    served = Process(tmp_path, "cameras.yaml", "--state", "state")
    browser = served.browser
    try:
        until(lambda: re.findall(r'data-ids="(\w+)"', browser.get("/review").text))
        until(lambda: "over" in browser.get("/now").text)
        assert browser.get("/").headers["location"] == "/now"
        text = browser.get("/now").text
        assert 'href="/now/the%20door"' in text
        plain = browser.get("/cameras/the%20door/still")
        assert (plain.headers["content-type"], plain.body[:2]) == ("image/jpeg", b"\xff\xd8")
        assert browser.get("/cameras/the%20door/still").body == plain.body
        assert "the door" in browser.get("/now/the%20door").text
        assert browser.get("/now/nobody").status == 404
        assert browser.post("/now/nobody", {"armed": "no"}).status == 404
        assert browser.post("/now/the%20door", {"armed": "perhaps"}).status == 400
        assert "Disarm" in browser.get("/now/the%20door").text
        assert browser.post("/now/the%20door", {"armed": "no"}).status == 303
        assert "Arm: tell of it again" in browser.get("/now/the%20door").text
        assert "the door: disarmed" in served.said
        assert browser.get("/cameras/nobody/still").status == 404
        for heat in ("", "?heat"):
            assert browser.first_picture(f"/cameras/the%20door/film{heat}")[:2] == b"\xff\xd8"
        assert served.end() == 0
    finally:
        served.process.kill()
    assert "Traceback" not in served.said


def test_a_password_is_set_from_standard_input(tmp_path):
    words = [sys.executable, "-m", "oddframe", "serve", "--set-password", "owner"]
    done = subprocess.run(
        [*words, "--state", "state"], input=f"{OWNER}\n", text=True, cwd=tmp_path, check=True,
        capture_output=True,
    )  # fmt: skip
    assert done.stdout.startswith("state: the password of the owner is set; a server that runs ")
    assert Passwords.read(tmp_path / "state").role_of(OWNER) == "owner"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"state": Path("nowhere")}, "nowhere: no such folder; 'oddframe watch' makes it"),
        ({"state": Path("film.mp4"), "runs": [Path()]}, "film.mp4: expected a folder"),
        ({"host": "0.0.0.0"}, "no password is set; set one first"),
        ({"port": 70000}, "--port: expected 0 to 65535"),
        ({"metrics": "9000"}, "--metrics tells of cameras that are watched"),
        ({"cameras": Path("none.yaml")}, "none.yaml"),
        ({"set_password": "boss"}, "unknown role 'boss'"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, monkeypatch, given, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mp4").touch()
    with pytest.raises(OddframeError) as error:
        serve(**given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("with_cameras", [False, True])
def test_a_journal_of_a_later_version_is_one_line(street, tmp_path, with_cameras):
    with open_journal(tmp_path / "state", print):
        pass
    file = tmp_path / "state" / "journal.sqlite"
    with closing(sqlite3.connect(file)) as journal:
        journal.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    cameras = tmp_path / "cameras.yaml"
    film = street.root / "fast.mp4"
    cameras.write_text(f"run: {street.run}\ncameras:\n  - {{name: door, source: '{film}'}}\n")
    with pytest.raises(OddframeError, match="99") as error:
        serve(cameras if with_cameras else None, state=tmp_path / "state", port=0)
    assert "\n" not in str(error.value)
    assert file.read_bytes() == before


def test_a_port_that_is_taken_is_one_line(tmp_path):
    served = Process(tmp_path, "--state", str(tmp_path))
    try:
        port = served.browser.where.rpartition(":")[2]
        with pytest.raises(OddframeError, match=f"--port {port}: cannot listen there"):
            serve(state=tmp_path, port=int(port))
        assert served.end() == 0
    finally:
        served.process.kill()
