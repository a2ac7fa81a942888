"""The lock on output folders: one writer, named to the second; the dead hold nothing."""

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from oddframe.cli import main
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files import folder_lock
from oddframe.files.atomic import CannotWriteError
from oddframe.files.folder_lock import LOCK, alone_in, alone_in_out, holder

HOLDER = """
import sys, time
from pathlib import Path
from oddframe.files.folder_lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def refused(folder: Path) -> str:
    with pytest.raises(OddframeError) as found, alone_in(folder, patience=0):
        pass
    return str(found.value)


def test_the_second_is_told_who_the_first_is_and_a_dead_one_holds_nothing(tmp_path):
    folder = tmp_path / "out"
    assert holder(folder) is None
    assert not folder.exists()  # asking leaves nothing
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        who = f"process {process.pid} on {socket.gethostname()}, since 20"
        assert (holder(folder) or "").startswith(who)
        assert refused(folder).startswith(f"{folder}: {who}")
        process.send_signal(signal.SIGKILL)
    assert (folder / LOCK).exists()
    assert holder(folder) is None
    with alone_in(folder):
        assert (holder(folder) or "").startswith(f"process {os.getpid()} on ")
    assert not (folder / LOCK).exists()


def test_a_verb_in_a_verb_goes_on_and_another_thread_does_not(tmp_path):
    words = []
    with alone_in(tmp_path):
        with alone_in(tmp_path / "." / ".." / tmp_path.name, patience=0):
            pass
        thread = threading.Thread(target=lambda: words.append(refused(tmp_path)))
        thread.start()
        thread.join()
        assert holder(tmp_path) is not None
    assert f"process {os.getpid()} " in words[0]


def test_many_at_once_are_never_two(tmp_path):
    """The lock file is removed and made again all the time, under the feet of those that wait."""
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(40):
            with alone_in(tmp_path / "out", patience=60):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 240


def test_a_folder_that_goes_while_it_is_looked_at_is_made_again(tmp_path, monkeypatch):
    """It is there when it is to be made, and gone when ``mkdir`` asks whether it is a folder."""
    real, tries = Path.mkdir, []

    def racing(self, *arguments, **named):
        tries.append(self)
        if len(tries) == 1:
            raise FileExistsError(17, "File exists", str(self))
        real(self, *arguments, **named)

    monkeypatch.setattr(Path, "mkdir", racing)
    with alone_in(tmp_path / "out"):
        assert (tmp_path / "out" / LOCK).exists()
    assert tries[:2] == [tmp_path / "out"] * 2


def test_a_folder_that_was_made_in_vain_goes_again(tmp_path):
    with suppress(ZeroDivisionError), alone_in(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert not (tmp_path / "a").exists()
    with suppress(ZeroDivisionError), alone_in(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "file").touch()
        raise ZeroDivisionError
    assert (tmp_path / "a" / "b" / "file").exists()


def test_a_folder_that_cannot_be_made_or_written(tmp_path):
    (tmp_path / "file").touch()
    said = "cannot write .File exists.; there is a file; choose another folder"
    with pytest.raises(CannotWriteError, match=said), alone_in(tmp_path / "file"):
        pass
    (tmp_path / "out" / LOCK).mkdir(parents=True)
    with pytest.raises(CannotWriteError, match="cannot write"), alone_in(tmp_path / "out"):
        pass


def test_a_full_disk_leaves_no_lock(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limit[1]))
    try:
        with pytest.raises(CannotWriteError, match="free some space"), alone_in(tmp_path / "out"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not (tmp_path / "out").exists()
    with alone_in(tmp_path / "out"):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said_and_written(tmp_path, monkeypatch, number):
    """What NFS without its lock service, Lustre without flock, and others answer."""

    def no_locks(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder_lock, "_lock", no_locks)
    with pytest.warns(OddframeWarning, match="no locks") as caught, alone_in(tmp_path):
        assert holder(tmp_path) is None
    assert str(tmp_path) in str(caught[0].message)


def test_a_verb_is_alone_in_its_out(tmp_path):
    @alone_in_out
    def verb(out: Path, more: int = 0) -> str | None:
        return holder(Path(out))

    def helper(out: str) -> str | None:
        return holder(Path(out))

    assert verb(tmp_path / "a")
    assert verb(more=1, out=str(tmp_path / "a"))  # ty: ignore[invalid-argument-type]
    assert alone_in_out(helper, helps=lambda given: given["out"] != "")(str(tmp_path)) is None


VERBS = {
    "train": "train {0}/footage --out {1}",
    "extract": "extract {0}/footage --out {1}",
    "evaluate": "evaluate {0}/s.npz {0}/m.jsonl --out {1}",
    "compare": "compare {0}/s.npz {0}/t.npz --out {1}",
    "merge-crops": "merge-crops {0}/crops --out {1}",
    "demo": "demo --out {1}",
    "reproduce": "reproduce rtfm-ucf-crime --out {1}",
    "import": "import rtfm {0}/file.pth --out {1}",
    "prepare": "prepare synthetic {1} --out {0}/m.jsonl",
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_refuses_a_folder_in_use_in_one_line(verb, tmp_path, held_elsewhere, capsys):
    out = tmp_path / "out"
    with held_elsewhere(out):
        assert main(VERBS[verb].format(tmp_path, out).split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"oddframe: {out}: process {os.getpid()} on {socket.gethostname()}, ")
    assert "is writing in this folder" in line
    assert not out.exists()


def test_helpers_of_a_training_take_no_lock(tmp_path, monkeypatch, held_elsewhere, capsys):
    """torchrun starts the command several times; the first holds the folder for all."""
    monkeypatch.setenv("RANK", "1")
    (tmp_path / "normal").mkdir()
    command = ["train", str(tmp_path / "normal"), "--out", str(tmp_path / "out")]
    with held_elsewhere(tmp_path / "out"):
        main([*command, "--processes", "2"])
        assert "fitted in one go" in capsys.readouterr().err
        main(command)
        assert "is writing in this folder" in capsys.readouterr().err
