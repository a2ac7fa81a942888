"""The frame of every page: one HTML file with its style and script inside, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import oddframe
from oddframe.pages.colours import HEAT
from oddframe.pages.figures import Mark
from oddframe.pages.rendering import Shown, drawn


@dataclass(frozen=True)
class Introduction:
    """What stands above the sections.

    Attributes:
        lead: the finding in a sentence or two.
        notes: what else to know of the whole page.
        warnings: why numbers are not to be trusted, a sentence each, in red.
        origins: names of the page's key, and where each of them comes from.
    """

    lead: str
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    origins: Sequence[tuple[Mark, str]] = ()


def html_document(
    title: str, introduction: Introduction, sections: Mapping[str, Shown | None]
) -> str:
    """A whole page.

    Args:
        title: plain text.
        introduction: stands under the title.
        sections: heading to content; those without any are left out.
    """
    shown = {name: content for name, content in sections.items() if content is not None}
    stops = [
        "rgb({} {} {} / {}) {:.0f}%".format(*colour, opacity, 100 * place / (len(HEAT) - 1))
        for place, (_, colour, opacity) in enumerate(HEAT)
    ]
    page = _Page(
        version=oddframe.__version__,
        title=title,
        heat=", ".join(stops),
        introduction=introduction,
        sections=[
            _Section(name.lower().replace(" ", "-"), name, content)
            for name, content in shown.items()
        ],
    )
    return str(drawn(page))


@dataclass(frozen=True)
class _Section:
    anchor: str
    heading: str
    content: Shown


@dataclass(frozen=True)
class _Page:
    template: ClassVar[str] = "page.html"
    version: str
    title: str
    heat: str
    introduction: Introduction
    sections: Sequence[_Section]
