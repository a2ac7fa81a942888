"""A cameras file that is changed while it is watched: checked first, and no frame is missed."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.made.watch_process import wait_until

from oddframe.cameras.cameras_file import read_cameras
from oddframe.errors import OddframeError
from oddframe.watching.plan import plans_of
from oddframe.watching.signals import Signals
from oddframe.watching.watch import Watch


@contextmanager
def watching(path: Path, lines: list[str]) -> Generator[Watch]:
    signals, wanted = Signals(), read_cameras(path)
    state = path.parent / "state"
    watch = Watch(wanted, plans_of(wanted), state, lines.append, again=path, signals=signals)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        signals.stop.set()
        thread.join(60)


@pytest.fixture
def path(street, tmp_path) -> Path:
    film = f"movie={street.root / 'calm.mp4'}:loop=0,setpts=N/(12.5*TB)"
    found = tmp_path / "cameras.yaml"
    found.write_text(
        f"run: {street.run}  # of May\ncameras:\n"
        f"  - name: front\n    source: '{'lavfi:' + film}'\n    threshold: 50  # for now\n"
    )
    return found


def camera_of(watch):
    return next((one for one in watch.cameras if one.name == "front"), None)


def test_a_change_is_watched_at_once_and_the_source_is_opened_once(path):
    lines: list[str] = []
    with watching(path, lines) as watch:
        wait_until(lambda: camera_of(watch) and camera_of(watch).latest)
        before = camera_of(watch)
        watch.saving.change("front", {"threshold": 60.5, "cool_down": 7}, watch.saving.mark)
        after = camera_of(watch)
        last = before.latest.frame
        assert after is not before
        assert after.reader is before.reader
        assert (after.plan.rule.threshold, after.plan.camera.cool_down) == (60.5, 7)
        first = wait_until(lambda: after.latest if after.latest.frame is not last else None)
        # One that is being scored or just came is in between at most, on a machine with time.
        assert first.frame.index - last.index < 50, "frames were not looked at"
        wait_until(lambda: after.counts.scored > 5)
    assert "threshold: 60.5  # for now" in path.read_text()
    assert sum("front: up" in line for line in lines) == 1
    assert not any("down" in line for line in lines)
    assert f"{path}: read again; 1 of 1 cameras new" in lines


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threshold": -1}, "'cameras\\[0\\].threshold': expected a number, 0 or more"),
        ({"run": "nowhere"}, "nowhere"),
        ({"zones": [{"name": "z", "kind": "watch", "polygon": [[0, 0], [1, 1]]}]}, "3 to 200"),
    ],
)
def test_a_mistake_changes_nothing(path, changes, said):
    lines: list[str] = []
    text = path.read_text()
    with watching(path, lines) as watch:
        wait_until(lambda: camera_of(watch))
        before = camera_of(watch)
        with pytest.raises(OddframeError, match=said) as error:
            watch.saving.change("front", changes, watch.saving.mark)
        assert "\n" not in str(error.value)
        assert camera_of(watch) is before
    assert path.read_text() == text
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_a_second_writer_is_refused(path):
    lines: list[str] = []
    with watching(path, lines) as watch:
        wait_until(lambda: camera_of(watch))
        known = watch.saving.mark
        other = path.read_text().replace("for now", "by hand")
        path.write_text(other)
        with pytest.raises(OddframeError, match="somebody changed the file"):
            watch.saving.change("front", {"threshold": 9}, known)
        assert path.read_text() == other
        path.unlink()
        assert watch.saving.mark == ""
        with pytest.raises(OddframeError, match=r"cameras\.yaml"):
            watch.saving.change("front", {"threshold": 9}, known)


def test_who_may_read_the_file_stays_who_may_and_a_link_stays_a_link(path):
    real = path.with_name("real.yaml")
    path.rename(real)
    real.chmod(0o600)
    path.symlink_to(real)
    lines: list[str] = []
    with watching(path, lines) as watch:
        wait_until(lambda: camera_of(watch))
        began = time.monotonic()
        watch.saving.change("front", {"threshold": 9}, watch.saving.mark)
        print(f"taken after {time.monotonic() - began:.1f} s")
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "threshold: 9  # for now" in real.read_text()
