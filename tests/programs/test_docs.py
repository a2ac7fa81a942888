"""The blocks of docs/python.md, run one after the other, with a recording in the camera's place."""

import re
import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
CAMERA = "rtsp://guard@192.0.2.7/stream1"


def test_what_the_page_shows_runs(street, tmp_path, monkeypatch, capsys):
    shutil.copytree(street.root / "normal", tmp_path / "normal")
    shutil.copy(street.root / "fast.mp4", tmp_path / "new.mp4")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    assert len(blocks) == 6
    if find_spec("supervision") is None:
        warnings.warn("supervision is not installed: its lines are not run", stacklevel=1)
        blocks = [block for block in blocks if "supervision" not in block]
    assert sum(CAMERA in block for block in blocks) == 1
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block.replace(CAMERA, "new.mp4"), "docs/python.md", "exec"), names)
    said = capsys.readouterr().out
    assert "odd moments, above" in said
    assert names["scored"].odd >= 1
    assert names["found"].odd >= 1
    assert names["frame"].seconds == 99 / street.fps
    assert "@software{oddframe," in said
