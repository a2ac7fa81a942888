"""The page of a camera in Chromium, beside a real watch of a film that is shown again and again."""

import shutil
from collections.abc import Generator

import pytest
from tests.made.camera_at_page import Page
from tests.made.chromium import begun, complaints, text_at
from tests.made.serve_process import Process, serve_process
from tests.made.waiting import until

By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
ActionChains = pytest.importorskip("selenium.webdriver").ActionChains

MOVE = """
arguments[0].value = arguments[1];
arguments[0].dispatchEvent(new Event('input', {bubbles: true}));
"""


@pytest.fixture(scope="module")
def server(street, tmp_path_factory) -> Generator[Process]:
    folder = tmp_path_factory.mktemp("served")
    film = f"lavfi:movie={street.root / 'fast.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (folder / "first.yaml").write_text(
        f"run: {street.run}  # of May\n"
        "alerts:\n  lines: {kind: stdout}\n"
        "  phone: {kind: webhook, url: 'http://127.0.0.1:9/secret-path'}\n"
        "cameras:\n"
        "  - name: front  # over the door\n"
        f"    source: '{film}'\n"
        "    zones:  # Eva drew it\n"
        "      - {name: clock, kind: ignore, polygon: [[0, 0], [0.2, 0], [0.2, 0.1], [0, 0.1]]}\n"
    )
    shutil.copy(folder / "first.yaml", folder / "cameras.yaml")
    with serve_process(folder, "/cameras/front/still") as served:
        yield served


def test_its_run_is_there_to_score_videos_with(server):
    page = server.browser.get("/archive").text
    assert ">the run of camera front (fixed-camera)</option>" in page
    assert 'href="/archive"' in server.browser.get("/now").text


def test_the_grid_shows_what_the_camera_shows_while_somebody_looks(page, tmp_path):
    """Its stills come on one connection."""
    page.go("/now")
    seen: set[str] = set()

    def went_on(times: int) -> bool:
        image = page.one("img[data-still]")
        if image.get_property("naturalWidth"):
            seen.add(image.get_property("src"))
        return sum(one.startswith("blob:") for one in seen) >= times

    until(lambda: went_on(3), 30)
    page.driver.save_screenshot(str(tmp_path / "grid.png"))
    asked = "return performance.getEntriesByType('resource').map((one) => one.name)"
    stills = [name for name in page.driver.execute_script(asked) if "/still" in name]
    assert len(stills) <= 2  # the first, and the connection where a browser counts it
    assert complaints(page.driver) == []


def test_a_zone_is_drawn_with_the_mouse_saved_and_watched(page, tmp_path):
    page.go("/now/front")
    page.click("main a[href='/camera/front']")
    assert page.one("h1").text == "front"
    page.click("#draw")
    for corner in ((0.5, 0.5), (0.9, 0.5), (0.9, 0.9), (0.5, 0.9)):
        page.point(*corner)
    page.point(0.5, 0.5)  # the first corner again
    page.driver.switch_to.active_element.send_keys("way in")
    page.driver.save_screenshot(str(tmp_path / "drawn.png"))
    zone = page.all(".zone")[1]
    kind = zone.find_element(By.CSS_SELECTOR, "select")
    kind.find_element(By.XPATH, "option[. = 'watch']").click()
    # One of its corners is drawn elsewhere.
    page.drag((0.9, 0.9), (0.8, 0.95))
    page.click("#zone-form button.first")
    until(lambda: page.all(".note.good"))
    zones = page.camera.zones
    assert [(zone.name, zone.kind) for zone in zones] == [("clock", "ignore"), ("way in", "watch")]
    wanted = [(0.5, 0.5), (0.9, 0.5), (0.8, 0.95), (0.5, 0.9)]
    for found, corner in zip(zones.all[1].polygon, wanted, strict=True):
        assert found == pytest.approx(corner, abs=0.01)
    assert "name: front  # over the door" in page.file.read_text()
    assert "zones:  # Eva drew it" in page.file.read_text()
    assert "1 of 1 cameras new" in page.served.said
    assert len(page.all(".canvas polygon")) == 2
    page.driver.save_screenshot(str(tmp_path / "saved.png"))
    assert complaints(page.driver) == []


def test_corners_are_moved_added_and_taken_away_by_keys(page):
    page.go()
    page.one(".zone [data-what='name']").click()
    corner = page.all(".canvas button.corner")[2]
    corner.send_keys(Keys.ARROW_RIGHT * 4 + Keys.ARROW_DOWN * 2)
    assert page.one(".zone textarea").get_attribute("value").splitlines()[2] == "0.22 0.11"
    page.driver.switch_to.active_element.send_keys(Keys.DELETE)
    assert len(page.one(".zone textarea").get_attribute("value").splitlines()) == 3
    page.all(".canvas button.between")[0].send_keys(Keys.ENTER)
    assert page.one(".zone textarea").get_attribute("value").splitlines()[1] == "0.1 0"


def test_a_zone_that_crosses_itself_is_refused_and_what_was_drawn_stays(page, tmp_path):
    before = page.file.read_text()
    page.go()
    page.click("#draw")
    for corner in ((0.1, 0.5), (0.4, 0.9), (0.4, 0.5), (0.1, 0.9)):
        page.point(*corner)
    page.click("#done")
    page.driver.switch_to.active_element.send_keys("knot")
    page.click("#zone-form button.first")
    until(lambda: page.all("#zones [role=alert]"))
    assert "zone 'knot': its sides 1 and 3 meet" in page.one("#zones [role=alert]").text
    names = [one.get_attribute("value") for one in page.all(".zone [data-what='name']")]
    assert "knot" in names
    assert page.file.read_text() == before
    page.driver.save_screenshot(str(tmp_path / "knot.png"))


def test_the_file_that_was_changed_meanwhile_is_not_written_over(page):
    page.go()
    other = page.file.read_text().replace("of May", "of June")
    page.file.write_text(other)
    page.click(".zone [data-what='gone']")
    page.click("#zone-form button.first")
    until(lambda: page.all("#zones [role=alert]"))
    assert "somebody changed the file" in page.one("#zones [role=alert]").text
    assert page.file.read_text() == other


def test_nothing_is_wider_than_a_phone_and_a_finger_draws(page, tmp_path):
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True},
    )
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        page.go()
        wide = "return document.documentElement.scrollWidth - innerWidth"
        assert page.driver.execute_script(wide) <= 0
        page.click("#draw")
        image = page.one("#canvas img")
        page.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", image
        )
        where = (
            "const b = arguments[0].getBoundingClientRect(); return [b.x, b.y, b.width, b.height]"
        )
        x, y, width, height = page.driver.execute_script(where, image)
        for right, down in ((0.2, 0.2), (0.5, 0.2), (0.3, 0.6)):
            place = [{"x": x + right * width, "y": y + down * height}]
            for kind, points in (("touchStart", place), ("touchEnd", [])):
                page.driver.execute_cdp_cmd(
                    "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
                )
        page.driver.save_screenshot(str(tmp_path / "phone.png"))
        corners = page.all(".zone textarea")[-2].get_attribute("value").splitlines()
        assert len(corners) == 3
    finally:
        page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_without_scripts_zones_are_numbers_in_a_form(page, server):
    driver = begun(scripts=False)
    try:
        plain = Page(driver, server, page.file)
        plain.go()
        last = plain.all(".zone")[-1]
        for what, words in (("name", "step"), ("corners", "0.1 0.8\n0.3 0.8\n0.2 0.95")):
            last.find_element(By.CSS_SELECTOR, f"[data-what='{what}']").send_keys(words)
        plain.click("#zone-form button.first")
        until(lambda: plain.all(".note.good"))
        assert plain.camera.zones.all[-1].polygon == ((0.1, 0.8), (0.3, 0.8), (0.2, 0.95))
    finally:
        driver.quit()


def test_the_slider_shows_at_once_what_it_would_have_meant_and_saves(page, tmp_path):
    until(lambda: page.served.browser.get("/review.csv?state=all").text.count("\n") > 1, 120)
    page.go()
    text = text_at(page.driver, "#meant")
    assert "of the last week would have had" in text
    slide = page.one("#slide")
    for wanted in (4.0, 0.1):
        page.driver.execute_script(MOVE, slide, wanted)
        until(lambda wanted=wanted: f"At {wanted:.2f}" in text_at(page.driver, "#meant"))
    assert page.one("input[name='threshold']").get_attribute("value") == "0.1"
    assert "nothing was filmed" in text_at(page.driver, "#meant")
    assert page.all("#meant a[href^='/review/']")
    page.driver.execute_script("document.getElementById('limit').scrollIntoView()")
    page.driver.save_screenshot(str(tmp_path / "limit.png"))
    budget = page.one("input[name='budget']")
    budget.send_keys("12")
    until(lambda: "With at most 12 a day" in text_at(page.driver, "#meant"))
    page.click("#limit-form button.first")
    until(lambda: page.all(".note.good"))
    assert page.camera.alarms_per_hour == 0.5
    assert "alarms_per_day: 12" in page.file.read_text()
    assert complaints(page.driver) == []


def test_hours_are_saved_and_shown_on_the_timeline(page, tmp_path):
    page.go()
    for field in page.all(".week label input"):
        field.clear()
    words = {"time_zone": "Europe/Vienna", "monday": "8:00-12:00, 13:00-17:00", "sunday": "always"}
    for name, hours in words.items():
        page.one(f".week input[name='{name}']").send_keys(hours)
    page.click(".week button.first")
    until(lambda: page.all(".note.good"))
    page.driver.execute_script("document.getElementById('schedule').scrollIntoView()")
    page.driver.save_screenshot(str(tmp_path / "schedule.png"))
    schedule = page.camera.schedule
    assert (schedule.time_zone, len(schedule.hours)) == ("Europe/Vienna", 3)
    page.go("/timeline?camera=front&days=7")
    assert len(page.all(".strip .armed")) in (3, 4)  # Vienna's Sunday is two days in UTC
    page.driver.save_screenshot(str(tmp_path / "armed.png"))
    page.go()
    zone = page.one(".week input[name='time_zone']")
    zone.clear()
    zone.send_keys("Europe/Wien")
    page.click(".week button.first")
    until(lambda: page.all("#schedule [role=alert]"))
    assert "expected one such as Europe/Vienna" in page.one("#schedule [role=alert]").text
    assert page.one(".week input[name='time_zone']").get_attribute("value") == "Europe/Wien"


def test_a_test_message_goes_out_and_what_came_of_it_is_shown(page, tmp_path):
    page.go()
    assert "secret-path" not in page.driver.page_source
    page.click(".sink:has(input[value='lines']) button")
    until(lambda: page.all("#alerts [role=alert]"))
    assert page.one("#alerts [role=alert]").text == "lines: took a test message"
    assert '"kind": "test", "camera": "front"' in page.served.said
    page.click(".sink:has(input[value='phone']) button")
    until(lambda: "phone" in text_at(page.driver, "#alerts [role=alert]"))
    said = page.one("#alerts [role=alert]").text
    assert "refused" in said
    assert "within" not in said
    assert "secret-path" not in page.driver.page_source
    page.driver.save_screenshot(str(tmp_path / "alerts.png"))
