"""Progress: a bar for a person, nothing for a file."""

import io
import sys

import pytest

from oddframe.console.progress import progress


def work(bar):
    bar.share("fitting", 0.25)
    bar.count("scoring", 3, 10)
    bar.count("reading", 3, None)


def test_nothing_is_written_where_nobody_watches(capsys):
    with progress() as bar:
        work(bar)
    assert capsys.readouterr() == ("", "")


def test_a_log_file_gets_the_lines_that_stay(capsys):
    with progress() as bar:
        work(bar)
        bar.say("step 5 of 10: error -20.0")
    assert capsys.readouterr() == ("", "step 5 of 10: error -20.0\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_what_is_done_and_how_much(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress() as bar:
        bar.share("fitting", 0.25)
        bar._bar.refresh()
    assert "fitting" in sys.stderr.getvalue()
    assert "25%" in sys.stderr.getvalue()
    with progress() as bar:
        work(bar)
        bar.share("cam[/b] and [red]", 0.5)
        bar._bar.refresh()
    assert "cam[/b] and [red]" in sys.stderr.getvalue()


def test_errors_pass_through(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(ZeroDivisionError), progress() as bar:
        bar.share("fitting", 1 / 0)
