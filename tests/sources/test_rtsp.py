"""RTSP by a real server, and what becomes of it: killed, frozen, unplugged, refused."""

from __future__ import annotations

import itertools
import socket
import threading
import time

import pytest
from tests.made.rtsp_camera import FarCamera, RtspCamera, free_port
from tests.sources.conftest import next_frame, reading, wait_for

from oddframe.sources.live_frame import LiveFrame
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


def reader_of(url: str, **values) -> Reader:
    return Reader(source_of(url, timeout=1.0, **values))


def frame_after_a_loss(reader: Reader, within: float = 30.0) -> LiveFrame:
    until = time.monotonic() + within
    while time.monotonic() < until:
        frame = reader.take(1.0)
        if frame is not None and frame.anew:
            return frame
    raise AssertionError(reader.state)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_have_the_time_of_day_and_the_rate_is_measured(
    steady_camera: RtspCamera, transport: str
):
    with reading(reader_of(f"{steady_camera.url}/live", transport=transport)) as reader:
        frames = []
        while len(frames) < 20:
            frames.append(next_frame(reader))
            assert -0.01 < time.time() - frames[-1].at < 1.0
        assert not any(frame.anew for frame in frames)
        assert frames[0].rgb().shape == (200, 320, 3)
        assert frames[0].size == (320, 200)
        assert all(a.seconds < b.seconds and a.at < b.at for a, b in itertools.pairwise(frames))
        shown = (frames[-1].index - frames[0].index) / 15  # a busy camera is late with some
        assert frames[-1].seconds - frames[0].seconds == pytest.approx(shown, abs=0.2)
        assert frames[-1].at - frames[0].at == pytest.approx(shown, abs=0.3)
        assert wait_for(lambda: reader.info).fps == pytest.approx(15, rel=0.01)
        state = reader.state
        assert (state.up, state.codec, state.size) == (True, "h264", (320, 200))
        assert state.lag < 1.0


def test_a_slow_taker_gets_the_newest_frame_and_the_others_are_counted(steady_camera: RtspCamera):
    with reading(reader_of(f"{steady_camera.url}/live")) as reader:
        first = next_frame(reader)
        time.sleep(1.0)
        second = next_frame(reader)
        assert time.time() - second.at < 0.6
        assert second.index - first.index > 5
        assert reader.state.frames_dropped == second.index - first.index - 1


def test_a_camera_that_is_killed_is_found_again_and_the_gap_is_told(camera: RtspCamera):
    with reading(reader_of(f"{camera.url}/live")) as reader:
        last = [next_frame(reader) for _ in range(5)][-1]
        camera.kill()
        state = wait_for(lambda: None if reader.state.up else reader.state)
        assert state.reason in ("ended", "refused")
        camera.on(width=160, height=120)
        frame = frame_after_a_loss(reader)
        assert frame.size == (160, 120)
        assert frame.gap.start >= last.at
        # Of the frames that came at once only the last is kept, with what is missing before them.
        assert frame.at - 1.0 < frame.gap.end <= frame.at
        assert frame.seconds - last.seconds == pytest.approx(frame.at - last.at, abs=1.5)
        reasons = set(reader.state.reconnects)
        assert "ended" in reasons
        assert reasons <= {"ended", "refused", "silent"}
        assert reader.state.up


def test_a_frozen_camera_is_silent_after_a_few_timeouts_and_comes_back(camera: RtspCamera):
    with reading(reader_of(f"{camera.url}/live")) as reader:
        next_frame(reader)
        with camera.frozen():
            begun = time.monotonic()
            wait_for(lambda: not reader.state.up)
            assert 0.9 < time.monotonic() - begun < 4.0
            assert reader.state.reason == "silent"
        frame = frame_after_a_loss(reader)
        assert frame.gap.reason in ("silent", "unreadable", "ended")
        assert reader.state.abandoned == 0


@pytest.mark.parametrize(("path", "reason"), [("/none", "not-found"), ("/broken", "server-error")])
def test_what_is_wrong_is_said_in_a_word(steady_camera: RtspCamera, path: str, reason: str):
    with reading(reader_of(steady_camera.url + path)) as reader:
        state = wait_for(lambda: reader.state if reader.state.reconnects else None)
        assert (state.up, state.reason) == (False, reason)
        wait_for(lambda: reader.state.reconnects[reason] >= 2)  # and tried again


def test_a_wrong_password_is_said_and_never_repeated(steady_camera: RtspCamera):
    url = f"rtsp://admin:hunter2@127.0.0.1:{steady_camera.port + 1}/live"
    with reading(reader_of(url)) as reader:
        state = wait_for(lambda: reader.state if reader.state.reconnects else None)
        assert state.reason == "denied"
        assert "hunter2" not in str(state)
        assert "admin" not in str(state)


def test_the_right_password_opens_whatever_it_is_made_of(steady_camera: RtspCamera):
    url = f"rtsp://admin:p%40ss%2Fw0rd@127.0.0.1:{steady_camera.port + 1}/live"
    with reading(reader_of(url)) as reader:
        next_frame(reader)


def test_a_port_that_is_closed_is_tried_for_ever(rtsp_server: None):
    with reading(reader_of(f"rtsp://127.0.0.1:{free_port()}/live")) as reader:
        wait_for(lambda: reader.state.reconnects.get("refused", 0) >= 2)
        assert not reader.ended


class Mute:
    """Answers all that RTSP asks for, and sends no picture; or accepts, and says nothing."""

    SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n" + (
        "a=rtpmap:96 H264/90000\r\na=control:one\r\n"
    )

    def __init__(self, answers: bool) -> None:
        self.answers = answers
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self.socket.getsockname()[1]}/live"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        kept = []
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            kept.append(connection)
            if self.answers:
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        asked = ""
        for line in connection.makefile(encoding="latin-1", newline="\r\n"):
            word = line.split(" ")[0]
            if line.startswith("CSeq:"):
                head = f"RTSP/1.0 200 OK\r\n{line.strip()}\r\nSession: 1\r\n"
                body = self.SDP if asked == "DESCRIBE" else ""
                if asked == "SETUP":
                    head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
                if body:
                    head += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
                connection.sendall(f"{head}\r\n{body}".encode())
            elif word in ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"):
                asked = word


@pytest.mark.parametrize(("answers", "reason"), [(True, "no-video"), (False, "silent")])
def test_a_camera_that_sends_nothing_is_noticed(answers: bool, reason: str):
    mute = Mute(answers)
    with reading(reader_of(mute.url)) as reader:
        begun = time.monotonic()
        state = wait_for(lambda: reader.state if reader.state.reconnects else None)
        assert state.reason == reason
        assert time.monotonic() - begun < 4.5
    mute.socket.close()


def test_a_cable_that_is_pulled_and_put_back(far_camera: FarCamera):
    with reading(reader_of(f"{far_camera.url}/live")) as reader:
        next_frame(reader)
        far_camera.pull()
        begun = time.monotonic()
        wait_for(lambda: not reader.state.up)
        assert time.monotonic() - begun < 4.0
        wait_for(lambda: sum(reader.state.reconnects.values()) >= 2)
        far_camera.put_back()
        assert frame_after_a_loss(reader).gap is not None
