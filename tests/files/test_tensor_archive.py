"""Files of arrays as PyTorch has them, without it: each reads what the other wrote."""

import io
import random
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from oddframe.errors import OddframeError
from oddframe.files.tensor_archive import read_tensor_archive, write_tensor_archive

KINDS = [
    *("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128"),
]
arrays = st.sampled_from(KINDS).flatmap(
    lambda kind: stn.arrays(kind, stn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
plain = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.text()
    | st.integers(-(2**200), 2**200)
)
contents = st.recursive(
    plain | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        other = other.numpy() if isinstance(other, torch.Tensor) else other
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == np.ascontiguousarray(other).tobytes()
    return type(one) is type(other) and one == other


def as_tensors(value):
    if isinstance(value, dict):
        return {key: as_tensors(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_tensors(part) for part in value]
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def written(folder, content):
    write_tensor_archive(folder / "b.pt", content)
    return (folder / "b.pt").read_bytes()


def read(folder, data):
    (folder / "a.pt").write_bytes(data)
    return read_tensor_archive(folder / "a.pt", "numbers", "get them again")


def refusal(folder, data):
    with pytest.raises(OddframeError) as caught:
        read(folder, data)
    said = str(caught.value)
    assert said.startswith(f"{folder / 'a.pt'}: expected numbers, found ")
    assert "\n" not in said
    return said


@settings(deadline=None, max_examples=150)
@given(contents)
def test_pytorch_reads_what_is_written_and_the_other_way_round(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    ours = written(folder, content)
    assert same(content, torch.load(io.BytesIO(ours), weights_only=True))
    assert same(content, read(folder, ours))
    assert written(folder, content) == ours
    theirs = io.BytesIO()
    torch.save(as_tensors(content), theirs)
    assert same(content, read(folder, theirs.getvalue()))


def test_views_and_parameters_come_as_arrays_of_their_own(tmp_path):
    whole = torch.arange(12.0).view(3, 4)
    content = {
        "part": whole[:, 1:3],
        "turned": whole.T,
        "again": whole[1],
        "learnt": torch.nn.Parameter(whole),
    }
    stored = io.BytesIO()
    torch.save(content, stored)
    found = read(tmp_path, stored.getvalue())
    for name, tensor in content.items():
        assert same(tensor.detach().contiguous().numpy(), found[name])
        found[name][...] = -1  # nobody else's
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(">f4")
    assert read(tmp_path, written(tmp_path, {"a": array[:, ::-1]}))["a"].tolist() == [
        [2, 1, 0],
        [5, 4, 3],
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (torch.ones(1).expand(10**6, 10**6), "claims 1,000,000,000,000 numbers and holds 1"),
        (torch.eye(3).to_sparse(), "pickled Python objects, which could run code"),
        (torch.ones(2, dtype=torch.bfloat16), "pickled Python objects, which could run code"),
        ({1, 2}, "pickled Python objects, which could run code"),
        (2**300, "a whole number of 301 bits"),
        ({(1, 2): 3}, "a key that is (1, 2), not a name"),
        (slice(1), "pickled Python objects, which could run code"),
        (np.float64(1), "pickled Python objects, which could run code"),
    ],
)
def test_what_is_not_plain_is_named(tmp_path, value, found):
    stored = io.BytesIO()
    torch.save({"a": {"b": value}}, stored)
    assert found in refusal(tmp_path, stored.getvalue())


def archive(described, **files):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as out:
        out.writestr("archive/data.pkl", described)
        for name, data in files.items():
            out.writestr(f"archive/{name.replace('_', '/')}", data)
    return whole.getvalue()


def whole(value):
    return b"J" + value.to_bytes(4, "little", signed=True)


def some(values):
    return b"(" + b"".join(map(whole, values)) + b"t"


def tensor(count, offset, shape, steps):
    makes = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(("
    kind = b"X\x07\x00\x00\x00storagectorch\nByteStorage\n"
    where = b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + whole(count) + b"tQ"
    ends = b"\x89ccollections\nOrderedDict\n)RtR."
    return makes + kind + where + whole(offset) + some(shape) + some(steps) + ends


@pytest.mark.parametrize(
    ("count", "offset", "shape", "steps"),
    [
        (4, 2, (3,), (1,)),
        (4, -1, (2,), (1,)),
        (4, 3, (2,), (-1,)),
        (4, 0, (2, 2), (4, 1)),
        (9, 0, (1,), (1,)),
    ],
)
def test_no_number_is_read_from_beyond_what_is_stored(tmp_path, count, offset, shape, steps):
    refusal(tmp_path, archive(tensor(count, offset, shape, steps), data_0=b"\0\1\2\3"))


def test_those_within_it_are_read(tmp_path):
    data = archive(tensor(4, 1, (2,), (2,)), data_0=b"\0\1\2\3")
    assert read(tmp_path, data).tolist() == [1, 3]


def test_other_files_and_broken_ones_are_a_line(tmp_path):
    good = written(tmp_path, {"a": np.arange(1000.0), "b": "words"})
    for data in (b"", b"words", b"PK\3\4", good[:-100], archive(b"\x80\x02}."[:2]), archive(b"")):
        refusal(tmp_path, data)
    with pytest.raises(OddframeError, match="get them again"):
        read_tensor_archive(tmp_path / "none.pt", "numbers", "get them again")
    draw = random.Random(0)
    for _ in range(300):
        broken = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        with suppress(OddframeError):
            read(tmp_path, bytes(broken))
