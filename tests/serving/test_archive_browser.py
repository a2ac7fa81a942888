"""The archive in Chromium: a video is dropped, scored, looked at, and two scorings compared."""

import base64
import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace

import pytest
from tests.made.camera_at_page import Page
from tests.made.chromium import begun, complaints, text_at
from tests.made.live_events import NOON, live_event
from tests.made.serve_process import Process
from tests.made.waiting import until

from oddframe.journal.journal import open_journal

pytest.importorskip("selenium")

DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
const what = new DataTransfer();
what.items.add(new File([bytes], arguments[1], {type: "video/mp4"}));
const event = new DragEvent("drop", {dataTransfer: what, bubbles: true, cancelable: true});
document.getElementById("drop").dispatchEvent(event);
"""


@dataclass
class Visitor(Page):
    """A browser at the archive."""

    def go(self, path: str = "/archive") -> None:
        super().go(path)

    def text(self, selector: str) -> str:
        return text_at(self.driver, selector)

    def choose(self, selector: str, words: str) -> None:
        for option in self.all(f"{selector} option"):
            if words in option.text:
                option.click()
                return
        raise AssertionError(words)

    def until_done(self) -> None:
        until(
            lambda: self.all(".job[data-state='done']") and not self.all(".job[data-state='going']")
        )


@pytest.fixture(scope="module")
def server(street, tmp_path_factory) -> Generator[Process]:
    folder = tmp_path_factory.mktemp("archive")
    for name in ("may", "june"):
        shutil.copytree(street.run, folder / "runs" / name)
    (folder / "footage" / "door").mkdir(parents=True)
    shutil.copy(street.root / "large.mp4", folder / "footage" / "door" / "large.mp4")
    with open_journal(folder / "state", print) as journal:
        run = str(folder / "runs" / "may")
        event = live_event(NOON, "door", verdict=None, run=run, nearest=None)
        files = journal.state.files_of(event)
        files.folder.mkdir(parents=True)
        shutil.copy(street.root / "large.mp4", files.clip())
        journal.write(replace(event, clip=files.name(files.clip())), None)
    served = Process(folder, "--state", "state", "--runs", "runs", "--footage", "footage")
    try:
        yield served
        assert served.end() == 0
    finally:
        served.process.kill()
    assert "Traceback" not in served.said


@pytest.fixture
def visitor(server, chromium) -> Visitor:
    return Visitor(chromium, server, server.folder)


def test_a_video_is_dropped_scored_and_compared(visitor, street, tmp_path):
    visitor.go("/")
    assert visitor.one("h1").text == "Archive"
    visitor.driver.save_screenshot(str(tmp_path / "empty.png"))
    visitor.choose("#drop select", "runs/june")
    visitor.click("#drop input[name='annotate']")
    film = base64.b64encode((street.root / "fast.mp4").read_bytes()).decode()
    visitor.driver.execute_script(DROP, film, "at the door.mp4")
    until(lambda: visitor.text("h1") == "at_the_door.mp4 with runs/june")
    visitor.driver.save_screenshot(str(tmp_path / "going.png"))
    visitor.until_done()
    until(lambda: visitor.all("#events td"))
    assert "1 odd moment in 1 video" in visitor.text(".job")
    visitor.driver.save_screenshot(str(tmp_path / "scored.png"))
    visitor.driver.execute_script("document.querySelector('video').load()")
    ready = "return document.querySelector('video').readyState"
    until(lambda: visitor.driver.execute_script(ready) > 0)
    visitor.click(".job a[href$='/report']")
    until(lambda: "Odd moments in at_the_door.mp4" in visitor.driver.title)
    visitor.driver.save_screenshot(str(tmp_path / "report.png"))
    # The same video with another run, from the list.
    visitor.go()
    visitor.choose("#here select[name='footage']", "at_the_door.mp4")
    visitor.choose("#here select[name='run']", "runs/may")
    visitor.click("#here button.first")
    until(lambda: visitor.text("h1") == "at_the_door.mp4 with runs/may")
    visitor.go()
    visitor.click("input[name='job-1']")  # which stays while the other one goes on
    until(lambda: visitor.all("input[name='job-2']"))
    assert visitor.one("input[name='job-1']").is_selected()
    visitor.click("input[name='job-2']")
    visitor.driver.save_screenshot(str(tmp_path / "chosen.png"))
    visitor.click("button[form='compare']")
    until(lambda: "june (1) and may (2)" in visitor.text("h1"))
    visitor.until_done()
    visitor.click(".job a[href$='/report']")
    until(lambda: visitor.driver.title == "Scores side by side")
    text = visitor.one("body").text
    assert "june (1) and may (2) find 1 of them both, june (1) alone 0, may (2) alone 0" in text
    visitor.driver.save_screenshot(str(tmp_path / "compared.png"))
    assert complaints(visitor.driver) == []


def test_a_file_that_is_no_video_is_a_line_on_the_page(visitor, tmp_path):
    visitor.go()
    words = base64.b64encode(b"no film\n" * 100).decode()
    visitor.driver.execute_script(DROP, words, "notes.mp4")
    until(lambda: "notes.mp4: " in visitor.text("#drop [role=status]"))
    assert visitor.one("#drop button").is_enabled()
    visitor.driver.save_screenshot(str(tmp_path / "refused.png"))
    uploads = visitor.served.folder / "state" / "archive" / "uploads"
    assert all(path.name.isdecimal() for path in uploads.glob("*"))
    # A browser tells of an answer with an error by itself.
    assert all("409 (Conflict)" in line for line in complaints(visitor.driver))


def test_it_can_be_stopped_and_goes_on(visitor):
    visitor.go()
    visitor.choose("#here select[name='footage']", "footage/door: 1 video")
    visitor.click("#here button.first")
    until(lambda: visitor.all(".job button[value='stop']"))
    visitor.click(".job button[value='stop']")
    until(lambda: visitor.all(".job[data-state='stopped']"))
    visitor.click(".job button[value='go on']")
    visitor.until_done()
    visitor.click(".job button[value='remove']")
    until(lambda: visitor.driver.current_url.endswith("/archive"))
    assert not any("door with" in job.text for job in visitor.all(".job"))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_page(visitor, tmp_path, width, dark):
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    visitor.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    visitor.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1600, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        visitor.go()
        wide = "return document.documentElement.scrollWidth - innerWidth"
        assert visitor.driver.execute_script(wide) <= 0
        visitor.driver.save_screenshot(str(tmp_path / f"archive-{width}-{dark}.png"))
    finally:
        visitor.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        visitor.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_without_scripts_a_video_is_sent_by_a_plain_form(server, street, tmp_path):
    driver = begun(scripts=False)
    try:
        plain = Visitor(driver, server, server.folder)
        plain.go()
        (tmp_path / "notes.mp4").write_text("no film")
        plain.one("#drop input[type='file']").send_keys(str(tmp_path / "notes.mp4"))
        plain.click("#drop button")
        assert "notes.mp4: " in plain.one("#wrong").text
        plain.one("#drop input[type='file']").send_keys(str(street.root / "calm.mp4"))
        plain.click("#drop button")
        until(lambda: plain.text("h1").startswith("calm.mp4 with runs/"))
        plain.click(".job button[value='stop']")
        # A fast machine may have been done before.
        until(lambda: plain.all(".job[data-state='stopped'], .job[data-state='done']"))
    finally:
        driver.quit()


def test_heat_and_boxes_are_drawn_into_the_film_of_an_event(visitor, tmp_path):
    visitor.go("/review")
    visitor.click(".item a.picture, .item h2 a, .item a")
    event = visitor.driver.current_url
    assert len(visitor.all("video")) == 1
    visitor.click("form[action$='/drawn'] button")
    until(lambda: "Heat and boxes" in visitor.text("main"))

    def drawn():
        visitor.driver.get(event)
        return len(visitor.all("video")) == 2

    until(drawn, 120)
    film = visitor.all("video")[1]
    until(lambda: visitor.driver.execute_script("return arguments[0].readyState", film) >= 1)
    assert not visitor.all("form[action$='/drawn']")
    visitor.driver.save_screenshot(str(tmp_path / "drawn.png"))
    assert complaints(visitor.driver) == []
