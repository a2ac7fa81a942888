from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.scores.frame_scores import Scores
from oddframe.tracking import chosen, installed, load_tracker
from oddframe.tracking.pictures import with_drawn_pictures
from oddframe.tracking.record import Point, read_progress, read_record, spread, step_of
from oddframe.tracking.state import held, read_state, run_id, write_state
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


def test_everything_in_a_run_folder_is_in_the_record(run: Path) -> None:
    record = read_record(run)
    assert (record.name, record.group, record.state) == ("run", None, "finished")
    assert record.parameters == {
        "detector": "sultani",
        "dataset": "made-up",
        "seed": 3,
        "oracle": True,
        "settings.width": 32,
        "settings.learning_rate": 0.001,
        "settings.optimiser": "adam",
        "settings.sizes": "[1, 2]",
    }
    assert record.tags["checkpoint"] == str(run / "checkpoint.pt")
    assert record.tags["checkpoint.sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert record.tags["checkpoint.bytes"] == "7"
    assert record.curve == (
        Point("train/loss", 2, 0.75),
        Point("train/network/ranking", 2, 0.5),
        Point("val/video_auc", 2, 0.5),
        Point("oracle/micro_auc", 2, 0.625),
        Point("train/loss", 4, 0.25),
        Point("train/network/ranking", 4, 0.125),
        Point("val/video_auc", 4, 0.875),
    )
    assert record.results == {
        "selected/val/step": Measured(4.0),
        "selected/val/video_auc": Measured(0.875),
        "oracle/selected/micro_auc": Measured(0.625),
        "test/micro_auc": Measured(0.75, 0.5, 0.875),
        "test/class/fight/auc": Measured(0.625, 0.25, 0.75),
        "test/at/run/f1": Measured(0.5),
        "oracle/test/at/oracle_f1/f1": Measured(1.0),
        "oracle/test/micro_auc": Measured(0.9375, 0.75, 1.0),
    }
    names = [name for name, _ in record.pictures]
    assert names[:3] == ["samples/step-2", "samples/step-4", "report/roc"]
    shown = [name for name in names if "/timelines/" in name]
    assert len(shown) == 20
    assert (shown[0], shown[-1]) == ("report/timelines/video_00", "report/timelines/video_29")
    assert [step_of(name) for name in names[:3]] == [2, 4, None]
    assert [name for name, _ in record.files] == [
        *("config.yaml", "metrics.jsonl", "log.txt"),
        *("report/metrics.json", "report/report.html"),
    ]
    assert all(path.is_file() for _, path in (*record.pictures, *record.files))


def test_the_id_stays_and_goes_with_the_folder(run: Path) -> None:
    before = read_record(run).id
    write_state(run, "wandb", {"generation": 2})
    assert read_record(run).id == before
    assert read_state(run)["wandb"] == {"generation": 2}
    moved = run.rename(run.parent / "moved")
    assert read_record(moved).id == before


def test_trackers_that_follow_at_once_find_one_id(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        start, found = threading.Barrier(4), set()

        def ask(
            folder: Path = folder, start: threading.Barrier = start, found: set = found
        ) -> None:
            start.wait()
            found.add(run_id(folder))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {read_state(folder)["id"]}


def test_what_was_chosen_on_the_test_videos_is_oracle_and_never_mixed(
    run: Path, made_evaluation: Callable[..., Evaluation]
) -> None:
    oracle = made_evaluation("test", "oracle: chosen by the truth")
    oracle.write(run / "scores/x-oracle/metrics.json")
    made_evaluation("val").write(run / "other" / "metrics.json")
    results = read_record(run).results
    for name in ("micro_auc", "class/fight/auc", "at/run/f1"):
        assert f"test/{name}" in results
    # Its own number differs from the row that the report has under the same name.
    assert results["oracle/test/micro_auc"].value == 0.9375
    assert results["oracle/scores/x-oracle/test/micro_auc"].value == 0.75
    assert results["oracle/test/class/fight/auc"].value == 0.625
    assert results["val/micro_auc"].value == 0.75
    shutil.rmtree(run / "report")
    results = read_record(run).results
    assert results["oracle/test/micro_auc"].value == 0.75
    assert not [name for name in results if name.startswith("test/")]


def test_numbers_without_the_first_frames_have_a_name_of_their_own(
    run: Path, made_evaluation: Callable[..., Evaluation]
) -> None:
    found = made_evaluation(split="test")
    found.protocol["skip_first"] = 4
    found.write(run / "report-as-published" / "metrics.json")
    results = read_record(run).results
    assert results["test-from-frame-4/micro_auc"] == results["test/micro_auc"]
    assert results["oracle/test-from-frame-4/at/oracle_f1/f1"] == Measured(1.0)
    assert sum("from-frame-4" in name for name in results) == 5


def test_a_trial_is_grouped_under_its_sweep_and_can_have_failed(run: Path) -> None:
    sweep = run.parent / "widths"
    trial = sweep / "trials" / "0123456789"
    shutil.copytree(run, trial)
    (sweep / "sweep.json").write_text("{}")
    (trial / "output.txt").write_text("what it said")
    (trial / "trial.json").write_text(json.dumps({"state": "failed"}))
    record = read_record(trial)
    assert (record.group, record.name) == ("widths", "widths-0123456789")
    assert record.state == "failed"
    assert {"trial.json", "output.txt"} <= {name for name, _ in record.files}


def test_a_run_without_checkpoint_is_unfinished_or_says_that_it_failed(run: Path) -> None:
    (run / "checkpoint.pt").unlink()
    assert read_record(run).state == "unfinished"
    log = run / "log.txt"
    log.write_text(log.read_text() + "2026-01-01 00:00:01 failed: the loss is not finite\n")
    log.write_text(log.read_text() + "2026-01-01 00:00:02 tracking to mlflow stopped (dead)\n")
    log.write_text(log.read_text() + "2026-01-01 00:00:02 tracked: wandb: run/wandb\n")
    assert read_record(run).state == "failed"
    log.write_text(log.read_text() + "2026-01-01 00:00:03 going on at step 2 of 4\n")
    assert read_record(run).state == "unfinished"


def test_progress_is_the_curve_and_the_samples(run: Path) -> None:
    record = read_record(run)
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 6, "split": "train", "loss": 0.125}\n{"step": 8, "spl')
    later = read_progress(record)
    assert later.curve == (*record.curve, Point("train/loss", 6, 0.125))
    assert [name for name, _ in later.pictures] == ["samples/step-2", "samples/step-4"]


def test_spread_keeps_the_ends_and_never_doubles() -> None:
    assert spread([1, 2, 3], 20) == [1, 2, 3]
    for count in range(21, 60):
        found = spread(list(range(count)), 20)
        assert found == sorted(set(found))
        assert (len(found), found[0], found[-1]) == (20, 0, count - 1)


def test_plots_that_no_report_has_drawn_are_drawn_for_the_upload(run: Path) -> None:
    shutil.rmtree(run / "report" / "plots")
    videos = [
        Video("a", "", "test", "anomalous", 40, 25.0, 0, 0, ("odd",), (Event(8, 16, "odd"),)),
        Video("b", "", "test", "normal", 30, 25.0, 0, 0),
    ]
    Manifest("made-up", tuple(videos)).write(run / "manifest.jsonl")
    values = {"a": np.linspace(0, 1, 40), "b": np.zeros(31), "unknown": np.zeros(5)}
    Scores(values).write(run / "scores" / "scores.npz")
    with with_drawn_pictures(read_record(run)) as record:
        drawn = dict(record.pictures[2:])
        assert list(drawn) == ["report/roc", "scores/timelines/a"]
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn.values())
    assert not any(path.exists() for path in drawn.values())


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.yaml", "a: [1"),
        ("metrics.jsonl", '{"step": 1}\n'),
        ("metrics.jsonl", "5\n"),
        ("metrics.jsonl", b"\xff\xfe\x00"),
        ("report/metrics.json", '{"format": "oddframe-metrics/1"}'),
        ("report/metrics.json", "{"),
        ("trial.json", "[]"),
        ("tracking.json", "no"),
    ],
)
def test_a_damaged_run_folder_is_told_in_one_line(run: Path, file: str, content: str) -> None:
    (run / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(OddframeError) as caught:
        read_record(run)
    assert str(run / file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_one_process_tracks_a_run(run: Path) -> None:
    code = f"""
from pathlib import Path
from oddframe.tracking.state import held
with held(Path({str(run)!r})):
    print("held", flush=True)
    input()
"""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **options) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OddframeError, match="another process tracks this run now"), held(run):
            pass
        other.kill()
    with held(run):
        pass


def test_trackers_are_chosen_by_option_then_variable_then_mlflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert chosen(None) == []  # the tests' own environment
    monkeypatch.setenv("ODDFRAME_TRACK", "tensorboard, mlflow=sqlite:///x.db")
    assert chosen(None) == ["tensorboard", "mlflow=sqlite:///x.db"]
    assert chosen(["none"]) == chosen([]) == []
    assert chosen(["wandb", "wandb"]) == ["wandb"]
    monkeypatch.delenv("ODDFRAME_TRACK")
    assert chosen(None) == ["mlflow"]


def test_an_unknown_tracker_is_told_with_the_nearest_one() -> None:
    with pytest.raises(OddframeError, match="no tracker 'mlfow'; did you mean 'mlflow'"):
        chosen(["mlfow=http://x"])
    with pytest.raises(OddframeError, match="expected wandb=WHERE"):
        load_tracker("wandb=")


def test_a_missing_package_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    for tried in (load_tracker, lambda spec: chosen([spec])):
        with pytest.raises(OddframeError, match=r"pip install .*\[wandb\]'"):
            tried("wandb")
    # A folder of the package's name, such as W&B makes, is no package.
    (tmp_path / "offline_runs").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not installed("offline_runs")
