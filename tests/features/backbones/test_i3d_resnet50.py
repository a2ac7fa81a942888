"""I3D on ResNet-50 against a second construction, driven by the names and shapes of the weights.

The second one shares no code: kernel sizes and padding come from the shapes of the weights, the
batch normalisation is folded into the kernels, maxima are taken over unfolded windows.
"""

import pickle
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.features.backbones.i3d_resnet50 import ResNet50I3D


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(4)
    found = ResNet50I3D()
    for name, part in found.named_modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight)
        elif isinstance(part, nn.BatchNorm3d):
            # Small steps on the residual path keep sixteen blocks from growing without bound.
            nn.init.uniform_(part.weight, *((0.2, 0.4) if "bn3" in name else (0.7, 1.4)))
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.running_mean, -0.3, 0.3)
            nn.init.uniform_(part.bias, -0.3, 0.3)
    return found.eval()


def second(state, clips):
    def layer(x, conv, norm, stride=(1, 1, 1)):
        gain = state[f"{norm}.weight"] * (state[f"{norm}.running_var"] + 1e-5).rsqrt()
        kernel = torch.einsum("o,oithw->oithw", gain, state[f"{conv}.weight"])
        shift = state[f"{norm}.bias"] - gain * state[f"{norm}.running_mean"]
        t, h, w = ((size - 1) // 2 for size in kernel.shape[2:])
        room = functional.pad(x, (w, w, h, h, t, t))
        return functional.conv3d(room, kernel, shift, stride)

    def pool(x, kernel, stride):
        for axis in range(3):
            x = x.unfold(2 + axis, kernel[axis], stride[axis]).amax(-1)
        return x

    x = layer((clips / 255 - 0.45) / 0.225, "conv1", "bn1", (2, 2, 2)).clamp(min=0)
    x = pool(x, (2, 3, 3), (2, 2, 2))
    blocks = sorted({m[0] for name in state if (m := re.match(r"layer\d\.\d", name))})
    assert len(blocks) == 16
    for block in blocks:
        if block == "layer2.0":
            x = pool(x, (2, 1, 1), (2, 1, 1))
        stride = (1, 2, 2) if block in ("layer2.0", "layer3.0", "layer4.0") else (1, 1, 1)
        y = layer(x, f"{block}.conv1", f"{block}.bn1").clamp(min=0)
        y = layer(y, f"{block}.conv2", f"{block}.bn2", stride).clamp(min=0)
        y = layer(y, f"{block}.conv3", f"{block}.bn3")
        if f"{block}.downsample.0.weight" in state:
            x = layer(x, f"{block}.downsample.0", f"{block}.downsample.1", stride)
        x = (x + y).clamp(min=0)
    return x.flatten(2).mean(2)


@pytest.mark.parametrize("size", [(16, 64, 48), (11, 45, 61)])
def test_equals_the_second_construction(network, size):
    clips = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)) * 255
    with torch.no_grad():
        found, expected = network(clips), second(network.state_dict(), clips)
    assert found.shape == (2, 2048)
    assert expected.std() > 0.1  # or equality would mean nothing
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(network(clips), found, rtol=0, atol=0)


def test_the_count_is_resnet_50_and_its_inflation(network):
    # ResNet-50 has 25,557,032 parameters, 2,049,000 of them in the classifier. Inflating to n
    # frames adds n - 1 times the flat kernel.
    flat = 25_557_032 - 2_049_000
    stem = 4 * 3 * 64 * 7 * 7
    first = 2 * 64 * (64 + 256 + 256)
    second_stage = 2 * 128 * (256 + 512)
    third = 2 * 256 * (512 + 1024 + 1024)
    fourth = 2 * 512 * 2048
    expected = flat + stem + first + second_stage + third + fourth
    assert sum(p.numel() for p in network.parameters()) == expected == 27_223_872
    # With Kinetics-400's classifier: the 28.04 million of PyTorchVideo's model zoo.
    assert round((expected + 2048 * 400 + 400) / 1e6, 2) == 28.04
    # The blocks of table 1 in "Non-local Neural Networks" that span three frames.
    inflated = [
        name.removesuffix(".conv1.weight")
        for name, value in network.state_dict().items()
        if name.endswith(".conv1.weight") and value.shape[2] == 3
    ]
    assert inflated == [
        *("layer1.0", "layer1.1", "layer1.2", "layer2.0", "layer2.2"),
        *("layer3.0", "layer3.2", "layer3.4", "layer4.1"),
    ]


def test_a_published_state_dict(network, tmp_path):
    state = {f"module.{n}": v for n, v in network.state_dict().items() if "num_batches" not in n}
    state["module.fc.weight"], state["module.fc.bias"] = torch.rand(400, 2048), torch.rand(400)
    torch.save(state, tmp_path / "i3d_r50_kinetics.pth")
    loaded = ResNet50I3D()
    loaded.load_weights(tmp_path / "i3d_r50_kinetics.pth")
    assert not loaded.training
    same(loaded, network)


def same(loaded, network):
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            torch.testing.assert_close(loaded.state_dict()[name], value, rtol=0, atol=0)


def caffe2_name(name):
    """The blob of a weight, by the rules of the port's conversion."""
    *place, part = name.split(".")
    norm = "bn" in place[-1] or place[-2:] == ["downsample", "1"]
    short = {"weight": "s", "bias": "b", "running_mean": "rm", "running_var": "riv"}[part]
    end = f"bn_{short}" if norm else "w"
    if place[0] in ("conv1", "bn1"):
        return f"res_conv1_{end}" if norm else "conv1_w"
    branch = "1" if "downsample" in place else "2" + "abc"[int(place[2][-1]) - 1]
    return f"res{int(place[0][-1]) + 1}_{place[1]}_branch{branch}_{end}"


def test_facebooks_snapshot(network, tmp_path):
    blobs = {"lr": np.ones(1, "f4"), "pred_w": np.ones((400, 2048), "f4")}
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            blobs[caffe2_name(name)] = value.numpy()
    blobs |= {f"{name}_momentum": blobs[name] for name in ("conv1_w", "res2_0_branch2a_bn_s")}
    assert "res2_0_branch2a_w" in blobs
    assert "res5_0_branch1_bn_riv" in blobs
    (tmp_path / "w.pkl").write_bytes(pickle.dumps({"blobs": blobs, "cfg": "x: 1"}, protocol=4))
    loaded = ResNet50I3D()
    loaded.load_weights(tmp_path / "w.pkl")
    same(loaded, network)
    del blobs["res4_5_branch2c_w"]
    (tmp_path / "w.pkl").write_bytes(pickle.dumps({"blobs": blobs}, protocol=4))
    with pytest.raises(OddframeError, match=r"1 missing \(layer3.5.conv3.weight\)"):
        ResNet50I3D().load_weights(tmp_path / "w.pkl")


def test_weights_with_non_local_blocks_are_refused(network, tmp_path):
    state = dict(network.state_dict()) | {"layer2.1.nl.theta.weight": torch.ones(1)}
    torch.save(state, tmp_path / "nl.pth")
    with pytest.raises(OddframeError, match=r"1 foreign \(layer2.1.nl.theta.weight\)"):
        ResNet50I3D().load_weights(tmp_path / "nl.pth")
