"""A verb's arguments from the words of the command line: what its function's signature says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from oddframe.cli.choices_help import choices_help, without_markup
from oddframe.console.words import spelled
from oddframe.detectors.plugins import is_file
from oddframe.errors import OddframeError, nearest
from oddframe.files.yaml_table import read_yaml


def parse_arguments(
    verb: str,
    about: str,
    function: Callable[..., Any],
    given: Sequence[str],
    taken: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """The function's arguments from the command line and ``--config``; None if only help.

    Args:
        verb: the word that it is called by.
        about: what it does, for its help.
        function: what it is.
        given: the words after the verb.
        taken: options that are taken out of the words before, with their help.

    Raises:
        OddframeError: an option that it does not have, or a value of another kind.
    """
    from docstring_parser import parse
    from jsonargparse import ArgumentParser, set_parsing_settings

    set_parsing_settings(docstring_parse_attribute_docstrings=False)
    parser = ArgumentParser(
        prog=f"oddframe {verb}", description=about, exit_on_error=False, default_env=False
    )
    parser.add_argument("--config", action="config", help="a YAML file of these options")
    # What is read comes first and without a name; what is written, and what a list must not
    # swallow, is named: "train FOOTAGE --out RUN".
    parameters = _parameters(function)
    named: set[str | int] = {
        p.name for p in parameters if p.name == "out" or p.kind is p.KEYWORD_ONLY
    }
    unnamed: set[str | int] = {p.name for p in parameters} - named
    lists = [
        p
        for p in parameters
        if p.name in unnamed and get_origin(_without_none(p.annotation)) is list
    ]
    optional = [
        p
        for p in parameters
        if p.name in unnamed
        and p not in lists
        and (p.default is not p.empty or type(None) in get_args(p.annotation))
    ]
    asked_for = [
        p for p in lists if p.default is p.empty and type(None) not in get_args(p.annotation)
    ]
    apart = named.union(p.name for p in [*lists, *optional])
    for skip, positional in ((apart, True), (unnamed, False)):
        parser.add_function_arguments(
            function, skip=skip, as_positional=positional, as_group=False, sub_configs=False
        )
    described = {part.arg_name: part.description for part in parse(function.__doc__ or "").params}
    for part in lists:
        kind = get_args(_without_none(part.annotation))[0]
        # Without a default the parser asks for one at least, whatever may be left out.
        many: dict[str, Any] = {"nargs": "*", "default": None}
        if part in asked_for:
            many = {"nargs": "+"}
        parser.add_argument(part.name, type=kind, help=described.get(part.name), **many)
    for part in optional:
        parser.add_argument(
            part.name,
            nargs="?",
            type=part.annotation,
            default=None if part.default is part.empty else part.default,
            help=described.get(part.name),
        )
    if {"-h", "--help"} & set(given):
        # The parser takes a space back by a backspace, which would be shown.
        text = without_markup(parser.format_help().replace(" \b", ""))
        # Types that it would show as Python writes them.
        text = re.sub(r"<class\s+'Path'>", "path", text)
        text = re.sub(r"Optional\[dict\[str,\s+Any\]\]", _WANTED[dict], text)
        text = re.sub(r"Optional\[list\[(?:str|Path)\]\]", _WANTED[list], text)
        text = re.sub(r"--[a-z]+(_[a-z]+)+", lambda option: option[0].replace("_", "-"), text)
        told = "".join(f"  {name:<21} {words}\n" for name, words in (taken or {}).items())
        print(f"{text}\nhow it is told:\n{told}{choices_help(given, parameters)}", end="")
        return None
    words = _spelled_out(_with_config(given), parameters)
    if optional or asked_for != lists:
        words = _unnamed_first(words)
    try:
        parsed = parser.parse_args(words)
    except SystemExit:
        return None
    except Exception as error:
        # jsonargparse raises its own and argparse's errors; all mean a wrong command line.
        reason = _in_one_line(error, parameters, named)
        missing = reason.startswith("missing")
        first = parameters[0] if missing else None
        if first and first.annotation is str and any(Path(word).exists() for word in given[:1]):
            example = (described[first.name] or "").partition(",")[0].replace("``", "'")
            reason += f"; before '{given[0]}' comes {first.name}, such as {example}"
        end = "" if reason.endswith("?") else ";"
        raise OddframeError(f"{verb}: {reason}{end} see 'oddframe {verb} --help'") from error
    values = parser.instantiate_classes(parsed).as_dict()
    values.pop("config", None)
    _check_code(values, given)
    return _as_given(values, given)


def _with_config(given: Sequence[str]) -> list[str]:
    """The words, with a ``--config`` file's content in the place of its path.

    The parser has a reader of YAML of its own, which waits for pipes and has no limits.
    """
    words = list(given)
    for at, word in reversed(list(enumerate(words))):
        name, equals, path = word.partition("=")
        if name == "--config" and (equals or words[at + 1 :]):
            end = at + 1 if equals else at + 2
            content = read_yaml(Path(path if equals else words[at + 1]), "a file of options")
            words[at:end] = [f"--config={json.dumps(content)}"]
    return words


def _check_code(values: Mapping[str, Any], given: Sequence[str]) -> None:
    """Refuse a detector's file that a YAML file names: code is run for who names it here."""
    detector = values.get("detector")
    named = {part for word in given for part in (word, word.partition("=")[2])}
    if isinstance(detector, str) and detector not in named and is_file(detector):
        raise OddframeError(
            f"{detector}: the code of a file is run only where the command line names it; add "
            f"--detector {detector} if you trust it"
        )


def _as_given(values: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """The values, with the very words where a Path would say something else.

    A Path makes one slash of the two in an address, and the current folder of empty text; the verb
    refuses both when it sees them.
    """
    option = re.compile(r"--[\w.-]+=")
    parts = [option.sub("", word, count=1) for word in given]
    told = {Path(part) for part in parts if part and "://" not in part}
    lost = {Path(part): part for part in parts if not part or "://" in part}

    def said(value: Any) -> Any:
        if isinstance(value, list):
            return [said(part) for part in value]
        return lost.get(value, value) if isinstance(value, Path) and value not in told else value

    return {name: said(value) for name, value in values.items()}


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function, eval_str=True).parameters.values())


def _spelled_out(words: Sequence[str], parameters: Sequence[inspect.Parameter]) -> list[str]:
    """The words as jsonargparse wants them.

    ``--val-share`` is ``--val_share``, a bare ``--report`` means ``--report=true``, and
    ``--splits val,test`` is ``--splits [val,test]``.
    """
    kinds = {f"--{part.name}": _without_none(part.annotation) for part in parameters}
    switches = {name for name, kind in kinds.items() if kind is bool}
    lists = {name for name, kind in kinds.items() if get_origin(kind) in (list, tuple)}
    out: list[str] = []
    for word in words:
        if out and out[-1] in switches and word.lower() in ("true", "false"):
            out[-1] += f"={word}"
            continue
        if out and out[-1] in lists and not word.startswith("--"):
            out[-1] += f"={_bracketed(word, kinds[out[-1]])}"
            continue
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            name = name.replace("-", "_").replace("__", "--", 1)
        if name in lists and equals:
            value = _bracketed(value, kinds[name])
        out.append(f"{name}{equals}{value}")
    return [f"{word}=true" if word in switches else word for word in out]


def _unnamed_first(words: Sequence[str]) -> list[str]:
    """The words with those first that have no name, and each option's value in its own word.

    The parser gives up on an unnamed word that may be left out where an option comes before it.
    """
    unnamed: list[str] = []
    named: list[str] = []
    for at, word in enumerate(words):
        if word == "--":
            return [*named, word, *unnamed, *words[at + 1 :]]
        if word.startswith("--"):
            named.append(word)
        elif named and "=" not in named[-1]:
            named[-1] += f"={word}"
        else:
            unnamed.append(word)
    return [*unnamed, *named]


def _bracketed(value: str, kind: Any) -> str:
    if value.startswith("["):
        return value
    parts = [part.strip() for part in value.split(",")]
    return json.dumps(parts) if get_args(kind)[0] is str else f"[{', '.join(parts)}]"


def _without_none(kind: Any) -> Any:
    """``float`` of ``float | None``."""
    kept = [part for part in get_args(kind) if part is not type(None)]
    return kept[0] if len(kept) == 1 and type(None) in get_args(kind) else kind


_WANTED = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "NAME: VALUE pairs",
    list: "a list such as a,b",
    tuple: "numbers with commas between",
}
"""What an option wants, in words, where the parser would show the name of a Python type."""


def _without_key(text: str, named: set[str | int]) -> str:
    """The error that concerns no single value, in words of one's own where it has no good ones."""
    if unknown := re.match(r"unrecognized arguments: (.+)", text):
        words = unknown[1].split()
        word = next((one for one in words if one.startswith("-")), words[0]).partition("=")[0]
        if not word.startswith("-"):
            return (
                f"'{word}' is one argument too many; a path with spaces needs quotes, and several "
                "videos are given as the folder that they are in"
            )
        options = [spelled(str(name))[2:] for name in (*named, "config")]
        begin = spelled(word.partition(".")[0].strip("-"))[2:]
        return f"unknown option '{word}'; {nearest(begin, options)}".rstrip("; ")
    if missing := re.match(r"the following arguments are required: (.+)", text):
        names = missing[1].split(", ")
        return "missing " + ", ".join(spelled(name) if name in named else name for name in names)
    return re.sub(r"/--\w+\+", "", text)  # jsonargparse's own way to append to a list


def _in_one_line(
    error: Exception, parameters: Sequence[inspect.Parameter], named: set[str | int]
) -> str:
    """What is wrong with a command line: the option, what was expected, what was found."""
    text = " ".join(str(error).split()) or type(error).__name__
    place = re.match(r'Parser key "([^".]+)[^"]*": ', text)
    if place is None:
        return _without_key(text, named)
    key, text = place[1], text[place.end() :]
    option = spelled(key) if key in named else key
    kind = next((_without_none(p.annotation) for p in parameters if p.name == key), None)
    wanted = _WANTED.get(get_origin(kind) or kind)
    value = re.match(r".*(?:Given value|Got value): (.*)", text)  # the last is what was given
    if wanted is None or value is None:
        return f"{option}: {text}"
    if get_origin(kind) is tuple:
        wanted = f"{len(get_args(kind))} {wanted}"
    return f"{option}: expected {wanted}, found '{value[1]}'"
