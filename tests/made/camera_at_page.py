"""A browser at the page of a camera, and what a person does there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.made.chromium import complaints
from tests.made.serve_process import Process

from oddframe.cameras.cameras_file import read_cameras


@dataclass
class Page:
    """A browser at the page of a camera.

    Attributes:
        driver: of Chromium.
        served: the server.
        file: the cameras file.
    """

    driver: Any
    served: Process
    file: Path

    def go(self, path: str = "/camera/front") -> None:
        complaints(self.driver)
        self.driver.get(f"http://{self.served.browser.where}{path}")

    def one(self, selector: str):
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list:
        return self.driver.find_elements("css selector", selector)

    def click(self, selector: str) -> None:
        found = self.one(selector)
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", found
        )
        found.click()

    @property
    def camera(self):
        """What the file says of it now."""
        return read_cameras(self.file).cameras[0]

    def point(self, x: float, y: float, touch: bool = False) -> None:
        """Press and let go at a place of the picture."""
        self.drag((x, y), (x, y))

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        from selenium.webdriver import ActionChains

        canvas = self.one("#canvas img")
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", canvas
        )
        box = canvas.rect
        there = [((x - 0.5) * box["width"], (y - 0.5) * box["height"]) for x, y in (begin, end)]
        actions = ActionChains(self.driver, duration=0)
        actions.move_to_element_with_offset(canvas, *there[0]).click_and_hold()
        actions.move_to_element_with_offset(canvas, *there[1]).release().perform()
