"""What ``--help`` adds to the options: the detectors or data sets, the settings of a detector."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from oddframe.settings.checked import settings_of


def choices_help(words: Sequence[str], parameters: Sequence[inspect.Parameter]) -> str:
    """What the help of a verb adds: what can be chosen, or the settings of the detector chosen.

    Args:
        words: the words after the verb, ``--help`` among them.
        parameters: parameters of the verb's function.

    Raises:
        OddframeError: no such detector.
    """
    names = {part.name: part for part in parameters}
    if "dataset" in names:
        from oddframe.datasets import DATASETS

        return f"\ndata sets: {', '.join(DATASETS)}\n"
    if not {"detector", "settings"} <= set(names):
        return ""
    free = names["detector"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    chosen = _chosen(words, free)
    if chosen is None:
        example = "NAME" if free else "--detector NAME"
        said = f"\nThe settings of a detector, with their defaults: {example} --help\n"
        return said if free else f"{_detectors()}{said}"
    from oddframe.detectors import load_given

    module = load_given(chosen)
    return f"\nsettings of {module.DETECTOR.name}:\n" + settings_table(module.CONFIG)


def _detectors() -> str:
    """Every detector, a school a line."""
    from oddframe.detectors import schools

    lines = [f"  {school}: {', '.join(names)}\n" for school, names in schools().items()]
    return "\ndetectors:\n" + "".join(lines)


def _chosen(words: Sequence[str], free: bool) -> str | None:
    """The detector among the words: after ``--detector``, or else the first that is no option."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == "--detector":
            return value if equals else after
    return next((word for word in words[:1] if not word.startswith("-")), None) if free else None


def settings_table(config: Any) -> str:
    """Lines with the settings of a configuration dataclass, in its order."""
    about_each = described(config)
    lines = []
    for name, setting in settings_of(config).items():
        about = " ".join(without_markup(about_each.get(name, "")).split())
        lines.append(f"  --settings.{name} {_shown(setting.default)} ({setting.allowed})")
        lines += textwrap.wrap(about, 78, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "".join(f"{line}\n" for line in lines)


def described(config: Any) -> dict[str, str]:
    """Name to meaning, from the docstrings of the class and of those that it extends."""
    from docstring_parser import parse

    found: dict[str, str] = {}
    for kind in reversed(config.__mro__):
        for part in parse(kind.__doc__ or "").params:
            # Settings that belong together are described together: "a, b: weights of the terms".
            found |= dict.fromkeys(part.arg_name.split(", "), part.description or "")
    return found


def without_markup(text: str) -> str:
    """A docstring's words without its marks for code and links."""
    return re.sub(r"(:\w+:)?`+([^`]*)`+", r"\2", text)


def _shown(default: Any) -> str:
    """A default as it is given: ``true``, ``2,3``, ``''``."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple | list):
        return f"[{', '.join(map(_shown, default))}]"
    return "''" if default == "" else str(default)
