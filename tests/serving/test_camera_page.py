"""The page of a camera over HTTP: what is refused, what is never sent."""

import re
import shutil
from collections.abc import Generator

import pytest
from tests.made.page_visitor import Browser
from tests.made.serve_process import Process, serve_process
from tests.serving.conftest import OWNER, VIEWER, Served

from oddframe.cameras.cameras_file import read_cameras
from oddframe.errors import OddframeError
from oddframe.serving.passwords import set_password
from oddframe.serving.zone_form import zones_in

CORNERS = "0.1 0.1\n0.9 0.1\n0.5 0.9"


@pytest.fixture(scope="module")
def server(street, tmp_path_factory) -> Generator[Process]:
    """A camera that films, and one that is away, behind a password for each role."""
    folder = tmp_path_factory.mktemp("served")
    film = f"lavfi:movie={street.root / 'calm.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (folder / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n"
        f"  - {{name: front door, source: '{film}'}}\n"
        "  - {name: gone, source: 'rtsp://user:hunter2@127.0.0.1:9/x', timeout: 1}\n"
    )
    shutil.copy(folder / "cameras.yaml", folder / "first.yaml")
    set_password(folder / "state", "owner", OWNER)
    set_password(folder / "state", "viewer", VIEWER)
    with serve_process(folder, "/cameras/front%20door/still", OWNER) as served:
        yield served


@pytest.fixture
def browser(server) -> Browser:
    return server.browser


def fields(browser, camera="front%20door", **more):
    text = browser.get(f"/camera/{camera}").text
    mark = re.search(r'name="mark" value="(\w+)"', text).group(1)
    return {"mark": mark, **more}


def zone(name="way in", corners=CORNERS, number=0, **more):
    said = {"name": name, "kind": "watch", "corners": corners, **more}
    return {f"zone-{number}-{what}": words for what, words in said.items()}


def cameras(server):
    return read_cameras(server.log.parent / "cameras.yaml").cameras


def test_cameras_are_reached_from_each_other_and_no_password_is_sent(browser):
    assert browser.get("/camera").headers["location"] == "/camera/front%20door"
    text = browser.get("/camera/front%20door").text
    assert 'href="/camera/gone"' in text
    assert 'href="/cameras/front%20door/film?heat"' in browser.get("/now/front%20door").text
    gone = browser.get("/camera/gone").text
    assert "rtsp://" in gone
    assert "There is no picture to draw on yet" in gone
    assert "hunter2" not in text + gone
    assert browser.get("/camera/nobody").status == 404
    assert browser.post("/camera/nobody/zones", {}).status == 404


def test_zones_are_saved_and_all_of_them_can_go_again(server, browser):
    given = fields(browser, **zone(), **zone("tv", number=7, kind="ignore"))
    answer = browser.post("/camera/front%20door/zones", given)
    assert (answer.status, answer.headers["location"]) == (
        303,
        "/camera/front%20door?saved=zones#zones",
    )
    assert cameras(server)[0].zones.names == ("way in", "tv")
    given = fields(browser, **zone(gone="yes"))
    assert browser.post("/camera/front%20door/zones", given).status == 303
    # Neither its run nor the file has any, so that nothing need be said.
    assert cameras(server)[0].zones is None
    saved = (server.log.parent / "cameras.yaml").read_text()
    assert saved == (server.log.parent / "first.yaml").read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (zone(corners="0.1 0.1\n0.9 0.1"), "expected 3 to 200 corners, found 2 corners"),
        (zone(corners="0.1 0.1\n0.9 0.1\n5 9"), "expected corners inside the picture"),
        (zone(corners="here\nthere\nelsewhere"), "expected a corner as two numbers"),
        (zone(corners="nan 0\n0.9 0.1\n0.5 0.9"), "expected a corner as two numbers"),
        (zone(kind="burn"), "one of ignore, watch"),
        (zone(sensitivity="lots"), "expected a sensitivity such as 1 or 0.5"),
        (zone(sensitivity="5000"), "expected a sensitivity from"),
        (zone() | zone(number=1), "there are two of that name"),
        (zone(name="\x1b[2J"), "plain characters"),
        (zone(kind="ignore", corners="0 0\n1 0\n1 1\n0 1"), "they cover the whole picture"),
    ],
)
def test_a_mistake_is_a_line_beside_what_was_typed(server, browser, given, said):
    before = (server.log.parent / "cameras.yaml").read_text()
    answer = browser.post("/camera/front%20door/zones", fields(browser, **given))
    assert answer.status == 409
    (alert,) = re.findall(r'role="alert">(.*?)</p>', answer.text)
    assert said in alert
    typed = given["zone-0-corners"].partition("\n")[0]
    assert typed in answer.text
    assert (server.log.parent / "cameras.yaml").read_text() == before


def test_a_viewer_reads_and_whoever_comes_from_elsewhere_changes_nothing(server, browser):
    before = (server.log.parent / "cameras.yaml").read_text()
    viewer = Browser(f"http://{browser.where}/")
    assert viewer.get("/camera/gone").status == 303
    viewer.log_in(VIEWER)
    text = viewer.get("/camera/front%20door").text
    assert "Save the zones" not in text
    given = {**fields(browser), **zone()}
    for who, headers in ((viewer, {}), (browser, {"Origin": "https://evil.example"})):
        answer = who.post("/camera/front%20door/zones", given, **headers)
        assert answer.status == 403
    assert (server.log.parent / "cameras.yaml").read_text() == before


def test_where_nothing_is_watched_there_is_no_file_to_save_to(served: Served):
    text = served.browser.get("/camera").text
    assert "there is no cameras file to save anything to" in text
    assert served.browser.get("/camera/door").status == 404
    assert served.browser.post("/camera/door/zones", zone()).status == 404


def test_what_is_left_blank_is_no_zone_and_there_are_not_too_many():
    assert zones_in(zone(name=" ", corners="\n ")) == []
    many = [zone(f"z{number}", number=number) for number in range(61)]
    with pytest.raises(OddframeError, match="expected 60 zones at most here, found 61"):
        zones_in({name: words for one in many for name, words in one.items()})
