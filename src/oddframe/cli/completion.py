"""What a shell completes, and the man page: made of the verbs and their options themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oddframe import __version__
from oddframe.cli.telling import offered
from oddframe.cli.verbs import VERBS, function_of
from oddframe.console.words import spelled
from oddframe.errors import OddframeError, unknown

SHELLS = ("bash", "zsh", "fish", "man")


@dataclass(frozen=True)
class Script:
    """A text for a shell, or for ``man``."""

    script: str

    def text(self) -> str:
        """The text itself."""
        return self.script


@dataclass(frozen=True)
class _Verb:
    """A verb as a shell knows it.

    Attributes:
        name, about: as the overview has them.
        options: option to the first sentence of its help.
    """

    name: str
    about: str
    options: Mapping[str, str]

    @property
    def words(self) -> str:
        """All options, with spaces between."""
        return " ".join(self.options)


def completion(shell: str) -> Script:
    """Print what makes a shell complete verbs, options, detectors and files; or the man page.

    Args:
        shell: ``bash``, ``zsh``, ``fish``; or ``man`` for the man page.

    Returns:
        The text, to be written where the shell reads it.

    Raises:
        OddframeError: another shell.
    """
    if shell not in SHELLS:
        raise OddframeError(f"completion: {unknown('shell', shell, SHELLS)}")
    from oddframe.detectors import available

    verbs = [_verb(name, about) for name, about in VERBS.items()]
    makers: dict[str, Callable[[Sequence[_Verb], Sequence[str]], str]] = {
        "bash": _bash,
        "zsh": _zsh,
        "fish": _fish,
        "man": _man,
    }
    return Script(makers[shell](verbs, available()))


def _verb(name: str, about: str) -> _Verb:
    from docstring_parser import parse

    function = function_of(name)
    described = {part.arg_name: part.description for part in parse(function.__doc__ or "").params}
    options = {"--help": "show all options", "--config": "a YAML file of options"}
    for part in inspect.signature(function).parameters.values():
        if part.name == "out" or part.kind is part.KEYWORD_ONLY:
            words = " ".join((described.get(part.name) or "").replace("``", "").split())
            options[spelled(part.name)] = words.partition(";")[0].partition(". ")[0].rstrip(".")
    return _Verb(name, about, {**options, **offered(function)})


def _bash(verbs: Sequence[_Verb], detectors: Sequence[str]) -> str:
    cases = "\n".join(f'    {verb.name}) words="{verb.words}" ;;' for verb in verbs)
    first = " ".join([*(verb.name for verb in verbs), "--help", "--version"])
    return f"""# bash completion for oddframe {__version__}
_oddframe() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{first}" -- "$current"))
    return
  fi
  if [[ $before == --detector ]]; then
    COMPREPLY=($(compgen -W "{" ".join(detectors)}" -- "$current"))
    COMPREPLY+=($(compgen -f -X '!*.py' -- "$current"))
    return
  fi
  if [[ $current != -* ]]; then
    COMPREPLY=()
    return
  fi
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _oddframe oddframe"""


def _zsh(verbs: Sequence[_Verb], detectors: Sequence[str]) -> str:
    named = "\n".join(f"    {_quoted(f'{verb.name}:{verb.about}')}" for verb in verbs)
    cases = []
    for verb in verbs:
        options = " ".join(_quoted(f"{name}:{words}") for name, words in verb.options.items())
        cases.append(f"    {verb.name}) options=({options}) ;;")
    known = "\n".join(cases)
    return f"""#compdef oddframe
# zsh completion for oddframe {__version__}
_oddframe() {{
  local -a verbs options detectors
  verbs=(
{named}
  )
  detectors=({" ".join(detectors)})
  if ((CURRENT == 2)); then
    _describe verb verbs
    return
  fi
  if [[ $words[CURRENT-1] == --detector ]]; then
    compadd -a detectors
    _files -g '*.py'
    return
  fi
  if [[ $words[CURRENT] != -* ]]; then
    _files
    return
  fi
  case $words[2] in
{known}
  esac
  _describe option options
}}
if [[ $funcstack[1] == _oddframe ]]; then
  _oddframe "$@"
else
  compdef _oddframe oddframe
fi"""


def _fish(verbs: Sequence[_Verb], detectors: Sequence[str]) -> str:
    lines = [f"# fish completion for oddframe {__version__}"]
    for verb in verbs:
        first = f"-n __fish_use_subcommand -f -a {verb.name}"
        lines.append(f"complete -c oddframe {first} -d {_quoted(verb.about)}")
        after = f"-n '__fish_seen_subcommand_from {verb.name}'"
        for option, words in verb.options.items():
            line = f"complete -c oddframe {after} -l {option[2:]}"
            if option == "--detector":
                line += f" -x -a {_quoted(' '.join(detectors))}"
            lines.append(f"{line} -d {_quoted(words)}")
    return "\n".join(lines)


def _man(verbs: Sequence[_Verb], detectors: Sequence[str]) -> str:
    lines = [
        f'.TH ODDFRAME 1 "" "oddframe {__version__}" "User Commands"',
        ".SH NAME",
        r"oddframe \- finds the odd moments in video",
        ".SH SYNOPSIS",
        r".B oddframe",
        r"\fIVERB\fR [\fIARGUMENT\fR ...] [\fIOPTION\fR ...]",
        ".SH DESCRIPTION",
        "Learns what is normal in front of a camera, and says when, where and why something else "
        "happens: in recordings, and while cameras film.",
        r"\fBoddframe VERB \-\-help\fR says more of each verb.",
        ".SH VERBS",
    ]
    for verb in verbs:
        lines += [f".SS {verb.name}", _roff(f"{verb.about[0].upper()}{verb.about[1:]}.")]
        for option, words in verb.options.items():
            lines += [".TP", rf"\fB{_roff(option)}\fR", _roff(words or "see --help")]
    lines += [
        ".SH DETECTORS",
        _roff(", ".join(detectors)),
        ".SH EXIT STATUS",
        r"0 done; 1 something odd was found, where \-\-exit\-code asks; 2 refused, with what to "
        r"do; 3 done, but something was left out; 70 a bug; 130 stopped by Ctrl\-C; 141 nobody "
        "read what was printed.",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A word of a shell; a colon would end what it is about in zsh, and none is needed."""
    name, colon, about = text.partition(":")
    plain = about.replace(":", ",").replace("'", "").replace("[", "(").replace("]", ")")
    return f"'{name.replace(chr(39), '')}{colon}{plain}'"


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped
