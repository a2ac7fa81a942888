"""The page behind a proxy with TLS: nginx, set up as ``docs/page.md`` says."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.made.page_visitor import Browser
from tests.made.programs import program
from tests.made.serve_process import serve_process
from tests.made.waiting import until
from tests.serving.conftest import OWNER, fill

from oddframe.journal.journal import open_journal
from oddframe.serving.passwords import set_password
from oddframe.serving.sessions import MOST_TRIES

_AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    {server}
}}
"""


@pytest.fixture(scope="module")
def behind(street, own_certificate, tmp_path_factory) -> Generator[Browser]:
    """A browser at nginx, before a server with events, a film and a password."""
    nginx = program("nginx", "nginx-light")
    folder = tmp_path_factory.mktemp("behind")
    film = f"lavfi:movie={street.root / 'calm.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (folder / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n  - {{name: front, source: '{film}'}}\n"
    )
    with open_journal(folder / "state", print) as journal:
        fill(journal, folder)
    set_password(folder / "state", "owner", OWNER)
    with serve_process(folder, "/cameras/front/still", OWNER) as served:
        file, port = folder / "nginx.conf", free_port()
        file.write_text(configuration(folder, served.browser.where, port, own_certificate))
        process = subprocess.Popen([nginx, "-p", folder, "-c", file, "-e", "stderr"])
        try:
            trusted = ssl.create_default_context(cafile=str(own_certificate[0]))
            browser = Browser(f"https://127.0.0.1:{port}", trusted)
            until(lambda: answers(port), 30)
            yield browser
        finally:
            process.terminate()
            process.wait(30)


def configuration(folder: Path, where: str, port: int, certificate: tuple[Path, Path]) -> str:
    """What the documentation says, on these ports and with these files."""
    text = (REPOSITORY / "docs" / "page.md").read_text()
    server = text.partition("```nginx\n")[2].partition("```")[0]
    for said, meant in (
        ("443 ssl", f"127.0.0.1:{port} ssl"),
        ("/etc/ssl/cameras.crt", str(certificate[0])),
        ("/etc/ssl/cameras.key", str(certificate[1])),
        ("127.0.0.1:8777", where),
    ):
        assert server.count(said) == 1
        server = server.replace(said, meant)
    return _AROUND.format(folder=folder, server=server)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_one_logs_in_and_out_with_a_cookie_for_https_alone(behind: Browser):
    assert behind.get("/review").headers["location"] == "/login?next=/review"
    answer = behind.log_in(OWNER)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert "Secure" in answer.headers["set-cookie"]
    assert behind.get("/now").status == 200
    assert behind.post("/logout", {}).status == 303
    assert behind.get("/now").status == 303


def test_words_are_taken_from_its_own_origin_alone(behind: Browser):
    behind.log_in(OWNER)
    ids = re.findall(r'data-ids="(.*?)"', behind.get("/review").text)[0]
    for origin in ("https://evil.example", behind.origin.replace("https", "http"), "null"):
        assert behind.post("/review", {"ids": ids, "word": "odd"}, Origin=origin).status == 403
    answer = behind.post("/review", {"ids": ids, "word": "odd"}, Accept="text/plain")
    assert answer.status == 200


def test_the_feed_a_film_and_part_of_a_clip_come_through_at_once(behind: Browser):
    behind.log_in(OWNER)
    assert behind.feed_line()["newest"]
    assert behind.first_picture("/cameras/front/film")[:2] == b"\xff\xd8"
    (clip,) = [
        found.group(1)
        for event in re.findall(r'href="(/review/\w+)"', behind.get("/review?state=all").text)
        if (found := re.search(r'<video src="(.*?)"', behind.get(event).text))
    ][:1]
    whole = behind.get(clip).body
    part = behind.get(clip, Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole[10:20])


def test_more_than_a_megabyte_can_be_dropped(behind: Browser):
    """It is oddframe that says what is wrong with it."""
    behind.log_in(OWNER)
    kind = "multipart/form-data; boundary=x"
    sent = b"--x\r\nContent-Disposition: form-data; name=run\r\n\r\nnone\r\n" + bytes(3_000_000)
    headers = {"Origin": behind.origin, "Content-Type": kind}
    answer = behind.ask("POST", "/archive/drop", sent, headers)
    assert answer.status == 409
    assert "expected a video" in answer.text


def test_who_guesses_closes_the_door_for_their_own_address_alone(behind: Browser):
    """nginx says who asks; what a visitor says of that is not passed on."""
    given = {"X_Forwarded_For": "192.0.2.7"}
    for _ in range(MOST_TRIES):
        assert behind.post("/login", {"password": "wrong"}, **given).status == 401
    assert behind.post("/login", {"password": OWNER}, **given).status == 429
