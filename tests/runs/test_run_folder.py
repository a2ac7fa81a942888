"""The run folder: whole or refused with one line, never half, never code."""

import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import yaml

from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of
from oddframe.runs.checkpoint import as_saved, write_checkpoint
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import CHECKPOINT, log, read_run, write_config


@pytest.fixture
def run(street, tmp_path):
    """A copy of the street's run to damage."""
    shutil.copytree(street.run, tmp_path / "run", ignore=shutil.ignore_patterns("scores"))
    return tmp_path / "run"


def refusal(folder) -> str:
    with pytest.raises(OddframeError) as caught:
        read_run(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_in_a_run(street):
    found = read_run(street.run)
    assert found.detector.name == "fixed-camera"
    assert found.sha256 == sha256_of(street.run / "checkpoint.pt")
    assert found.config["detector"] == "fixed-camera"
    assert found.config["seed"] == 0
    assert found.config["settings"]["fit_looks"] == 60
    assert found.config["fitted_on"] == {
        "videos": 2,
        "minutes": 0.53,
        "held_out_videos": 1,
        "held_out_minutes": 0.27,
    }
    lines = (street.run / "log.txt").read_text().splitlines()
    assert lines[0].endswith(f"fitting fixed-camera to 3 videos of {street.root / 'normal'}")


def test_writing_again_gives_the_same_detector(run, tmp_path):
    first = read_run(run).detector
    write_checkpoint(tmp_path / "again" / CHECKPOINT, first)
    write_config(tmp_path / "again", {"seed": 1})
    second = read_run(tmp_path / "again").detector
    assert flat(first.state()) == flat(second.state())


def flat(state, name=""):
    if isinstance(state, dict):
        return {k: v for key, part in state.items() for k, v in flat(part, f"{name}/{key}").items()}
    return {name: np.asarray(state).tolist()}


def test_a_run_of_another_format(run):
    content = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save(content | {"format": "oddframe-run/0", "oddframe": "0.0.1"}, run / "checkpoint.pt")
    message = refusal(run)
    assert "expected a run of format 'oddframe-run/1', found 'oddframe-run/0'" in message
    assert "made by oddframe 0.0.1" in message
    assert "train again" in message


@pytest.mark.parametrize("name", [None, 3, ["fixed-camera"], "x" * 5000, "\x1b[31m"])
def test_names_that_no_detector_has(run, name):
    content = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save(content | {"detector": name}, run / "checkpoint.pt")
    with pytest.raises(OddframeError, match=r"the name of a detector|unknown detector") as caught:
        read_run(run)
    assert len(str(caught.value)) < 600
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("content", [{}, [1, 2], {"weights": torch.zeros(3)}])
def test_other_checkpoints(run, content):
    torch.save(content, run / "checkpoint.pt")
    assert "expected a run of format" in refusal(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("state"),
        lambda content: content["state"].pop("scene"),
        lambda content: content["state"]["scene"].pop("grid"),
        lambda content: content["state"]["config"].update(capacity=3),
        lambda content: content["state"].update(threshold=None),
        lambda content: content["state"]["threshold"].update(value=float("nan")),
        lambda content: content["state"]["threshold"].pop("value"),
        lambda content: content["state"]["config"].update(long_side="x"),
        lambda content: content["state"]["scene"].update(grid=[3, 5]),
        lambda content: content["state"]["scene"].update(mean=torch.zeros(3)),
        lambda content: content["state"]["scene"]["matrix"].fill_(torch.inf),
        lambda content: content["state"]["scene"]["frame"].update(slope=-1.0),
        lambda content: content["state"]["scene"]["frame"]["values"].fill_(1.0),
        lambda content: content["state"]["scene"]["memory"].update(counts=[10**12]),
        lambda content: content["state"]["scene"]["memory"].update(block=0),
        lambda content: content["state"].update(network=torch.zeros(9, dtype=torch.uint8)),
        lambda content: content.update(state=[1]),
    ],
)
def test_a_state_that_does_not_fit(run, change):
    content = torch.load(run / "checkpoint.pt", weights_only=True)
    change(content)
    torch.save(content, run / "checkpoint.pt")
    assert "does not fit oddframe" in refusal(run)


def test_an_unknown_detector(run):
    content = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save(content | {"detector": "crystal-ball"}, run / "checkpoint.pt")
    with pytest.raises(OddframeError, match="its detector 'crystal-ball' is none of"):
        read_run(run)


def test_missing_folder_or_checkpoint(run, tmp_path):
    assert "no such run folder" in refusal(tmp_path / "nowhere")
    (run / "checkpoint.pt").unlink()
    assert "not a finished run, checkpoint.pt is missing" in refusal(run)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99, 0.9999])
def test_a_truncated_checkpoint(run, share):
    whole = (run / "checkpoint.pt").read_bytes()
    (run / "checkpoint.pt").write_bytes(whole[: int(share * len(whole))])
    assert "expected the checkpoint of a run, found" in refusal(run)


def test_a_single_changed_byte_is_noticed(run):
    whole = (run / "checkpoint.pt").read_bytes()
    for place in np.random.default_rng(0).integers(0, len(whole), 12):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (run / "checkpoint.pt").write_bytes(damaged)
        assert "expected the checkpoint of a run, found" in refusal(run)


@pytest.mark.parametrize(
    "text", [b"", b"text", b"\x80\x02}q\x00.", b"PK\x03\x04", bytes(range(256))]
)
def test_junk(run, text):
    (run / "checkpoint.pt").write_bytes(text)
    assert "expected the checkpoint of a run, found" in refusal(run)


class Code:
    """What an attacker would put into a checkpoint."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (self.target, "w"))


def test_pickled_code_is_refused_and_does_not_run(run, tmp_path):
    target = tmp_path / "owned"
    torch.save({"format": "oddframe-run/1", "state": Code(str(target))}, run / "checkpoint.pt")
    assert "expected the checkpoint of a run, found" in refusal(run)
    assert not target.exists()


@pytest.mark.parametrize("text", [b"a: [", b"\xff\xfe\xfa", b"just words"])
def test_an_unreadable_config(run, text):
    (run / "config.yaml").write_bytes(text)
    assert "config.yaml: expected" in refusal(run)
    (run / "config.yaml").unlink()
    assert "found no such file; train again" in refusal(run)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed: x", "'seed': expected a whole number, found 'x'"),
        ("seed: 1.5", "'seed': expected a whole number, found 1.5"),
        ("seed: true", "'seed': expected a whole number, found True"),
        ("settings: [1]", "'settings': expected names and values"),
        ("features: 3", "'features': expected words or nothing, found 3"),
        ("detector: 2026-11-28T00:00:00", None),
        ("selected: {val: {loss: x}}", "'selected'.val.loss: expected"),
        ("fitted_on: {videos: .nan}", "'fitted_on'.videos: expected a whole number or a number"),
        ("3: x\nseed: 1", None),
    ],
)
def test_config_with_values_of_another_type(run, text, found):
    (run / "config.yaml").write_text(text)
    if found is None:
        read_run(run)
    else:
        assert found in refusal(run)


def test_curve_with_other_values(tmp_path):
    path = tmp_path / "metrics.jsonl"
    good = '{"step": 1, "epoch": 0.5, "split": "val", "loss": NaN}\n'
    path.write_text(good + '{"step": 2, "sp')
    assert [line["step"] for line in read_curve(path)] == [1]
    for line in ("3", "[]", '{"split": "val"}', '{"step": "1", "split": "val"}', '{"step": 1}'):
        path.write_text(good + line + "\n" + good)
        with pytest.raises(OddframeError, match=r"metrics\.jsonl line 2: "):
            read_curve(path)
    for text, found in (('"low"', "'low'"), ("null", "None"), ("true", "True"), ("9" * 400, "999")):
        path.write_text(good.replace("NaN", text))
        with pytest.raises(OddframeError, match=f"'loss': expected a number, found {found}"):
            read_curve(path)
    path.write_text("[" * 100_000 + "\n" + "1" * 5000 + "\n" + good)
    assert len(read_curve(path)) == 1


def test_config_and_log_are_plain_text(tmp_path):
    write_config(tmp_path, {"footage": "Straße/日", "settings": {"long_side": 128}})
    assert yaml.safe_load((tmp_path / "config.yaml").read_text("utf-8")) == {
        "footage": "Straße/日",
        "settings": {"long_side": 128},
    }
    log(tmp_path, "first")
    log(tmp_path, "zweite Straße")
    lines = (tmp_path / "log.txt").read_text("utf-8").splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["first", "zweite Straße"]


WRITER = """
import resource, sys
from pathlib import Path
import numpy as np
from oddframe.errors import OddframeError
from oddframe.runs.checkpoint import as_saved, write_checkpoint

class Large:
    name = "large"
    def state(self):
        return {str(i): np.zeros(10_000_000, np.uint8) for i in range(8)}

folder, (soft, hard) = Path(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
try:
    write_checkpoint(folder / "checkpoint.pt", Large())
except OddframeError as error:
    print(error)
print(list(folder.iterdir()), flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
while True:
    write_checkpoint(folder / "checkpoint.pt", Large())
"""


def test_a_full_disk_and_being_killed_leave_no_checkpoint(tmp_path):
    # A limit on the size of files stands in for the full disk: the same failed write.
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        said = process.stdout.readline()
        assert said.startswith(f"{tmp_path / 'checkpoint.pt'}: cannot write"), said
        assert process.stdout.readline() == "[]\n"  # one line, and no files are left
        # Writing 80 MB takes long enough to be caught at it.
        deadline = time.monotonic() + 300
        while not any(path.stat().st_size > 1_000_000 for path in tmp_path.iterdir()):
            assert process.poll() is None, "the writer ended by itself"
            assert time.monotonic() < deadline, "nothing was written in five minutes"
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    # It was killed in the first writing, or it had finished that and is whole.
    checkpoint = tmp_path / "checkpoint.pt"
    if checkpoint.exists():
        assert len(torch.load(checkpoint, weights_only=True)["state"]) == 8
    else:
        assert "not a finished run" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (
            torch.ones(2, dtype=torch.bfloat16),
            "NumPy has no array (torch.bfloat16, ",
        ),
        (
            torch.eye(2).to_sparse(),
            "NumPy has no array (torch.float32, torch.sp",
        ),
        (np.ones(2, np.longdouble), f"an array of {np.dtype(np.longdouble)}"),
        (np.array(["a"]), "an array of <U1"),
        ({1}, "set"),
    ],
)
def test_what_no_checkpoint_can_hold_is_one_line(value, found):
    with pytest.raises(OddframeError) as told:
        as_saved({"a": [value]}, "the state")
    assert str(told.value).startswith("the state, a, item 0: expected tensors, arrays of numbers")
    assert found in str(told.value)
    assert str(told.value).endswith("; change what state() returns")
