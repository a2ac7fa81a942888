"""Footage from a server, and on standard input: the same scores, and never half a video."""

import base64
import io
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.files.streamed import take_in
from oddframe.footage.brought import bring

LOGIN = "Basic " + base64.b64encode(b"guard:p@ss").decode()


class Handler(BaseHTTPRequestHandler):
    """A server of one film, in several ways."""

    def do_GET(self):
        film, path = self.server.film, self.path.partition("?")[0]
        self.server.asked.append((path, self.headers.get("Authorization")))
        if path == "/moved.mp4":
            self.send_response(302)
            self.send_header("Location", "/films/fast.mp4")
            self.end_headers()
            return
        if path == "/own/fast.mp4" and not self._is_let_in():
            return
        kinds = {"/page": "text/html", "/live": "multipart/x-mixed-replace; boundary=b"}
        self.send_response(200)
        self.send_header("Content-Type", kinds.get(path, "video/mp4"))
        if path != "/endless.ts":
            self.send_header("Content-Length", str(len(film)))
        self.end_headers()
        self.wfile.write(film[: len(film) // 2] if path == "/broken.mp4" else film)

    def _is_let_in(self):
        if self.headers.get("Authorization") == LOGIN:
            return True
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="films"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def log_message(self, *_):
        pass


@pytest.fixture
def server(street):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.film, served.asked = (street.root / "fast.mp4").read_bytes(), []
        served.at = f"127.0.0.1:{served.server_port}"
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield served
        served.shutdown()


@pytest.fixture(scope="module")
def known(street, tmp_path_factory):
    """The scores of the film, from its file."""
    out = tmp_path_factory.mktemp("known") / "scores.npz"
    return oddframe.score(street.run, street.root / "fast.mp4", out=out)


def test_an_address_is_scored_as_its_file(street_run, known, server, capsys):
    address = f"http://{server.at}/films/fast.mp4?take=1"
    found = oddframe.score(street_run, address)
    np.testing.assert_array_equal(found.scores["fast"], known.scores["fast"])
    assert found.path == street_run / "scores" / "fast" / "scores.npz"
    # On the command line too, after a redirection; the same bytes are not scored again.
    before = found.path.stat().st_mtime_ns
    words = ["score", str(street_run), f"http://{server.at}/moved.mp4", "--maps", "true"]
    assert main(words) == 0
    assert "odd moment" in capsys.readouterr().out
    assert found.path.stat().st_mtime_ns == before


def test_a_login_goes_to_the_server_that_asks_for_it_and_into_no_message(server, tmp_path, capsys):
    address = f"http://guard:p%40ss@{server.at}/own/fast.mp4"
    assert bring(address, tmp_path).read_bytes() == server.film
    assert [login for _, login in server.asked] == [None, LOGIN]
    assert main(["score", str(tmp_path), f"http://guard:secret@{server.at}/own/fast.mp4"]) == 2
    error = capsys.readouterr().err
    assert "the server answered 401" in error
    assert "secret" not in error


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("page", "expected a video, found a web page"),
        ("live", "found a stream, or a server that does not say how long it is; 'oddframe watch"),
        ("endless.ts", "found a stream, or a server that does not say how long it is"),
        ("cam.m3u8", "found a stream, or a server that does not say how long it is"),
        ("broken.mp4", "the transfer broke off, give the same command again"),
    ],
)
def test_what_is_no_file_is_one_line(path, said, server, tmp_path):
    with pytest.raises(OddframeError, match=said):
        bring(f"http://{server.at}/{path}", tmp_path)


def test_nobody_there_and_cameras_are_one_line(street, tmp_path, capsys):
    run, film = str(street.run), str(street.root / "fast.mp4")
    for words, said in (
        ([run, "http://127.0.0.1:9/fast.mp4"], "no connection ("),
        ([run, "rtsp://cam/1"], "'oddframe watch RUN rtsp://cam/1' watches it"),
        ([run, "-", film], "-: is given alone, found 2 pieces of footage"),
        (["-", film, "--detector", "giorno"], "-: is given alone, found 2 pieces of footage"),
        ([run, "http://a/b.mp4", "http://a/c.mp4"], "http://a/b.mp4: is given alone, found 2"),
    ):
        assert main(["score", *words, "--out", str(tmp_path / "s.npz")]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_standard_input_is_scored_as_its_file(street, known, tmp_path):
    command = [sys.executable, "-m", "oddframe", "score"]
    film, out = (street.root / "fast.mp4").read_bytes(), tmp_path / "o" / "scores.npz"
    done = subprocess.run(
        [*command, street.run, "-", "--out", out], input=film, capture_output=True, check=True
    )
    assert b"stdin" in done.stdout
    np.testing.assert_array_equal(oddframe.Scores.read(out)["stdin"], known.scores["fast"])
    # Without a run, by a detector that needs none.
    words = ["-", "--detector", "giorno", "--quiet"]
    subprocess.run([*command, *words], input=film, cwd=tmp_path, check=True)
    assert (tmp_path / "giorno-stdin" / "scores.npz").is_file()
    for sent, said in ((b"", b"found nothing"), (b"text", b"found a file that is none of them")):
        done = subprocess.run(
            [*command, street.run, "-", "--out", out], input=sent, capture_output=True, check=False
        )
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_nothing_is_read_from_a_terminal(street, monkeypatch):
    above, below = os.openpty()
    with os.fdopen(below, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(OddframeError, match="expected a video on standard input, found a term"):
            oddframe.score(street.run, "-")
    os.close(above)


def test_a_stream_without_end_is_given_up(tmp_path):
    target = tmp_path / "film"
    assert take_in(io.BytesIO(bytes(1000)), target, "pipe", most=1000) == 1000
    assert target.stat().st_size == 1000
    with Path("/dev/zero").open("rb") as endless, pytest.raises(OddframeError) as raised:
        take_in(endless, target, "pipe", most=10_000_000)
    assert str(raised.value).startswith("pipe: expected at most 10,000,000 bytes, found more")
