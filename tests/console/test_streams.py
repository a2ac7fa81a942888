"""Standard output and error: every sign can be printed, and a pipe may close at any time."""

import io
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.cli import main
from oddframe.console.characters import made_visible
from oddframe.console.progress import progress
from oddframe.console.streams import OutputError, standard_streams


def printed(monkeypatch, encoding, text):
    raw = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
        with standard_streams() as out:
            print(text, end="")
            assert out.encoding == encoding
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("ascii", "\\xe9 \\u2713 \\u2013 \\udce9"),
        ("cp1252", "é \\u2713 – \\udce9"),
        ("utf-8", "é ✓ – \\udce9"),
        ("utf-16", "é ✓ – \\udce9"),
    ],
)
def test_what_an_encoding_lacks_is_escaped(monkeypatch, encoding, found):
    assert printed(monkeypatch, encoding, "é ✓ – \udce9") == found


@given(text=st.text(st.characters(exclude_characters="\r\n", exclude_categories=())))
def test_any_text_can_be_printed_anywhere(text):
    with pytest.MonkeyPatch.context() as patch:
        for encoding in ("ascii", "cp1252", "utf-8"):
            rows = [made_visible(row) for row in text.split("\t")]
            escaped = "\t".join(rows).encode(encoding, "backslashreplace").decode(encoding)
            assert printed(patch, encoding, text) == escaped


def test_no_name_acts_on_a_terminal(monkeypatch):
    text = "rate \x1b[2J\x00\u202e\n\tnext\r"
    assert printed(monkeypatch, "utf-8", text) == "rate \\x1b[2J\\x00\\u202e\n\tnext\\r"


def test_the_streams_are_as_they_were(monkeypatch):
    before = (sys.stdout, sys.stderr)
    with standard_streams():
        assert (sys.stdout, sys.stderr) != before
    assert (sys.stdout, sys.stderr) == before
    # A program started with ">&-" has none.
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["--help"]) == 0
    assert main(["listen"]) == 2


def full(mode="w"):
    return open("/dev/full", mode, encoding="utf-8")  # noqa: PTH123


def test_what_cannot_be_told_is_lost_and_what_cannot_be_printed_ends(monkeypatch):
    with full() as out, full() as err:
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "stdout", out)
        with standard_streams() as stream:
            print("lost", file=sys.stderr, flush=True)
            with progress() as bar:
                bar.say("lost too")
            print("x")
            with pytest.raises(OutputError):
                stream.flush()


def run(words, *, out=subprocess.PIPE, err=subprocess.PIPE, **environment):
    command = [sys.executable, "-m", "oddframe", *words]
    return subprocess.run(
        command, stdout=out, stderr=err, text=True, check=False, env=os.environ | environment
    )


def test_help_onto_a_full_disk():
    with full() as disk:
        done = run(["train", "--help"], out=disk)
    said = "oddframe: standard output: cannot write (No space left on device)\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_nobody_reads_what_is_printed():
    reader, writer = os.pipe()
    os.close(reader)
    done = run(["fetch"], out=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_nobody_reads_what_is_told():
    reader, writer = os.pipe()
    os.close(reader)
    done = run(["listen"], err=writer)
    os.close(writer)
    assert (done.returncode, done.stdout) == (2, "")
