"""Disks that are full, read-only, or break while cameras are watched."""

import json
import subprocess

import pytest
from tests.made.disks import fill
from tests.made.watch_process import Process

from oddframe.cli import main
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder

EVERY = 12.0
"""Seconds from one odd thing to the next."""


def written(folder, street, source, **more):
    front = {"name": "front", "source": str(source), "retention": {"free_gigabytes": 0}}
    content = {"run": str(street.run), "cameras": [front], "alerts": {"stdout": None}, **more}
    path = folder / "cameras.yaml"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("begun", [False, True], ids=["new", "begun before"])
@pytest.mark.parametrize("wrong", ["full", "read-only"])
def test_a_disk_that_takes_nothing_at_the_start_is_one_line(
    street, small_disk, begun, wrong, tmp_path, capsys
):
    path, state = written(tmp_path, street, street.root / "calm.mp4"), small_disk / "state"
    command = ["watch", str(path), "--state", str(state)]
    if begun:
        assert main(command) == 0
        capsys.readouterr()
    if wrong == "full":
        fill(small_disk / "ballast")
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert main(command) == 2
    out = capsys.readouterr()
    assert out.out == ""
    (line,) = out.err.splitlines()
    assert str(state) in line
    assert ("No space left" if wrong == "full" else "Read-only file system") in line


def test_a_disk_that_breaks_is_said_once_and_written_to_once_it_is_back(
    street, brittle_disk, tmp_path
):
    def large(image, seconds):
        street.large(image, seconds % EVERY)

    film = street.film(tmp_path / "film.mp4", street.images(120, 51, large))
    path = written(tmp_path, street, film, threshold=3, cool_down=2)
    state = brittle_disk.folder / "state"
    with Process(tmp_path, path, "--state", state) as watch:
        watch.wait_for("odd from")
        watch.wait_for("odd since", times=2)
        brittle_disk.breaks()
        watch.wait_for("odd from", times=2)
        watch.wait_for("in memory")
        watch.wait_for("odd from", times=3)
        brittle_disk.comes_back()
        watch.wait_for("everything that waited is written")
        watch.wait_for("odd from", times=4)
        status, out = watch.stop()
    said = watch.log.read_text()
    assert status == 0
    assert "Traceback" not in said
    events = JournalReader(StateFolder(state)).events()
    assert [event.ending for event in events] == ["quiet"] * len(events)
    told = [json.loads(line) for line in out.splitlines() if line[:1] == "{"]
    ids = [one["id"] for one in told if one["kind"] in ("new", "end")]
    assert sorted(ids) == sorted(f"{one.id}.{kind}" for one in events for kind in ("new", "end"))
    assert len(events) >= 4
    for event in events:
        assert (state / event.picture).is_file()
    assert (state / events[0].clip).is_file(), "filmed again"
    assert said.count("is to be written waits in memory") == 1
