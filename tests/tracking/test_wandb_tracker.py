from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oddframe.cli import main
from oddframe.tracking.state import read_state
from oddframe.verbs.track import track

KEY = "0123456789" * 4
"""Looks like a key; no server ever sees it."""


@pytest.fixture(autouse=True)
def _nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def read_offline(run: Path) -> dict[str, Any]:
    """What the only offline folder of a run holds, by W&B's own messages.

    A ``.wandb`` file is seven bytes of header, then LevelDB's log format: blocks of 32 KiB of
    records with a checksum, a length and a type (whole, first, middle, last) before each.
    """
    from wandb.proto import wandb_internal_pb2

    (folder,) = (run / "wandb").glob("offline-run-*")
    (path,) = folder.glob("run-*.wandb")
    content: dict[str, Any] = {"history": [], "summary": {}, "config": {}, "runs": [], "files": []}
    for raw in _records(path.read_bytes()):
        record: Any = wandb_internal_pb2.Record()  # ty: ignore[unresolved-attribute]
        record.ParseFromString(raw)
        match record.WhichOneof("record_type"):
            case "run":
                content["runs"].append((record.run.run_id, record.run.display_name))
                content["project"], content["group"] = record.run.project, record.run.run_group
                content["config"] |= _values(record.run.config.update)
            case "config":
                content["config"] |= _values(record.config.update)
            case "history":
                row = _values(record.history.item)
                content["history"].append({k: v for k, v in row.items() if k[0] != "_"})
            case "summary":
                content["summary"] |= _values(record.summary.update)
            case "files":
                content["files"] += [part.path for part in record.files.files]
            case "exit":
                content["exit"] = record.exit.exit_code
    content["folder"] = folder
    return content


def _values(items: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in items:
        *folders, name = item.nested_key or [item.key]
        place = values
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = json.loads(item.value_json)
    return values


def _records(data: bytes) -> Iterator[bytes]:
    assert data[:4] == b":W&B"
    place, begun = 7, b""
    while place < len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        assert place + 7 + length <= len(data), "the last record is cut short"
        begun += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield begun
            begun = b""


def test_without_a_key_the_run_is_an_offline_folder(
    run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", str(run), "--to", "wandb=team/street"]) == 0
    said, complained = capfd.readouterr()
    found = read_offline(run)
    assert f"wandb: {found['folder']}, offline" in said
    assert "wandb" not in complained
    assert found["runs"][0][1] == "run"
    assert (found["project"], found["group"], found["exit"]) == ("street", "", 0)
    assert found["config"]["settings.width"] == 32
    assert found["config"]["tag.checkpoint"] == str(run / "checkpoint.pt")
    first, second = found["history"]
    assert (first["train/loss"], second["train/loss"]) == (0.75, 0.25)
    assert (first["val/video_auc"], first["oracle/micro_auc"]) == (0.5, 0.625)
    assert "val/loss" not in first
    assert found["summary"]["test/micro_auc"] == 0.75
    assert found["summary"]["test/micro_auc.low"] == 0.5
    assert found["summary"]["oracle/test/micro_auc"] == 0.9375
    assert found["summary"]["state"] == "finished"
    picture = found["folder"] / "files" / second["report/roc"]["path"]
    assert picture.read_bytes() == (run / "report" / "plots" / "roc.png").read_bytes()
    assert second["samples"]["_type"] == "image-file"
    assert second["report/timelines/video_29"]["_type"] == "image-file"
    page = found["folder"] / "files" / second["report/report.html"]["path"]
    assert page.read_text() == "<p>the report</p>"
    for name in ("config.yaml", "report/metrics.json"):
        assert f"run/{name}" in found["files"]
        assert (found["folder"] / "files" / "run" / name).read_text() == (run / name).read_text()


def test_a_second_and_a_killed_upload_leave_one_whole_folder(run: Path) -> None:
    track([run], to=["wandb"])
    before = read_offline(run)
    code = f"""
import os, signal
from pathlib import Path
from oddframe.tracking import wandb_tracker
from oddframe.verbs.track import track
wandb_tracker._numbers = lambda _: os.kill(os.getpid(), signal.SIGKILL)
track([Path({str(run)!r})], to=["wandb"])
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(run.glob(".wandb-partial-*"))
    assert read_offline(run) == before
    track([run], to=["wandb"])
    after = read_offline(run)
    assert not list(run.glob(".wandb-partial-*"))
    for part in ("history", "runs", "config", "files"):
        kept = [
            {k: v for k, v in found[part].items() if k != "_wandb"}
            if part == "config"
            else found[part]
            for found in (before, after)
        ]
        assert kept[0] == kept[1]


def test_a_server_that_does_not_answer_is_one_line_and_the_next_upload_knows(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    words = [sys.executable, "-m", "oddframe", "track", str(run), "--to", "wandb"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("oddframe: W&B: ")
    assert "http://127.0.0.1:9" in line
    assert not list(run.glob(".wandb-partial-*"))
    # The run may have been begun there: the next upload has another id and would delete it.
    state = read_state(run)
    assert state["wandb"] == {"generation": 1, "there": [f"oddframe/{state['id']}-1"]}
