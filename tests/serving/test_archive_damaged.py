"""The archive's own files, damaged or removed under the server: its pages go on and say so."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket

import pytest
from tests.made.serve_process import Process
from tests.made.waiting import until
from tests.serving.test_archive import Visited, visited

from oddframe.archive.archive import Archive


@pytest.fixture(scope="module")
def at(street, tmp_path_factory):
    """The archive with a video that was dropped, and its scoring."""
    with visited(tmp_path_factory.mktemp("damaged"), street) as found:
        answer = found.send("fast.mp4", (street.root / "fast.mp4").read_bytes())
        assert answer.status == 303
        assert found.until_ended() == "done"
        yield found


def changed(content: str, **values) -> str:
    return json.dumps({**json.loads(content), **values})


def _event(content: str, **values) -> str:
    told = json.loads(content)
    told["videos"]["fast"]["events"][0].update(values)
    return json.dumps(told)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("uploads/1/upload.json", lambda text: changed(text, bytes="many")),
        ("uploads/1/upload.json", lambda text: changed(text, at=1e300)),
        ("uploads/1/upload.json", lambda text: changed(text, recording={"width": 1})),
        ("uploads/1/upload.json", lambda text: text.replace('"fps": ', '"fps": "x')[:50]),
        ("uploads/1/upload.json", lambda text: "[]"),
        ("jobs/1/job.json", lambda text: changed(text, asked="noon")),
        ("jobs/1/job.json", lambda text: changed(text, asked=1e300)),
        ("jobs/1/job.json", lambda text: changed(text, words=[])),
        ("jobs/1/job.json", lambda text: changed(text, run=7, of=[1], title=None)),
        ("jobs/1/job.json", lambda text: "null"),
        ("jobs/1/result/events.json", lambda text: text[: len(text) // 2]),
        ("jobs/1/result/events.json", lambda text: _event(text, start_seconds=None)),
        ("jobs/1/result/events.json", lambda text: changed(text, videos=[])),
        ("jobs/1/result/events.json", lambda text: changed(text, videos={"fast": {}})),
        ("jobs/1/result/events.json", lambda text: changed(text, videos={"fast": None})),
        ("jobs/1/result/scores.npz", lambda text: "nothing"),
    ],
)
def test_its_pages_answer_whatever_its_files_hold(at: Visited, file, damage):
    path = at.root / "state" / "archive" / file
    before = path.read_bytes()
    try:
        path.write_text(damage(before.decode(errors="replace")))
        for address in ("/archive", "/archive?jobs", "/archive/1", "/archive/1/report"):
            answer = at.browser.get(address)
            assert answer.status in (200, 404), (address, answer.text)
        for address, form in (
            ("/archive/compare", {"job-1": "yes", "job-2": "yes"}),
            ("/archive/score", {"run": at.run, "footage": "upload-9"}),
            ("/archive/uploads", {"upload": "9"}),
        ):
            assert at.browser.post(address, form).status == 409, address
    finally:
        path.write_bytes(before)


def test_a_job_whose_folder_is_removed_is_ended_and_the_next_one_is_done(street, tmp_path):
    with visited(tmp_path, street) as at:
        at.send("first.mp4", (street.root / "fast.mp4").read_bytes())
        until(lambda: at.archive.queue._going)
        going = at.archive.queue._going[1]
        os.killpg(going._process.pid, signal.SIGSTOP)  # it does not end by itself
        shutil.rmtree(tmp_path / "state" / "archive" / "jobs")
        until(lambda: at.archive.queue._going is None)
        assert not going.goes_on
        assert at.browser.get("/archive").status == 200
        assert at.send("second.mp4", (street.root / "calm.mp4").read_bytes()).status == 303
        assert at.until_ended() == "done"


def test_a_server_that_is_ended_while_a_video_comes_in_ends_at_once_and_keeps_nothing(
    street, tmp_path
):
    server = Process(tmp_path, "--state", "state", "--runs", street.run)
    run = Archive(tmp_path / "x", [street.run], [], dict, print).runs()[0].id
    host, port = server.browser.where.split(":")
    coming = tmp_path / "state" / "archive" / "uploads"
    try:
        with socket.create_connection((host, int(port))) as sending:
            sending.sendall(
                f"POST /archive/drop HTTP/1.1\r\nHost: {host}:{port}\r\n"
                f"Origin: {server.browser.origin}\r\nContent-Length: 100000\r\n"
                "Content-Type: multipart/form-data; boundary=XX\r\n\r\n"
                f'--XX\r\nContent-Disposition: form-data; name="run"\r\n\r\n{run}\r\n--XX\r\n'
                'Content-Disposition: form-data; name="video"; filename="a"\r\n\r\nfilm'.encode()
            )
            until(lambda: list(coming.glob(".incoming-*")))
            assert server.end() == 0
    finally:
        server.process.kill()
    assert "Traceback" not in server.said
    assert list(coming.glob("*")) == []
