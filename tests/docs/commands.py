"""The commands that the documentation gives, as its reader would type them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = (
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
)
_OPERATORS = {"&&", "||", "|", ">", "<", ";"}


@dataclass(frozen=True)
class Block:
    """A fenced block with commands.

    Attributes:
        page: name of the page, ``README.md``.
        text: what stands in it.
    """

    page: str
    text: str

    @property
    def name(self) -> str:
        """The page and its first line: ``drill.md: oddframe drill run``."""
        return f"{self.page}: {without_remark(self.text.splitlines()[0])}"

    def commands(self) -> list[list[str]]:
        """Its commands, a list of words each; of a pipe, each part."""
        found: list[list[str]] = []
        for line in self.text.splitlines():
            words = shlex.split(line, comments=True)
            parts = groupby(words, key=_OPERATORS.__contains__)
            found += [list(part) for is_operator, part in parts if not is_operator]
        return found


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that begin with a command, or with a remark on one."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    starts = re.compile(r"(\.venv/bin/)?(oddframe|python3?|pip|git) ")
    texts = [text for kind, text in fenced if kind == "sh" or (kind == "" and starts.match(text))]
    return [Block(page.name, text) for text in texts]


def without_remark(line: str) -> str:
    """A line of a shell without what stands behind ``#``."""
    return line.partition(" #")[0].strip()


def every_block() -> list[Block]:
    """The blocks of all pages."""
    return [block for page in PAGES for block in blocks(page)]


def inline() -> list[tuple[str, list[str]]]:
    """Page and words of each command within a sentence that has an option."""
    found = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for command in re.findall(r"`oddframe ([a-z]+(?:-[a-z]+)* [^`]*--[^`]+)`", text):
            found.append((page.name, command.split()))
    return found
