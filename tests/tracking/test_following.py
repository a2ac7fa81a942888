from __future__ import annotations

import json
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import write_config
from oddframe.tracking import following
from oddframe.tracking.following import followed
from oddframe.tracking.record import read_record
from oddframe.verbs.train import train

SETTINGS = {"steps": 6, "validate_every": 2, "batch_size": 4, "segments": 4}


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    tags: Any = found.Tags()
    return {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in tags["scalars"]}


def begin(folder: Path) -> Path:
    folder.mkdir()
    write_config(folder, {"detector": "sultani", "settings": {"width": 8}})
    return folder


def write_loss(folder: Path, step: int, loss: float) -> None:
    with (folder / "metrics.jsonl").open("a") as stream:
        stream.write(json.dumps({"step": step, "split": "train", "loss": loss}) + "\n")


def until(fulfilled: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < end
        time.sleep(0.05)


def losses(folder: Path) -> list[tuple[int, float]]:
    """What is on disk now; nothing while an attempt that goes on puts a new file for the old."""
    from tensorboard.backend.event_processing.directory_watcher import DirectoryDeletedError
    from tensorboard.compat.tensorflow_stub.errors import NotFoundError

    try:
        return scalars(folder).get("train/loss", []) if folder.is_dir() else []
    except (DirectoryDeletedError, NotFoundError):
        return []


def test_what_is_new_is_there_while_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    run, shown = begin(tmp_path / "run"), tmp_path / "run" / "tensorboard"
    with followed(run, ["tensorboard"]):
        write_loss(run, 1, 0.5)
        until(lambda: losses(shown) == [(1, 0.5)])
        write_loss(run, 2, 0.25)
        until(lambda: losses(shown) == [(1, 0.5), (2, 0.25)])
        (run / "checkpoint.pt").write_bytes(b"")
    assert losses(shown) == [(1, 0.5), (2, 0.25)]
    assert len(list(shown.iterdir())) == 1
    said = capsys.readouterr().err
    assert said == f"tracked: tensorboard: {shown} (look at it with: tensorboard --logdir {run})\n"
    assert (run / "log.txt").read_text()[20:] == said
    assert not [t for t in threading.enumerate() if t.name.startswith("track-")]


@pytest.mark.parametrize(
    ("error", "state"),
    [(OddframeError("the loss is nan"), "failed"), (KeyboardInterrupt(), "unfinished")],
)
def test_a_training_that_ends_early_leaves_what_was_followed_and_says_how_it_ended(
    tmp_path: Path, error: BaseException, state: str
) -> None:
    run = begin(tmp_path / "run")
    write_loss(run, 1, 0.5)
    with pytest.raises(type(error)), followed(run, ["tensorboard"]):
        raise error
    assert read_record(run).state == state
    assert losses(run / "tensorboard") == [(1, 0.5)]


def test_the_failure_of_an_untracked_training_is_in_its_log(tmp_path: Path) -> None:
    run = begin(tmp_path / "run")
    with pytest.raises(OddframeError), followed(run, []):
        raise OddframeError("the loss is nan")
    assert read_record(run).state == "failed"
    assert (run / "log.txt").read_text().endswith(" failed: the loss is nan\n")


def test_a_training_that_fails_before_it_begins_is_not_spoken_of(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OddframeError, match="no videos"), followed(tmp_path, ["tensorboard"]):
            raise OddframeError("no videos")


def test_a_run_that_goes_on_is_followed_from_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    run = begin(tmp_path / "run")
    for step in (1, 2):
        write_loss(run, step, 0.5)
    with followed(run, ["tensorboard"]):
        until(lambda: len(losses(run / "tensorboard")) == 2)
    # The second attempt goes on at step 1: what was after it is gone.
    (run / "metrics.jsonl").unlink()
    with followed(run, ["tensorboard"]):
        write_config(run, {"detector": "sultani"})
        for step in (1, 2, 3):
            write_loss(run, step, 0.25)
        until(lambda: len(losses(run / "tensorboard")) == 3)
        assert losses(run / "tensorboard") == [(1, 0.25), (2, 0.25), (3, 0.25)]


def test_only_the_first_of_several_processes_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    run = begin(tmp_path / "run")
    with followed(run, ["tensorboard"], several=True):
        write_loss(run, 1, 0.5)
    assert not (run / "tensorboard").exists()
    with followed(run, ["tensorboard"]):  # alone, whatever a cluster calls it
        pass
    assert (run / "tensorboard").exists()


def test_an_upload_that_takes_too_long_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oddframe.tracking.tensorboard_tracker import TensorboardTracker

    slow = threading.Event()
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(TensorboardTracker, "upload", lambda *_: slow.wait())
    run = begin(tmp_path / "run")
    with (
        pytest.warns(OddframeWarning, match="takes more than") as said,
        followed(run, ["tensorboard"]),
    ):
        write_loss(run, 1, 0.5)
    slow.set()
    assert len(said) == 1


def test_a_training_tracks_itself_and_a_broken_tracker_costs_one_warning(
    bags: Any, tmp_path: Path
) -> None:
    run, file = tmp_path / "run", tmp_path / "file"
    file.write_text("")
    with pytest.warns(OddframeWarning) as said:
        made = train(
            bags.manifest,
            run,
            features=bags.features,
            detector="sultani",
            settings=SETTINGS,
            device="cpu",
            track=["tensorboard", f"tensorboard={file}"],
        )
    (warning,) = [str(w.message) for w in said if "tracking" in str(w.message)]
    assert warning.startswith(f"tracking to tensorboard={file} stopped (")
    assert f"oddframe track {run} --to tensorboard={file}" in warning
    assert made.detector.name == "sultani"
    curve = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    train_loss = [(line["step"], line["loss"]) for line in curve if line["split"] == "train"]
    assert [step for step, _ in train_loss] == [2, 4, 6]
    found = scalars(run / "tensorboard")
    assert found["train/loss"] == [(step, pytest.approx(loss)) for step, loss in train_loss]
    assert "selected/val/video_auc" in found
    assert read_record(run).state == "finished"


def test_a_dead_server_costs_a_training_a_warning_and_little_time(
    bags: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    started = time.monotonic()
    with pytest.warns(OddframeWarning) as said:
        train(
            bags.manifest,
            run,
            features=bags.features,
            detector="sultani",
            settings=SETTINGS,
            device="cpu",
            track=["mlflow=http://me:secret@127.0.0.1:9"],
        )
    # MLflow's import alone takes seconds on a busy machine; its own patience would be minutes.
    assert time.monotonic() - started < 60
    (warning,) = [str(w.message) for w in said if "tracking" in str(w.message)]
    assert warning.startswith("tracking to mlflow=http://***@127.0.0.1:9 stopped (")
    assert (run / "checkpoint.pt").is_file()
    log = (run / "log.txt").read_text()
    assert "tracking to mlflow=http://***@127.0.0.1:9 stopped" in log
    assert "secret" not in warning + log


def test_an_unknown_tracker_stops_a_training_before_it_begins(bags: Any, tmp_path: Path) -> None:
    with pytest.raises(OddframeError, match="did you mean 'tensorboard'"):
        train(bags.manifest, tmp_path / "run", features=bags.features, track=["tensor-board"])
    assert not (tmp_path / "run").exists()
