"""Every address of the page with odd parts, fields and headers, by nobody, a viewer and the owner.

Schemathesis draws them from a description of the routes that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.made.page_schema import page_schema
from tests.made.page_visitor import Browser
from tests.made.serve_process import Process, serve_process
from tests.serving.conftest import OWNER, VIEWER, fill

from oddframe.journal.journal import open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.serving.passwords import set_password

ENDLESS = ("/feed", "/stills", "/cameras/{camera}/film")
OPEN = ("/login", "/static/{name}")
few = settings(
    max_examples=5,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def events() -> list[LiveEvent]:
    return []


@pytest.fixture(scope="module")
def server(street, events, tmp_path_factory) -> Generator[Process]:
    """A camera that films, one with a password that is away, and events."""
    folder = tmp_path_factory.mktemp("every")
    film = f"lavfi:movie={street.root / 'calm.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (folder / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n"
        f"  - {{name: front, source: '{film}'}}\n"
        "  - {name: gone, source: 'rtsp://user:hunter2@127.0.0.1:9/x', timeout: 1}\n"
    )
    with open_journal(folder / "state", print) as journal:
        events += fill(journal, folder)
    set_password(folder / "state", "owner", OWNER)
    set_password(folder / "state", "viewer", VIEWER)
    with serve_process(folder, "/cameras/front/still", OWNER) as served:
        yield served


@pytest.fixture(scope="module")
def visitors(server) -> dict[str, Browser]:
    """Nobody, a viewer and the owner, before wrong passwords close the door."""
    nobody, viewer = Browser(server.browser.origin), Browser(server.browser.origin)
    assert viewer.log_in(VIEWER).status == 303
    return {"nobody": nobody, "viewer": viewer, "owner": server.browser}


@pytest.fixture(scope="module")
def operations(server, events, tmp_path_factory) -> list[Any]:
    ids = [event.id for event in events]
    known = {"event": ids, "ids": [*ids, " ".join(ids)], "before": ids, "name": ["page.css"]}
    schema = page_schema(tmp_path_factory.mktemp("empty"), known | {"camera": ["front", "gone"]})
    found = [one.ok() for one in schemathesis.openapi.from_dict(schema).get_all_operations()]
    assert len(found) > 30
    return found


def ask_all(
    browser: Browser,
    operations: list[Any],
    check: Callable[[Any, Any], None],
    **headers: str,
) -> None:
    """Ask every address a few times; each answer is none of a bug, and tells no secret."""
    for operation in operations:
        if operation.path == "/logout" and browser.cookie:
            continue  # the rest would be asked by nobody

        def ask(case: Any, operation: Any) -> None:
            sent = {"Origin": browser.origin, "Cookie": browser.cookie, **headers}
            wanted = case.as_transport_kwargs(base_url=browser.origin, headers=sent)
            # Schemathesis would read each answer to its end, which some have not.
            with requests.request(
                **wanted, stream=True, timeout=30, allow_redirects=False
            ) as answer:
                body = b"" if operation.path in ENDLESS and answer.ok else answer.content
                assert answer.status_code < 500, (case, body[:300])
                assert b"hunter2" not in body
                assert b"Traceback" not in body
                assert "content-security-policy" in answer.headers
                check(operation, answer)

        few(given(operation.as_strategy(), st.just(operation))(ask))()


def kept(server: Process) -> tuple[bytes, list[tuple[str, str | None]]]:
    """What nobody but an owner may change: the cameras file, and words on events."""
    found = JournalReader(StateFolder(server.folder / "state")).events(Question(most=1000))
    file: Path = server.folder / "cameras.yaml"
    return file.read_bytes(), sorted((event.id, event.verdict) for event in found)


def test_nobody_sees_and_changes_nothing(server, visitors, operations, events):
    before = kept(server)

    def check(operation: Any, answer: Any) -> None:
        if operation.path not in OPEN:
            assert answer.status_code in (303, 401)
            assert not any(event.id.encode() in answer.content for event in events)

    ask_all(visitors["nobody"], operations, check)
    assert kept(server) == before


def test_a_viewer_changes_nothing(server, visitors, operations):
    before = kept(server)

    def check(operation: Any, answer: Any) -> None:
        if operation.method.upper() == "POST" and operation.path != "/login":
            assert answer.status_code == 403

    ask_all(visitors["viewer"], operations, check)
    assert kept(server) == before


def test_an_owner_on_another_page_changes_nothing(server, visitors, operations):
    before = kept(server)
    changing = [one for one in operations if one.method.upper() == "POST"]

    def check(_: Any, answer: Any) -> None:
        assert answer.status_code == 403

    ask_all(visitors["owner"], changing, check, Origin="https://evil.example")
    assert kept(server) == before


def test_an_owner_finds_no_bug(server, visitors, operations):
    ask_all(visitors["owner"], operations, lambda *_: None)
    assert server.process.poll() is None
    assert "Traceback" not in server.said


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(visitors, operations, method):
    browser = visitors["owner"]
    for path in sorted({operation.path for operation in operations}):
        filled = path.replace("{camera}", "front").replace("{part}", "1")
        headers = {"Origin": browser.origin}
        assert browser.ask(method, filled, None, headers).status in (404, 405)
