"""Configurations over seeds, the choice by validation, and the table of a sweep's state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from oddframe.evaluation.result import Evaluation, Measured
from oddframe.runs.run_folder import write_config
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.status import status_table
from oddframe.sweeps.summary import summarise
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_record import Attempt, Progress, TrialRecord, now
from oddframe.verbs.sweep import sweep as show

START = datetime(2026, 1, 1, tzinfo=UTC)


def a_sweep(place: Path, **parts: object) -> Sweep:
    (place / "m.jsonl").write_text("")
    row = {
        "detector": "sultani", "manifest": str(place / "m.jsonl"), "features": str(place / "f"),
        "out": str(place / "out"), "grid": {"dropout": [0.1, 0.5]}, "seeds": 3,
    }  # fmt: skip
    path = place / "sweep.yaml"
    path.write_text(yaml.safe_dump({**row, **parts}))
    return read_sweep(path, check=False)


class Made:
    """A sweep folder in which trials end as the test says."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.folder = sweep, SweepFolder(sweep.folder)
        self.folder.begin(sweep)

    def finish(self, at: int, val: float, test: float, oracle: float = 0.99) -> None:
        trial = self.sweep.trials()[at]
        place = self.folder.trial_folder(trial.id)
        place.mkdir(parents=True)
        (place / "checkpoint.pt").write_bytes(b"x")
        # The curve was better once, at a checkpoint that the training did not choose.
        (place / "metrics.jsonl").write_text(
            f'{{"step": 10, "epoch": 1.0, "split": "val", "video_auc": {val + 0.2}}}\n'
            f'{{"step": 20, "epoch": 2.5, "split": "val", "video_auc": {val}}}\n'
        )
        write_config(place, {"selected": {"val": {"step": 20, "video_auc": val}}})
        metrics = {"micro_auc": Measured(test), "average_precision": Measured(1 - test)}
        metrics["undefined"] = Measured(None)
        found = Evaluation("made-up", "test", 1, 1, 16, 8, metrics)
        replace(found, oracle={"micro_auc": Measured(oracle)}).write(place / "report/metrics.json")
        ended = START + timedelta(seconds=90)
        attempt = Attempt(START.isoformat(), ended.isoformat(), 0, "here", 7)
        self.folder.write(TrialRecord(trial, "finished", (attempt,)))

    def put(self, at: int, state: str, **parts: object) -> TrialRecord:
        attempts = (Attempt(now(), now()),) if state in ("running", "failed") else ()
        record = TrialRecord(self.sweep.trials()[at], state, **{"attempts": attempts, **parts})
        self.folder.write(record)
        return record


def test_a_training_that_chose_no_checkpoint_has_its_last_look(tmp_path):
    made = Made(a_sweep(tmp_path))
    for at, (val, words) in enumerate([(0.6, "0.6"), (0.7, "NaN")]):
        made.finish(at, val, 0.5)
        place = made.folder.trial_folder(made.sweep.trials()[at].id)
        write_config(place, {"selected": {"oracle": {"step": 10, "micro_auc": 0.9}}})
        text = (place / "metrics.jsonl").read_text()
        (place / "metrics.jsonl").write_text(text.replace(str(val), words))
    (found,) = summarise(made.folder).configurations
    assert list(found.values.values()) == [0.6]


def test_what_was_evaluated_on_validation_is_not_called_test(tmp_path):
    made = Made(a_sweep(tmp_path))
    made.finish(0, 0.6, 0.5)
    path = made.folder.trial_folder(made.sweep.trials()[0].id) / "report/metrics.json"
    path.write_text(path.read_text().replace('"test"', '"val"'))
    (found,) = summarise(made.folder).configurations
    assert (found.test, found.oracle, found.headline) == ({}, {}, "")


def test_means_deviations_and_intervals_in_closed_form(tmp_path):
    made = Made(a_sweep(tmp_path))
    values, tests = [0.6, 0.7, 0.75], [0.8, 0.5, 0.9]
    for at in range(3):
        made.finish(at, values[at], tests[at])
    (found,) = summarise(made.folder).configurations
    for spread, numbers in ((found.validation, values), (found.test["micro_auc"], tests)):
        assert spread.n == 3
        assert spread.mean == pytest.approx(sum(numbers) / 3)
        assert spread.standard_deviation == pytest.approx(np.std(numbers, ddof=1))
        low, high = stats.t.interval(0.95, 2, np.mean(numbers), stats.sem(numbers))
        # The tests reach above 1, where no AUC is.
        assert (spread.low, spread.high) == pytest.approx((low, min(high, 1.0)))
    assert found.oracle["micro_auc"].mean == pytest.approx(0.99)
    assert "undefined" not in found.test
    assert found.words == "dropout 0.1"
    assert list(found.values.values()) == values


def test_validation_chooses_and_the_best_on_test_is_an_oracle(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=2))
    for at, (val, test) in enumerate([(0.7, 0.6), (0.8, 0.7), (0.6, 0.9), (0.7, 0.8)]):
        made.finish(at, val, test)
    summary = summarise(made.folder)
    assert summary.chosen.words == "dropout 0.1"
    assert summary.oracle.words == "dropout 0.5"
    table = status_table(made.sweep)
    assert "chosen by val/video_auc: dropout 0.1" in table
    assert "best by test/micro_auc: dropout 0.5" in table
    oracles = [line for line in table.splitlines() if "best by test" in line]
    assert all("oracle" in line for line in oracles)


def test_a_metric_that_is_no_share_is_not_cut(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=2, metric="val/error"))
    for at, error in enumerate([20.0, 24.0]):
        made.finish(at, 0.7, 0.5)
        place = made.folder.trial_folder(made.sweep.trials()[at].id)
        write_config(place, {"selected": {"val": {"step": 20, "error": error}}})
    found = summarise(made.folder).configurations[0].validation
    # 12.706: one degree of freedom.
    assert (found.low, found.high) == pytest.approx((22 - 12.706 * 2, 22 + 12.706 * 2), abs=1e-2)


def test_what_comes_next_is_said_when_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Made(a_sweep(tmp_path, grid={"dropout": [0.1]}, seeds=2))
    file = tmp_path / "sweep.yaml"
    assert made.folder.progress() == Progress(0, 0, 2)
    made.finish(0, 0.7, 0.6)
    assert made.folder.progress().words == "1 of 2 trials done"
    assert "next:" not in show(file, status=True).text()
    made.finish(1, 0.7, 0.6)
    first, second = (f"trials/{trial.id}" for trial in made.sweep.trials())
    *_, totals, line = show(file, status=True).text().splitlines()
    assert totals == "2 trials: 2 finished; nothing left to do"
    assert line == (
        f"next: oddframe compare out OTHER --out comparison; the chosen trials: {first}, {second}"
    )
    with made.folder.held():
        assert "next:" not in show(file, status=True).text()
    made.put(1, "failed")
    assert made.folder.progress().words == "1 of 2 trials done, 1 failed"
    assert show(file, status=True).text().splitlines()[-1].startswith("next:")
    a_sweep(tmp_path, grid={"dropout": [0.1, 0.2]}, seeds=2)  # appended, and not run yet
    assert "next:" not in show(file, status=True).text()


def test_progress_leaves_out_what_was_taken_out_of_the_file_undone(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=1))
    made.finish(0, 0.7, 0.6)
    made.put(1, "running")
    later = a_sweep(tmp_path, grid={"dropout": [0.3]}, seeds=1)
    made.folder.begin(later)
    assert made.folder.progress() == Progress(1, 0, 2)


def test_a_low_metric_is_chosen_where_low_is_good(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=1, mode="min"))
    made.finish(0, 0.7, 0.6)
    made.finish(1, 0.5, 0.5)
    assert summarise(made.folder).chosen.words == "dropout 0.5"


def test_a_lucky_seed_does_not_beat_a_whole_configuration(tmp_path):
    made = Made(a_sweep(tmp_path))
    for at in range(3):
        made.finish(at, 0.6, 0.6)
    made.finish(3, 0.95, 0.95)
    summary = summarise(made.folder)
    assert summary.chosen.words == summary.oracle.words == "dropout 0.1"
    assert "1 of 3" in status_table(made.sweep)


def test_xd_violence_is_ranked_by_average_precision(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=1))
    made.finish(0, 0.7, 0.6)
    made.finish(1, 0.6, 0.9)
    for trial in made.sweep.trials():
        path = made.folder.trial_folder(trial.id) / "report" / "metrics.json"
        replace(Evaluation.read(path), dataset="xd-violence").write(path)
    summary = summarise(made.folder)
    assert {part.headline for part in summary.configurations} == {"average_precision"}
    assert summary.oracle.words == "dropout 0.1"


def test_nothing_is_chosen_before_a_trial_has_finished(tmp_path):
    made = Made(a_sweep(tmp_path))
    made.put(0, "stopped", stopped_at=40)
    summary = summarise(made.folder)
    assert summary.chosen is summary.oracle is None
    assert summary.configurations[0].count("stopped") == 1
    assert summary.configurations[0].validation is None
    assert "\n\n\n" not in status_table(made.sweep)


def test_a_metric_that_no_trial_has_is_said_with_those_there_are(tmp_path):
    made = Made(a_sweep(tmp_path, metric="val/vidoe_auc"))
    made.finish(0, 0.5, 0.5)
    words = "nothing can be chosen by val/vidoe_auc: the trials have val/video_auc"
    assert words in status_table(made.sweep)


def row_of(table: str, id: str) -> str:
    return next(line for line in table.splitlines() if line.startswith(id))


def test_the_table_before_anything_was_started(tmp_path, monkeypatch):
    sweep = a_sweep(tmp_path)
    table = status_table(sweep)
    assert table.splitlines()[-1] == "6 trials: 6 waiting; not running"
    assert [line.split()[0] for line in table.splitlines()[2:8]] == [t.id for t in sweep.trials()]
    monkeypatch.chdir(tmp_path)
    assert status_table(sweep).splitlines()[0] == (
        "no sweep in out yet; begin it with: oddframe sweep sweep.yaml --out out"
    )
    assert not sweep.folder.exists()


def test_the_table_of_a_sweep_in_every_state(tmp_path):
    made = Made(a_sweep(tmp_path, seeds=4))
    made.finish(0, 0.75, 0.6)
    made.put(1, "stopped", stopped_at=40)
    now = datetime.now(UTC)
    failed = Attempt(now.isoformat(), now.isoformat(), 2, "here", 7, "the disk is full")
    made.put(2, "failed", attempts=(failed,))
    running = made.put(3, "running", attempts=(Attempt(now.isoformat(), node="here", pid=8),))
    place = made.folder.trial_folder(running.trial.id)
    said = now.strftime("%Y-%m-%d %H:%M:%S")
    (place / "log.txt").write_text(
        f"{said} training sultani on 36 videos, 1000 steps\n"
        f"{said} step 100 of 1000: val loss 0.5, video_auc 0.6, 0.5 s a step, 8 min left\n"
    )
    (place / "metrics.jsonl").write_text(
        '{"step": 100, "epoch": 3.25, "split": "val", "video_auc": 0.61}\n'
    )
    trials = made.sweep.trials()
    with made.folder.held():
        table = status_table(made.sweep)
    assert "finished" in row_of(table, trials[0].id)
    assert "0.7500" in row_of(table, trials[0].id)  # of the checkpoint that was kept, not 0.95
    assert "stopped at step 40" in row_of(table, trials[1].id)
    assert f"{trials[2].id} failed: the disk is full" in table
    shown = row_of(table, trials[3].id)
    assert shown.split()[3:7] == ["running", "3", "3.2", "0.6100"]
    assert "about 7 min" in shown  # 900 steps of half a second, less what has passed
    last = table.splitlines()[-1]
    assert last.startswith("8 trials: 1 finished, 1 stopped, 1 running, 4 waiting, 1 failed; ")
    # 7.5 minutes of the running one and four of 1.5 minutes each, on one worker.
    assert "time left about 13 min" in last
    idle = status_table(made.sweep)
    assert "interrupted" in row_of(idle, trials[3].id)
    assert idle.splitlines()[-1].endswith("4 waiting, 1 failed; not running")


def test_no_time_left_is_made_up(tmp_path):
    made = Made(a_sweep(tmp_path))
    now = datetime.now(UTC).isoformat()
    record = made.put(0, "running", attempts=(Attempt(now),))
    place = made.folder.trial_folder(record.trial.id)
    # The pace of an earlier attempt says nothing about where this one is.
    (place / "log.txt").write_text(
        "2026-01-01 00:00:00 step 9 of 10: val x 1, 2 s a step, 0 min left\n"
    )
    with made.folder.held():
        table = status_table(made.sweep)
    assert row_of(table, record.trial.id).endswith("-")
    assert table.splitlines()[-1].endswith("time left -")


def test_trials_that_left_the_file_stay_and_appended_ones_wait(tmp_path):
    made = Made(a_sweep(tmp_path))
    made.finish(0, 0.7, 0.6)
    later = a_sweep(tmp_path, grid={"dropout": [0.3]}, seeds=1)
    table = status_table(later)
    assert "waiting" in row_of(table, later.trials()[0].id)
    assert "finished" in row_of(table, made.sweep.trials()[0].id)
    assert table.splitlines()[-1].startswith("2 trials: 1 finished, 1 waiting")


def test_draws_that_are_still_to_come_are_counted(tmp_path):
    drawn = {"dropout": {"uniform": [0.1, 0.5]}}
    path = tmp_path / "sweep.yaml"
    a_sweep(tmp_path)
    row = yaml.safe_load(path.read_text())
    del row["grid"]
    path.write_text(yaml.safe_dump({**row, "distributions": drawn, "samples": 4}))
    sweep = read_sweep(path, check=False)
    folder = SweepFolder(sweep.folder)
    folder.begin(sweep)
    folder.write(TrialRecord(sweep.trial({"dropout": 0.25}, 0), "stopped", stopped_at=9))
    table = status_table(sweep)
    assert "dropout 0.25" in table
    assert "and 11 that are not drawn yet" in table
    assert table.splitlines()[-1] == "12 trials: 1 stopped, 11 waiting; not running"
    folder.write(
        TrialRecord(sweep.trial({"dropout": 0.25}, 1), "failed", (Attempt(now(), now(), 1),))
    )
    assert folder.progress() == Progress(1, 1, 12)


def test_a_real_run_is_read_as_its_training_wrote_it(tmp_path, bags):
    settings = {"steps": 6, "validate_every": 2, "batch_size": 4}
    path = tmp_path / "sweep.yaml"
    row = {
        "detector": "sultani", "manifest": str(bags.manifest), "features": str(bags.features),
        "out": str(tmp_path / "out"), "settings": settings, "runs": [{}], "score": False,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(row))
    sweep = read_sweep(path)
    folder, (trial,) = SweepFolder(sweep.folder), sweep.trials()
    folder.begin(sweep)
    began = datetime.now(UTC).isoformat()
    options = [word for name in settings for word in (f"--settings.{name}", str(settings[name]))]
    assert bags.train(folder.trial_folder(trial.id), "--detector", "sultani", *options) == 0
    running = TrialRecord(trial, "running", (Attempt(began),))
    folder.write(running)
    with folder.held():
        # The training is over: its last line says so, and nothing is left of it.
        assert row_of(status_table(sweep), trial.id).endswith("a moment")
    folder.write(replace(running, state="finished"))
    (found,) = summarise(folder).configurations
    best = folder.best(trial.id, "val/video_auc", "max")
    assert best is not None
    # The training ranks by this very metric, so what it kept is the best of the curve.
    assert found.values == {trial.id: pytest.approx(best[1])}
