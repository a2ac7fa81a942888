"""Viewers who do nothing: they are left after a while, and there are only so many."""

from __future__ import annotations

import socket
import sys
import time

import pytest
from tests.made.waiting import until
from tests.serving.conftest import Served, site_at

from oddframe.serving import connections


@pytest.fixture
def hasty(tmp_path, monkeypatch):
    """A server that waits for a second at most."""
    monkeypatch.setattr(connections, "ASKING_SECONDS", 0.6)
    monkeypatch.setattr(connections, "READING_SECONDS", 0.5)
    monkeypatch.setattr(connections, "MOST_OPEN", 20)
    with site_at(tmp_path) as found:
        yield found


def connected(served: Served, said: bytes = b"") -> socket.socket:
    host, _, port = served.browser.where.partition(":")
    found = socket.create_connection((host, int(port)), timeout=30)
    found.sendall(said)
    return found


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end left; waits for it, or for what it says."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /review HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\npass",
    ],
)
def test_who_never_finishes_asking_is_left(hasty: Served, said, caplog):
    with connected(hasty, said) as connection:
        assert is_closed(connection)
    time.sleep(0.5)
    assert caplog.text == ""


def test_who_sends_slowly_is_heard(hasty: Served):
    """Longer than a server waits where nothing comes."""
    with connected(hasty) as connection:
        for letter in b"GET /review HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n":
            connection.sendall(bytes([letter]))
            time.sleep(0.05)
        assert connection.recv(12) == b"HTTP/1.1 200"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone can")
def test_who_reads_nothing_is_left_and_others_are_not(hasty: Served):
    ask = b"GET /review?state=all HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connected(hasty) as silent, connected(hasty, b"GET /feed HTTP/1.0\r\n\r\n") as feed:
        silent.setblocking(False)
        try:
            while True:
                silent.send(100 * ask)
        except BlockingIOError:  # neither takes any more
            pass
        begun = time.monotonic()
        assert hasty.browser.get("/review").status == 200
        assert time.monotonic() - begun < 5
        until(lambda: silent.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 30)
        assert not is_closed(feed)


def test_there_are_only_so_many(hasty: Served):
    many = [connected(hasty) for _ in range(20)]
    with connected(hasty) as one_more:
        assert is_closed(one_more)
    for connection in many:
        connection.close()
    until(lambda: not is_closed_at_once(hasty), 30)


def is_closed_at_once(served: Served) -> bool:
    with connected(served) as connection:
        connection.sendall(b"GET /review HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        return is_closed(connection)


@pytest.fixture
def pair():
    """Both ends of a connection, the one who looks first."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as looking:
        connections.set_options(listening)
        looking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        looking.connect(listening.getsockname())
        serving, _ = listening.accept()
        with serving:
            yield looking, serving


def test_an_answer_does_not_wait_for_the_other_ends_word(pair):
    assert pair[1].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="not on this system")
def test_the_system_keeps_little_for_who_reads_slowly(pair):
    """It would keep megabytes of a film, which is seen late by as much."""
    looking, serving = pair
    serving.setblocking(False)
    kept = 0
    try:
        while True:
            kept += serving.send(bytes(1 << 14))
    except BlockingIOError:
        pass
    assert kept <= 3 * connections.UNSENT_BYTES
    assert looking.recv(1) == b"\0"


def test_what_makes_a_page_gives_way_sooner_and_only_while_there_is_one(tmp_path):
    before = sys.getswitchinterval()
    with site_at(tmp_path):
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == before
