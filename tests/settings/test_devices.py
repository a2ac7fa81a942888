"""--device: one way, whatever computes; this machine may have a GPU or not."""

import numpy as np
import pytest
import torch

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.settings.devices import check_device, device_here

HERE = "cuda" if torch.cuda.is_available() else "cpu"


def test_auto_takes_what_is_here():
    assert device_here("auto") == HERE
    assert device_here("cpu") == "cpu"
    with pytest.raises(OddframeError, match="--device: expected one of auto, cpu, cuda, found 'x'"):
        check_device("x")


def test_a_device_that_is_not_here_is_one_line(every_detector, footage, street, tmp_path, capsys):
    run, film = every_detector("conv-ae").run.folder, str(street.root / "calm.mp4")
    out = str(tmp_path / "o" / "scores.npz")
    network = ["score", str(run), str(footage.manifest), "--out", out, "--device"]
    camera = ["score", str(street.run), film, "--out", out, "--device"]
    for words, said in (
        ([*network, "tpu"], "--device: expected one of auto, cpu, cuda, found 'tpu'"),
        ([*camera, "tpu"], "--device: expected one of auto, cpu, cuda, found 'tpu'"),
        ([*camera, "cuda"], "fixed-camera scores on the CPU; leave out --device"),
        (
            ["train", film, "--out", out, "--device", "gpu"],
            "--device: expected one of auto, cpu, cuda, mps, found 'gpu'",
        ),
        (
            ["extract", film, "--out", out, "--device", "mps"],
            "--device: expected one of auto, cpu, cuda, found 'mps'",
        ),
    ):
        assert main(words) == 2
        assert capsys.readouterr().err.count(said) == 1
    if HERE == "cpu":
        assert main([*network, "cuda"]) == 2
        assert "--device cuda: PyTorch sees no GPU here" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_scores_do_not_depend_on_where_they_were_computed(every_detector, footage, tmp_path):
    """On a machine with a GPU but for rounding; here it is the CPU that is asked for, twice."""
    run = every_detector("conv-ae").run.folder
    found = [
        oddframe.score(
            run, footage.manifest, out=tmp_path / device / "s.npz", device=device, maps=False
        ).scores
        for device in ("cpu", HERE)
    ]
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-3)


def test_features_are_extracted_where_one_says(every_detector, footage, tmp_path):
    """Those that are there already need no device, and the usual backbone has no GPU's code."""
    run = every_detector("sultani").run.folder
    given = {"features": footage.features, "out": tmp_path / "scores.npz"}
    assert oddframe.score(run, footage.labels, device="cpu", **given).path.exists()
    with pytest.raises(OddframeError, match="sultani scores on the CPU; leave out --device"):
        oddframe.score(run, footage.labels, device="cuda", **given)
