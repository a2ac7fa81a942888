"""Errors of other processes reach the person as they do from one."""

import pytest

from oddframe.errors import OddframeError
from oddframe.training.hardware import Hardware


def refuse(_: object) -> None:
    raise OddframeError("x.npy: expected this,\nfound that")


def test_an_error_in_another_process_is_the_same_line() -> None:
    with pytest.raises(OddframeError) as caught:
        Hardware("cpu", processes=2).launch(refuse)
    assert str(caught.value) == "x.npy: expected this, found that"


def test_more_processes_than_gpus_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    for device in ("auto", "cuda"):
        with pytest.raises(OddframeError, match=f"--device {device}: 2 GPUs wanted, found 1"):
            Hardware(device, processes=2).launch(refuse)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(OddframeError, match="--device cuda: 1 GPU wanted, found 0"):
        Hardware("cuda").launch(refuse)
