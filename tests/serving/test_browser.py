"""The page in Chromium, done by keys and clicks; screenshots lie in pytest's folder."""

import av
import numpy as np
import pytest
from tests.made.chromium import begun, complaints
from tests.made.live_events import NOON, live_event
from tests.made.waiting import until
from tests.serving.conftest import OWNER, Served, site_at

from oddframe.serving.passwords import Passwords, set_password
from oddframe.serving.sessions import Sessions

By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys


def address(served: Served, path: str) -> str:
    return f"http://{served.browser.where}{path}"


def waiting(chromium) -> str:
    return chromium.find_element(By.ID, "waiting").text


def test_keys_give_words_and_take_them_back(served: Served, chromium, tmp_path):
    a, b, c, d = served.events
    complaints(chromium)
    chromium.get(address(served, "/review"))
    body = chromium.find_element(By.TAG_NAME, "body")
    body.send_keys("jj")
    assert chromium.find_element(By.CSS_SELECTOR, ".item.here").get_attribute("data-ids") == c.id
    body.send_keys("n")
    until(lambda: waiting(chromium) == "3")
    assert served.journal.event(c.id).verdict == "normal"
    # The next one is chosen at once: two events in one visit, both odd.
    chromium.switch_to.active_element.send_keys("o")
    until(lambda: waiting(chromium) == "1")
    assert {served.journal.event(e.id).verdict for e in (a, b)} == {"odd"}
    chromium.save_screenshot(str(tmp_path / "review.png"))
    chromium.switch_to.active_element.send_keys("u")
    until(lambda: waiting(chromium) == "3")
    chromium.switch_to.active_element.send_keys("u")
    until(lambda: waiting(chromium) == "4")
    assert {served.journal.event(e.id).verdict for e in (a, b, c, d)} == {None}
    assert complaints(chromium) == []


def test_a_word_is_taken_back_by_a_button_too(served: Served, chromium):
    chromium.get(address(served, "/review"))
    item = chromium.find_element(By.CLASS_NAME, "item")
    back = item.find_element(By.CSS_SELECTOR, 'button[value="none"]')
    assert not back.is_displayed()
    item.find_element(By.CSS_SELECTOR, 'button[value="odd"]').click()
    until(lambda: back.is_displayed() and waiting(chromium) == "3")
    back.click()
    until(lambda: not back.is_displayed() and waiting(chromium) == "4")


def test_the_film_of_an_event_plays(served: Served, chromium, tmp_path):
    complaints(chromium)  # of a page whose server has gone
    chromium.get(address(served, "/review?camera=door"))
    picture = chromium.find_elements(By.CSS_SELECTOR, ".item a.picture")[1]
    picture.send_keys(Keys.ENTER)
    film = chromium.find_element(By.TAG_NAME, "video")
    until(lambda: chromium.execute_script("return arguments[0].readyState", film) >= 1)
    found = chromium.execute_script("return [arguments[0].duration, arguments[0].videoWidth]", film)
    assert found == [pytest.approx(3.0, abs=0.11), 64]
    shown = chromium.find_elements(By.CSS_SELECTOR, "figure img")
    sizes = [chromium.execute_script("return arguments[0].naturalWidth", one) for one in shown]
    assert sizes == [60, 60]
    chromium.save_screenshot(str(tmp_path / "moment.png"))
    assert complaints(chromium) == []


def test_a_picture_that_is_gone_leaves_no_hole(served: Served, chromium):
    (served.root / "run" / "sights.npz").unlink()
    chromium.get(address(served, f"/review/{served.events[1].id}"))
    figure = chromium.find_element(By.CSS_SELECTOR, "figure:has([data-optional])")
    until(lambda: not figure.is_displayed())


def test_the_timeline_leads_to_the_event_that_is_clicked(served: Served, chromium, tmp_path):
    chromium.get(address(served, "/timeline?day=2026-03-01&camera=door"))
    chromium.save_screenshot(str(tmp_path / "timeline.png"))
    marks = chromium.find_elements(By.CSS_SELECTOR, ".strip a rect.detected")
    assert len(marks) == 3
    beside = """
        const box = arguments[0].getBoundingClientRect();
        const there = document.elementFromPoint(box.right + 8, box.y + box.height / 2);
        return there.closest("a")?.getAttribute("href");"""
    assert chromium.execute_script(beside, marks[-1]) == f"/review/{served.events[2].id}", (
        "a finger"
    )
    marks[-1].click()
    until(lambda: chromium.current_url.endswith(served.events[2].id))


def test_something_new_is_told_without_loading_again(served: Served, chromium):
    chromium.get(address(served, "/review"))
    note = chromium.find_element(By.ID, "new")
    newest = "return document.body.dataset.newest"
    until(lambda: chromium.execute_script(newest) == served.events[3].id)
    served.journal.write(live_event(NOON + 9000, "door", verdict=None))
    until(note.is_displayed)
    assert waiting(chromium) == "5"


def test_nothing_is_wider_than_a_phone(served: Served, chromium, tmp_path):
    chromium.set_window_size(500, 900)  # headless Chromium's narrowest; the media query is 640
    try:
        for path in ("/review", f"/review/{served.events[1].id}", "/timeline?day=2026-03-01"):
            chromium.get(address(served, path))
            wide = "return document.documentElement.scrollWidth - innerWidth"
            assert chromium.execute_script(wide) <= 0, path
        chromium.save_screenshot(str(tmp_path / "phone.png"))
    finally:
        chromium.set_window_size(1200, 900)


def test_a_page_left_open_says_that_its_session_ended(tmp_path, chromium):
    """Nothing is taken from it, and the way back leads to where one was."""
    set_password(tmp_path, "owner", OWNER)
    with site_at(tmp_path, Sessions(Passwords.read(tmp_path))) as served:
        chromium.get(address(served, "/review?camera=door"))
        chromium.find_element(By.ID, "password").send_keys(OWNER, Keys.ENTER)
        until(lambda: chromium.find_elements(By.CSS_SELECTOR, ".bar nav"))
        chromium.set_window_size(500, 900)
        places = chromium.find_element(By.CSS_SELECTOR, ".bar nav").rect
        out = chromium.find_element(By.CSS_SELECTOR, ".bar form").rect
        assert places["y"] >= out["y"] + out["height"]  # beside "Log out" they were a pile
        chromium.set_window_size(1200, 900)
        until(lambda: waiting(chromium) == "4")
        served.browser.cookie = "=".join(chromium.get_cookies()[0][k] for k in ("name", "value"))
        assert served.browser.post("/logout", {}).status == 303
        until(lambda: chromium.find_elements(By.ID, "logged-out"))
        chromium.find_element(By.TAG_NAME, "body").send_keys("jo")
        link = chromium.find_element(By.CSS_SELECTOR, "#logged-out a")
        assert link.get_attribute("href").endswith("/login?next=%2Freview%3Fcamera%3Ddoor")
        chromium.save_screenshot(str(tmp_path / "logged-out.png"))
        assert {served.journal.event(e.id).verdict for e in served.events} == {None}
        chromium.delete_all_cookies()


def test_a_word_that_somebody_else_gave_meanwhile_is_shown_first(served: Served, chromium):
    event = served.events[3].id
    chromium.get(address(served, "/review"))
    served.journal.judge(event, "odd")
    item = chromium.find_element(By.CSS_SELECTOR, f'[data-ids="{event}"]')
    body = chromium.find_element(By.TAG_NAME, "body")
    body.send_keys("jn")
    until(lambda: item.find_element(By.CLASS_NAME, "verdict").text == "odd")
    said = chromium.find_element(By.ID, "said").text
    assert said.startswith("somebody said 'odd' meanwhile; nothing was changed")
    assert served.journal.event(event).verdict == "odd"
    body.send_keys("n")
    until(lambda: served.journal.event(event).verdict == "normal")
    chromium.switch_to.active_element.send_keys("u")
    until(lambda: served.journal.event(event).verdict == "odd")


@pytest.mark.parametrize("what", ["another codec", "damaged", "gone"])
def test_a_film_that_does_not_play_says_so_and_can_be_kept(
    served: Served, chromium, tmp_path, what
):
    event = served.events[1]
    path = served.root / "state" / event.clip
    if what == "another codec":
        with av.open(str(path), "w") as box:
            stream = box.add_stream("mpeg4", rate=10, width=64, height=48)
            images = [np.full((48, 64, 3), 9 * level, np.uint8) for level in range(20)]
            for packet in stream.encode(av.VideoFrame.from_ndarray(images[0])):
                box.mux(packet)
            box.mux(stream.encode(None))
    elif what == "damaged":
        path.write_bytes(path.read_bytes()[:200])
    else:
        path.unlink()
    chromium.get(address(served, f"/review/{event.id}"))
    note = chromium.find_element(By.CSS_SELECTOR, "[data-unplayed]")
    until(note.is_displayed)
    chromium.save_screenshot(str(tmp_path / "unplayed.png"))
    assert "keep this film" in note.find_element(By.XPATH, "..").text


def test_without_scripts_the_list_reads_and_takes_words(served: Served):
    driver = begun(scripts=False)
    try:
        driver.get(address(served, "/review"))
        assert len(driver.find_elements(By.CLASS_NAME, "item")) == 3
        driver.find_element(By.CSS_SELECTOR, 'button[value="odd"]').click()
        until(lambda: served.journal.event(served.events[3].id).verdict == "odd")
        assert "/review" in driver.current_url
        assert len(driver.find_elements(By.CLASS_NAME, "item")) == 2
    finally:
        driver.quit()
