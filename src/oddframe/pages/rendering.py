"""Values to HTML: every value that a page shows names the template that draws it.

The templates lie in ``templates/``. They escape whatever is put into them, and hold no logic beyond
loops and conditions; what is counted, ranked or put in words is in the values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


class Shown(Protocol):
    """A dataclass that a page can show: its template finds the fields under their names."""

    template: ClassVar[str]


def drawn(value: Shown | None) -> Markup:
    """The HTML of a value, and of all values in it; nothing for None."""
    from markupsafe import Markup

    if value is None:
        return Markup()
    return Markup(_environment().get_template(value.template).render(vars(value)))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("oddframe.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = drawn
    return environment
