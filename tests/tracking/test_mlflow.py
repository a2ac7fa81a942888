"""MLflow's real database: what is in it after uploads, repeats, changes, kills and failures."""

import json
import logging
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.evaluation.result import Measured
from oddframe.tracking import mlflow_connection
from oddframe.tracking.mlflow_tracker import MlflowTracker
from oddframe.tracking.mlflow_words import allowed_name, note_of
from oddframe.tracking.record import Point, RunRecord
from oddframe.verbs.track import track

pytestmark = pytest.mark.skipif(find_spec("mlflow") is None, reason="no MLflow here")

# A process that uploads runs and is killed before the n-th call that writes; each attempt is a
# process of its own, forked before MLflow has opened anything.
KILLED = """
import json, logging, os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from typing import Any
import alembic.command
import mlflow.store.tracking.sqlalchemy_store
from mlflow import MlflowClient
from oddframe.tracking.mlflow_tracker import MlflowTracker
from test_mlflow import made_up

folder = Path(sys.argv[1])
mine = logging.getLogger("mine")
handlers = list(logging.getLogger().handlers)

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def killed_at(call):
    left = [call]
    def counted(method):
        def before(*args, **options):
            left[0] -= 1
            if left[0] < 0:
                die()
            return method(*args, **options)
        return before
    for name in ("create_run", "log_batch", "log_artifact", "set_terminated"):
        setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))

def attempt(call):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    if call is None:
        alembic.command.upgrade = die
    else:
        killed_at(call)
    name = "creation" if call is None else f"killed-{call}"
    MlflowTracker(f"sqlite:///{folder / 'mlflow.db'}").upload(made_up(folder, name, steps=700))
    assert not mine.disabled and logging.getLogger().handlers == handlers
    os._exit(0)

creation = attempt(None), (folder / "mlflow.db").exists()
print(json.dumps([creation, *(attempt(call) for call in (99, 0, 1, 3, 5, 8))]))
"""


def client_of(address: str) -> Any:
    """MLflow's client; it is imported here, for every process that tests collects this file."""
    from mlflow import MlflowClient

    return MlflowClient(address)


def made_up(folder: Path, name: str, steps: int = 3) -> RunRecord:
    run = folder / name
    run.mkdir(exist_ok=True)
    (run / "config.yaml").write_text("detector: sultani\n")
    (run / "log.txt").write_text("2026-11-20 10:00:00 begun\n2026-11-20 10:00:09 done\n")
    curve = [
        Point(split, step, 1 / (step + 1))
        for step in range(steps)
        for split in ("train/loss", "val/loss")
    ]
    return RunRecord(
        id=name.encode().hex(),
        name=name,
        folder=run,
        group=None,
        state="finished",
        parameters={"detector": "sultani", "settings.width": 16, "empty": "", "long": "x" * 7000},
        tags={"oddframe": "0.0", "checkpoint": str(run / "checkpoint.pt")},
        curve=tuple(curve),
        results={
            "test/micro_auc": Measured(0.9, 0.8, 0.95),
            "oracle/test/micro_auc": Measured(0.95),
            "test/class/fight (kick)/auc": Measured(0.7),
        },
        pictures=(("samples/step-3", run / "config.yaml"),),
        files=(("config.yaml", run / "config.yaml"), ("report/a%20#1.yaml", run / "config.yaml")),
    )


class Database:
    def __init__(self, folder: Path, statuses: list) -> None:
        self.folder = folder
        self.statuses = statuses
        self.file = folder / "mlflow.db"
        self.address = f"sqlite:///{self.file}"

    def rows(self, query: str, *values: str) -> list[tuple]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query, values).fetchall()

    def runs(self, record: RunRecord, stage: str = "active") -> list[str]:
        query = (
            "SELECT r.run_uuid FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid "
            "WHERE t.key = 'oddframe.id' AND t.value = ? AND r.lifecycle_stage = ?"
        )
        return [run for (run,) in self.rows(query, record.id, stage)]

    def check_whole(self, record: RunRecord) -> None:
        """One active run with every value once, read without MLflow."""
        (run,) = self.runs(record)
        found = self.rows("SELECT key, step, value FROM metrics WHERE run_uuid = ?", run)
        expected = [(point.name, point.step, point.value) for point in record.curve]
        expected += [
            ("test/micro_auc", 0, 0.9),
            ("test/micro_auc.low", 0, 0.8),
            ("test/micro_auc.high", 0, 0.95),
            ("oracle/test/micro_auc", 0, 0.95),
            ("test/class/fight :28:kick:29:/auc", 0, 0.7),
        ]
        assert sorted(found) == sorted(expected)
        parameters = dict(self.rows("SELECT key, value FROM params WHERE run_uuid = ?", run))
        width = str(record.parameters["settings.width"])
        long = "x" * 6000
        assert parameters == {
            "detector": "sultani", "settings.width": width, "empty": "", "long": long
        }  # fmt: skip
        status, uri, start, end = self.rows(
            "SELECT status, artifact_uri, start_time, end_time FROM runs WHERE run_uuid = ?", run
        )[0]
        assert status == "FINISHED"
        assert end - start == 9000
        files = mlflow_files(uri)
        assert files == {"config.yaml", "report/a~2520~231.yaml", "samples/step-3.yaml"}


def mlflow_files(uri: str) -> set[str]:
    folder = Path(uri.removeprefix("file://"))
    return {str(x.relative_to(folder)) for x in folder.rglob("*") if x.is_file()}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("mlflow")
    words = [sys.executable, "-c", KILLED, str(folder), str(Path(__file__).parent)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr == ""  # MLflow and alembic say a lot when they create a database
    return Database(folder, json.loads(done.stdout))


def test_a_killed_creation_leaves_no_half_database(database: Database) -> None:
    assert database.statuses[0] == [signal.SIGKILL, False]
    assert database.statuses[1] == 0
    database.check_whole(made_up(database.folder, "killed-99", steps=700))


def test_killed_anywhere_and_uploaded_again_is_whole_and_once(database: Database) -> None:
    attempts = database.statuses[2:]
    # The run, parameters, two batches of values, three files, tags, status: nine calls.
    assert attempts == [signal.SIGKILL] * 5
    for call in (0, 1, 3, 5, 8):
        record = made_up(database.folder, f"killed-{call}", steps=700)
        assert len(database.runs(record)) == (call > 0)
        if call:
            status = "SELECT status FROM runs WHERE run_uuid = ?"
            assert database.rows(status, *database.runs(record)) == [("RUNNING",)]
        before = database.runs(record)
        MlflowTracker(database.address).upload(record)
        database.check_whole(record)
        assert database.runs(record)[: len(before)] == before


def test_two_uploads_are_one_run(database: Database) -> None:
    record = made_up(database.folder, "twice")
    tracker = MlflowTracker(database.address)
    lines = {each.upload(record) for each in (tracker, MlflowTracker(database.address))}
    database.check_whole(record)
    (run,) = database.runs(record)
    (line,) = lines
    assert line.startswith("twice is in MLflow: http://127.0.0.1:5000/#/experiments/")
    assert line.endswith(f"/runs/{run}")
    assert tracker.viewer().endswith(f"mlflow server --backend-store-uri {database.address}")
    assert MlflowTracker("http://host:5000").viewer() == ""
    client = client_of(database.address)
    found = client.get_run(run)
    assert found.info.run_name == "twice"
    assert client.get_experiment(found.info.experiment_id).name == "oddframe"
    assert found.data.tags["checkpoint"].endswith("checkpoint.pt")
    assert "| test/micro_auc | 0.9 | 0.8 to 0.95 |" in found.data.tags["mlflow.note.content"]
    history = client.get_metric_history(run, "train/loss")
    assert [(x.step, x.value) for x in history] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_the_description_begins_with_the_test_metrics_and_ends_with_oracle(
    tmp_path: Path,
) -> None:
    names = [
        *("selected/val/video_auc", "oracle/selected/micro_auc", "val/micro_auc"),
        *("test/macro_auc", "test/micro_auc", "test/at/run/f1", "test/class/fight/auc"),
        "oracle/test/micro_auc",
    ]
    results = {name: Measured(0.5, 0.25, 0.75) for name in names}
    lines = note_of(replace(made_up(tmp_path, "run"), results=results)).splitlines()
    assert lines[2] == "| test/micro_auc | 0.5 | 0.25 to 0.75 |"
    assert [line.split(" | ")[0] for line in lines[2:8]] == [
        *("| test/micro_auc", "| test/macro_auc", "| val/micro_auc", "| selected/val/video_auc"),
        *("| oracle/test/micro_auc", "| oracle/selected/micro_auc"),
    ]
    assert lines[9].startswith("oracle: chosen on the very videos")
    assert lines[11] == "2 more are among the metrics."
    assert lines[-1] == f"Run folder: `{tmp_path / 'run'}` (finished)"
    results |= {f"test/metric_{number}": Measured(0.5) for number in range(50)}
    lines = note_of(replace(made_up(tmp_path, "run"), results=results)).splitlines()
    assert [line.split(" | ")[0] for line in lines[11:15]] == [
        *("| test/metric_7", "| selected/val/video_auc"),
        *("| oracle/test/micro_auc", "| oracle/selected/micro_auc"),
    ]
    assert "45 more are among the metrics." in lines
    assert note_of(replace(made_up(tmp_path, "new"), results={})).strip().startswith("Run folder")


def test_the_command_that_starts_the_pages_is_said_once(
    make_run: Callable[[Path], Path], database: Database, tmp_path: Path
) -> None:
    sweep = tmp_path / "lengths"
    for name in ("aaaa", "bbbb"):
        make_run(sweep / "trials" / name)
    (sweep / "sweep.json").write_text("{}")
    alone = make_run(tmp_path / "alone")
    said = track([sweep, alone], to=[f"mlflow={database.address}"]).text().splitlines()
    experiment = client_of(database.address).get_experiment_by_name("lengths").experiment_id
    page = f"http://127.0.0.1:5000/#/experiments/{experiment}/runs"
    assert said[:4] == [
        *("3 runs tracked", str(sweep), f"  lengths is in MLflow: {page}", str(alone)),
    ]
    assert said[4].startswith("  alone is in MLflow: http://127.0.0.1:5000/#/experiments/")
    assert len(said) == 6
    assert said[5].startswith("for the page to open, run: ")
    assert said[5].endswith(f"mlflow server --backend-store-uri {database.address}")


@pytest.mark.parametrize(
    "change",
    [
        lambda record: replace(
            record, curve=(replace(record.curve[0], value=7.0), *record.curve[1:])
        ),
        lambda record: replace(record, curve=record.curve[:-1]),
        lambda record: replace(record, parameters={**record.parameters, "settings.width": 32}),
    ],
    ids=["value", "shorter", "parameter"],
)
def test_what_has_changed_is_replaced(database: Database, request, change) -> None:
    record = made_up(database.folder, request.node.callspec.id)
    MlflowTracker(database.address).upload(record)
    before = database.runs(record)
    changed = change(record)
    MlflowTracker(database.address).upload(changed)
    database.check_whole(changed)
    assert database.runs(record, "deleted") == before


def test_more_of_the_same_is_added(database: Database) -> None:
    short = replace(made_up(database.folder, "grows", steps=2), state="unfinished", results={})
    MlflowTracker(database.address).upload(short)
    before = database.runs(short)
    whole = made_up(database.folder, "grows", steps=5)
    MlflowTracker(database.address).upload(whole)
    database.check_whole(whole)
    assert database.runs(whole) == before


def test_following_sends_only_what_is_new(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(made_up(database.folder, "followed", steps=6), state="unfinished")
    tracker = MlflowTracker(database.address)
    tracker.follow(replace(whole, curve=whole.curve[:4]))
    (run,) = database.runs(whole)
    status = "SELECT status FROM runs WHERE run_uuid = ?"
    assert database.rows(status, run) == [("RUNNING",)]
    from mlflow import MlflowClient

    sent = []
    log_batch = MlflowClient.log_batch

    def counted(client, run_id, metrics=(), params=(), tags=()):
        sent.extend(metrics)
        assert not params
        return log_batch(client, run_id, metrics)

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_batch", counted)
        patched.delattr(MlflowClient, "search_runs")  # nothing is looked up again
        patched.delattr(MlflowClient, "get_metric_history")
        tracker.follow(replace(whole, curve=whole.curve[:8]))
        tracker.follow(replace(whole, curve=whole.curve[:8]))
        tracker.follow(whole)
    assert len(sent) == 8
    tracker.close()
    tracker.close()
    # Another process goes on with the training, from a step before the last, to other values.
    other = tuple(replace(point, value=point.value + (point.step > 2)) for point in whole.curve)
    again = MlflowTracker(database.address)
    again.follow(replace(whole, curve=other[:8]))
    again.follow(replace(whole, curve=other))
    finished = replace(whole, curve=other, state="finished")
    again.upload(finished)
    database.check_whole(finished)


def test_uploads_at_the_same_time_leave_one_run(database: Database) -> None:
    record = made_up(database.folder, "at-once", steps=50)
    errors: list[OddframeError] = []

    def upload() -> None:
        try:
            MlflowTracker(database.address).upload(record)
        except OddframeError as error:  # its run was the one too many
            errors.append(error)

    threads = [threading.Thread(target=upload) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.runs(record)) <= 1
    MlflowTracker(database.address).upload(record)
    database.check_whole(record)


def test_trials_are_nested_under_their_sweep(database: Database) -> None:
    sweep = database.folder / "grid"
    (sweep / "trials").mkdir(parents=True)
    for name, state in (("a1", "finished"), ("b2", "unfinished"), ("c3", "failed")):
        trial = replace(made_up(sweep / "trials", name), group="grid", state=state)
        MlflowTracker(database.address).upload(trial)
    trial = made_up(sweep / "trials", "b2")
    MlflowTracker(database.address).upload(replace(trial, group="grid"))
    client = client_of(database.address)
    experiment = client.get_experiment_by_name("grid").experiment_id
    page = f"http://127.0.0.1:5000/#/experiments/{experiment}/runs"
    assert MlflowTracker(database.address).overview(sweep) == f"grid is in MLflow: {page}"
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert sorted(runs) == ["a1", "b2", "c3", "grid"]
    parent = runs.pop("grid").info
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.run_id}
    assert {name: run.info.status for name, run in runs.items()} == {
        "a1": "FINISHED", "b2": "FINISHED", "c3": "FAILED"
    }  # fmt: skip
    assert parent.status == "FINISHED"


def test_the_place_comes_from_the_environment_or_is_the_current_folder(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert mlflow_connection.address_of(None) == f"sqlite:///{tmp_path}/mlflow.db"
    assert (
        mlflow_connection.artifact_folder(f"sqlite:///{tmp_path}/x.db") == tmp_path / "mlartifacts"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000/")
    assert mlflow_connection.address_of(None) == "http://host:5000"
    with pytest.raises(OddframeError, match="such as http://host:5000 or sqlite:"):
        MlflowTracker("mlruns")
    record = made_up(database.folder, "elsewhere")
    MlflowTracker(database.address, "named").upload(record)
    (run,) = database.runs(record)
    uri = database.rows("SELECT artifact_uri FROM runs WHERE run_uuid = ?", run)[0][0]
    assert re.fullmatch(
        rf"{database.folder.as_uri()}/mlartifacts/named-\w{{8}}/{run}/artifacts", uri
    )
    # Under another experiment it takes the place of the first.
    MlflowTracker(database.address).upload(record)
    (moved,) = database.runs(record)
    assert moved != run
    assert database.runs(record, "deleted") == [run]


def refused(address: str, record: RunRecord, capfd: pytest.CaptureFixture) -> str:
    capfd.readouterr()
    with pytest.raises(OddframeError) as caught:
        MlflowTracker(address).upload(record)
    assert capfd.readouterr() == ("", "")
    return str(caught.value)


def test_a_server_that_does_not_answer_is_one_line_within_seconds(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    record = made_up(tmp_path, "run")
    began = time.monotonic()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "Connection refused" in refused(address, record, capfd)
        silent.listen()
        assert f"no server answers at {address} within 5 s" in refused(address, record, capfd)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("address", ["http://me:se/cret@127.0.0.1:99999", "odd://me:secret@host/x"])
def test_no_message_says_a_password(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    message = refused(address, made_up(tmp_path, "run"), capfd)
    assert "://***@" in message
    assert "cret" not in message


def test_a_server_of_something_else_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            message = refused(address, made_up(tmp_path, "run"), capfd)
        finally:
            server.shutdown()
            thread.join()
    assert message.startswith(f"mlflow at {address}: ")
    assert "404" in message


def test_a_damaged_database_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    (tmp_path / "bad.db").write_bytes(b"this is no database" * 100)
    message = refused(f"sqlite:///{tmp_path / 'bad.db'}", made_up(tmp_path, "run"), capfd)
    assert "bad.db: cannot be used as MLflow's database (file is not a database)" in message


def test_a_locked_database_is_one_line(
    database: Database, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = made_up(database.folder, "locked")
    monkeypatch.setattr(mlflow_connection, "_READ_SECONDS", 0.1)
    with closing(sqlite3.connect(database.file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        message = refused(database.address, record, capfd)
    assert "database is locked); end the program that holds it" in message
    MlflowTracker(database.address).upload(record)
    database.check_whole(record)


def test_a_file_that_is_gone_and_a_deleted_experiment_are_one_line(
    database: Database, capfd: pytest.CaptureFixture
) -> None:
    record = made_up(database.folder, "gone")
    gone = replace(record, files=(("x.txt", record.folder / "x.txt"),))
    assert "No such file" in refused(database.address, gone, capfd)
    client = client_of(database.address)
    number = client.create_experiment("bin")
    client.delete_experiment(number)
    with pytest.raises(OddframeError, match=f"mlflow experiments restore -x {number}"):
        MlflowTracker(database.address, "bin").upload(record)


def test_logging_of_others_stays_as_it_was(database: Database) -> None:
    seen: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    handler = Keep()
    mlflow_handler = logging.getLogger("mlflow").handlers[0]
    filters = list(mlflow_handler.filters)
    logging.getLogger("mine").addHandler(handler)
    with mlflow_connection.in_one_line(database.address):
        logging.getLogger("mine").warning("heard")
    logging.getLogger("mine").removeHandler(handler)
    assert seen == ["heard"]
    assert mlflow_handler.filters == filters


def read_back(name: str) -> str:
    parts = ("" if part == "::" else part for part in name.split("/"))
    return "/".join(re.sub(r":([0-9a-f]+):", lambda x: chr(int(x[1], 16)), part) for part in parts)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_every_name_is_allowed_and_can_be_read_back(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name, _validate_param_name

    _validate_metric_name(allowed_name(name))
    _validate_param_name(allowed_name(name))
    assert read_back(allowed_name(name)) == name


def test_names_stay_readable() -> None:
    assert allowed_name("test/class/Road Accidents/micro_auc.low") == (
        "test/class/Road Accidents/micro_auc.low"
    )
    long = "a/" * 200 + "b"
    assert len(allowed_name(long)) == 250
    assert allowed_name(long) != allowed_name(long + "c")
