"""Colours of the pages, light and dark, as WCAG 2.2 AA has them (1.4.3, 1.4.11)."""

import re
from importlib.resources import files

import pytest

PAGES = files("oddframe.pages")
STYLES = [PAGES.joinpath(name).read_text() for name in ("templates/page.css", "static/serve.css")]
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{[^}]*--ground[^}]*\}", STYLES[0])
)
WORDS = "ink", "quiet", "link", "suspect", "good", "odd"
SIGNS = "score", "threshold", "detected", "edge", "truth-edge"


def luminance(colour: str) -> float:
    found = 0.0
    for at, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        part = int(colour[at : at + 2], 16) / 255
        found += weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return found


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_and_signs_be_told(colours):
    found = {
        f"{name} on {ground}": contrast(colours[name], colours[ground])
        for names, least in ((WORDS, 4.5), (SIGNS, 3.0))
        for name in names
        for ground in ("ground", "raised")
        if contrast(colours[name], colours[ground]) < least
    }
    assert not found
    assert contrast(colours["suspect"], colours["suspect-ground"]) >= 4.5


def test_words_have_colours_of_words_and_fields_an_edge_that_is_seen():
    for style in STYLES:
        used = set(re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", style))
        assert used <= {*WORDS, "ground", "series"}
        for rule in re.findall(r"[^{}]*\b(?:input|select|textarea)[^{}]*\{[^}]*\}", style):
            assert "solid var(--line)" not in rule
