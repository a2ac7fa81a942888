"""What is kept of events, and sent of them: film, pictures, pictures that are blurred, numbers."""

import base64
import json

import cv2
import numpy as np
import pytest
from tests.made.ray_nodes import ray_nodes
from tests.made.watch_process import PATIENCE, Process

from oddframe.cli import main
from oddframe.journal.reading import JournalReader
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder

SEEN = {"film": {".json", ".jpg", ".mp4"}, "scores": {".json"}}
"""What lies beside an event; of all others a picture."""


def written(folder, street, receiver, **camera):
    """A cameras file with a film of an event, and alerts that take a picture where there is one."""
    front = {"name": "front", "source": str(street.root / "fast.mp4"), **camera}
    bell = f"echo \"$ODDFRAME_KIND:$ODDFRAME_PICTURE:$ODDFRAME_CLIP\" >> '{folder / 'rung'}'"
    alerts = {
        "phone": {"kind": "webhook", "url": receiver.url, "picture": True, "kinds": ["new", "end"]},
        "bell": {"kind": "command", "argv": ["sh", "-c", bell], "kinds": ["new", "end"]},
    }
    path = folder / "cameras.yaml"
    path.write_text(json.dumps({"run": str(street.run), "alerts": alerts, "cameras": [front]}))
    return path


def levels(jpeg):
    """Grey levels of a picture."""
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).astype(int)


@pytest.mark.parametrize("keep", ["film", "pictures", "blurred", "scores"])
def test_so_much_is_kept_and_sent_of_an_event(street, receiver, keep, tmp_path, capsys):
    path = written(tmp_path, street, receiver, keep=keep)
    state = tmp_path / "state"
    assert main(["watch", str(path), "--state", str(state)]) == 0
    (event,) = JournalReader(StateFolder(state)).events()
    files = StateFolder(state).files_of(event)
    assert {file.suffix for file in files.folder.iterdir()} == SEEN.get(keep, {".json", ".jpg"})
    assert (event.clip is not None) == (keep == "film")
    assert (event.picture is not None) == (keep != "scores")
    # The numbers are there whatever is kept beside them.
    assert read_sidecar(files) == event
    assert event.reason
    assert event.boxes
    minutes = JournalReader(StateFolder(state)).minutes("front")
    assert sum(minute.frames for minute in minutes) == 100

    sent = {body["type"]: body for body in receiver.bodies()}
    assert set(sent) == {"oddframe.new", "oddframe.end"}
    for body in sent.values():
        about = body["data"]["event"]
        assert about["peak"] > about["threshold"]
        assert (body["picture"] is not None) == (keep != "scores") == (about["picture"] is not None)
        assert (about["clip"] is not None) == (keep == "film")
    rung = [line.split(":") for line in (tmp_path / "rung").read_text().splitlines()]
    assert [kind for kind, _, _ in rung] == ["new", "end"]
    assert all(bool(picture) == (keep != "scores") for _, picture, _ in rung)
    assert all(not clip or keep == "film" for _, _, clip in rung)
    said = capsys.readouterr().err
    assert ("clip" in said, "picture" in said, "Traceback" in said) == (False, False, False)


def test_nothing_is_seen_in_a_blurred_picture_but_where_it_was(street, receiver, tmp_path):
    found = {}
    for keep in ("pictures", "blurred"):
        folder = tmp_path / keep
        folder.mkdir()
        receiver.got.clear()
        assert (
            main(
                [
                    "watch",
                    str(written(folder, street, receiver, keep=keep)),
                    "--state",
                    str(folder / "state"),
                ]
            )
            == 0
        )
        (event,) = JournalReader(StateFolder(folder / "state")).events()
        kept = (folder / "state" / event.picture).read_bytes()
        assert base64.b64decode(receiver.bodies()[-1]["picture"]) == kept
        found[keep] = levels(kept)
    sharp, blurred = found["pictures"], found["blurred"]
    assert sharp.shape == blurred.shape == (street.height, street.width)

    # 128 pixels are 32 blocks of 4: what differs within one is the coding's, and the boxes' lines.
    def within(image):
        steps = np.abs(np.diff(image, axis=1))
        return np.median(steps[:, np.arange(127) % 4 != 3])

    assert within(blurred) <= 1 < within(sharp)


def test_what_is_kept_goes_with_a_camera_to_another_machine(street, receiver, tmp_path):
    pytest.importorskip("ray")
    path = written(tmp_path, street, receiver, keep="scores")
    with ray_nodes() as nodes:
        nodes.start()
        options = ("--state", "state", "--ray", nodes.address)
        with Process(tmp_path, path, *options, **nodes.environment) as watch:
            watch.popen.communicate(timeout=PATIENCE)
            assert watch.popen.returncode == 0, watch.log.read_text()
    (event,) = JournalReader(StateFolder(tmp_path / "state")).events()
    folder = StateFolder(tmp_path / "state").files_of(event).folder
    assert {file.suffix for file in folder.iterdir()} == {".json"}
    assert [body["picture"] for body in receiver.bodies()] == [None, None]


def test_a_check_says_what_is_kept(street, receiver, tmp_path, capsys):
    path = written(tmp_path, street, receiver, keep="scores")
    assert main(["watch", str(path), "--state", str(tmp_path / "state"), "--check"]) == 0
    front, *_ = capsys.readouterr().out.splitlines()
    assert front.endswith("; of events only numbers are kept")


def test_what_can_be_kept_is_said_where_something_else_is_asked(street, receiver, tmp_path, capsys):
    path = written(tmp_path, street, receiver, keep="nothing")
    assert main(["watch", str(path), "--state", str(tmp_path / "state")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "keep': expected one of film, pictures, blurred, scores, found 'nothing'" in line
    assert not (tmp_path / "state").exists()
