"""A fit that was killed goes on where it was, to the same bytes; what does not fit is removed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from tests.made.full_disk import files_of_at_most
from tests.made.street import Street

from oddframe.detectors.own_cameras.fixed_camera import kept_rows
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.fitting.kept_fit import FITTING
from oddframe.verbs.train import train

KILLED_AT = """
import os, signal, sys
from oddframe.cli import main
from oddframe.detectors.own_cameras.fixed_camera import kept_rows
from oddframe.verbs import train
add = kept_rows.KeptRows.add

def counted(rows, name, row):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    add(rows, name, row)

kept_rows.KEEP_SECONDS = 0.0
kept_rows.KeptRows.add = counted
for left in map(int, sys.argv.pop(1).split(",")):
    if not (child := os.fork()):
        sys.exit(main(sys.argv[1:]))
    print(os.waitpid(child, 0)[1])
"""
"""The command line, in processes that are killed before they write a row of that number, one after
the other: what they import is imported once, and nothing else is done before they part."""


def command(street: Street, out: Path) -> list[str]:
    return ["train", str(street.root / "normal"), "--out", str(out), *street.options()]


def killed(street: Street, out: Path, *rows: int) -> None:
    words = [sys.executable, "-c", KILLED_AT, ",".join(map(str, rows)), *command(street, out)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(int(signal.SIGKILL))] * len(rows)
    assert not (out / "checkpoint.pt").exists()


@pytest.fixture
def rows_written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose rows are written from here on."""
    found, add = [], kept_rows.KeptRows.add

    def counted(rows, name, row):
        found.append(name)
        add(rows, name, row)

    monkeypatch.setattr(kept_rows.KeptRows, "add", counted)
    return found


def again(street: Street, out: Path, **options):
    return train(street.root / "normal", out, settings={**street.settings}, **options)


def test_killed_three_times_a_fit_comes_to_the_same_bytes(
    street: Street, tmp_path: Path, rows_written: list[str]
) -> None:
    """Amid single looks of a recording, at the next ones, and when two of three are held out.

    60 looks with five pictures before each are some 800 rows; a recording held out is 16 s of 12.5
    moments, each two rows, and of 4 looks or more: 460.
    """
    out = tmp_path / "run"
    killed(street, out, 150, 300, 1100)
    again(street, out)
    assert (out / "checkpoint.pt").read_bytes() == (street.run / "checkpoint.pt").read_bytes()
    assert not (out / FITTING).exists()
    assert 0 < rows_written.count("moments") <= 2 * 200  # the last recording, or two
    assert (
        "going on with what a fit that was stopped here has found" in (out / "log.txt").read_text()
    )


def test_with_other_settings_or_footage_it_begins_anew_and_says_so(
    street: Street, tmp_path: Path, rows_written: list[str]
) -> None:
    out = tmp_path / "run"
    killed(street, out, 100)
    before = (out / FITTING / "settings.json").read_bytes()
    other = {**street.settings, "fit_looks": 20, "long_side": 64}
    with pytest.warns(
        OddframeWarning, match=f"{out}: the fit .* had other settings; what it found"
    ):
        train(street.root / "normal", out, settings=other)
    assert rows_written.count("looks") >= 20
    (out / "checkpoint.pt").unlink()
    (out / FITTING).mkdir()
    (out / FITTING / "settings.json").write_bytes(before)
    film = tmp_path / "normal" / "0.mp4"
    street.film(film, street.images(6, 3))
    with pytest.warns(OddframeWarning, match="had other footage"):
        train(film, out, settings={**street.settings})


def test_ctrl_c_says_that_it_goes_on(street: Street, tmp_path: Path, monkeypatch) -> None:
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_rows.KeptRows, "add", stopped)
    with pytest.raises(KeyboardInterrupt, match="the same command goes on where it was"):
        again(street, tmp_path / "run")


def test_an_error_that_would_come_again_leaves_nothing(street: Street, tmp_path: Path) -> None:
    short = street.film(tmp_path / "short.mp4", street.images(3, 1))
    with pytest.raises(OddframeError, match="at least 4 seconds"):
        train(short, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_on_a_full_disk_it_is_kept_and_said(street: Street, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with (
        files_of_at_most(2_000_000),
        pytest.raises(OddframeError, match=r"greys: cannot write .*; free some space") as error,
    ):
        again(street, out)
    assert "\n" not in str(error.value)
    with warnings.catch_warnings():
        warnings.simplefilter("error", OddframeWarning)
        again(street, out)
    assert (out / "checkpoint.pt").read_bytes() == (street.run / "checkpoint.pt").read_bytes()


def test_what_was_left_of_a_finished_run_is_removed(street: Street, tmp_path: Path) -> None:
    """Killed between the last two steps, with the checkpoint in place."""
    out = tmp_path / "run"
    shutil.copytree(street.run, out)
    (out / FITTING).mkdir()
    again(street, out, resume=True)
    assert not (out / FITTING).exists()
