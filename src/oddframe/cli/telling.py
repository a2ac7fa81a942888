"""How a command is to tell what it found: as text, as rows for a program, or not at all."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import Any, Self

from oddframe.cli.records import as_csv, as_json
from oddframe.console.streams import Stream
from oddframe.errors import OddframeError

_OPTIONS = {
    "--json": "a line of JSON for each row of the result, the text on standard error",
    "--csv": "the rows as a table, the text on standard error",
    "--quiet": "nothing but warnings and errors, and rows where they are asked for",
    "--exit-code": "end with status 1 where something odd was found",
}


@dataclass(frozen=True)
class Telling:
    """How a command tells what it found.

    Attributes:
        json, csv: rows on standard output, one of the two.
        quiet: no text, and no progress.
        exit_code: whether the exit status says that something odd was found.
    """

    json: bool = False
    csv: bool = False
    quiet: bool = False
    exit_code: bool = False

    @classmethod
    def taken_from(
        cls, verb: str, function: Callable[..., Any], words: Sequence[str]
    ) -> tuple[Self, list[str]]:
        """The options of telling among the words of a command, and the other words.

        Raises:
            OddframeError: one that the verb does not have.
        """
        known, own = offered(function), _own(function)
        end = words.index("--") if "--" in words else len(words)
        given = {word for word in words[:end] if word in _OPTIONS and word not in own}
        for word in sorted(given - set(known)):
            raise OddframeError(f"{verb}: {word} is of other verbs; see 'oddframe {verb} --help'")
        if {"--json", "--csv"} <= given:
            raise OddframeError(f"{verb}: give one of --json and --csv")
        others = [word for at, word in enumerate(words) if at >= end or word not in given]
        return cls(**{word[2:].replace("-", "_"): True for word in given}), others

    @contextmanager
    def silence(self) -> Generator[None]:
        """No progress while a verb works, if it is to be quiet."""
        if not self.quiet:
            yield
            return
        with redirect_stderr(StringIO()):
            yield

    def tell(self, result: Any, given: Mapping[str, Any]) -> None:
        """Print what was found."""
        from oddframe.cli.results import describe, left_out  # which imports what few verbs need

        rows = self.json or self.csv
        if self.quiet:
            for name, why in left_out(result).items():
                print(f"oddframe: left out: {name}: {why}", file=sys.stderr)
        else:
            text, stream = describe(result, given), sys.stderr if rows else sys.stdout
            if isinstance(stream, Stream):
                stream.show(text)
            else:
                print(text, file=stream)
        if rows and (text := (as_json if self.json else as_csv)(result.rows())):
            print(text)

    def is_odd(self, result: Any) -> bool:
        """Whether the exit status is to say that something odd was found."""
        return self.exit_code and result.odd > 0


def offered(function: Callable[..., Any]) -> dict[str, str]:
    """Options of telling that a verb has, with their help; its own options are not among them.

    What it returns says so: it has ``rows()``, a mapping each, and ``odd``, how many odd moments
    it holds.
    """
    returned = inspect.signature(function, eval_str=True).return_annotation
    lacking = _own(function)
    if not hasattr(returned, "rows"):
        lacking |= {"--json", "--csv"}
    if not hasattr(returned, "odd"):
        lacking.add("--exit-code")
    return {name: words for name, words in _OPTIONS.items() if name not in lacking}


def _own(function: Callable[..., Any]) -> set[str]:
    """Options that the verb has itself: ``watch`` tells lines of JSON while it watches."""
    return {f"--{name.replace('_', '-')}" for name in inspect.signature(function).parameters}
