"""What is made for the site: a page for each detector, one of the public names, notebooks."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from tests.docs.commands import REPOSITORY

import oddframe
from oddframe.detectors import available, load
from oddframe.settings.checked import settings_of

DOCS = REPOSITORY / "docs"
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))


@pytest.fixture(scope="module")
def site() -> Iterator[dict[str, ModuleType]]:
    """The modules of ``docs/site/`` that need no Sphinx."""
    from importlib import import_module

    sys.path.insert(0, str(DOCS / "site"))
    yield {name: import_module(name) for name in ("api_page", "detector_pages", "notebook_pages")}
    sys.path.remove(str(DOCS / "site"))


@pytest.fixture(scope="module")
def pages(site: dict[str, ModuleType]) -> dict[str, str]:
    return site["detector_pages"].pages()


def test_every_detector_has_a_row_and_a_page(site, pages) -> None:
    assert sorted(pages) == available()
    assert site["detector_pages"].entries().keys() == pages.keys()


@pytest.mark.parametrize("name", available())
def test_a_page_has_every_setting_with_default_and_meaning(pages, name: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` (\|.+\|)$", pages[name], re.M))
    settings = settings_of(load(name).CONFIG)
    assert rows.keys() >= settings.keys()
    for key, setting in settings.items():
        default, allowed, about = re.split(r"(?<!\\)\|", rows[key])[1:4]
        shown = str(setting.default).lower().translate(str.maketrans("()", "[]"))
        assert default.strip().lower() == shown
        assert allowed.strip()
        assert len(about.split()) > 1


@pytest.mark.parametrize("name", available())
def test_links_of_a_page_lead_to_files(pages, name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", pages[name])
    assert (
        any("recipes/" in link for link in links)
        or name in ("fixed-camera", "sultani")
        or (name == "random-scores")
    )
    assert [link for link in links if not (DOCS / "detectors" / link).resolve().is_file()] == []


def test_measured_rows_are_those_of_the_pages(pages) -> None:
    assert "| rtfm | 0.805 ± 0.075 | 0.304 ± 0.080 |" in pages["rtfm"]
    assert "| mnad-prediction ¶ | 980,577 | 0.737 [0.494, 0.889] |" in pages["mnad"]
    assert "| `unmasking`, motion | .813 [.523, .945] |" in pages["unmasking"]
    assert "conv-ae-clip" not in pages["conv-ae"].partition("## Measured")[2]
    assert [name for name, page in pages.items() if "## Measured" not in page] == []


def test_pictures_are_small_and_of_detectors(pages) -> None:
    pictures = sorted((DOCS / "pictures").glob("*.png"))
    assert {path.stem for path in pictures} == {
        name for name, page in pages.items() if "../pictures/" in page
    }
    assert {path.name for path in pictures if path.stat().st_size >= 60_000} == set()


def test_the_public_names_are_documented_once_each(site) -> None:
    named = Counter(chain(*site["api_page"].GROUPS.values()))
    assert named == Counter(oddframe.__all__)
    page = site["api_page"].page()
    assert Counter(re.findall(r"auto(?:class|function):: oddframe\.(\w+)", page)) == named


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_what_it_gave_and_is_small(path: Path) -> None:
    """That it runs is proved by ``docs/site/run_notebooks.py``, which needs Jupyter."""
    assert path.stat().st_size < 120_000
    book = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    for cell in cells:
        text = "".join(cell["source"])
        ast.parse(re.sub(r"^%%.*", "", text))
        outputs = json.dumps(cell["outputs"])
        assert "error" not in [output["output_type"] for output in cell["outputs"]]
        assert not re.search(r"/(home|root|tmp|work)/", outputs), "a path of the machine"


def test_a_notebook_becomes_a_page(site, tmp_path: Path) -> None:
    picture = "iVBORw0KGgo="
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "[other](live.ipynb)"]},
        {
            "cell_type": "code",
            "source": ["print(1)"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {"output_type": "display_data", "data": {"image/png": picture, "text/plain": "x"}},
            ],
        },
    ]
    path = tmp_path / "small.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    site["notebook_pages"].write_page(path)
    assert (tmp_path / "small-1-1.png").read_bytes() == b"\x89PNG\r\n\x1a\n"
    assert path.with_suffix(".md").read_text() == (
        "# Title\n[other](live.md)\n\nThis page is a notebook: {download}`small.ipynb`.\n\n"
        "```python\nprint(1)\n```\n\n```text\n1\n```\n\n![What the cell draws](small-1-1.png)\n"
    )
