"""Errors of other processes reach the person as they do from one."""

from pathlib import Path

import pytest

from oddframe.detectors.multiple_instance import BagConfig
from oddframe.errors import OddframeError
from oddframe.training.bag_training import BagTraining
from oddframe.training.hardware import Hardware


def refuse(_: object) -> None:
    raise OddframeError("x.npy: expected this,\nfound that")


def test_an_error_in_another_process_is_the_same_line(tmp_path: Path) -> None:
    # A job of the package, since spawned processes cannot import this module.
    job = BagTraining(tmp_path, tmp_path, "sultani", BagConfig())
    errors = []
    for processes in (1, 2):
        with pytest.raises(OddframeError, match="no such manifest") as caught:
            Hardware("cpu", processes=processes).launch(job)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_more_processes_than_gpus_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    for device in ("auto", "cuda"):
        with pytest.raises(OddframeError, match=f"--device {device}: 2 GPUs wanted, found 1"):
            Hardware(device, processes=2).launch(refuse)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(OddframeError, match="--device cuda: 1 GPU wanted, found 0"):
        Hardware("cuda").launch(refuse)
