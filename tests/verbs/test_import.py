"""The verb import: published checkpoints become runs that score, everything else one line."""

import hashlib
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from oddframe.bags.snippets import BagShape
from oddframe.cli import main
from oddframe.detectors.weakly_supervised.mgfn import MGFN, MGFNConfig
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig
from oddframe.detectors.weakly_supervised.s3r import S3R, S3RConfig
from oddframe.errors import OddframeError
from oddframe.networks.published_files import read_state_dict
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.import_checkpoint import import_checkpoint

CHANNELS, CROPS, SNIPPETS = 64, 5, {"fight": 9, "street": 4}


def small(kind, config):
    torch.manual_seed(0)
    return kind(config, BagShape(CROPS, CHANNELS)).eval()


@pytest.fixture
def features(tmp_path):
    folder = tmp_path / "features"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, snippets in SNIPPETS.items():
        values = random.normal(size=(snippets, CROPS, CHANNELS)).astype(np.float32)
        np.save(folder / f"{name}.npy", values)
    return folder


@pytest.fixture
def checkpoint(tmp_path):
    """A small MGFN as the thesis saved it: in parallel, with its name for the final norm."""
    config = MGFNConfig(widths=(4, 8, 12), depths=(2, 1, 1), head_width=4)
    state = small(MGFN, config).state_dict()
    path = tmp_path / "mgfn51-i3d.pkl"
    torch.save(
        {"module." + k.replace("to_logits.0", "to_logits"): v for k, v in state.items()}, path
    )
    return path


def run_and_score(command, features, run):
    """Import by the command line, score at once; the scores of the first frame of each snippet."""
    assert main([*command, "--out", str(run)]) == 0
    assert main(["score", str(run), str(features)]) == 0
    scores = Scores.read(run / "scores" / "features" / "scores.npz")
    return {video: scores[video][::16] for video in SNIPPETS}


def assert_same(found, detector, features):
    for video, snippets in SNIPPETS.items():
        assert len(found[video]) == snippets
        expected = detector.score_snippets(np.load(features / f"{video}.npy"))
        assert found[video] == pytest.approx(expected, abs=1e-6)
    assert len({float(score) for scores in found.values() for score in scores}) > 10


def test_an_imported_run_scores_features_at_once(checkpoint, features, tmp_path, capsys):
    run = tmp_path / "run"
    command = ["import", "mgfn", str(checkpoint), "--crops", "5"]
    found = run_and_score(command, features, run)
    config = MGFNConfig(widths=(4, 8, 12), depths=(2, 1, 1), head_width=4)
    assert_same(found, small(MGFN, config), features)
    assert yaml.safe_load((run / "config.yaml").read_text()) == {
        "verb": "import",
        "detector": "mgfn",
        "source": "mgfn51-i3d.pkl",
        "source_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "shape": {"crops": 5, "channels": CHANNELS, "segments": 32},
    }
    shown = capsys.readouterr().out
    assert f"{run}: detector mgfn is imported" in shown
    assert f"next: oddframe score {run} MANIFEST --features DIR" in shown


def test_s3r_with_its_dictionary(features, tmp_path):
    detector = small(S3R, S3RConfig())
    state = {key: value for key, value in detector.state_dict().items() if key != "dictionary"}
    torch.save(state, tmp_path / "s3r.pkl")
    dictionary = np.random.default_rng(1).normal(size=(7, CHANNELS))
    np.save(tmp_path / "atoms.npy", dictionary)
    command = ["import", "s3r", str(tmp_path / "s3r.pkl"), "--crops", "5"]
    command += ["--dictionary", str(tmp_path / "atoms.npy")]
    found = run_and_score(command, features, tmp_path / "run")
    assert_same(found, S3R.from_published(state, dictionary, 5), features)
    config = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert config["dictionary"] == "atoms.npy"
    expected = hashlib.sha256((tmp_path / "atoms.npy").read_bytes()).hexdigest()
    assert config["dictionary_sha256"] == expected


def test_the_older_file_format_is_read_as_well(checkpoint, tmp_path):
    tensors = read_state_dict(checkpoint)
    old = tmp_path / "old.pkl"
    torch.save(tensors, old, _use_new_zipfile_serialization=False)
    assert not zipfile.is_zipfile(old)
    run = import_checkpoint("mgfn", old, tmp_path / "run")
    expected = MGFN.from_published(tensors).state_dict()
    found = run.detector.state()["network"]
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def refusal(*arguments, **options):
    with pytest.raises(OddframeError) as caught:
        import_checkpoint(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert not (arguments[2] / "checkpoint.pt").exists()
    return message


def test_wrong_detectors_and_options(checkpoint, tmp_path):
    run = tmp_path / "run"
    message = refusal("sultani", checkpoint, run)
    assert "sultani has no published checkpoints that can be imported; use one of" in message
    assert "--settings.flow_weights" in refusal("flownet2-sd", checkpoint, run)
    assert "unknown detector 'crystal-ball'" in refusal("crystal-ball", checkpoint, run)
    assert "not a rtfm checkpoint" in refusal("rtfm", checkpoint, run)
    assert "give the released file" in refusal("s3r", checkpoint, run)
    assert "takes no --dictionary" in refusal("mgfn", checkpoint, run, dictionary=checkpoint)
    assert "at least one crop, found 0" in refusal("mgfn", checkpoint, run, crops=0)
    missing = tmp_path / "nowhere.npy"
    assert str(missing) in refusal("s3r", checkpoint, run, dictionary=missing)
    assert "no such file; give the published checkpoint" in refusal(
        "mgfn", tmp_path / "nowhere.pkl", run
    )


def test_a_finished_run_is_not_overwritten(checkpoint, tmp_path):
    run = import_checkpoint("mgfn", checkpoint, tmp_path / "run")
    with pytest.raises(OddframeError, match="finished run already"):
        import_checkpoint("mgfn", checkpoint, tmp_path / "run")
    assert read_run(tmp_path / "run").sha256 == run.sha256


def replacing(tensor):
    return lambda tensors: tensors.update({"module.fc.bias": tensor})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("module.fc.bias"), "1 missing (fc.bias)"),
        (lambda t: t.update(extra=torch.zeros(1)), "1 foreign (extra)"),
        (lambda t: t.update({"module.fc.weight": torch.zeros(1, 3)}), "fc.weight (1, 3) instead"),
        (lambda t: t["module.fc.bias"].fill_(float("nan")), "1 not finite (fc.bias)"),
        (lambda t: t.update(epoch=3), "found int under 'epoch'"),
        (lambda t: t.clear(), "found an empty one"),
        (lambda t: t.update({"fc.bias": torch.zeros(1)}), "'fc.bias' beside 'module.fc.bias'"),
        (lambda t: t.update({7: torch.zeros(1)}), "found a number as a name under '7'"),
        (replacing(torch.zeros(1).bool()), "fc.bias bool instead"),
        (replacing(torch.zeros(1).cfloat()), "fc.bias complex64 instead"),
        (replacing(torch.tensor([1e300], dtype=torch.float64)), "1 not finite"),
        (replacing(torch.zeros(1).to_sparse()), "not dense (sparse_coo)"),
        (replacing(torch.zeros(1, device="meta")), "(meta)"),
        (replacing(torch.zeros(1).expand(10**6, 10**6)), "claims 1,000,000,000,000 numbers and"),
    ],
)
def test_checkpoints_that_do_not_fit(checkpoint, tmp_path, change, words):
    tensors = read_state_dict(checkpoint)
    change(tensors)
    torch.save(tensors, checkpoint)
    message = refusal("mgfn", checkpoint, tmp_path / "run")
    assert str(checkpoint) in message
    assert words in message


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
def test_a_state_dict_inside_a_training_checkpoint(checkpoint, tmp_path, wrapper):
    tensors = read_state_dict(checkpoint)
    bare = import_checkpoint("mgfn", checkpoint, tmp_path / "bare")
    parameter = torch.nn.Parameter(torch.ones(2))
    optimiser = torch.optim.Adam([parameter])
    parameter.sum().backward()
    optimiser.step()
    beside = {"epoch": 3, "arch": "mgfn", "auc": 0.8, "optimizer": optimiser.state_dict()}
    torch.save(beside | {wrapper: tensors}, checkpoint)
    found = import_checkpoint("mgfn", checkpoint, tmp_path / "run").detector.state()["network"]
    expected = bare.detector.state()["network"]
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], value) for key, value in expected.items())
    tensors["module.fc.bias"].fill_(float("nan"))
    torch.save(beside | {wrapper: tensors}, checkpoint)
    assert "1 not finite (fc.bias)" in refusal("mgfn", checkpoint, tmp_path / "nan")


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda t: {"net": t}, "found dict under 'net'"),
        (lambda t: {"model": t, "state_dict": t}, "found dict under 'model'"),
        (lambda t: {"model": t, "extra": torch.zeros(1)}, "found dict under 'model'"),
        (lambda t: {"model": {**t, "epoch": 3}}, "found dict under 'model'"),
        (lambda t: {"model": {"model": t}}, "found dict under 'model'"),
        (lambda _: {"model": {}}, "found dict under 'model'"),
        (lambda t: list(t.values()), "found list"),
    ],
)
def test_other_wrappings_are_refused(checkpoint, tmp_path, wrap, words):
    torch.save(wrap(read_state_dict(checkpoint)), checkpoint)
    assert words in refusal("mgfn", checkpoint, tmp_path / "run")


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_objects_are_refused_and_never_run(tmp_path, zipped):
    path, trace = tmp_path / "module.pkl", tmp_path / "trace"
    torch.save(torch.nn.Linear(2, 2), path, _use_new_zipfile_serialization=zipped)
    assert "could run code" in refusal("mgfn", path, tmp_path / "run")
    for content in ({"a": Trap(trace)}, {"model": {"a": torch.ones(1)}, "args": Trap(trace)}):
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        assert "could run code" in refusal("mgfn", path, tmp_path / "run")
    path.write_bytes(pickle.dumps(Trap(trace)))
    assert str(path) in refusal("mgfn", path, tmp_path / "run")
    assert not trace.exists()
    pickle.loads(path.read_bytes())
    assert trace.exists(), "the trap works"


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_checkpoints(checkpoint, tmp_path, share, zipped):
    tensors = read_state_dict(checkpoint)
    torch.save(tensors, checkpoint, _use_new_zipfile_serialization=zipped)
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: int(share * len(whole))])
    message = refusal("mgfn", checkpoint, tmp_path / "run")
    assert str(checkpoint) in message
    assert ("a damaged file or something else" if checkpoint.stat().st_size else "empty") in message


def test_changed_bytes_never_change_a_tensor(checkpoint):
    """They are noticed, or they hit the padding between the members of the archive."""
    whole, tensors = checkpoint.read_bytes(), read_state_dict(checkpoint)
    random = np.random.default_rng(0)
    noticed = 0
    for place in random.integers(0, len(whole), 30):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        checkpoint.write_bytes(damaged)
        try:
            found = read_state_dict(checkpoint)
        except OddframeError:
            noticed += 1
            continue
        assert list(found) == list(tensors)
        assert all(torch.equal(found[key], value) for key, value in tensors.items())
    assert noticed > 10


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "found an empty file"),
        (b"not a checkpoint at all", "found text, which is no file of PyTorch"),
        (b"\x80\x04K\x03.", "a damaged file or something else"),
    ],
)
def test_other_files(tmp_path, content, found):
    path = tmp_path / "other.pkl"
    path.write_bytes(content)
    assert found in refusal("mgfn", path, tmp_path / "run")


def test_single_numbers_in_a_file_do_not_make_a_network_of_any_size(tmp_path):
    path = tmp_path / "rtfm.pkl"
    tensors = small(RTFM, RTFMConfig(width=8)).state_dict()
    # The network of this width would have 10**12 numbers.
    torch.save({**tensors, "fc1.weight": torch.zeros(10**6, 1)}, path)
    assert "ask for" in refusal("rtfm", path, tmp_path / "run")
    torch.save({**tensors, "fc1.weight": torch.zeros(10**9, 0)}, path)
    assert "found the shape (1000000000, 0)" in refusal("rtfm", path, tmp_path / "run")


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_quantised_tensors(checkpoint, tmp_path):
    tensors = read_state_dict(checkpoint)
    tensors["module.fc.bias"] = torch.quantize_per_tensor(torch.ones(1), 0.1, 0, torch.quint8)
    torch.save(tensors, checkpoint)
    assert "a quantised tensor" in refusal("mgfn", checkpoint, tmp_path / "run")


def test_half_precision_is_made_whole(checkpoint, tmp_path):
    halves = {name: tensor.half() for name, tensor in read_state_dict(checkpoint).items()}
    counters = [name for name in halves if name.endswith("num_batches_tracked")]
    halves |= {name: torch.tensor(0) for name in counters}
    torch.save(halves, checkpoint)
    found = import_checkpoint("mgfn", checkpoint, tmp_path / "run").detector.state()["network"]
    assert found["fc.weight"].dtype == torch.float32
    assert torch.equal(found["fc.weight"], halves["module.fc.weight"].float())
