"""JPEGs and playlists over HTTP, by a server on loopback."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tests.made.encoded_videos import picture
from tests.sources.conftest import next_frame, reading, wait_for

from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of

RATE = 12.0


class Jpegs(BaseHTTPRequestHandler):
    """A camera that sends twelve JPEGs a second, and whose stream says nothing about it."""

    def do_GET(self) -> None:
        if self.path.startswith("/private") and self.headers.get("Authorization") is None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        if self.path == "/none":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        begun = time.monotonic()
        for number in range(100_000):
            if self.path == "/short" and number == 12:
                return
            jpeg = cv2.imencode(".jpg", picture(number))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return
            time.sleep(max(begun + (number + 1) / RATE - time.monotonic(), 0))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def jpegs() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Jpegs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_jpegs_get_the_times_at_which_they_come_and_not_what_ffmpeg_makes_up(jpegs: str):
    ring = PacketRing(seconds=5)
    with reading(Reader(source_of(f"http://{jpegs}/live", timeout=2.0), ring)) as reader:
        frames = [next_frame(reader) for _ in range(24)]
        for frame in frames:
            assert frame.lag < 0.5
        lasted = (frames[-1].index - frames[0].index) / RATE
        assert frames[-1].seconds - frames[0].seconds == pytest.approx(lasted, rel=0.15)
        assert frames[-1].at == pytest.approx(time.time(), abs=0.5)
        assert wait_for(lambda: reader.info).fps == pytest.approx(RATE, rel=0.3)
        assert reader.state.codec == "mjpeg"
        assert ring.span[1] - ring.span[0] > 1.0


def test_a_stream_of_jpegs_that_ends_is_a_disconnect(jpegs: str):
    with reading(Reader(source_of(f"http://{jpegs}/short", timeout=2.0))) as reader:
        wait_for(lambda: sum(reader.state.reconnects.values()) >= 2)
        assert not reader.ended
        assert reader.state.frames_read > 0


def test_what_is_wrong_over_http_is_said_in_a_word(jpegs: str):
    for path, reason in (("/none", "not-found"), ("/private", "denied")):
        with reading(Reader(source_of(f"http://{jpegs}{path}", timeout=1.0))) as reader:
            state = wait_for(lambda r=reader: r.state if r.state.reconnects else None)
            assert state.reason == reason
    with reading(Reader(source_of(f"http://u:p@{jpegs}/private", timeout=1.0))) as reader:
        next_frame(reader)


def test_a_page_or_a_playlist_that_leads_elsewhere_is_no_camera(tmp_path: Path):
    (tmp_path / "page").write_text("<html>" + "x" * 5000)
    (tmp_path / "live.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"
    )
    server = _files(tmp_path)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("page", "live.m3u8"):
        with reading(Reader(source_of(f"{address}/{name}", timeout=1.0))) as reader:
            state = wait_for(lambda r=reader: r.state if r.state.reconnects else None)
            assert not state.up
            assert state.frames_read == 0
    server.shutdown()


def _files(folder: Path) -> ThreadingHTTPServer:
    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *words: object) -> None:
            super().__init__(*words, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_hls_comes_in_segments_and_is_shown_evenly(tmp_path: Path):
    server = _files(tmp_path)
    stopped = threading.Event()

    def record() -> None:
        options = {"hls_time": "0.5", "hls_list_size": "4", "hls_flags": "delete_segments"}
        with av.open(str(tmp_path / "live.m3u8"), "w", format="hls", options=options) as output:
            stream = output.add_stream("libx264", rate=10, options={"bf": "0"})
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 5
            begun = time.monotonic()
            for number in range(600):
                frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
                output.mux(stream.encode(frame))
                if stopped.wait(max(begun + number / 10 - time.monotonic(), 0)):
                    return

    thread = threading.Thread(target=record)
    thread.start()
    try:
        wait_for((tmp_path / "live.m3u8").exists)
        source = source_of(f"http://127.0.0.1:{server.server_address[1]}/live.m3u8", timeout=3.0)
        with reading(Reader(source)) as reader:
            taken = []
            while len(taken) < 20:
                frame = next_frame(reader)
                taken.append((frame.index, frame.seconds, time.monotonic()))
        index, seconds, came = (np.array(column) for column in zip(*taken, strict=True))
        assert np.diff(seconds) == pytest.approx(np.diff(index) / 10, abs=0.01)
        assert came[-1] - came[0] == pytest.approx(seconds[-1] - seconds[0], abs=1.0)
        assert max(b - a for a, b in itertools.pairwise(came)) < 1.5
    finally:
        stopped.set()
        thread.join()
        server.shutdown()
