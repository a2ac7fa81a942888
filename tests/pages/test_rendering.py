"""Values become HTML by templates alone, which escape everything and want just what is there."""

import ast
import re
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import pytest
from jinja2 import Environment, UndefinedError, meta

import oddframe
from oddframe.pages.bar_charts import Bar, BarChart, BarGroup, BarRow
from oddframe.pages.document import Introduction, html_document
from oddframe.pages.figures import Chart, Label, Lane, Lanes, Legend, Line, Mark, Span
from oddframe.pages.rendering import drawn
from oddframe.pages.tables import Cell, Facts, FirstOpen, Table

PACKAGE = Path(oddframe.__file__).parent
TEMPLATES = PACKAGE / "pages" / "templates"
FILES = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")}
NASTY = '<b onclick="x">\'&amp;\u202eodd\u202c</b>'
SHOWN = re.compile(r'^class (\w+).*?^    template: ClassVar\[str\] = "(.*?)"', re.M | re.S)


def shown():
    """Module, class and template of every value that a page shows."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for part in re.split(r"^(?=@dataclass)", text, flags=re.M):
            for name, template in SHOWN.findall(part):
                module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
                yield module, name, template


def names_in(template):
    source = (TEMPLATES / template).read_text(encoding="utf-8")
    environment = Environment(autoescape=True)
    environment.filters["drawn"] = drawn
    return meta.find_undeclared_variables(environment.parse(source))


@pytest.mark.parametrize(("module", "name", "template"), list(shown()))
def test_a_template_uses_the_fields_of_its_value_and_nothing_else(module, name, template):
    value = getattr(import_module(module), name)
    assert names_in(template) == {field.name for field in fields(value)}


def test_every_template_is_used():
    named = {template for _, _, template in shown()}
    for template in FILES:
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        named |= set(re.findall(r'{% include "(.*?)" %}', text))
    assert named == FILES


def test_no_template_escapes_less_and_no_module_holds_markup():
    for template in FILES:
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape", text), template
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.search(r"</\w|<\w+ \w+=", text):
                found.append(f"{path.name}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize(
    "value",
    [
        Table(NASTY, [Cell(NASTY)], [[Cell(NASTY, NASTY, [NASTY], [NASTY], NASTY, NASTY)]], NASTY),
        Facts([(NASTY, NASTY)]),
        FirstOpen([(NASTY, Facts([])), (NASTY, Facts([]))]),
        Legend([Mark(NASTY, NASTY)]),
        Chart(NASTY, NASTY, NASTY),
        BarChart(
            *(NASTY, Legend([Mark(NASTY, NASTY)])),
            [BarRow(9, [BarGroup(1, NASTY, NASTY, [Bar(NASTY, 1, 2, 3, 4, 5, NASTY, 6)])])],
            *(False, True),
        ),
        Lanes(
            [Lane(NASTY, NASTY, 9, [Line(NASTY, NASTY)], [], [], truth=[Span(0, 1, NASTY)])],
            [Lane(NASTY, NASTY, 9, [], [Label(NASTY, NASTY)], [], values=[Mark("", NASTY)])],
            NASTY,
        ),
    ],
)
def test_whatever_is_put_in_is_escaped(value):
    html = drawn(value)
    assert "<b onclick" not in html
    assert "&lt;b onclick=&#34;x&#34;&gt;&#39;&amp;amp;\u202eodd\u202c&lt;/b&gt;" in html


def test_a_page_escapes_its_title_introduction_and_headings():
    above = Introduction(NASTY, [NASTY], [NASTY], [(Mark("series0", NASTY), NASTY)])
    page = html_document(NASTY, above, {NASTY: Facts([]), "None of it": None})
    assert "<b onclick" not in page
    assert page.count("&lt;b onclick") == 9  # the title twice, the heading in link, anchor and text
    assert "None of it" not in page


def test_a_value_without_what_its_template_wants_is_no_page():
    @dataclass(frozen=True)
    class Part:
        template: ClassVar[str] = "parts/facts.html"

    with pytest.raises(UndefinedError, match="'rows' is undefined"):
        drawn(Part())


def test_nothing_is_drawn_as_nothing():
    assert drawn(None) == ""
