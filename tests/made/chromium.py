"""Debian's Chromium, driven by Selenium."""

from __future__ import annotations

import pytest
from tests.made.programs import program


def begun(scripts: bool = True):
    """A browser; whoever begins it quits it."""
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    options.add_argument("--window-size=1200,900")
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--force-prefers-reduced-motion",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        off = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", off)
    return webdriver.Chrome(
        options=options, service=Service(program("chromedriver", "chromium-driver"))
    )


def complaints(chromium) -> list[str]:
    """What its console says, once."""
    return [row["message"] for row in chromium.get_log("browser")]


def text_at(chromium, selector: str) -> str:
    """What a person reads there, also while the page becomes another one; ``""`` without such."""
    script = "return document.querySelector(arguments[0])?.innerText ?? ''"
    return chromium.execute_script(script, selector)
