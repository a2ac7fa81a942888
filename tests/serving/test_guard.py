"""Who may look and decide: passwords, sessions, names, origins, roles, headers."""

import stat

import pytest
from tests.serving.conftest import OWNER, VIEWER, Served, site_at

from oddframe.errors import OddframeError
from oddframe.serving.door import Door
from oddframe.serving.passwords import PASSWORDS, Passwords, set_password
from oddframe.serving.sessions import (
    LASTS,
    MOST_TRIES,
    TRIED_SECONDS,
    Sessions,
    TooManyTriesError,
)


@pytest.fixture(scope="module")
def passwords(tmp_path_factory):
    folder = tmp_path_factory.mktemp("passwords")
    set_password(folder, "owner", OWNER)
    set_password(folder, "viewer", VIEWER)
    return Passwords.read(folder)


@pytest.fixture
def guarded(tmp_path, passwords):
    with site_at(tmp_path, Sessions(passwords)) as found:
        yield found


def test_passwords_are_kept_as_salted_hashes_for_their_owner_alone(tmp_path):
    set_password(tmp_path, "owner", OWNER)
    first = (tmp_path / PASSWORDS).read_bytes()
    assert stat.S_IMODE((tmp_path / PASSWORDS).stat().st_mode) == 0o600
    assert OWNER.encode() not in first
    set_password(tmp_path, "owner", OWNER)
    assert (tmp_path / PASSWORDS).read_bytes() != first  # another salt
    assert Passwords.read(tmp_path).role_of(OWNER) == "owner"
    assert Passwords.read(tmp_path).role_of(OWNER + " ") is None


@pytest.mark.parametrize("given", ["", "short", "x" * 2000])
def test_a_password_of_no_use_is_refused(tmp_path, given):
    with pytest.raises(OddframeError, match="of 8 to 1024 characters"):
        set_password(tmp_path, "owner", given)


@pytest.mark.parametrize("content", ["{", '{"owner": 1}', '{"owner": {"salt": "", "hash": ""}}'])
def test_damaged_passwords_let_nobody_in(tmp_path, content):
    (tmp_path / PASSWORDS).write_text(content)
    with pytest.raises(OddframeError, match=r"passwords\.json"):
        Passwords.read(tmp_path)


def test_a_session_ends_with_logging_out_and_with_time(passwords):
    now = [0.0]
    sessions = Sessions(passwords, lambda: now[0])
    token = sessions.log_in(VIEWER, "a")
    assert sessions.role_of(token) == "viewer"
    now[0] = LASTS + 1
    assert sessions.role_of(token) is None
    token = sessions.log_in(OWNER, "a")
    sessions.log_out(token)
    assert sessions.role_of(token) is None
    assert sessions.role_of("") is None


def test_wrong_passwords_close_the_door_for_their_address_for_a_while(passwords):
    now = [0.0]
    sessions = Sessions(passwords, lambda: now[0])
    for _ in range(MOST_TRIES):
        assert sessions.log_in("wrong", "a") is None
    with pytest.raises(TooManyTriesError):
        sessions.log_in(OWNER, "a")
    assert sessions.log_in(OWNER, "b")
    now[0] = TRIED_SECONDS + 1
    assert sessions.log_in(OWNER, "a")


def test_a_viewer_s_password_buys_no_more_tries_at_the_owner_s(passwords):
    sessions = Sessions(passwords, lambda: 0.0)
    for _ in range(MOST_TRIES - 1):
        assert sessions.log_in("a guess", "a") is None
        assert sessions.log_in(VIEWER, "a")
    assert sessions.log_in("a guess", "a") is None
    with pytest.raises(TooManyTriesError):
        sessions.log_in(VIEWER, "a")


def test_nobody_sees_anything_before_logging_in(guarded: Served):
    event = guarded.events[1]
    for path in (
        *("/", "/review", "/review.csv", f"/review/{event.id}", "/timeline", "/feed"),
        *(f"/events/{event.id}/{what}" for what in ("picture", "clip/1", "nearest")),
    ):
        answer = guarded.browser.get(path)
        assert (answer.status, answer.headers["location"].split("?")[0]) == (303, "/login")
        assert event.id not in answer.text
        assert guarded.browser.get(path, Accept="*/*").status == 401
    assert guarded.browser.post("/review", {"ids": event.id, "word": "odd"}).status == 401
    assert guarded.browser.get("/static/page.css").status == 200


def test_a_password_opens_and_a_viewer_only_looks(guarded: Served):
    event = guarded.events[0].id
    viewer, owner = guarded.browser, guarded.another()
    assert viewer.log_in("nobody's").status == 401
    answer = viewer.log_in(VIEWER)
    assert answer.status == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    text = viewer.get("/review").text
    assert "viewer, who only looks" in text
    assert event in text
    assert 'name="word"' not in text
    assert viewer.post("/review", {"ids": event, "word": "odd"}).status == 403
    owner.log_in(OWNER)
    assert 'name="word"' in owner.get("/review").text
    assert owner.post("/review", {"ids": event, "word": "odd"}).status == 200
    assert viewer.post("/logout", {}).status == 303
    assert viewer.get("/review").status == 303


def test_a_feed_that_is_open_ends_with_its_session(guarded: Served):
    viewer = guarded.browser
    viewer.log_in(VIEWER)
    connection = viewer.connection()
    try:
        connection.request("GET", "/feed", headers={"Cookie": viewer.cookie})
        answer = connection.getresponse()
        assert answer.readline().startswith(b"retry")
        viewer.post("/logout", {})
        assert b": here" not in answer.read()  # to its end, before the next sign of life
    finally:
        connection.close()


def test_wrong_passwords_over_the_page_are_limited(guarded: Served):
    found = [guarded.browser.log_in("wrong").status for _ in range(MOST_TRIES + 1)]
    assert found == [401] * MOST_TRIES + [429]


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil", "/login"])
def test_logging_in_leads_to_our_pages_only(guarded: Served, where):
    answer = guarded.browser.post("/login", {"password": OWNER, "next": where})
    assert answer.headers["location"] == "/"
    answer = guarded.browser.post("/login", {"password": OWNER, "next": "/timeline"})
    assert answer.headers["location"] == "/timeline"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_what_comes_from_another_page_changes_nothing(served: Served, origin):
    event = served.events[0].id
    given = {"Origin": origin} if origin else {"Origin": "", "Sec_Fetch_Site": "cross-site"}
    answer = served.browser.post("/review", {"ids": event, "word": "odd"}, **given)
    assert answer.status == 403
    assert served.journal.event(event).verdict is None


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "[", "127.0.0.1.nip.io"]
)
def test_another_name_that_leads_here_is_refused(served: Served, host):
    assert served.browser.get("/review", Host=host).status == 400


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:80", "192.168.1.7"])
def test_numbers_and_our_own_names_are_known(served: Served, host):
    assert served.browser.get("/review", Host=host).status == 200


def test_every_answer_says_what_a_browser_may_do_with_it(served: Served):
    for path in ("/review", "/static/page.css", "/nothing", "/feed-nothing"):
        headers = served.browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers
    assert served.browser.get("/review").headers["cache-control"] == "no-store"


def test_a_form_of_many_megabytes_is_not_read(served: Served):
    event = served.events[0].id
    answer = served.browser.post("/review", {"ids": event, "word": "odd", "x": "y" * 2_000_000})
    assert answer.status == 413
    assert served.journal.event(event).verdict is None


def test_a_form_that_says_no_length_and_goes_on_is_not_read(served: Served, caplog):
    kind = "application/x-www-form-urlencoded"
    body = (b"x" * 65536 for _ in range(20))  # sent in chunks
    assert served.browser.ask("POST", "/review", body, {"Content-Type": kind}).status == 413
    assert caplog.text == ""


def test_others_may_come_only_with_a_password():
    with pytest.raises(OddframeError, match="no password is set; set one first"):
        Door("0.0.0.0").check(guarded=False)
    Door("0.0.0.0").check(guarded=True)
    Door().check(guarded=False)
    with pytest.raises(OddframeError, match="--port: expected 0 to 65535, found 70000"):
        Door(port=70000).check(guarded=False)
