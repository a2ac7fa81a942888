"""The archive over a real port: who may change it, what is refused, and that nothing is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.made.page_visitor import Answer, Browser
from tests.made.serve_process import Process
from tests.made.waiting import until
from tests.serving.conftest import OWNER, VIEWER

from oddframe.archive import queue, uploads
from oddframe.archive.archive import Archive
from oddframe.cli import main
from oddframe.journal.journal import open_journal
from oddframe.processes import aside
from oddframe.scores.frame_scores import Scores
from oddframe.serving.door import Door
from oddframe.serving.passwords import Passwords, set_password
from oddframe.serving.server import serving
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site


class Visited:
    """The page, its archive, and where that lies."""

    def __init__(self, browser: Browser, archive: Archive, root: Path) -> None:
        self.browser, self.archive, self.root = browser, archive, root

    @property
    def run(self) -> str:
        return self.archive.runs()[0].id

    def send(self, name: str, content: bytes, browser: Browser | None = None, **given) -> Answer:
        """Send a file as a browser's form does."""
        fields = {"run": self.run, **given.pop("fields", {})}
        parts = [
            f'--XX\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'Content-Disposition: form-data; name="video"; filename="{name}"'
        parts.append(f"--XX\r\n{head}\r\n\r\n".encode() + content + b"\r\n--XX--\r\n")
        at = browser or self.browser
        headers = {
            "Origin": f"http://{at.where}",
            "Content-Type": "multipart/form-data; boundary=XX",
        }
        return at.ask("POST", "/archive/drop", b"".join(parts), {**headers, **given})

    def line(self, answer: Answer) -> str:
        """The one line that says what is wrong."""
        return answer.text.partition('id="wrong">')[2].partition("</p>")[0].replace("&#39;", "'")

    def left(self) -> list[str]:
        folder = self.root / "state" / "archive" / "uploads"
        return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []

    def until_ended(self, number: int = 1) -> str:
        def ended() -> bool:
            return self.archive.queue.job(str(number)).state not in ("waiting", "going")

        until(ended)
        return self.archive.queue.job(str(number)).state


@contextmanager
def visited(root: Path, street, passwords: Passwords | None = None) -> Generator[Visited]:
    footage = root / "footage"
    if not footage.exists():
        (footage / "door").mkdir(parents=True)
        shutil.copy(street.root / "fast.mp4", footage / "door" / "fast.mp4")
        (root / "elsewhere").mkdir()
        shutil.copy(street.root / "calm.mp4", root / "elsewhere" / "secret.mp4")
        (footage / "out").mkdir()
        (footage / "out" / "inside.mp4").symlink_to(root / "elsewhere" / "secret.mp4")
        shutil.copy(street.root / "calm.mp4", footage / "out" / "own.mp4")
        (footage / "linked").symlink_to(root / "elsewhere")
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(root / "state", print))
        archive = Archive(root / "state" / "archive", [street.run], [footage], dict, print)
        stack.enter_context(archive.at_work())
        sessions = Sessions(passwords or Passwords({}))
        site = Site(journal, journal, sessions, archive=archive)
        address = stack.enter_context(serving(site, Door(port=0)))
        yield Visited(Browser(address), archive, root)


@pytest.fixture
def at(street, tmp_path) -> Generator[Visited]:
    with visited(tmp_path, street) as found:
        yield found


def test_what_the_page_scores_is_what_the_command_line_makes(at, street, tmp_path):
    answer = at.send("../../my fast.mp4", (street.root / "fast.mp4").read_bytes())
    assert (answer.status, answer.headers["location"]) == (303, "/archive/1")
    assert at.until_ended() == "done"
    upload = at.archive.upload("1")
    assert upload.path == tmp_path / "state/archive/uploads/1/my_fast.mp4"
    own = tmp_path / "own" / "scores.npz"
    assert main(["score", str(street.run), str(upload.path), "--out", str(own), "--report"]) == 0
    made = at.archive.queue.job("1").scores
    assert (made.parent / "events.json").read_bytes() == (own.parent / "events.json").read_bytes()
    one, other = Scores.read(made), Scores.read(own)
    assert list(one) == list(other)
    assert (one["my_fast"] == other["my_fast"]).all()
    names = [{path.name for path in folder.iterdir()} for folder in (made.parent, own.parent)]
    assert names[0] == names[1]
    page = at.browser.get("/archive/1")
    assert "1 odd moment in 1 video" in page.text
    report = at.browser.get("/archive/1/report")
    assert report.status == 200
    assert "Odd moments in my_fast.mp4" in report.text
    assert "default-src 'none'" in report.headers["content-security-policy"]
    assert "sandbox" in report.headers["content-security-policy"]
    events = made.parent / "events.json"
    assert at.browser.get("/archive/1/files/events").body == events.read_bytes()
    assert "the camera itself" not in page.text
    told = json.loads(events.read_text())
    trouble = {"start": 0, "end": 9, "what": "covered", "start_seconds": 0, "end_seconds": 0.7}
    told["videos"]["my_fast"]["camera"] = [trouble]
    events.write_text(json.dumps(told))
    assert "my_fast: covered, 0:00.0 to 0:00.7" in at.browser.get("/archive/1").text
    # What is still to be scored stays; what is not goes, and what was found in it stays.
    assert at.browser.post("/archive/uploads", {"upload": "1"}).status == 303
    assert at.left() == []
    assert at.browser.get("/archive/1/report").status == 200
    assert at.browser.post("/archive/1", {"what": "remove"}).status == 303
    assert at.browser.get("/archive/1").status == 404


def test_a_file_that_is_no_video_is_a_line_and_nothing_is_left(at, street):
    listed = b'{"format": "oddframe-manifest/1"}\n{"path": "/etc/passwd"}\n'
    for name, content in (("film.mp4", b"#!/bin/sh\n" * 500), ("list.jsonl", listed)):
        answer = at.send(name, content)
        assert answer.status == 409
        assert at.line(answer).startswith(name.replace(".jsonl", "_jsonl"))
        assert "state" not in at.line(answer)
    assert at.left() == []
    assert at.archive.queue.jobs() == []


def test_too_much_is_refused_before_it_is_all_there(at, street, monkeypatch):
    film = (street.root / "fast.mp4").read_bytes()
    monkeypatch.setattr(uploads, "MOST_BYTES", len(film) - 1)
    answer = at.send("film.mp4", film)
    assert answer.status == 409
    assert "is larger than" in at.line(answer)
    monkeypatch.undo()
    monkeypatch.setattr(uploads, "LEAST_FREE", 1 << 60)
    monkeypatch.setattr(queue, "LEAST_FREE", 1 << 60)
    answer = at.send("film.mp4", film)
    assert answer.status == 409
    assert "make some room first" in at.line(answer)
    said = at.send("film.mp4", film, **{"Content-Length": str(uploads.LONGEST_SENT + 1)})
    assert said.status == 413
    assert at.left() == []


def test_a_form_that_ends_early_or_is_none_leaves_nothing(at, street):
    film = (street.root / "fast.mp4").read_bytes()
    for content in (b"--XX--\r\n", b"--XX\r\n\r\nx", b"", b"a" * 100_000):
        headers = {"Content-Type": "multipart/form-data; boundary=XX"}
        headers["Origin"] = f"http://{at.browser.where}"
        assert at.browser.ask("POST", "/archive/drop", content, headers).status == 409
    assert at.send("a.mp4", film, fields={"run": "../../run"}).status == 409
    assert at.send("a.mp4", film, **{"Content-Type": "text/plain"}).status == 409
    assert at.left() == []


def test_only_its_own_page_and_an_owner_change_anything(street, tmp_path):
    for role, password in (("owner", OWNER), ("viewer", VIEWER)):
        set_password(tmp_path / "state", role, password)
    film = (street.root / "fast.mp4").read_bytes()
    with visited(tmp_path, street, Passwords.read(tmp_path / "state")) as at:
        assert at.send("a.mp4", film).status == 401
        assert at.browser.get("/archive").status == 303  # to log in
        at.browser.log_in(VIEWER)
        read = at.browser.get("/archive")
        assert read.status == 200
        assert '<form method="post" action="/archive' not in read.text
        assert at.send("a.mp4", film).status == 403
        for path in ("score", "compare", "uploads", "1"):
            assert at.browser.post(f"/archive/{path}", {}).status == 403
        at.browser.log_in(OWNER)
        assert at.send("a.mp4", film, Origin="http://evil.example").status == 403
        assert at.send("a.mp4", film, Origin="null").status == 403
        assert at.left() == []
        assert at.send("a.mp4", film).status == 303
        at.archive.queue.stop(at.archive.queue.job("1"))


def test_footage_is_chosen_of_the_list_and_a_link_leads_nowhere(at, tmp_path):
    listed = {one.path.relative_to(tmp_path).as_posix(): one for one in at.archive.listed()}
    assert sorted(listed) == [
        "footage",
        "footage/door",
        "footage/door/fast.mp4",
        "footage/out",
        "footage/out/own.mp4",
    ]

    def score(footage: str) -> Answer:
        return at.browser.post("/archive/score", {"run": at.run, "footage": footage})

    for path in ("footage/out", "footage"):
        assert "is a link that leads out of footage" in at.line(score(listed[path].id))
    for given in (
        "/etc",
        "../elsewhere",
        str(tmp_path / "elsewhere"),
        "",
        "upload-1",
        "upload-../1",
    ):
        assert score(given).status == 409
    assert at.archive.queue.jobs() == []
    # What is said of footage while it is scored is on its page.
    cut = tmp_path / "footage" / "door" / "cut.mkv"
    cut.write_bytes(b"no film")
    assert score(listed["footage/door"].id).status == 303
    assert at.until_ended() == "done"
    page = at.browser.get("/archive/1").text
    assert "footage/door with " in page
    assert "cut.mkv: " in page.partition('class="warning"')[2]
    for path in ("0", "2", "..%2f1", "1x", "%31%00"):
        assert at.browser.get(f"/archive/{path}").status == 404
    for path in ("films/0", "films/99", "files/config", "files/..%2fjob.json", "files/scores%00"):
        assert at.browser.get(f"/archive/1/{path}").status == 404


def test_scorings_of_the_command_line_are_listed_and_compared(street, street_run, tmp_path):
    film = tmp_path / "a.mp4"
    shutil.copy(street.root / "fast.mp4", film)
    scores = street_run / "scores"
    for name, options in (("a", ["--report"]), ("b", ["--threshold", "1"])):
        out = scores / name / "scores.npz"
        assert main(["score", str(street_run), str(film), "--out", str(out), *options]) == 0
    (scores / "elsewhere").symlink_to(scores / "a")
    with ExitStack() as stack:
        archive = Archive(tmp_path / "archive", [street_run], [], dict, print)
        stack.enter_context(archive.at_work())
        journal = stack.enter_context(open_journal(tmp_path / "state", print))
        site = Site(journal, journal, Sessions(Passwords({})), archive=archive)
        browser = Browser(stack.enter_context(serving(site, Door(port=0))))
        found = [one for _, one in archive.in_runs()]
        assert [one.footage for one in found] == ["a", "b"]
        page = browser.get("/archive").text
        assert "1 odd moment in 1 video" in page
        report = browser.get(f"/archive/{found[0].key}/report")
        assert "Odd moments in a.mp4" in report.text
        assert "sandbox" in report.headers["content-security-policy"]
        assert browser.get(f"/archive/{found[1].key}/report").status == 404
        assert browser.get("/archive/found-0/report").status == 404
        assert browser.post("/archive/compare", {found[0].key: "yes"}).status == 409
        given = {one.key: "yes" for one in found}
        assert browser.post("/archive/compare", {**given, "job-9": "yes"}).status == 409
        assert browser.post("/archive/compare", {**given, "truth": "yes"}).status == 409
        assert browser.post("/archive/compare", given).headers["location"] == "/archive/1"
        until(lambda: archive.queue.job("1").state == "done")
        assert "street-run (b) alone" in browser.get("/archive/1/report").text


def test_scorings_of_footage_with_its_events_beside_it_are_measured(at, tmp_path):
    frames = 100
    labels = "\n".join(str(int(37 <= frame < 75)) for frame in range(frames))
    (tmp_path / "footage" / "door" / "fast.csv").write_text(f"{labels}\n")
    film = next(one for one in at.archive.listed() if one.path.name == "fast.mp4")
    for number in (1, 2):
        at.browser.post("/archive/score", {"run": at.run, "footage": film.id})
        assert at.until_ended(number) == "done"
    asked = {"job-1": "yes", "job-2": "yes", "truth": "yes"}
    assert at.browser.post("/archive/compare", asked).headers["location"] == "/archive/3"
    assert at.until_ended(3) == "done", at.archive.queue.job("3").said
    page = at.browser.get("/archive/3/report")
    assert "Micro AUC" in page.text
    assert "sandbox" in page.headers["content-security-policy"]


def test_a_process_that_is_killed_is_a_line_and_can_go_on(at, street):
    at.send("a.mp4", (street.root / "fast.mp4").read_bytes())
    until(lambda: at.archive.queue._going)
    os.killpg(at.archive.queue._going[1]._process.pid, signal.SIGKILL)
    assert at.until_ended() == "failed"
    assert "its process ended with status -9" in at.browser.get("/archive/1").text
    assert at.browser.get("/archive/1/report").status == 404
    assert at.browser.post("/archive/1", {"what": "go on"}).status == 303
    until(lambda: at.archive.queue.job("1").state == "done")


def test_a_job_that_gets_nowhere_or_fills_the_disk_is_ended(at, street, monkeypatch):
    monkeypatch.setattr(queue, "MOST_IDLE", 1.0)
    monkeypatch.setattr(aside, "PATIENCE", 0.2)
    at.send("a.mp4", (street.root / "fast.mp4").read_bytes())
    until(lambda: at.archive.queue._going)
    os.killpg(at.archive.queue._going[1]._process.pid, signal.SIGSTOP)
    assert at.until_ended() == "failed"
    assert "got no farther for 1 s" in at.browser.get("/archive/1").text
    monkeypatch.setattr(queue, "MOST_IDLE", 3600.0)
    at.browser.post("/archive/1", {"what": "go on"})
    until(lambda: at.archive.queue._going)
    monkeypatch.setattr(queue, "LEAST_FREE", 1 << 60)
    assert at.until_ended() == "failed"
    assert "make some room first" in at.browser.get("/archive/1").text


def test_a_server_that_is_killed_goes_on_where_it_was(street, tmp_path):
    footage = tmp_path / "footage"
    footage.mkdir()
    for number in range(6):
        shutil.copy(street.root / "calm.mp4", footage / f"{number}.mp4")
    words = ["--state", "state", "--runs", street.run, "--footage", footage]
    server = Process(tmp_path, *words)
    try:
        assert server.browser.get("/").headers["location"] == "/archive"
        (tmp_path / "state" / "archive" / "uploads" / ".incoming-x").mkdir(parents=True)
        archive = Archive(tmp_path / "state" / "archive", [street.run], [footage], dict, print)
        chosen = {"run": archive.runs()[0].id, "footage": archive.listed()[0].id}
        assert server.browser.post("/archive/score", chosen).status == 303
        kept = tmp_path / "state" / "archive" / "jobs" / "1" / "result" / ".scoring" / "videos"
        until(lambda: list(kept.glob("[!.]*.npz")))
        server.end(signal.SIGKILL)
        once = {path: path.stat().st_mtime_ns for path in kept.glob("[!.]*.npz")}
        server = Process(tmp_path, *words)
        assert not (tmp_path / "state" / "archive" / "uploads" / ".incoming-x").exists()
        until(lambda: archive.queue.job("1").state == "done")
        assert "were scored before this was stopped" in archive.queue.job("1").log.read_text()
        assert once
        assert server.end() == 0
        assert "Traceback" not in server.said
    finally:
        server.process.kill()


def test_a_second_server_shows_it_and_changes_nothing(at, street, tmp_path):
    at.send("a.mp4", (street.root / "fast.mp4").read_bytes())
    second = Process(tmp_path, "--state", "state", "--runs", street.run)
    try:
        page = second.browser.get("/archive").text
        assert "Nothing can be changed here: " in page
        assert "a.mp4 with" in page
        assert second.browser.post("/archive/1", {"what": "stop"}).status == 409
        assert second.end() == 0
    finally:
        second.process.kill()
    assert at.until_ended() == "done"


def test_folders_that_are_not_there_are_a_line(tmp_path, capsys):
    for option in ("runs", "footage"):
        assert main(["serve", f"--{option}", str(tmp_path / "none")]) == 2
        assert f"--{option}" in capsys.readouterr().err
