"""The reader of PyTorch files: plain tensors and values come through, all else is one line."""

import re
import zipfile

import numpy as np
import pytest
import torch

from oddframe.errors import OddframeError
from oddframe.files import archives
from oddframe.files.tensor_checks import built, fitting
from oddframe.files.tensor_files import read_tensor_file


def written(folder, content, **options):
    path = folder / "a.pt"
    torch.save(content, path, **options)
    return path


def refusal(path):
    with pytest.raises(OddframeError) as caught:
        read_tensor_file(path, "weights", "get them again")
    said = str(caught.value)
    assert said.startswith(f"{path}: expected weights, found ")
    assert "weights_only" not in said, "advice to load without care"
    return said


@pytest.mark.parametrize("zipped", [True, False])
def test_what_our_files_hold_comes_through(tmp_path, zipped):
    content = {
        "tensor": torch.arange(3),
        "view": torch.arange(12.0).view(3, 4)[:, 1:3],
        "half": torch.ones(2, dtype=torch.bfloat16),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "values": [1, 2.5, True, None, "word", (3, b"x"), 2**127],
        "optimiser": {0: {"step": torch.tensor(3.0)}},
        "nothing": torch.zeros(0, 3),
    }
    path = written(tmp_path, content, _use_new_zipfile_serialization=zipped)
    found = read_tensor_file(path, "weights", "")
    assert found.keys() == content.keys()
    assert torch.equal(found["view"], content["view"])
    assert found["values"] == content["values"]


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def shared(depth):
    value = [1]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (torch.ones(1).expand(10**6, 10**6), "claims 1,000,000,000,000 numbers and holds 1 under"),
        (torch.eye(3).to_sparse(), "not dense (sparse_coo) under 'a.b'"),
        (torch.ones(2, device="meta"), "a tensor without numbers (meta) under 'a.b'"),
        ({1, 2}, "set under 'a.b'"),
        (2**300, "a whole number of 301 bits"),
        ([10**5000], "a damaged file or something else"),
        (nested(40), "values within values without end"),
        (shared(30), "values within values without end"),
        ({(1, 2): 3}, "a key that is (1, 2), not a name"),
        (slice(1), "pickled Python objects, which could run code"),
    ],
)
def test_what_is_not_plain_is_named(tmp_path, value, found, zipped):
    path = written(tmp_path, {"a": {"b": value}}, _use_new_zipfile_serialization=zipped)
    assert found in refusal(path)


def test_archive_that_unpacks_to_more_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1_000_000)
    path = written(tmp_path, {"a": torch.zeros(2_000_000)})
    assert len(read_tensor_file(path, "weights", "")["a"]) == 2_000_000, "it is as large itself"
    with zipfile.ZipFile(path) as stored:
        parts = {name: stored.read(name) for name in stored.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    assert path.stat().st_size < 20_000
    assert re.search(r"an archive of 0\.0 MB that unpacks to 8 MB; at most 1 MB", refusal(path))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "found an empty file"),
        (b"PK\x05\x06" + bytes(18), "a damaged file or something else"),
        (b"\x80\x02", "a damaged file or something else"),
        (bytes(100), "other data, which is no file of PyTorch"),
        ("# größe: 3\n".encode("latin-1"), "found text, which is no file of PyTorch"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file"),
        (bytes([80, *bytes(7)]) + b'{"w":{"dtype":"F32"}}', "a safetensors file"),
    ],
)
def test_other_files(tmp_path, data, found):
    path = tmp_path / "a.pt"
    path.write_bytes(data)
    said = refusal(path)
    assert found in said
    assert said.endswith("; get them again")


def test_names_shapes_and_types_come_before_numbers():
    wanted = {"w": torch.zeros(2), "n.num_batches_tracked": torch.tensor(0)}
    given = {"w": torch.full((3,), torch.nan), "x\x1b": torch.zeros(1)}
    _, found = fitting(wanted, given)
    assert found == (
        "1 missing (n.num_batches_tracked); 1 foreign (x\\x1b); "
        "1 of another shape (w (3,) instead of (2,))"
    )
    taken, found = fitting(
        wanted,
        {
            "w": torch.tensor([1, 2], dtype=torch.float64),
            "n.num_batches_tracked": torch.tensor(3.0),
        },
    )
    assert not found
    assert taken["w"].dtype == torch.float32
    assert taken["n.num_batches_tracked"].dtype == torch.int64


def test_network_is_only_made_for_a_file_of_its_size():
    def make():
        return torch.nn.Linear(10**6, 10**6)

    with pytest.raises(OddframeError, match=r"found 5 numbers where .* ask for 1,000,001,000,000"):
        built(make, {"a": torch.zeros(2)}, {"b": torch.zeros(3)})
    assert np.shape(built(lambda: torch.nn.Linear(2, 3), {}).weight) == (3, 2)
