"""The folder of a sweep: records that survive a killed writer, one holder, one kind of trial."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.summary import summarise
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_record import Attempt, TrialRecord, moment, now


@pytest.fixture
def sweep(tmp_path) -> Sweep:
    return a_sweep(tmp_path)


def a_sweep(place: Path, **parts: object) -> Sweep:
    for name in ("m.jsonl", "n.jsonl"):
        (place / name).write_text(name)
    row = {
        "detector": "rtfm", "manifest": str(place / "m.jsonl"), "features": str(place / "f"),
        "out": str(place / "out"), "grid": {"width": [8, 16, 32]},
    }  # fmt: skip
    path = place / "sweep.yaml"
    path.write_text(yaml.safe_dump({**row, **parts}))
    return read_sweep(path, check=False)


def test_records_come_back_as_they_were_written(sweep):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    first, second, third = sweep.trials()
    attempt = Attempt(now(), node="here", pid=3)
    failed = TrialRecord(second, "failed", (attempt, Attempt(now(), now(), 2, "there", 4, "no")))
    stopped = TrialRecord(first, "stopped", (attempt,), stopped_at=40)
    for record in (failed, stopped):
        folder.write(record)
        assert folder.read(record.trial.id) == record
    assert folder.read(third.id) is None
    folder.write(TrialRecord(third))
    folder.write(failed)  # writing again does not change the order of creation
    assert folder.records() == [failed, stopped, TrialRecord(third)]
    assert [record.done for record in folder.records()] == [False, True, False]


def test_values_of_every_kind_survive(tmp_path):
    values = [[8, 16, 32], True, 0.25, "paper", 3]
    sweep = a_sweep(tmp_path, grid={"widths": values})
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    for trial in sweep.trials():
        folder.write(TrialRecord(trial))
    assert tuple(record.trial for record in folder.records()) == sweep.trials()


def test_finished_is_believed_only_with_checkpoint_and_report(sweep):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    folder.write(TrialRecord(trial, "finished"))
    place = folder.trial_folder(trial.id)
    assert folder.read(trial.id).state == "waiting"
    (place / "checkpoint.pt").write_bytes(b"x")
    assert folder.read(trial.id).state == "waiting"
    write_json(place / "report" / "metrics.json", {})
    assert folder.read(trial.id).state == "finished"
    (place / "checkpoint.pt").unlink()
    assert folder.records()[0].state == "waiting"


def test_without_scores_a_checkpoint_is_enough(tmp_path):
    sweep = a_sweep(tmp_path, score=False)
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    folder.write(TrialRecord(trial, "finished"))
    (folder.trial_folder(trial.id) / "checkpoint.pt").write_bytes(b"x")
    assert folder.read(trial.id).state == "finished"


def test_times_have_microseconds_and_a_zone():
    earlier, later = now(), now()
    assert moment(earlier) < moment(later)
    assert moment(later).utcoffset().total_seconds() == 0
    took = Attempt("2026-01-01T00:00:00.000000+00:00", "2026-01-01T00:01:00.500000+00:00")
    assert took.seconds == 60.5
    assert Attempt(now()).seconds is None


WRITER = """
import sys, itertools
from pathlib import Path
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.trial_record import TrialRecord
from oddframe.sweeps.sweep_file import read_sweep
sweep = read_sweep(Path(sys.argv[1]), check=False)
folder, (trial, *_) = SweepFolder(sweep.folder), sweep.trials()
print("writing", flush=True)
for count in itertools.count():
    folder.write(TrialRecord(trial, "stopped", stopped_at=count))
"""


def test_a_killed_writer_leaves_a_whole_record(sweep):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    counts = []
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(sweep.file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "writing\n"
            while (begun := folder.read(trial.id)) is None or begun.stopped_at in [0, *counts]:
                assert process.poll() is None
                time.sleep(0.001)
            time.sleep(0.05)
            process.kill()
        record = folder.read(trial.id)
        assert record is not None
        assert record.state == "stopped"
        counts.append(record.stopped_at)
        assert len(folder.records()) == 1  # what is left of temporary files is nobody's record
    assert max(counts) > 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "finished"}', '{"state": "odd"}'])
def test_a_damaged_record_is_told_in_one_line(sweep, text):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    folder.write(TrialRecord(trial))
    path = folder.trial_folder(trial.id) / "trial.json"
    path.write_text(text)
    with pytest.raises(OddframeError, match=r"trial\.json: ('created': )?expected"):
        folder.records()


def test_a_copy_of_a_trial_is_not_one_more_seed(sweep):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    folder.write(TrialRecord(trial))
    copy = folder.trial_folder("copy")
    copy.mkdir()
    shutil.copy(folder.trial_folder(trial.id) / "trial.json", copy)
    with pytest.raises(OddframeError, match=rf"copy/trial\.json: .* that of '{trial.id}'; move"):
        folder.records()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"attempts": []}, "running without an attempt"),
        ({"attempts": [{"began": "2026-01-01T00:00:00"}]}, "has no time zone"),
        ({"attempts": [{"began": "yesterday"}]}, "Invalid isoformat"),
        ({"attempts": [{"began": now(), "ended": "2026-01-01T00:00:00"}]}, "has no time zone"),
    ],
)
def test_a_record_that_says_the_impossible(sweep, parts, words):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    (trial, *_) = sweep.trials()
    folder.write(TrialRecord(trial, "running", (Attempt(now()),)))
    path = folder.trial_folder(trial.id) / "trial.json"
    write_json(path, {**json.loads(path.read_text()), **parts})
    with pytest.raises(OddframeError, match=rf"trial\.json: cannot be read \(.*{words}"):
        folder.records()


@pytest.mark.parametrize("name", ["metric", "mode", "score"])
def test_a_beginning_that_lost_a_value(sweep, name):
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    path = folder.path / "sweep.json"
    row = json.loads(path.read_text())
    write_json(path, {key: value for key, value in row.items() if key != name})
    with pytest.raises(OddframeError, match=rf"sweep\.json: cannot be read \('{name}' is missing"):
        summarise(folder)
    write_json(path, {**row, "mode": "sideways"})
    with pytest.raises(OddframeError, match=r"'mode': expected one of max, min"):
        summarise(folder)


HOLDER = """
import sys, time
from oddframe.sweeps.folder import SweepFolder
with SweepFolder(sys.argv[1]).held():
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_sweeps_cannot_be_in_one_folder(sweep):
    folder = SweepFolder(sweep.folder)
    assert not folder.is_held()
    assert not sweep.folder.exists()  # asking leaves nothing behind
    command = [sys.executable, "-c", HOLDER, str(sweep.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        assert folder.is_held()
        words = f"process {process.pid} on {socket.gethostname()}, .* is writing in this folder"
        with pytest.raises(OddframeError, match=words), folder.held():
            pass
        process.send_signal(signal.SIGKILL)
    assert not folder.is_held()
    with folder.held():
        assert folder.is_held()
    assert not folder.is_held()


def test_asking_while_a_sweep_starts_does_not_keep_it_out(sweep):
    code = (
        "import sys; from oddframe.sweeps.folder import SweepFolder; f = SweepFolder(sys.argv[1])\n"
        "print('asking', flush=True)\nwhile True: f.is_held()"
    )
    folder = SweepFolder(sweep.folder)
    with folder.held():
        pass
    command = [sys.executable, "-c", code, str(sweep.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "asking\n"
        for _ in range(5):
            with folder.held():
                pass
        process.kill()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    folder = SweepFolder(tmp_path / "file" / "out")
    with pytest.raises(OddframeError, match="cannot write"), folder.held():
        pass


def test_more_trials_seeds_and_another_metric_may_come_later(tmp_path):
    folder = SweepFolder(tmp_path / "out")
    folder.begin(a_sweep(tmp_path))
    folder.begin(a_sweep(tmp_path, grid={"width": [64]}, seeds=3, metric="val/loss", retries=5))
    begun = folder.begun()
    assert (begun["metric"], begun["mode"], begun["seeds"]) == ("val/loss", "min", [0, 1, 2])


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"detector": "s3r"}, "with detector rtfm, now sweep.yaml gives detector s3r"),
        ({"features": "/g"}, "now sweep.yaml gives features /g"),
        ({"manifest": "n.jsonl"}, "now sweep.yaml gives another manifest"),
        ({"oracle": True}, "with oracle False, now sweep.yaml gives oracle True"),
        ({"score": False}, "with score True, now sweep.yaml gives score False"),
        ({"precision": "64-true"}, "gives precision 64-true"),
    ],
)
def test_trials_of_another_kind_are_kept_out(tmp_path, parts, words, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = SweepFolder(tmp_path / "out")
    folder.begin(a_sweep(tmp_path))
    before = (tmp_path / "out" / "sweep.json").read_text()
    with pytest.raises(OddframeError) as caught:
        folder.begin(a_sweep(tmp_path, **parts))
    assert words in str(caught.value)
    assert str(folder.path) in str(caught.value)
    assert (tmp_path / "out" / "sweep.json").read_text() == before


def test_what_is_no_sweep_folder(tmp_path):
    with pytest.raises(OddframeError, match="not the folder of a sweep"):
        SweepFolder(tmp_path).begun()
    (tmp_path / "sweep.json").write_text('{"format": "oddframe-sweep/9"}')
    with pytest.raises(OddframeError, match="expected format 'oddframe-sweep/1'"):
        SweepFolder(tmp_path).begun()


def test_the_best_of_a_curve(sweep):
    folder = SweepFolder(sweep.folder)
    (trial, *_) = sweep.trials()
    assert folder.curve(trial.id) == []
    assert folder.best(trial.id, "val/video_auc", "max") is None
    place = folder.trial_folder(trial.id)
    place.mkdir(parents=True)
    (place / "metrics.jsonl").write_text(
        '{"step": 10, "epoch": 1, "split": "train", "video_auc": 0.99}\n'
        '{"step": 10, "epoch": 1, "split": "val", "video_auc": 0.6, "loss": 2}\n'
        '{"step": 20, "epoch": 2, "split": "val", "video_auc": 0.8, "loss": 1}\n'
        '{"step": 30, "epoch": 3, "split": "val", "video_auc": 0.8, "loss": NaN}\n'
        '{"step": 30, "epoch": 3, "split": "oracle", "micro_auc": 0.9}\n'
        '{"step": 40, "epoch": 4, "split": "val", "vid'
    )
    assert folder.best(trial.id, "val/video_auc", "max") == (20, 0.8)
    assert folder.best(trial.id, "val/video_auc", "min") == (10, 0.6)
    assert folder.best(trial.id, "val/loss", "min") == (20, 1.0)
    assert folder.best(trial.id, "oracle/micro_auc", "max") == (30, 0.9)
    assert folder.best(trial.id, "val/nothing", "max") is None
