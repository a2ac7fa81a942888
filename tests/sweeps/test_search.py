"""Which trials are handed out, without Ray: from records on disk that the tests write."""

import errno
import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from oddframe.errors import OddframeError
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.journal import LOG, Journal, mark_interrupted
from oddframe.sweeps.plan import Sweep, Trial
from oddframe.sweeps.search import DrawnTrials, ListedTrials, queue_of
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_record import Attempt, TrialRecord, now
from oddframe.sweeps.tuning import _reason, run_sweep
from oddframe.sweeps.watched_file import WatchedFile
from oddframe.verbs.sweep import sweep
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

DRAWN = {
    "distributions": {
        "learning_rate": {"log_uniform": [1e-4, 1e-1]},
        "batch_size": {"choice": [2, 4]},
    },
    "samples": 5,
    "seeds": [0, 1],
}


class Place:
    """A sweep file and its folder; trials are 'run' by writing their files."""

    def __init__(self, root: Path, **content: Any) -> None:
        self.root, self.said = root, []
        videos = tuple(
            Video(label, "", "val", label, 16, 25.0, 0, 0) for label in ("normal", "anomalous")
        )
        Manifest("made-up", videos).write(root / "manifest.jsonl")
        (root / "features").mkdir()
        self.content = {
            "detector": "sultani",
            "manifest": str(root / "manifest.jsonl"),
            "features": str(root / "features"),
            "out": str(root / "out"),
            "score": False,
            **content,
        }
        self.write()
        self.folder = SweepFolder(root / "out")
        self.folder.begin(self.sweep())

    def write(self, **change: Any) -> None:
        self.content |= change
        (self.root / "sweep.yaml").write_text(yaml.safe_dump(self.content))

    def sweep(self) -> Sweep:
        return read_sweep(self.root / "sweep.yaml")

    def queue(self, limit: int = 200) -> Any:
        return queue_of(WatchedFile(self.sweep(), limit, self.said.append), self.folder)

    def begin(self, trial: Trial) -> None:
        self.folder.write(TrialRecord(trial, "running", (Attempt(now()),)))

    def end(self, trial: Trial, value: float, state: Any = "finished") -> None:
        folder = self.folder.trial_folder(trial.id)
        folder.mkdir(parents=True, exist_ok=True)
        line = {"step": 10, "epoch": 1.0, "split": "val", "video_auc": value}
        (folder / "metrics.jsonl").write_text(json.dumps(line) + "\n")
        if state == "finished":
            (folder / "checkpoint.pt").write_bytes(b"x")
            selected = {"selected": {"val": {"step": 10, "video_auc": value}}}
            (folder / "config.yaml").write_text(yaml.safe_dump(selected))
        self.folder.write(TrialRecord(trial, state, (Attempt(now(), now()),)))


def taken(queue: Any, count: int) -> list[Trial]:
    found = [queue.next() for _ in range(count)]
    assert all(trial is not None for trial in found)
    return found


@pytest.fixture
def grid(tmp_path: Path) -> Place:
    return Place(tmp_path, grid={"learning_rate": [0.1, 0.2]}, seeds=[0, 1])


def test_a_grid_is_handed_out_in_order_and_once(grid: Place) -> None:
    queue = grid.queue()
    assert isinstance(queue, ListedTrials)
    found = taken(queue, 4)
    assert [(t.varied["learning_rate"], t.seed) for t in found] == [
        (0.1, 0),
        (0.1, 1),
        (0.2, 0),
        (0.2, 1),
    ]
    assert queue.next() is None
    assert not queue.over  # four are running
    for trial in found:
        queue.ended(trial)
    assert queue.over
    assert queue.total == 4


def test_what_is_done_is_not_repeated_and_what_failed_is(grid: Place) -> None:
    first, second, third, fourth = grid.sweep().trials()
    grid.end(first, 0.5)
    grid.end(second, 0.5, "stopped")
    grid.end(third, 0.5, "failed")
    grid.begin(fourth)
    assert [trial.id for trial in taken(grid.queue(), 2)] == [third.id, fourth.id]


def test_a_trial_that_failed_for_good_is_not_tried_again_in_the_same_invocation(
    grid: Place,
) -> None:
    queue = grid.queue()
    first = queue.next()
    grid.end(first, 0.5, "failed")
    queue.ended(first)
    assert first.id not in [trial.id for trial in taken(queue, 3)]
    assert queue.next() is None


def test_a_finished_record_without_its_checkpoint_is_run_again(grid: Place) -> None:
    first = grid.sweep().trials()[0]
    grid.end(first, 0.5)
    (grid.folder.trial_folder(first.id) / "checkpoint.pt").unlink()
    assert grid.queue().next().id == first.id


def test_appended_trials_run_too_and_a_broken_file_changes_nothing(grid: Place) -> None:
    queue = grid.queue()
    taken(queue, 4)
    (grid.root / "sweep.yaml").write_text("detector: [")
    assert queue.next() is None
    assert queue.next() is None
    assert len(grid.said) == 1
    assert "is not taken" in grid.said[0]
    grid.write(runs=[{"learning_rate": 0.3}])
    assert [trial.varied for trial in taken(queue, 2)] == [{"learning_rate": 0.3}] * 2
    assert queue.total == 6
    (grid.root / "sweep.yaml").unlink()
    assert queue.next() is None


def test_appending_more_than_the_limit_or_another_detector_is_said_and_not_done(
    grid: Place,
) -> None:
    queue = grid.queue(limit=4)
    taken(queue, 4)
    grid.write(runs=[{"learning_rate": 0.3}])
    assert queue.next() is None
    assert "more than 4" in grid.said[0]
    grid.write(runs=[], grid={"learning_rate": [0.1]}, detector="rtfm")
    del grid.content["runs"]
    grid.write()
    assert queue.next() is None
    assert len(grid.said) == 2


@pytest.fixture(params=["optuna", "random"])
def drawn(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, **DRAWN, search=request.param)


def test_each_draw_is_repeated_over_all_seeds(drawn: Place) -> None:
    queue = drawn.queue()
    assert isinstance(queue, DrawnTrials)
    found = taken(queue, 10)
    assert queue.next() is None
    assert [trial.seed for trial in found] == [0, 1] * 5
    assert len({trial.configuration for trial in found}) == 5
    for trial in found:
        assert 1e-4 <= trial.varied["learning_rate"] <= 1e-1
        assert trial.varied["batch_size"] in (2, 4)
    assert queue.total == 10


def run_all(place: Place, kill_after: int | None = None) -> list[Trial]:
    """One trial at a time; the better the smaller its settings."""
    queue, found = place.queue(), []
    while (trial := queue.next()) is not None:
        found.append(trial)
        if kill_after == len(found):
            place.begin(trial)
            mark_interrupted(place.folder)
            queue = place.queue()  # the interrupted trial is begun again
            continue
        place.end(trial, 1 / sum(trial.varied.values()))
        queue.ended(trial)
    assert queue.over
    return found


@pytest.mark.parametrize("kill_after", [1, 2, 5])
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    drawn: Place, tmp_path: Path, kill_after: int
) -> None:
    (tmp_path / "other").mkdir()
    whole = run_all(Place(tmp_path / "other", **DRAWN, search=drawn.content["search"]))
    killed = run_all(drawn, kill_after)
    assert killed[kill_after - 1].id == killed[kill_after].id
    assert [trial.id for trial in killed[:kill_after] + killed[kill_after + 1 :]] == [
        trial.id for trial in whole
    ]


def test_the_study_is_told_the_mean_over_seeds_also_of_trials_from_before(drawn: Place) -> None:
    values = iter([0.2, 0.6, 0.9, 0.7])
    queue = drawn.queue()
    for trial in taken(queue, 4):
        drawn.end(trial, next(values))
        queue.ended(trial)
    for study in (queue._study, drawn.queue()._study):
        assert [trial.value for trial in study.get_trials()] == pytest.approx([0.4, 0.8])
        assert [trial.state.name for trial in study.get_trials()] == ["COMPLETE"] * 2
        assert study.best_value == pytest.approx(0.8)


def test_a_configuration_of_which_a_seed_failed_is_told_as_failed(drawn: Place) -> None:
    queue = drawn.queue()
    first, second = taken(queue, 2)
    drawn.end(first, 0.5)
    queue.ended(first)
    drawn.end(second, 0.5, "failed")
    queue.ended(second)
    assert [trial.state.name for trial in queue._study.get_trials()] == ["FAIL"]
    assert drawn.queue().next().id == second.id  # in another invocation it is tried again


def test_distributions_that_are_used_up_end_the_search(tmp_path: Path) -> None:
    place = Place(
        tmp_path, distributions={"batch_size": {"choice": [2, 4]}}, samples=5, search="random"
    )
    assert sorted(trial.varied["batch_size"] for trial in run_all(place)) == [2, 4]


def test_what_an_edit_of_the_file_adds_and_takes_away_is_said(grid: Place) -> None:
    queue = grid.queue()
    taken(queue, 1)
    grid.write(seeds=[0, 1, 2])
    taken(queue, 1)
    grid.write(grid={"learning_rate": [0.1]}, seeds=[0, 1, 2, 3])
    taken(queue, 1)
    grid.write(retries=3)
    taken(queue, 1)
    assert grid.said == [
        "sweep.yaml changed: 2 trials more",
        "sweep.yaml changed: 1 trial more, 3 trials fewer",
    ]


def test_a_trial_that_was_begun_before_goes_on(grid: Place) -> None:
    queue = grid.queue()
    journal = Journal(grid.sweep(), grid.folder, queue, grid.said.append)
    first, second = taken(queue, 2)
    grid.begin(second)
    mark_interrupted(grid.folder)
    for trial in (first, second):
        journal.given(trial)
        journal.started(trial.id)
    assert grid.said[0].endswith("seed 0: running")
    assert grid.said[1].endswith("seed 1: goes on")
    assert [line[20:] for line in (grid.folder.path / LOG).read_text().splitlines()] == grid.said


def test_an_interrupted_sweep_says_so_once(grid: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def interrupted(*_: object) -> Generator[None]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("oddframe.sweeps.tuning.connected", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stopped with 0 of 4 trials done; the same"):
        run_sweep(grid.sweep(), say=grid.said.append)
    assert grid.said == []  # whoever shows the interrupt says it
    assert "stopped with 0 of 4 trials done" in (grid.folder.path / LOG).read_text()


def test_ray_is_asked_for_before_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise OddframeError("no Ray")

    monkeypatch.setattr("oddframe.verbs.sweep.check_ray", missing)
    with pytest.raises(OddframeError, match="no Ray"):
        sweep(tmp_path / "not-there.yaml")
    with pytest.raises(OddframeError, match="no such file"):
        sweep(tmp_path / "not-there.yaml", status=True)


def test_samples_can_be_added_to_a_running_search_and_distributions_not(drawn: Place) -> None:
    queue = drawn.queue()
    taken(queue, 10)
    drawn.write(samples=6)
    assert [trial.seed for trial in taken(queue, 2)] == [0, 1]
    drawn.write(distributions={"learning_rate": {"uniform": [0.1, 0.2]}})
    assert queue.next() is None
    assert drawn.said[0] == "sweep.yaml changed: 2 trials more"
    assert "cannot change during a search" in drawn.said[1]


def test_a_failure_that_no_process_could_write_down_is_kept_by_the_journal(grid: Place) -> None:
    sweep, queue = grid.sweep(), grid.queue()
    journal = Journal(sweep, grid.folder, queue, grid.said.append)
    trial = queue.next()
    journal.given(trial)
    journal.failed(trial.id, "the folder cannot be seen", again=True)
    journal.failed(trial.id, "the folder cannot be seen", again=False)
    record = grid.folder.read(trial.id)
    assert record is not None
    assert record.state == "failed"
    assert [attempt.error for attempt in record.attempts] == ["the folder cannot be seen"] * 2
    assert "1 of 4 done" in grid.said[-1]
    assert queue.over
    assert (grid.root / "out" / "sweep.log").read_text().count("failed") == 2


def test_a_metric_that_never_comes_is_said_with_the_first_trial(grid: Place) -> None:
    grid.write(metric="val/video_acu")
    queue = grid.queue()
    journal = Journal(grid.sweep(), grid.folder, queue, grid.said.append)
    trial = queue.next()
    journal.given(trial)
    grid.end(trial, 0.7)
    journal.completed(trial.id, None)
    assert (
        "finished, without val/video_acu: did you mean 'val/video_auc'? its validation metrics "
        "are val/video_auc; 1 of 4 done"
    ) in grid.said[-1]


def test_what_was_taken_out_of_the_file_is_not_counted(grid: Place) -> None:
    for trial in grid.sweep().trials():
        grid.end(trial, 0.7)
    grid.write(grid={"learning_rate": [0.2, 0.3]})
    assert Journal(grid.sweep(), grid.folder, grid.queue(), grid.said.append).done == 2


def test_a_stopped_trial_is_not_called_so_where_it_had_just_finished(grid: Place) -> None:
    queue = grid.queue()
    journal = Journal(grid.sweep(), grid.folder, queue, grid.said.append)
    trial = queue.next()
    journal.given(trial)
    grid.end(trial, 0.7)
    journal.completed(trial.id, 10)
    record = grid.folder.read(trial.id)
    assert record is not None
    assert (record.state, record.stopped_at) == ("finished", None)
    assert "finished, val/video_auc 0.7 at step 10; 1 of 4 done, about" in grid.said[-1]
    other = queue.next()
    journal.given(other)
    grid.begin(other)
    journal.completed(other.id, 10)
    record = grid.folder.read(other.id)
    assert record is not None
    assert (record.state, record.stopped_at) == ("stopped", 10)
    assert replace(record, state="finished").done


@pytest.mark.parametrize("own", [OSError(errno.ENOSPC, "No space left"), OddframeError("x: no")])
def test_what_tune_hides_is_found(grid: Place, own: Exception) -> None:
    try:
        try:
            raise own
        except Exception:
            raise ValueError("Traceback\nof Tune") from None
    except ValueError as hidden:
        found = _reason(hidden, grid.folder)
    assert str(found) in (
        "x: no",
        f"{grid.folder.path}: cannot write (No space left); free some "
        "space, then the same command goes on",
    )
    assert _reason(ValueError("other"), grid.folder) is None


def test_a_file_of_tune_that_a_full_disk_has_cut_short(
    grid: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(grid.folder.path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096))
    found = _reason(EOFError("Ran out of input"), grid.folder)
    assert "cannot write (the disk is full); free some space" in str(found)
