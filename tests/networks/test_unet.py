"""The U-Net: published counts and names, and the network written out from the paper."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from oddframe.networks.initialise import normal_initialise, xavier_initialise
from oddframe.networks.unet import UNet

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())["unet"]
LEVELS = [(12, 64), (64, 128), (128, 256), (256, 512)]


def with_random_tensors(network: nn.Module) -> nn.Module:
    """Every tensor random, the statistics of the norms included."""
    torch.manual_seed(0)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.2, 0.8)
            if tensor.ndim > 1:
                tensor.data -= 0.5
    return network.eval()


def written_out(network: UNet, frames: torch.Tensor) -> torch.Tensor:
    """Sec. 3.1 with plain functions, from the names of the state dict."""
    state = network.state_dict()
    batch_norm = "inc.conv.conv.1.running_mean" in state

    def twice(x, name):
        for convolution in (0, 3) if batch_norm else (0, 2):
            weight, bias = (state.get(f"{name}.{convolution}.{k}") for k in ("weight", "bias"))
            x = functional.conv2d(x, weight, bias, padding=1)
            if batch_norm:
                norm = f"{name}.{convolution + 1}"
                mean, var, gain, shift = (
                    state[f"{norm}.{k}"].view(1, -1, 1, 1)
                    for k in ("running_mean", "running_var", "weight", "bias")
                )
                x = (x - mean) / (var + 1e-5).sqrt() * gain + shift
            x = x.clamp(min=0)
        return x

    levels = [twice(frames, "inc.conv.conv")]
    for index in (1, 2, 3):
        levels.append(twice(functional.max_pool2d(levels[-1], 2), f"down{index}.mpconv.1.conv"))
    x = levels[3]
    for index, skip in ((1, levels[2]), (2, levels[1]), (3, levels[0])):
        weight, bias = state[f"up{index}.up.weight"], state[f"up{index}.up.bias"]
        small = functional.conv_transpose2d(x, weight, bias, stride=2)
        if not batch_norm:
            small = small.clamp(min=0)
        x = torch.zeros(*small.shape[:2], *skip.shape[2:])
        top = (skip.shape[2] - small.shape[2]) // 2
        left = (skip.shape[3] - small.shape[3]) // 2
        x[:, :, top : top + small.shape[2], left : left + small.shape[3]] = small
        x = twice(torch.cat((skip, x), 1), f"up{index}.conv.conv")
    return torch.tanh(functional.conv2d(x, state["outc.weight"], state["outc.bias"], padding=1))


def test_parameters_are_those_published():
    with torch.device("meta"):
        network = UNet(12, 3)
    assert sum(p.numel() for p in network.parameters()) == 7_707_011
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == KEYS


def test_parameters_of_the_papers_own_network():
    with torch.device("meta"):
        network = UNet(12, 3, batch_norm=False)
    down = sum(9 * a * b + b + 9 * b * b + b for a, b in LEVELS)
    up = sum(4 * b * a + a + 9 * b * a + a + 9 * a * a + a for a, b in LEVELS[1:])
    assert sum(p.numel() for p in network.parameters()) == down + up + 9 * 64 * 3 + 3
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("size", [(16, 16), (23, 30), (8, 15), (37, 29)])
def test_the_network_written_out(batch_norm, size):
    network = with_random_tensors(UNet(4, 3, 2, batch_norm))
    frames = torch.randn(2, 4, *size)
    with torch.no_grad():
        found = network(frames)
    assert found.shape == (2, 3, *size)
    assert found.abs().max() < 1
    assert found.std() > 0.01
    torch.testing.assert_close(found, written_out(network, frames), atol=1e-5, rtol=1e-4)


def test_normal_initialisation():
    torch.manual_seed(0)
    network = UNet(12, 3, 16)
    before = {name: value.clone() for name, value in network.named_parameters()}
    normal_initialise(network)
    for name, value in network.named_parameters():
        if value.ndim == 4 and value.numel() > 2000:
            assert value.mean().item() == pytest.approx(0, abs=0.002)
            assert value.std().item() == pytest.approx(0.02, rel=0.1)
        elif name.endswith("up.bias") or name == "outc.bias":
            assert torch.equal(value, before[name])  # torch's own, as in the port
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    gains = torch.cat([norm.weight for norm in norms])
    assert len(norms) == 14
    assert gains.mean().item() == pytest.approx(1, abs=0.005)
    assert gains.std().item() == pytest.approx(0.02, rel=0.2)
    assert not any(norm.bias.any() for norm in norms)


def test_xavier_initialisation_reaches_convolutions_of_images():
    torch.manual_seed(0)
    network = UNet(12, 3, 16, batch_norm=False)
    xavier_initialise(network)
    for weight in (network.down3.mpconv[1].conv[0].weight, network.up1.up.weight):
        area = weight.shape[2] * weight.shape[3]
        bound = (6 / (area * (weight.shape[0] + weight.shape[1]))) ** 0.5
        assert bound * 0.99 < weight.abs().max().item() <= bound
    assert not network.outc.bias.any()
