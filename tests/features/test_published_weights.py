"""Weight files: both containers, nothing that runs code, no gap."""

import os
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from oddframe.errors import OddframeError
from oddframe.features.published_weights import fill, read_tensors

BEYOND_FLOAT32 = torch.full((3,), 1e300, dtype=torch.float64)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 3, 1)
        self.bn = nn.BatchNorm3d(3)


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {name: torch.rand_like(value.float()) for name, value in Small().state_dict().items()}


class Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_containers(state, tmp_path, zipped):
    path = tmp_path / "w.pt"
    prefixed = {f"module.{name}": value for name, value in state.items()}
    torch.save(prefixed, path, _use_new_zipfile_serialization=zipped)
    found = read_tensors(path)
    assert list(found) == list(state)
    for name, value in state.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_pickles_of_arrays(tmp_path, protocol):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": {"c": np.ones(2, ">f4"), "step": 7}}
    arrays["b"]["names"] = np.array(["x"])
    (tmp_path / "w.pkl").write_bytes(pickle.dumps(arrays, protocol=protocol))
    found = read_tensors(tmp_path / "w.pkl")
    assert list(found) == ["a", "b/c"]
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b/c"].dtype == torch.float32
    assert found["b/c"].tolist() == [1, 1]


def test_names_of_old_numpy_and_python_2(tmp_path):
    # Python 2 wrote the bytes of an array as text; NumPy 1 had its module elsewhere.
    text = pickle.dumps({"a": np.array([1.0, -2.5])}, protocol=2)
    old = text.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert b"_codecs" in old
    (tmp_path / "w.pkl").write_bytes(old)
    assert read_tensors(tmp_path / "w.pkl")["a"].tolist() == [1.0, -2.5]


def test_nothing_in_a_file_is_run(state, tmp_path):
    trap = tmp_path / "made"
    (tmp_path / "w.pkl").write_bytes(pickle.dumps({"a": Runs(trap)}))
    for zipped in (True, False):
        torch.save(
            state | {"x": Runs(trap)},
            tmp_path / f"{zipped}.pt",
            _use_new_zipfile_serialization=zipped,
        )
    for name in ("w.pkl", "True.pt", "False.pt"):
        with pytest.raises(OddframeError, match=r"expected weights.*(could run|asks for posix)"):
            read_tensors(tmp_path / name)
    assert not trap.exists()


def test_files_without_weights(state, tmp_path):
    whole = tmp_path / "whole.pt"
    torch.save(state, whole)
    bad = {
        "empty": b"",
        "text": b"<html>not found</html>",
        "cut": whole.read_bytes()[:700],
        "list": pickle.dumps([1, 2]),
        "numbers": pickle.dumps({"a": 1}),
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(OddframeError, match=f"{name}: expected (weights|named)"):
            read_tensors(tmp_path / name)
    with pytest.raises(OddframeError, match="found no such file; give a weight file"):
        read_tensors(tmp_path / "none")


def test_fill_takes_everything_and_drops_the_classifier(state):
    network = Small().train()
    given = {name: value for name, value in state.items() if "num_batches" not in name}
    fill(network, given | {"logits.weight": torch.ones(9)}, "w.pt", "logits.")
    assert not network.training
    for name, value in given.items():
        torch.testing.assert_close(network.state_dict()[name], value)
    fill(network, state, "w.pt", "logits.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("bn.running_var"), r"1 missing \(bn.running_var\)"),
        (lambda s: s.update(extra=torch.ones(1)), r"1 foreign \(extra\)"),
        (lambda s: s.update({"bn.bias": torch.ones(4)}), r"bn.bias \(4,\) instead of \(3,\)"),
        (lambda s: s["bn.bias"].fill_(torch.nan), r"1 not finite \(bn.bias\)"),
        (lambda s: s.update({"bn.bias": BEYOND_FLOAT32}), r"1 not finite \(bn.bias\)"),
        (lambda s: s["bn.running_var"].neg_(), r"1 negative \(bn.running_var\)"),
        (lambda s: s.update({"bn.bias": torch.ones(3).cfloat()}), "bn.bias complex64 instead of"),
        (lambda s: s.update({"bn.bias": torch.ones(3).bool()}), "bn.bias bool instead of"),
        (lambda s: s.update({"bn.bias": torch.ones(3).long()}), "bn.bias int64 instead of"),
        (lambda s: s.clear(), r"6 missing \(conv.weight, conv.bias, bn.weight, ...\)"),
    ],
)
def test_fill_refuses_what_does_not_fit(state, change, message):
    change(state)
    with pytest.raises(OddframeError, match=f"w.pt: does not fit Small.*{message}") as caught:
        fill(Small(), state, "w.pt", "logits.")
    assert "\n" not in str(caught.value)


def test_pickle_that_claims_more_than_it_holds(tmp_path):
    path = tmp_path / "w.pkl"
    whole = pickle.dumps({"a": np.zeros((2, 3), "f4")}, protocol=4)
    claims = whole.replace(b"K\x02K\x03\x86", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86")
    assert claims != whole
    called = b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR."  # numpy.ndarray called with a shape
    memo = b"\x80\x04K\x01r\xff\xff\xff\x7f."  # a value kept as number 2**31 - 1
    shared = pickle.dumps([{"a": [1]}] * 2)
    for content in (claims, called, memo, shared):
        path.write_bytes(content)
        with pytest.raises(OddframeError, match=r"w\.pkl: expected (weights|named).*, found"):
            read_tensors(path)


def test_values_that_hold_themselves_end(tmp_path):
    path = tmp_path / "w.pkl"
    inside = {"a": np.zeros(2, "f4")}
    inside["b"] = inside
    path.write_bytes(pickle.dumps(inside))
    with pytest.raises(OddframeError, match="values within values without end"):
        read_tensors(path)
    wide = {"a": np.zeros(2, "f4")}
    for _ in range(12):
        wide = {str(place): wide for place in range(12)}
    path.write_bytes(pickle.dumps(wide))
    with pytest.raises(OddframeError, match="values within values without end"):
        read_tensors(path)


def test_name_that_stands_twice(state, tmp_path):
    path = tmp_path / "w.pt"
    torch.save({"a": state["bn.bias"], "module.a": state["bn.bias"]}, path)
    with pytest.raises(OddframeError, match=r"w\.pt: .*'module\.a' beside 'a'"):
        read_tensors(path)
    torch.save({"a": {"b": state["bn.bias"]}, "a/b": state["bn.bias"]}, path)
    with pytest.raises(OddframeError, match=r"w\.pt: .*'a/b' twice"):
        read_tensors(path)
