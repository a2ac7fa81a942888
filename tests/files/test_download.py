"""Downloads from a real server on this machine: broken, resumed, wrong, missing."""

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from oddframe.cli import main
from oddframe.cli.results import describe
from oddframe.errors import OddframeError
from oddframe.files.download import download
from oddframe.verbs.fetch import fetch

CONTENT = random.Random(0).randbytes(1_000_003)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves one file with ranges; the server object says how it misbehaves."""

    def do_GET(self):
        server = self.server
        server.asked.append(dict(self.headers))
        if self.path.startswith("/gone"):
            self.send_error(404)
            return
        content, start, status = server.content, 0, 200
        wanted = self.headers.get("Range")
        if wanted and server.ranges and self.headers.get("If-Range") == server.mark:
            start, status = int(wanted.removeprefix("bytes=").removesuffix("-")), 206
        self.send_response(status)
        self.send_header("Content-Type", server.kind)
        if server.mark:
            self.send_header("ETag", server.mark)
        if server.length:
            self.send_header("Content-Length", str(len(content) - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        # After `cut` bytes the connection is closed, as when a cable is pulled.
        self.wfile.write(content[start : start + server.cut])
        server.sent.set()
        server.hold.wait(300)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.content, served.mark, served.cut = CONTENT, '"one"', len(CONTENT)
        served.ranges, served.length, served.kind = True, True, "application/octet-stream"
        served.asked = []
        served.sent, served.hold = threading.Event(), threading.Event()
        served.hold.set()
        served.url = f"http://127.0.0.1:{served.server_port}/weights.pt"
        thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(match, *args, **kwargs):
    with pytest.raises(OddframeError, match=match) as caught:
        download(*args, **kwargs)
    assert "\n" not in str(caught.value)
    assert args[0] in str(caught.value)


def test_a_whole_file(server, tmp_path):
    target = tmp_path / "new" / "w.pt"
    assert download(server.url, target, size=len(CONTENT), sha256=SHA256.upper()) == SHA256
    assert target.read_bytes() == CONTENT
    assert names(target.parent) == ["w.pt"]
    assert server.asked[0]["User-Agent"].startswith("oddframe/")


def test_a_broken_transfer_goes_on(server, tmp_path):
    target = tmp_path / "w.pt"
    server.cut = 400_000
    refused("ended after 400,000 of 1,000,003 bytes.*run the same", server.url, target)
    assert not target.exists()
    assert names(tmp_path) == ["w.pt.partial", "w.pt.partial.json"]
    refused("ended after 800,000 of 1,000,003", server.url, target)
    assert download(server.url, target, sha256=SHA256) == SHA256
    assert target.read_bytes() == CONTENT
    assert [asked.get("Range") for asked in server.asked] == [
        None,
        "bytes=400000-",
        "bytes=800000-",
    ]
    assert names(tmp_path) == ["w.pt"]


def test_a_killed_process_goes_on(server, tmp_path):
    target = tmp_path / "w.pt"
    server.cut = 700_000
    server.hold.clear()
    code = (
        f"from oddframe.files.download import download; download({server.url!r}, {str(target)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert server.sent.wait(300)
        partial = tmp_path / "w.pt.partial"
        deadline = time.monotonic() + 300
        while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
        server.hold.set()
    have = partial.stat().st_size
    assert 0 < have <= 700_000
    assert not target.exists()
    assert download(server.url, target, sha256=SHA256) == SHA256
    assert server.asked[1]["Range"] == f"bytes={have}-"


@pytest.mark.parametrize("fault", ["changed", "no ranges", "no mark", "other address", "no state"])
def test_halves_that_may_not_fit_are_not_sewn_together(server, tmp_path, fault):
    target = tmp_path / "w.pt"
    server.cut = 400_000
    if fault == "no mark":
        server.mark = ""
    refused("ended after", server.url, target)
    server.cut = len(CONTENT)
    url = server.url
    if fault == "changed":
        server.content, server.mark = CONTENT[::-1], '"two"'
    elif fault == "no ranges":
        server.ranges = False
    elif fault == "other address":
        url += "?other"
    elif fault == "no state":
        (tmp_path / "w.pt.partial.json").write_text("{")
    download(url, target)
    assert target.read_bytes() == server.content
    assert names(tmp_path) == ["w.pt"]


def test_a_transfer_killed_just_before_the_rename(server, tmp_path):
    (tmp_path / "w.pt.partial").write_bytes(CONTENT)
    state = {"url": server.url, "mark": '"one"', "total": len(CONTENT)}
    (tmp_path / "w.pt.partial.json").write_text(json.dumps(state))
    assert download(server.url, tmp_path / "w.pt", sha256=SHA256) == SHA256
    assert server.asked == []


def test_wrong_hash_size_and_kind(server, tmp_path):
    target = tmp_path / "w.pt"
    refused(f"expected SHA-256 {'0' * 64}, found {SHA256}", server.url, target, sha256="0" * 64)
    assert names(tmp_path) == []
    refused("expected 5 bytes, the server has 1,000,003", server.url, target, size=5)
    server.kind = "text/html; charset=utf-8"
    refused("found a web page; open the address in a browser", server.url, target)
    assert names(tmp_path) == []


def test_a_server_that_does_not_say_the_length(server, tmp_path):
    server.length = False
    assert download(server.url, tmp_path / "w.pt", size=len(CONTENT)) == SHA256
    server.cut = 10
    refused("ended after 10 of 1,000,003", server.url, tmp_path / "v.pt", size=len(CONTENT))


def test_no_file_no_server_no_address(server, tmp_path):
    target = tmp_path / "w.pt"
    refused("the server answered 404 Not Found", server.url.replace("weights", "gone"), target)
    # Port 9 (discard) is served by nobody here.
    refused("no connection", "http://127.0.0.1:9/w.pt", target)
    refused("no connection", "http://[1/w.pt", target)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_one(server, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OddframeError, match="cannot write"):
        download(server.url, tmp_path / "file" / "w.pt")


def test_the_verb_with_an_address(server, tmp_path, capsys):
    out = tmp_path / "w.pt"
    words = ["fetch", server.url, "--out", str(out), "--sha256", SHA256]
    assert main(words) == 0
    assert f"sha256 {SHA256} (as expected)" in capsys.readouterr().out
    assert main(words) == 0  # it is there and right
    assert len(server.asked) == 1
    out.write_bytes(b"mine")
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert main(["fetch", server.url, "--out", str(tmp_path / "v.pt")]) == 2
    assert "needs --sha256" in capsys.readouterr().err
    assert main(["fetch", server.url, "--sha256", "abc"]) == 2
    assert "expected 64 hexadecimal digits" in capsys.readouterr().err
    # Into a folder the file goes under its published name.
    (tmp_path / "folder").mkdir()
    assert fetch(server.url, out=tmp_path / "folder", sha256=SHA256).path == (
        tmp_path / "folder" / "weights.pt"
    )


def test_without_a_known_hash_it_says_so(server, tmp_path, monkeypatch):
    from oddframe.files import addresses
    from oddframe.files.addresses import Address

    # The table with an address of this machine; the transfer is real.
    entry = Address("local", "weights: test", server.url, "none", "local.pt", "a note")
    monkeypatch.setattr(addresses, "ADDRESSES", (entry,))
    fetched = fetch("local", out=tmp_path / "local.pt")
    assert not fetched.checked
    text = describe(fetched)
    assert f"sha256 {SHA256} (not checked: no published hash is known" in text
    assert "a note" in text
