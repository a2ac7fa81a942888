"""How a command ends: exit status and one line, whatever ends it."""

import cv2
import numpy as np
import pytest

from oddframe.cli import endings
from oddframe.console.streams import OutputError
from oddframe.errors import OddframeError


def ended(capsys, error):
    status = endings.report(error)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "" or (err.startswith("oddframe: ") and err.count("\n") == 1)
    return status, err.removeprefix("oddframe: ").rstrip("\n")


def cause(work):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        work()
    return caught.value


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (OddframeError("a.mp4: no\nsuch video"), 2, "a.mp4: no such video"),
        (KeyboardInterrupt("stopped at 5"), 130, "stopped at 5"),
        (KeyboardInterrupt(), 130, "stopped; give the same command again to go on or begin"),
        (FileNotFoundError(2, "No such file or directory", "a/b"), 2, "a/b: No such file or direc"),
        (OSError("odd\nthings"), 2, "input/output: odd things"),
        (OutputError(BrokenPipeError(32, "Broken pipe")), 141, ""),
        (OutputError(OSError(28, "No space left on device")), 2, "standard output: cannot write ("),
        (ValueError("a\n\nb"), 70, "ValueError: a b; this is a bug in oddframe, please report it"),
        (KeyError(), 70, "KeyError: no message; this is a bug in oddframe"),
        (RecursionError("deep"), 70, "RecursionError: deep; this is a bug"),
        (
            UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates"),
            70,
            "UnicodeEncodeError: 'utf-8",
        ),
        (MemoryError(), 2, "out of memory; close other programs, or give fewer or smaller videos"),
        (
            ModuleNotFoundError("No module named 'av'", name="av"),
            2,
            "the Python package 'av' is mi",
        ),
        (
            ModuleNotFoundError("no", name="oddframe.x"),
            70,
            "ModuleNotFoundError: no; this is a bug",
        ),
    ],
)
def test_every_kind_of_end_is_one_line(capsys, error, status, line):
    found, said = ended(capsys, error)
    assert found == status
    assert said.startswith(line)
    assert bool(said) == bool(line)


def test_real_libraries_that_get_no_memory(capsys):
    import torch

    size = 1 << 60
    for work in (
        lambda: np.empty(size, np.uint8),
        lambda: torch.empty(size, dtype=torch.uint8),
        lambda: cv2.copyMakeBorder(np.zeros((1, 1), np.float64), 0, 2**30, 0, 2**30, 0),
    ):
        status, said = ended(capsys, cause(work))
        assert (status, said[:13]) == (2, "out of memory")


def test_the_traceback_is_shown_to_whom_asks_for_it(capsys, monkeypatch):
    error = cause(lambda: {}["x"])
    monkeypatch.setenv(endings.TRACEBACK, "1")
    assert endings.report(error) == endings.BUG
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last)")
    assert err.splitlines()[-1].startswith("oddframe: KeyError: 'x'; this is a bug")
    for off in ("", "0"):
        monkeypatch.setenv(endings.TRACEBACK, off)
        endings.report(error)
        assert "Traceback" not in capsys.readouterr().err
