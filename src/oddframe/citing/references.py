"""BibTeX of what a run is made of: its method, its backbone, its data set, and oddframe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import oddframe

_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,]+),\n.*?^\}$", re.M | re.S)
_KEYWORDS = re.compile(r",\n\s*keywords\s*=\s*\{(?P<names>[^}]*)\}")


@dataclass(frozen=True)
class Reference:
    """An entry of BibTeX.

    Attributes:
        key: as an article cites it.
        bibtex: the entry.
        names: of the detectors, backbones and data sets that it is of.
    """

    key: str
    bibtex: str
    names: tuple[str, ...] = ()


def own_reference() -> Reference:
    """Oddframe itself, in the version that is installed."""
    fields = {
        "author": "{The oddframe contributors}",
        "title": "oddframe: video anomaly detection from your own footage to the benchmarks",
        "version": oddframe.__version__,
        "year": "2026",
    }
    lines = ",\n".join(f"  {name:<9} = {{{value}}}" for name, value in fields.items())
    return Reference("oddframe", f"@software{{oddframe,\n{lines}\n}}")


def references() -> list[Reference]:
    """All papers, in the order of the file."""
    text = files("oddframe.citing").joinpath("references.bib").read_text(encoding="utf-8")
    found = []
    for entry in _ENTRY.finditer(text):
        keywords = _KEYWORDS.search(entry[0])
        names = tuple(part.strip() for part in keywords["names"].split(",")) if keywords else ()
        found.append(Reference(entry["key"], _KEYWORDS.sub("", entry[0]), names))
    return found


def references_of(names: Iterable[str]) -> list[Reference]:
    """The papers of some detectors, backbones and data sets, each once."""
    wanted = set(names)
    return [one for one in references() if wanted & set(one.names)]


def names_in(config: Mapping[str, Any], detector: str) -> list[str]:
    """What a run is made of that has papers: names of its detector, backbone and data set.

    Args:
        config: of the run folder.
        detector: the name of its detector.
    """
    backbone = (config.get("features_info") or {}).get("backbone")
    name = backbone.get("name") if isinstance(backbone, Mapping) else backbone
    found = [detector, name, config.get("dataset")]
    return [one for one in found if isinstance(one, str)]
