"""A page for each detector: its idea, its settings from the code, where it was measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import oddframe
from oddframe.cli.choices_help import described
from oddframe.detectors import available, load
from oddframe.detectors.plugins import installed
from oddframe.detectors.traits import Traits
from oddframe.settings.checked import settings_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RESULTS = (
    "fixed-camera.md",
    "one-class-results.md",
    "frozen-features.md",
    "never-trained.md",
    "weak-results.md",
)
"""Pages with tables that have a row for each method."""


@dataclass(frozen=True)
class Entry:
    """A row of the table in ``docs/detectors.md``.

    Attributes:
        learns_from: ``normal footage``, ``a label per video`` or ``nothing``.
        idea: what it does, in a sentence.
        more: the section that describes it, relative to ``docs/``.
    """

    learns_from: str
    idea: str
    more: str


def entries() -> dict[str, Entry]:
    """What ``docs/detectors.md`` says of each detector."""
    row = re.compile(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+) \| \[.+?\]\((.+?)\) \|$", re.M)
    text = (DOCS / "detectors.md").read_text(encoding="utf-8")
    return {name: Entry(*rest) for name, *rest in row.findall(text)}


def pages() -> dict[str, str]:
    """Name of each detector of the package to its page, in Markdown, as if in ``docs/detectors/``.

    Raises:
        KeyError: a detector has no row in ``docs/detectors.md``.
    """
    known = entries()
    order = [*known, *(set(available()) - known.keys() - set(installed()))]
    return {name: _page(name, known[name]) for name in order}


def _page(name: str, entry: Entry) -> str:
    module = load(name)
    picture = DOCS / "pictures" / f"{name}.png"
    parts = [
        f"# {name}",
        f"{entry.idea[0].upper()}{entry.idea[1:]}{'.' * (entry.idea[-1] != '?')}",
        _lead(name, entry.more),
        _kind(module.DETECTOR.traits, entry),
        f"![What {name} sees of the demo's scene](../pictures/{name}.png)\n\n"
        "A frame of the demo's scene with somebody on a bicycle, and where this detector finds it "
        "odd: coloured from half of its threshold on. Made by `docs/site/pictures.py`."
        if picture.is_file()
        else "",
        f"**How it works, and what differs from its source: [the description](../{entry.more}).**",
        "## Command",
        f"```sh\n{_command(name, module.DETECTOR.traits)}\n```",
        "## Settings",
        _settings(module.CONFIG),
        _recipes(name),
        _measured(name),
        f"## To cite\n\n```bibtex\n{oddframe.cite(name).text().strip()}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lead(name: str, more: str) -> str:
    """The paragraph of the description that says the idea: it is called so, or it is the first."""
    page, _, anchor = more.partition("#")
    parts = re.split(r"^#+ (.+)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.M)
    sections = dict(zip(map(_anchor, parts[1::2]), parts[2::2], strict=True))
    section = sections[anchor] if anchor else parts[2]
    paragraphs = [" ".join(part.split()) for part in section.split("\n\n") if part.strip()]
    called = [part for part in paragraphs if part.startswith((f"**`{name}`**", "**Idea.**"))]
    return _unlinked((called or paragraphs)[0])


def _kind(traits: Traits, entry: Entry) -> str:
    """What it looks at, learns from and can do, in words."""
    said = [f"Looks at {traits.looks_at}", f"learns from {entry.learns_from}"]
    said.append({"never": "is never trained"}.get(traits.trained, f"is trained {traits.trained}"))
    can = {
        "scores a frame from this and earlier ones": traits.causal and not traits.delayed,
        "scores a frame from a few later ones as well": traits.causal and traits.delayed,
        "needs the whole video": not traits.causal,
        "says where": traits.places,
        "can be taught": traits.teachable,
        "takes published checkpoints (`oddframe import`)": traits.published,
    }
    said += [words for words, is_so in can.items() if is_so]
    return f"{'; '.join(said)}."


def _command(name: str, traits: Traits) -> str:
    if traits.looks_at == "features":
        return (
            "oddframe extract manifest.jsonl --out features\n"
            f"oddframe train manifest.jsonl --features features --detector {name} --out run\n"
            "oddframe score run manifest.jsonl --features features --out run/scores.npz"
        )
    if traits.trained == "never":
        return f"oddframe score --detector {name} video.mp4 --report"
    small = [path for path in _settings_recipes(name) if path.parent.name == "ped2-small"]
    how = f"--config {small[0].relative_to(ROOT)}" if small else f"--detector {name}"
    return (
        f"oddframe train folder/of/normal/videos {how} --out run\n"
        "oddframe score run new.mp4 --report"
    )


def _settings(config: Any) -> str:
    """A row for each field of the settings' dataclass."""
    about = described(config)
    rows = [
        f"| `{name}` | {_cell(_shown(setting.default))} | {_cell(setting.allowed)} "
        f"| {_cell(about.get(name, ''))} |"
        for name, setting in settings_of(config).items()
    ]
    head = "| `--settings.` | default | allowed | |\n|---|---|---|---|\n"
    return head + "\n".join(rows)


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return f"[{', '.join(map(str, default))}]"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _cell(text: str) -> str:
    """Text of a docstring in a cell of a table: roles and line ends go."""
    plain = re.sub(r":[a-z]+:`~?\.?([^`]+)`", r"`\1`", " ".join(text.split()))
    return plain.replace("|", "\\|").replace("<", "&lt;")


def _settings_recipes(name: str) -> list[Path]:
    """Recipes of settings for a detector: ``recipes/ped2-small/`` and ``recipes/published/``."""
    found = [*(ROOT / "recipes" / "ped2-small").glob("*.yaml")]
    found += (ROOT / "recipes" / "published").glob("*.yaml")
    recipes = [path for path in sorted(found) if _yaml(path)["detector"] == name]
    # The one that is called as the detector is stands first of its folder.
    return sorted(recipes, key=lambda path: (path.parent.name != "ped2-small", path.stem != name))


def _reproduced(name: str) -> dict[Path, str]:
    """Recipes of rows of tables that train a detector, to their titles."""
    found = {}
    for path in sorted((ROOT / "recipes" / "reproduce").glob("*.yaml")):
        recipe = _yaml(path)
        train = recipe["train"]
        base = _yaml((path.parent / train["recipe"]).resolve()) if "recipe" in train else {}
        if (train.get("detector") or base.get("detector")) == name:
            found[path] = recipe["title"]
    return found


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _recipes(name: str) -> str:
    lines = [
        f"* [`{path.relative_to(ROOT)}`](../../{path.relative_to(ROOT)})"
        for path in _settings_recipes(name)
    ]
    lines += [
        f"* [`oddframe reproduce {path.stem}`](../../{path.relative_to(ROOT)}): {title}"
        for path, title in _reproduced(name).items()
    ]
    return "## Recipes\n\n" + "\n".join(lines) if lines else ""


def _measured(name: str) -> str:
    """The rows of the tables of results that are about a detector."""
    names = {name, *(path.stem for path in [*_settings_recipes(name), *_reproduced(name)])}
    parts = []
    for page in RESULTS:
        for heading, head, rows in _tables(DOCS / page):
            own = [row for row in rows if _first(row) in names]
            if own:
                link = f"[{page.removesuffix('.md')}: {heading}](../{page}#{_anchor(heading)})"
                parts.append(f"{link}\n\n" + "\n".join([*head, *map(_unlinked, own)]))
    if name == "fixed-camera":
        parts.insert(0, "Scene by scene: [results](../fixed-camera.md#results).")
    words = "What the columns are, the marks beside names, machine and command: on those pages."
    return "\n\n".join(["## Measured", words, *parts]) if parts else ""


def _tables(page: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The tables of a page: the heading they stand under, their two head lines, their rows."""
    heading, table = "", list[str]()
    for line in [*page.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            table.append(line)
        elif table:
            yield heading, table[:2], table[2:]
            table = []
        if found := re.match(r"#+ (.+)", line):
            heading = found[1]


def _first(row: str) -> str:
    """Which method a row is about: ``mnad-prediction`` of ``| mnad-prediction, largest ¶ |``."""
    cell = re.sub(r"[`*¶§†‡]", "", row.split("|")[1])
    return re.split(r",| \(", cell)[0].strip()


def _unlinked(text: str) -> str:
    """The text without its links, which are relative to another folder."""
    return re.sub(r"\[([^\[\]]+)\]\([^()]+\)", r"\1", text)


def _anchor(heading: str) -> str:
    """The anchor that GitHub, and this site, give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
