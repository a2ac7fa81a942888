"""MLflow's real web page, opened by a real browser; skipped where there is none."""

import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from oddframe.cli import main
from oddframe.evaluation.result import Evaluation
from oddframe.runs.curve import read_curve
from oddframe.tracking.mlflow_tracker import MlflowTracker
from oddframe.tracking.record import read_record

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip  # noqa: E501

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(find_spec("mlflow") is None, reason="no MLflow here"),
]


def client_of(address: str) -> Any:
    """MLflow's client; it is imported here, for every process that tests collects this file."""
    from mlflow import MlflowClient

    return MlflowClient(address)


@dataclass(frozen=True)
class Page:
    """A running ``mlflow server`` and what was uploaded to its database.

    Attributes:
        address: of the server.
        runs: name to MLflow's id, of the two runs, the two trials and the sweep.
        experiments: name to MLflow's id.
    """

    folder: Path
    address: str
    runs: dict[str, str]
    experiments: dict[str, str]

    def text(self, path: str, last: str) -> str:
        """What a page says, once it says what it shows last, or after a good while."""
        for seconds in (5, 20, 60, 180):
            text = self._text_after(seconds, path)
            if last in text:
                break
        return text

    def _text_after(self, seconds: int, path: str) -> str:
        assert BROWSER is not None
        profile = self.folder / "profile"
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--window-size=1500,3400", "--dump-dom",
            f"--virtual-time-budget={1000 * seconds}",
        ]  # fmt: skip
        words = [BROWSER, *flags, f"{self.address}/#{path}"]
        dom = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
        dom = re.sub(r"<(script|style).*?</\1>", "", dom, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", dom)).split())


@pytest.fixture(scope="module")
def page(bags, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    quick = ("--settings.steps", "20", "--settings.validate_every", "5")
    assert bags.train(folder / "chance", "--detector", "random-scores") == 0
    assert bags.train(folder / "street", "--detector", "sultani", *quick, "--oracle") == 0
    evaluate(bags, folder / "street")
    trials = folder / "widths" / "trials"
    for seed in ("1", "2"):
        words = ("--detector", "sultani", *quick, "--seed", seed)
        assert bags.train(trials / f"trial{seed}", *words) == 0
    (folder / "widths" / "sweep.json").write_text("{}")
    tracker = MlflowTracker(f"sqlite:///{folder / 'mlflow.db'}")
    for run in ("chance", "street", "widths/trials/trial1", "widths/trials/trial2"):
        tracker.upload(read_record(folder / run))
    client = client_of(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = {
        name: client.get_experiment_by_name(name).experiment_id for name in ("oddframe", "widths")
    }
    found = client.search_runs(list(experiments.values()))
    with served(folder) as address:
        runs = {run.info.run_name: run.info.run_id for run in found}
        yield Page(folder, address, runs, experiments)


def evaluate(bags, run: Path) -> None:
    scores = run / "scores" / "scores.npz"
    words = ["score", str(run), str(bags.manifest), "--features", str(bags.features)]
    assert main([*words, "--out", str(scores)]) == 0
    few = ("--resamples", "50")
    assert (
        main(["evaluate", str(scores), str(bags.manifest), "--out", str(run / "report"), *few]) == 0
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """What ``viewer`` says, on a free port and with one worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = f"sqlite:///{folder / 'mlflow.db'}"
    words = ["server", "--backend-store-uri", database, "--port", str(port), "--workers", "1"]
    # Background jobs are for judging language models: seven more processes.
    variables = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words],
            env={**os.environ, **variables}, cwd=folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/health", server)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{address} did not answer")


def test_the_page_shows_the_runs_and_their_numbers(page: Page) -> None:
    text = page.text(
        f"/experiments/{page.experiments['oddframe']}/runs?compareRunsMode=CHART", "train ("
    )
    assert "2 matching runs" in text
    assert " chance " in text
    assert " street " in text
    curve = read_curve(page.folder / "street" / "metrics.jsonl")
    terms = len(curve[0].keys() - {"step", "epoch", "split"})
    assert curve[0]["split"] == "train"
    assert f"train ({terms})" in text  # a section of charts for each split
    metrics = Evaluation.read(page.folder / "street" / "report").metrics
    bound = next(f"test/{name}.low" for name, part in metrics.items() if part.low is not None)
    text = page.text(
        f"/experiments/{page.experiments['oddframe']}/runs/{page.runs['street']}", bound
    )
    last = next(line for line in reversed(curve) if line["split"] == "train")
    assert re.search(rf"train/loss {str(last['loss'])[:8]}", text)
    assert bound in text


def test_the_page_of_a_run_draws_its_curves(page: Page) -> None:
    experiment, run = page.experiments["widths"], page.runs["widths-trial1"]
    text = page.text(
        f"/experiments/{experiment}/runs/{run}/model-metrics", "Step widths-trial1 (val/video_auc)"
    )
    for name in ("train/loss", "train/ranking", "val/video_auc", "val/loss"):
        assert f"Step widths-trial1 ({name})" in text  # the legend under a drawn line


def test_the_page_has_the_report(page: Page) -> None:
    experiment, run = page.experiments["oddframe"], page.runs["street"]
    text = page.text(
        f"/experiments/{experiment}/runs/{run}/artifacts/report/report.html", "report.html"
    )
    for name in ("config.yaml", "metrics.jsonl", "report.html"):
        assert name in text
    sent = page.folder / "street" / "report" / "report.html"
    address = f"{page.address}/get-artifact?run_uuid={run}&path=report/report.html"
    with urllib.request.urlopen(address, timeout=300) as answer:
        assert answer.read() == sent.read_bytes()


def test_the_page_of_a_sweep_names_its_trials(page: Page) -> None:
    text = page.text(
        f"/experiments/{page.experiments['widths']}/runs/{page.runs['widths']}", "Child runs"
    )
    children = text.partition("Child runs")[2]
    assert "widths-trial1" in children
    assert "widths-trial2" in children


def test_a_run_sent_through_the_server_is_there_once(
    page: Page, capfd: pytest.CaptureFixture
) -> None:
    record = read_record(page.folder / "street")
    client = client_of(page.address)
    for _ in range(2):
        line = MlflowTracker(page.address, "through the server").upload(record)
    assert capfd.readouterr() == ("", "")
    experiment = client.get_experiment_by_name("through the server").experiment_id
    (run,) = client.search_runs([experiment])
    assert line.endswith(f"{page.address}/#/experiments/{experiment}/runs/{run.info.run_id}")
    assert run.info.status == "FINISHED"
    local = client_of(f"sqlite:///{page.folder / 'mlflow.db'}")
    for name in ("train/loss", "val/video_auc", "test/micro_auc"):
        history = [(x.step, x.value) for x in client.get_metric_history(run.info.run_id, name)]
        sent = [(x.step, x.value) for x in local.get_metric_history(page.runs["street"], name)]
        assert history == sent
    files = {x.path for x in client.list_artifacts(run.info.run_id, "report")}
    assert "report/report.html" in files
