"""No login is left in a text, whatever it is made of; all else stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.console.redaction import redacted, trouble_of_login

characters = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "C"]) | st.sampled_from("/@:'\"<>?&#=%")
)
password = characters.map(lambda text: f"Secret{text}Secret")
scheme = st.sampled_from(["rtsp", "http", "postgresql+psycopg2", "mlflow=http", "growing:rtsps"])
before = st.sampled_from(["", " failed: ", "[Errno 5] x: ", "('", 'b"', "me@example.org "])
after = st.sampled_from(["", " twice", "'", '": ', "/db, and mlflow=http://h", "?a=b\n://x"])


@given(password, scheme, before, after)
def test_no_password_is_left_in_a_text(secret, scheme, before, after):
    shown = redacted(f"{before}{scheme}://admin:{secret}@cam:554/path{after}")
    assert shown == f"{before}{scheme}://***@cam:554/path{after}"
    assert redacted(shown) == shown
    once = f"{scheme}://admin:{secret}@cam"
    assert redacted(f"{once} {once}/1") == f"{scheme}://***@cam {scheme}://***@cam/1"


@given(
    password,
    st.sampled_from(["rtsp", "mssql+x"]),
    st.sampled_from(" \t\n\x1f\x85\xa0\u2028"),
    characters,
)
def test_a_login_that_could_not_be_hidden_is_refused_and_not_said(secret, scheme, space, more):
    address = f"{scheme}://admin:{secret}{space}{secret}{more}@cam/path"
    refused = trouble_of_login(address)
    assert refused.startswith(f"{scheme}://***@cam/path: expected a login without spaces")
    assert "Secret" not in refused
    assert len(refused.splitlines()) == 1


@given(password, scheme)
def test_other_logins_are_not_refused(secret, scheme):
    assert not trouble_of_login(f"{scheme}://admin:{secret}@cam/path with spaces")


@pytest.mark.parametrize(
    "path",
    [
        "user=admin_password=hunter2_channel=1_stream=0.sdp",
        "user=admin&password=hunter2&channel=1&stream=0.sdp?",
        "channel=1_password=hunter2/0",
        "h264,pwd=hunter2",
    ],
)
def test_logins_in_the_path_of_an_address_are_hidden(path):
    """As cameras of several makers have them."""
    shown = redacted(f"cannot open rtsp://192.0.2.7:554/{path}: refused")
    assert "hunter2" not in shown
    assert shown.startswith("cannot open rtsp://192.0.2.7:554/")
    assert redacted(shown) == shown
    kept = "/data/author=hunter2/film.mp4: expected a video"
    assert redacted(kept) == kept


@pytest.mark.parametrize(
    "query",
    [
        "user=admin&password=hunter2",
        "usr=admin&pwd=hunter2",
        "a=1&token=hunter2",
        "API_KEY=hunter2",
    ],
)
def test_logins_in_a_query_are_hidden(query):
    shown = redacted(f"http://cam/cgi?{query}&channel=1")
    assert "hunter2" not in shown
    assert "channel=1" in shown


@pytest.mark.parametrize(
    "text",
    [
        "https://cam/a?channel=1 mail me@example.org",
        "sqlite:////home/me@work/mlflow.db",
        "file:///my folder/me@work",
        "",
    ],
)
def test_text_without_a_login_is_as_it_was(text):
    assert redacted(text) == text


def test_a_path_with_spaces_is_no_login():
    assert not trouble_of_login("sqlite:////home/my folder/me@work/mlflow.db")
