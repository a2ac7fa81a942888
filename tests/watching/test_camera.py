"""A camera whose thread has ended is not through: it is said, and others see that it is dead."""

import time

from oddframe.cameras.cameras_file import Camera
from oddframe.journal.journal import open_journal
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching.camera import Outside, WatchedCamera
from oddframe.watching.plan import plan_of


def test_a_thread_that_dies_is_said_and_does_not_count_as_through(street, tmp_path):
    lines = []
    camera = Camera("front", source_of(str(street.root / "fast.mp4"), pace="fast"), street.run)

    def exits(*_):
        raise SystemExit("as some code does")

    with open_journal(tmp_path / "state", lines.append) as journal:
        outside = Outside(journal, lambda *_: None, exits, lines.append)
        watched = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda _: True)
        watched.start()
        until = time.monotonic() + 60
        while not lines and time.monotonic() < until:
            time.sleep(0.05)
        assert lines == ["front: is watched no more: SystemExit: as some code does"]
        assert not watched.is_over
        watched.stop()
