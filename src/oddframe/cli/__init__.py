"""The command line: verb to function, and what a person reads at the end."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from oddframe import __version__
from oddframe.cli.arguments import parse_arguments
from oddframe.cli.endings import DONE, LEFT_OUT, ODD, report
from oddframe.cli.telling import Telling, offered
from oddframe.cli.verbs import VERBS, function_of
from oddframe.console.colours import YELLOW, label
from oddframe.console.streams import OutputError, standard_streams
from oddframe.errors import OddframeError, OddframeWarning, unknown
from oddframe.files.paths import other_encoding


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status, one of those in :mod:`oddframe.cli.endings`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with standard_streams() as out, warnings.catch_warnings():
        warnings.simplefilter("always", OddframeWarning)
        warnings.showwarning = _warner(sys.stderr)  # ty: ignore[invalid-assignment]
        try:
            status = _run(given)
            out.flush()
            return status
        except (Exception, KeyboardInterrupt, OutputError) as error:
            return report(error)


def _run(given: Sequence[str]) -> int:
    if not given or given[0] in ("-h", "--help"):
        print(_overview())
        return DONE
    if given[0] == "--version":
        print(f"oddframe {__version__}")
        return DONE
    for word in given:
        if re.search("[\udc80-\udcff]", word):  # bytes that Python could not read
            coding = other_encoding() or "UTF-8, found other bytes; rename it"
            raise OddframeError(f"{word}: expected text in {coding}")
    verb = given[0]
    if verb not in VERBS:
        raise OddframeError(unknown("verb", verb, VERBS))
    function = function_of(verb)
    telling, words = Telling.taken_from(verb, function, given[1:])
    values = parse_arguments(verb, VERBS[verb], function, words, offered(function))
    if values is None:
        return DONE
    with telling.silence():
        result = function(**values)
    telling.tell(result, values)
    from oddframe.cli.results import left_out

    if left_out(result):
        return LEFT_OUT
    return ODD if telling.is_odd(result) else DONE


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


def _warner(stream: TextIO) -> Callable[..., None]:
    """Shows each warning of our own once: footage is opened more than once."""
    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if issubclass(category, OddframeWarning) and str(message) not in shown:
            shown.add(str(message))
            print(f"{label('oddframe: warning:', stream, YELLOW)} {message}", file=stream)

    return show
