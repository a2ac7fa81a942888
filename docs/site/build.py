"""Builds the site from ``docs/``, offline; a dead link, or any other warning, fails.

``python docs/site/build.py`` writes ``build/site/html/index.html``. It needs the extra ``docs``.
"""

from __future__ import annotations

import re
import shutil
import sys
import zlib
from pathlib import Path

from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "site"
sys.path.insert(0, str(ROOT / "src"))

import api_page  # noqa: E402
import detector_pages  # noqa: E402
import notebook_pages  # noqa: E402

import oddframe  # noqa: E402

NAVIGATION = {
    "Start here": "own-videos live training reproduce why-your-auc faq glossary",
    "Tutorials": (
        "tutorials/own-video tutorials/honest-comparison tutorials/own-detector tutorials/live"
    ),
    "Your cameras": (
        "fixed-camera drill cameras zones alerts home-assistant page teaching cuts export python"
    ),
    "Detectors": "detectors own-detectors",
    "Learning from normal footage": (
        "one-class-training one-class-methods one-class-results frozen-features"
    ),
    "Learning from labels": "features weights weak-methods weak-results spliced-fights",
    "Learning from nothing": "never-trained",
    "Measuring": "data-sets evaluation trust formats",
    "Experiments": "sweeps tracking experiments-results",
    "Reference": "api ../README ../ARCHITECTURE ../CONTRIBUTING ../SECURITY ../CHANGELOG",
}
"""Caption to the pages below it, relative to ``docs/``."""


def main() -> int:
    """Write the site; returns the exit status."""
    shutil.rmtree(OUT, ignore_errors=True)
    source, html = OUT / "source", OUT / "html"
    stage(source)
    words = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(OUT / "doctrees")]
    words += ["-c", str(Path(__file__).parent), str(source), str(html)]
    if status := sphinx(words):
        return status
    (html / "index.html").write_text(
        '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">'
        '<a href="docs/index.html">oddframe</a>\n'
    )
    if faults := [*_of_names(html), *_from_elsewhere(html)]:
        print("\n".join(faults), file=sys.stderr)
        return 1
    print(f"site: {html / 'index.html'}")
    return 0


def stage(source: Path) -> None:
    """Lay out what Sphinx reads: the repository, whose links hold, and the pages that are made."""
    docs = source / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("site", "__pycache__"))
    for path in ROOT.iterdir():
        if path.suffix == ".md":
            shutil.copy(path, source)
        elif path.name not in ("docs", "build") and not path.name.startswith("."):
            (source / path.name).symlink_to(path)
    for page in docs.glob("*.md"):
        # On GitHub a notebook is shown as it is, here its page.
        page.write_text(page.read_text(encoding="utf-8").replace(".ipynb)", ".md)"), "utf-8")
    for notebook in docs.glob("tutorials/*.ipynb"):
        notebook_pages.write_page(notebook)
    (docs / "detectors").mkdir()
    detectors = detector_pages.pages()
    for name, text in detectors.items():
        (docs / "detectors" / f"{name}.md").write_text(text, encoding="utf-8")
    (docs / "api.md").write_text(api_page.page(), encoding="utf-8")
    pages = {**NAVIGATION}
    pages["Detectors"] += "".join(f" detectors/{name}" for name in detectors)
    with (docs / "index.md").open("a", encoding="utf-8") as index:
        for caption, names in pages.items():
            lines = "\n".join(names.split())
            index.write(f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n")


def _of_names(html: Path) -> list[str]:
    """What is documented is what is public, no more and no less."""
    inventory = (html / "objects.inv").read_bytes().split(b"\n", 4)[4]  # after four lines of text
    names = re.findall(
        r"^oddframe\.(\w+) py:(?:class|function|exception) ",
        zlib.decompress(inventory).decode(),
        re.M,
    )
    differing = set(names) ^ set(oddframe.__all__)
    return [f"docs/api.md: {name} is public or documented, not both" for name in sorted(differing)]


def _from_elsewhere(html: Path) -> list[str]:
    """Pages need no network: no script, style, font or picture is another server's."""
    fetched = re.compile(r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]+")
    return [
        f"{page.relative_to(html)}: expected what is on the site alone, found {found[0]}"
        for page in sorted(html.rglob("*.html"))
        if (found := fetched.search(page.read_text(encoding="utf-8")))
    ]


if __name__ == "__main__":
    sys.exit(main())
