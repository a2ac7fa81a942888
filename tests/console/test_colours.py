"""Colours: on a terminal and where they are asked for, nowhere else, and never from a name."""

import io
import os
import pty
import re
import subprocess
import sys

import pytest

from oddframe.console.colours import painted_row, takes_colours
from oddframe.console.streams import standard_streams
from oddframe.processes.aside import begin_aside

ESCAPE = re.compile(r"\x1b\[[\d;]*m")
PLAIN = {"PYTHONDONTWRITEBYTECODE": "1", **os.environ, "TERM": "xterm"}
for forbidden in ("NO_COLOR", "FORCE_COLOR"):
    PLAIN.pop(forbidden, None)


class Terminal(io.StringIO):
    """Text for a person."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("settings", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_who_gets_colours(settings, terminal, pipe, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert takes_colours(Terminal()) is terminal
    assert takes_colours(io.StringIO()) is pipe


def test_only_what_matters_in_a_row_is_painted():
    rows = {
        "  1  a  0:01.0 to 0:02.0  score 2.50  odd": "score 2.50",
        "ok  packages  numpy": "ok",
        "NO  decoders  none": "NO",
        "not scored: b: no video": "not scored",
        "report: out/report.html": "report",
        "2 odd moments in 1 of 2 videos": "2 odd moments in 1 of 2 videos",
    }
    for row, part in rows.items():
        shown = painted_row(row, first=True)
        assert re.findall(r"\x1b\[[\d;]+m(.*?)\x1b\[0m", shown) == [part]
        assert ESCAPE.sub("", shown) == row
    assert painted_row("a score of 2 in the text", first=False) == "a score of 2 in the text"


def test_a_name_paints_nothing(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.TextIOWrapper(raw := io.BytesIO(), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        with standard_streams() as out:
            out.show("head\n  1  \x1b[2Jevil  0:01.0 to 0:02.0  score 2.50  odd")
    assert raw.getvalue().decode().split("\n") == [
        "\x1b[1mhead\x1b[0m",
        "  1  \\x1b[2Jevil  0:01.0 to 0:02.0  \x1b[1;31mscore 2.50\x1b[0m  odd",
        "",
    ]


def test_what_is_begun_aside_is_plain(tmp_path, monkeypatch):
    """Its log is read, and shown on pages."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    aside = begin_aside(["info", str(tmp_path / "gone")], tmp_path / "log.txt")
    while aside.wait(1) is None:
        pass
    assert aside.said()[-1].startswith("oddframe: ")


def on_terminal(words, **settings):
    """What a command writes to a terminal of its own."""
    above, below = pty.openpty()
    environment = {**PLAIN, **settings}
    command = [sys.executable, "-m", "oddframe", *words]
    with subprocess.Popen(
        command, stdin=below, stdout=below, stderr=below, env=environment
    ) as running:
        os.close(below)
        text = b""
        try:
            while part := os.read(above, 4096):
                text += part
        except OSError:  # Linux says so where the other end is closed
            pass
        running.wait()
    os.close(above)
    return text.decode().replace("\r\n", "\n")


def test_the_command_on_a_terminal_and_in_a_pipe(street, tmp_path):
    thing = str(street.run / "manifest.jsonl")
    command = [sys.executable, "-m", "oddframe", "info", thing]
    piped = subprocess.run(command, capture_output=True, text=True, check=True, env=PLAIN).stdout
    assert not ESCAPE.search(piped)
    shown = on_terminal(["info", thing])
    assert shown.startswith("\x1b[1m")
    assert ESCAPE.sub("", shown) == piped
    assert on_terminal(["info", thing], NO_COLOR="1") == piped
    # Rows are for programs, on a terminal too.
    assert on_terminal(["info", thing, "--json", "--quiet"]).startswith("{")
    refused = on_terminal(["info", str(tmp_path / "gone")])
    assert refused.startswith("\x1b[1;31moddframe:\x1b[0m ")
