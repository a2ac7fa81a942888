from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.tracking.record import read_record
from oddframe.verbs.track import track

Content = dict[str, Any]


def read_tensorboard(folder: Path) -> Content:
    """All that TensorBoard's own reader finds."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    found.Reload()
    tags: Any = found.Tags()
    scalars = {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in tags["scalars"]}
    images = {
        tag: [(e.step, e.encoded_image_string) for e in found.Images(tag)] for tag in tags["images"]
    }
    texts = {}
    for tag in tags["tensors"]:
        (event,) = found.Tensors(tag)
        texts[tag.removesuffix("/text_summary")] = event.tensor_proto.string_val[0].decode()
    plugins = found.PluginTagToContent("hparams")
    return {"scalars": scalars, "images": images, "texts": texts, "hparams": plugins}


def test_tensorboard_reads_back_what_the_run_folder_says(run: Path) -> None:
    tracked = track([run], to=["tensorboard"])
    assert f"tensorboard: {run / 'tensorboard'}" in tracked.text()
    found = read_tensorboard(run / "tensorboard")
    scalars = found["scalars"]
    assert scalars["train/loss"] == [(2, 0.75), (4, 0.25)]
    assert scalars["val/video_auc"] == [(2, 0.5), (4, 0.875)]
    assert scalars["oracle/micro_auc"] == [(2, 0.625)]
    assert scalars["test/micro_auc"] == [(4, 0.75)]
    assert scalars["test/micro_auc.low"] == [(4, 0.5)]
    assert scalars["test/micro_auc.high"] == [(4, 0.875)]
    assert scalars["oracle/test/micro_auc"] == [(4, 0.9375)]
    assert not {"val/loss", "test/macro_auc", "test/at/run/f1.low"} & set(scalars)
    assert [step for step, _ in found["images"]["samples"]] == [2, 4]
    picture = cv2.imdecode(np.frombuffer(found["images"]["report/roc"][0][1], np.uint8), 1)
    assert picture.shape == (6, 8, 3)
    assert (picture == 5).all()
    assert "report/timelines/video_29" in found["images"]
    assert "| settings.width | 32 |" in found["texts"]["configuration"]
    assert f"| tag checkpoint | {run / 'checkpoint.pt'} |" in found["texts"]["configuration"]
    assert str(run / "report" / "report.html") in found["texts"]["files"]
    assert found["texts"]["state"] == "finished"
    assert len(found["hparams"]) == 3


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_is_one_line_and_no_traceback_of_the_thread_that_writes(run: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OddframeError, match=r"tensorboard: cannot write .*free some space"):
            track([run], to=["tensorboard"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (run / "tensorboard").exists()


def test_tensorboard_has_the_parameters_beside_the_results_in_its_table(run: Path) -> None:
    from tensorboard.plugins.hparams import metadata

    track([run], to=["tensorboard"])
    content = read_tensorboard(run / "tensorboard")["hparams"]
    start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
    assert start.hparams["settings.width"].number_value == 32
    assert start.hparams["settings.optimiser"].string_value == "adam"
    experiment = metadata.parse_experiment_plugin_data(content[metadata.EXPERIMENT_TAG])
    assert "test/micro_auc" in [part.name.tag for part in experiment.metric_infos]


def test_a_second_upload_replaces_the_first(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "all"
    for to in (["tensorboard"], [f"tensorboard={place}"]):
        track([run], to=to)
        before = read_tensorboard(next(place.iterdir()) if place.exists() else run / "tensorboard")
        track([run], to=to)
    folders = list(place.iterdir())
    assert [path.name for path in folders] == [f"run-{read_record(run).id[:8]}"]
    for folder in (run / "tensorboard", *folders):
        assert len(list(folder.iterdir())) == 1
        assert read_tensorboard(folder) == before
    # What is no longer in the run is no longer shown, also under another name of the run.
    shutil.rmtree(run / "report")
    run = run.rename(run.parent / "renamed")
    track([run], to=[f"tensorboard={place}"])
    (folder,) = place.iterdir()
    assert folder.name.startswith("renamed-")
    assert "test/micro_auc" not in read_tensorboard(folder)["scalars"]


def test_an_upload_that_was_killed_is_whole_once_after_the_next(run: Path) -> None:
    track([run], to=["tensorboard"])
    before = read_tensorboard(run / "tensorboard")
    code = f"""
import os, signal
from pathlib import Path
from oddframe.tracking import tensorboard_tracker
from oddframe.verbs.track import track
tensorboard_tracker._numbers = lambda _: os.kill(os.getpid(), signal.SIGKILL)
track([Path({str(run)!r})], to=["tensorboard"])
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert list(run.glob(".partial-*"))
    assert read_tensorboard(run / "tensorboard") == before
    track([run], to=["tensorboard"])
    assert not list(run.glob(".partial-*"))
    assert read_tensorboard(run / "tensorboard") == before


def test_a_sweep_folder_means_its_trials(
    make_run: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep, place = tmp_path / "widths", tmp_path / "all"
    for name in ("aaaa", "bbbb"):
        make_run(sweep / "trials" / name)
    (sweep / "trials" / "waiting").mkdir()
    (sweep / "sweep.json").write_text("{}")
    words = ["track", str(sweep), "--to", f"tensorboard={place}", "--experiment", "street"]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 runs tracked",
        str(sweep),
        f"  tensorboard: {place / 'street'}",
        f"look at it with: tensorboard --logdir {place / 'street'}",
    ]
    names = sorted(path.name.rpartition("-")[0] for path in (place / "street").iterdir())
    assert names == ["widths-aaaa", "widths-bbbb"]
    shutil.rmtree(sweep / "trials")
    assert main(words) == 2
    assert "no trial of this sweep has begun" in capsys.readouterr().err


def test_one_failure_keeps_nothing_else_from_being_sent(
    make_run: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, damaged, file = make_run(tmp_path / "whole"), tmp_path / "damaged", tmp_path / "file"
    make_run(damaged)
    (damaged / "metrics.jsonl").write_text("5\n")
    file.write_text("")
    to = f"tensorboard={file},tensorboard"
    assert main(["track", str(damaged), str(whole), "--to", to]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"oddframe: warning: {damaged / 'metrics.jsonl'} line 1: ")
    assert lines[1].startswith(f"oddframe: warning: {whole} to tensorboard={file}: ")
    assert lines[2] == (
        f"oddframe: 2 failed: {damaged}; {whole} to tensorboard={file}; all others are done, and "
        "the same command can be given again"
    )
    assert read_tensorboard(whole / "tensorboard")["scalars"]["train/loss"]


def test_folders_that_are_no_runs_are_each_a_line_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips2").mkdir()
    assert main(["track", "nowhere", "clips2", "--to", "tensorboard"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("oddframe: warning: nowhere: there is no such folder; give ")
    assert lines[1].startswith("oddframe: warning: clips2: expected a run folder, found no config")
    assert lines[2] == "oddframe: 2 failed: nowhere; clips2; nothing was sent"
    assert main(["track", "nowhere", "--to", "tensorboard,wandb"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("oddframe: nowhere: there is no such folder; give ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "tensorbord"], "did you mean 'tensorboard'"),
        (["--to", "tensorboard"], "expected a run folder"),
        (["--to", "none"], "no tracker to send to"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", str(tmp_path), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_without_mlflow_the_default_says_what_to_install(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(OddframeError, match=r"pip install .*\[mlflow\]'"):
        track([run])


def test_a_picture_that_is_none_is_told(run: Path) -> None:
    (run / "samples" / "step-2.png").write_text("no picture")
    with pytest.raises(OddframeError, match=r"step-2\.png: cannot be read as a picture"):
        track([run], to=["tensorboard"])
