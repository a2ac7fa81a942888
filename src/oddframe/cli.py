"""The command line: verb to function, and what a person reads at the end."""

from __future__ import annotations

import inspect
import json
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, get_args, get_origin

from oddframe import __version__
from oddframe.errors import OddframeError, OddframeWarning

VERBS = {
    "demo": "the whole way on a generated scene, in one to two minutes",
    "prepare": "a data set, or a folder of your own videos, becomes a manifest",
    "extract": "videos become features, a vector per snippet of 16 frames",
    "merge-crops": "features with one file per crop become one array per video",
    "train": "fit a detector to normal footage, or to features of labelled videos",
    "score": "score videos: when something odd happened, where, and why",
    "losses": "a run's loss on its bags, and its spread over random pairings",
    "evaluate": "scores against the truth: metrics with intervals, and a report",
    "compare": "runs, sweeps and anybody's scores of the same videos side by side",
    "sweep": "many trainings: a grid, a list, distributions, seeds; on one machine or a cluster",
    "track": "what is in run folders goes to MLflow, Weights & Biases, TensorBoard",
    "reproduce": "a row of a paper's table, from the data to measured beside expected",
    "import": "a published checkpoint becomes a run",
    "fetch": "weights, features and data sets with known addresses",
}
_FUNCTIONS = {"import": "import_checkpoint"}
"""Where the function, and its module, cannot have the name of the verb."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status: 0, or 2 after a one-line error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if given[0] == "--version":
        print(f"oddframe {__version__}")
        return 0
    verb = given[0]
    if verb not in VERBS:
        return _fail(f"unknown verb '{verb}': use one of {', '.join(VERBS)}")
    with warnings.catch_warnings():
        warnings.simplefilter("always", OddframeWarning)
        warnings.showwarning = _warner()  # ty: ignore[invalid-assignment]
        try:
            name = _FUNCTIONS.get(verb, verb.replace("-", "_"))
            function = getattr(import_module(f"oddframe.verbs.{name}"), name)
            values = _parse(verb, function, given[1:])
            if values is None:
                return 0
            result = function(**values)
        except OddframeError as error:
            return _fail(str(error))
        except KeyboardInterrupt as stop:
            return _fail(str(stop) or "stopped")
        except OSError as error:
            return _fail(f"{error.filename or 'input/output'}: {error.strerror or error}")
    from oddframe.terminal import describe

    print(describe(result, values))
    return 0


def _overview() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb.ljust(width)}  {text}" for verb, text in VERBS.items())
    return (
        f"oddframe {__version__}: finds the odd moments in video\n\n"
        f"usage: oddframe VERB ...   (oddframe VERB --help for its options)\n\n{verbs}\n\n"
        "Your own camera:\n"
        "  oddframe train folder/of/normal/videos --out run\n"
        "  oddframe score run new.mp4 --report"
    )


def _parse(verb: str, function: Callable[..., Any], given: Sequence[str]) -> dict[str, Any] | None:
    """The function's arguments from the command line and ``--config``; None if only help."""
    from docstring_parser import parse
    from jsonargparse import ArgumentParser, set_parsing_settings

    set_parsing_settings(docstring_parse_attribute_docstrings=False)
    parser = ArgumentParser(
        prog=f"oddframe {verb}", description=VERBS[verb], exit_on_error=False, default_env=False
    )
    parser.add_argument("--config", action="config", help="a YAML file of these options")
    # What is read comes first and without a name; what is written, and what a list must not
    # swallow, is named: "train FOOTAGE --out RUN".
    parameters = _parameters(function)
    named: set[str | int] = {
        p.name for p in parameters if p.name == "out" or p.kind is p.KEYWORD_ONLY
    }
    unnamed: set[str | int] = {p.name for p in parameters} - named
    lists = [p for p in parameters if p.name in unnamed and get_origin(p.annotation) is list]
    optional = [p for p in parameters if p.name in unnamed and p.default is not p.empty]
    apart = named.union(p.name for p in [*lists, *optional])
    for skip, positional in ((apart, True), (unnamed, False)):
        parser.add_function_arguments(
            function, skip=skip, as_positional=positional, as_group=False, sub_configs=False
        )
    described = {part.arg_name: part.description for part in parse(function.__doc__ or "").params}
    for part in lists:
        kind = get_args(part.annotation)[0]
        parser.add_argument(part.name, nargs="+", type=kind, help=described.get(part.name))
    for part in optional:
        parser.add_argument(
            part.name,
            nargs="?",
            type=part.annotation,
            default=part.default,
            help=described.get(part.name),
        )
    try:
        parsed = parser.parse_args(_spelled_out(given, parameters))
    except SystemExit:
        return None
    except Exception as error:
        # jsonargparse raises its own and argparse's errors; all mean a wrong command line.
        reason = _in_one_line(error, parameters, named)
        raise OddframeError(f"{verb}: {reason}; see 'oddframe {verb} --help'") from error
    values = parser.instantiate_classes(parsed).as_dict()
    values.pop("config", None)
    return values


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
    spelled: list[str] = []
    for word in words:
        if spelled and spelled[-1] in switches and word.lower() in ("true", "false"):
            spelled[-1] += f"={word}"
            continue
        if spelled and spelled[-1] in lists and not word.startswith("--"):
            spelled[-1] += f"={_bracketed(word, kinds[spelled[-1]])}"
            continue
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            name = name.replace("-", "_").replace("__", "--", 1)
        if name in lists and equals:
            value = _bracketed(value, kinds[name])
        spelled.append(f"{name}{equals}{value}")
    return [f"{word}=true" if word in switches else word for word in spelled]


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


def _in_one_line(
    error: Exception, parameters: Sequence[inspect.Parameter], named: set[str | int]
) -> str:
    """What is wrong with a command line: the option, what was expected, what was found."""
    text = " ".join(str(error).split()) or type(error).__name__
    place = re.match(r'Parser key "([^".]+)[^"]*": ', text)
    if place is None:
        config = re.match(r"(?:Problems parsing config|Unexpected config): (.*)", text)
        if config is None:
            return re.sub(r"/--\w+\+", "", text)  # jsonargparse's own way to append to a list
        return f"--config: expected a YAML file of options, found: {config[1]}"
    key, text = place[1], text[place.end() :]
    if key == "config":
        for said, meant in {
            "does not exist": "no such file",
            "is not a file": "not a file",
        }.items():
            if found := re.search(rf"{said}: '(.*)'", text):
                return f"--config: {found[1]}: {meant}"
        return f"--config: {text}"
    option = f"--{key.replace('_', '-')}" if key in named else key
    kind = next((_without_none(p.annotation) for p in parameters if p.name == key), None)
    wanted = _WANTED.get(get_origin(kind) or kind)
    value = re.match(r".*(?:Given value|Got value): (.*)", text)  # the last is what was given
    if wanted is None or value is None:
        return f"{option}: {text}"
    if get_origin(kind) is tuple:
        wanted = f"{len(get_args(kind))} {wanted}"
    return f"{option}: expected {wanted}, found '{value[1]}'"


def _warner() -> Callable[..., None]:
    """Shows each warning of our own once: footage is opened more than once."""
    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if issubclass(category, OddframeWarning) and str(message) not in shown:
            shown.add(str(message))
            print(f"oddframe: warning: {message}", file=sys.stderr)

    return show


def _fail(message: str) -> int:
    print(f"oddframe: {message}", file=sys.stderr)
    return 2
