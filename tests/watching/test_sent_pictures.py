"""A message has its picture with it, though the disk is slower than the network."""

import base64
import time
from pathlib import Path

from oddframe.alerts.sinks.reading import read_sinks
from oddframe.cameras.cameras_file import Camera, CamerasFile
from oddframe.journal import writing
from oddframe.journal.sidecars import write_sidecar
from oddframe.sources.source import source_of
from oddframe.watching.plan import plans_of
from oddframe.watching.watch import Watch


def test_a_message_waits_for_its_picture(street, receiver, tmp_path, monkeypatch):
    def slowly(files, event):
        time.sleep(0.2)
        write_sidecar(files, event)

    monkeypatch.setattr(writing, "write_sidecar", slowly)
    path = Path("cameras.yaml")
    settings = {"url": receiver.url, "picture": True, "kinds": ["new", "end"]}
    sinks = read_sinks(path, {"webhook": settings})
    source = source_of(str(street.root / "fast.mp4"), pace="fast")
    camera = Camera("front", source, street.run, alerts=("webhook",))
    wanted = CamerasFile(path, (camera,), sinks)
    Watch(wanted, plans_of(wanted), tmp_path / "state", print).run()
    bodies = receiver.bodies()
    assert [one["type"] for one in bodies] == ["oddframe.new", "oddframe.end"]
    pictures = [base64.b64decode(one["picture"] or "") for one in bodies]
    assert all(picture[:2] == b"\xff\xd8" for picture in pictures)
    # The picture of the end is the newest, and not the one that lay there before.
    assert pictures[1] == (tmp_path / "state" / bodies[1]["data"]["event"]["picture"]).read_bytes()
