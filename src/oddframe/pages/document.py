"""The frame of every page: one HTML file with its style and script inside, no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template

import oddframe
from oddframe.pages.colours import HEAT


def html_document(title: str, introduction: str, sections: Mapping[str, str]) -> str:
    """A whole page.

    Args:
        title: plain text.
        introduction: HTML under the title.
        sections: plain heading to HTML; empty ones are left out.
    """
    shown = {name: content for name, content in sections.items() if content}
    links = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in shown)
    stops = ", ".join(
        "rgb({} {} {} / {}) {:.0f}%".format(*colour, opacity, 100 * place / (len(HEAT) - 1))
        for place, (_, colour, opacity) in enumerate(HEAT)
    )
    return Template(_asset("page.html")).substitute(
        version=escape(oddframe.__version__),
        title=escape(title),
        style=Template(_asset("page.css")).substitute(heat=stops),
        introduction=f'{introduction}\n<nav aria-label="Sections">{links}</nav>',
        sections="\n".join(
            f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2>{content}</section>'
            for name, content in shown.items()
        ),
        script=_asset("timelines.js"),
    )


def _asset(name: str) -> str:
    return (files("oddframe.pages") / "assets" / name).read_text(encoding="utf-8")


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
