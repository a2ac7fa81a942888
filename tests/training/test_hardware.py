"""Hardware that is not there; verbs/test_train_bags.py starts several processes."""

import pytest

from oddframe.errors import OddframeError
from oddframe.training.hardware import Hardware


def refuse(_: object) -> None:
    raise OddframeError("nothing is started")


def test_more_processes_than_gpus_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    for device in ("auto", "cuda"):
        with pytest.raises(OddframeError, match=f"--device {device}: 2 GPUs wanted, found 1"):
            Hardware(device, processes=2).launch(refuse)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(OddframeError, match="--device cuda: 1 GPU wanted, found 0"):
        Hardware("cuda").launch(refuse)


def test_one_process_under_slurm_is_a_training_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"JOB_ID": "7", "NTASKS": "2", "PROCID": "1", "LOCALID": "1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    found = []
    Hardware("cpu").launch(lambda fabric: found.append((fabric.world_size, fabric.global_rank)))
    assert found == [(1, 0)]
