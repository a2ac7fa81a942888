"""LiteFlowNet: the published shapes, closed forms part by part, files, gradient."""

import json
import math
from pathlib import Path

import pytest
import torch

from oddframe.errors import OddframeError
from oddframe.networks.flow import flow_network, flow_term
from oddframe.networks.flow.liteflownet import LiteFlowNet, _Regularization

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())["liteflownet"]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LiteFlowNet().eval().requires_grad_(False)


@pytest.fixture
def empty():
    network = LiteFlowNet().eval().requires_grad_(False)
    for value in network.parameters():
        value.zero_()
    return network


def test_names_shapes_and_parameters_are_the_published_ones():
    with torch.device("meta"):
        network = LiteFlowNet()
    assert {name: list(value.shape) for name, value in network.state_dict().items()} == KEYS
    assert sum(math.prod(shape) for shape in KEYS.values()) == 5_381_969


@torch.no_grad()
@pytest.mark.parametrize("size", [(64, 64), (40, 70), (17, 32)])
def test_the_flow_has_the_size_of_the_input(network, size):
    images = torch.rand(2, 3, *size)
    flow = network(images, images.flip(0))
    assert flow.shape == (2, 2, *size)
    assert flow.isfinite().all()


@torch.no_grad()
def test_runs_repeat_and_samples_are_independent(network):
    first, second = torch.rand(2, 2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    flow = network(first, second)
    assert flow.std() > 0
    assert torch.equal(flow, network(first, second))
    torch.testing.assert_close(flow[1:], network(first[1:], second[1:]), atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_training_means_are_taken_away_in_blue_green_red(network):
    # An image of the mean colours must enter the first convolution as zeros.
    seen = []
    hook = network.moduleFeatures.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    first = torch.tensor([0.454253, 0.434631, 0.411618])[:, None, None].expand(1, 3, 32, 32)
    second = torch.tensor([0.452793, 0.433645, 0.410782])[:, None, None].expand(1, 3, 32, 32)
    red = torch.tensor([1.0, 0, 0])[:, None, None]
    network(first, second + red)
    hook.remove()
    assert seen[0][0].abs().max() < 1e-6
    # Red comes last.
    torch.testing.assert_close(seen[1][0], red.flip(0).expand(1, 3, 32, 32))


@torch.no_grad()
@pytest.mark.parametrize("size", [(64, 96), (32, 48)])
def test_zero_weights_give_the_biases_of_the_finest_level(empty, size):
    # Matching answers 0.02 and 0.01, sub-pixel adds 0.03 and -0.02, equal weights average them.
    empty.moduleMatching[0].moduleMain[6].bias.copy_(torch.tensor([0.02, 0.01]))
    empty.moduleSubpixel[0].moduleMain[6].bias.copy_(torch.tensor([0.03, -0.02]))
    for scale in ("moduleScaleX", "moduleScaleY"):
        getattr(empty.moduleRegularization[0], scale).weight.fill_(1.0)
    flow = empty(*torch.rand(2, 1, 3, *size))
    height, width = size
    full = 32 * math.ceil(height / 32), 32 * math.ceil(width / 32)
    centre = flow[0, :, height // 2, width // 2]
    expected = torch.tensor([20 * 0.05 * width / full[1], 20 * -0.01 * height / full[0]])
    torch.testing.assert_close(centre, expected)
    # Beyond the edge there is no flow: 16 of the corner's 49 neighbours exist.
    torch.testing.assert_close(empty(*torch.rand(2, 1, 3, 64, 64))[0, 0, 0, 0].item(), 16 / 49)


@torch.no_grad()
def test_coarser_flow_moves_the_second_frames_features():
    network = LiteFlowNet().eval()
    seen = {}
    part = network.moduleSubpixel[2]  # level 4, where a pixel is 8 pixels of the frame

    def remember(_, inputs):
        seen["input"] = inputs[0]

    part.moduleMain.register_forward_pre_hook(remember)
    features = torch.rand(1, 96, 6, 10)
    flow = torch.zeros(1, 2, 6, 10)
    flow[:, 0], flow[:, 1] = 8 / 20, 2 * 8 / 20  # one pixel of the level in x, two in y
    part(torch.zeros_like(features), features, flow)
    moved = seen["input"][:, 96:192]
    torch.testing.assert_close(moved[..., :4, :9], features[..., 2:, 1:], atol=1e-4, rtol=0)
    assert moved[..., 4:, :].abs().max() < 1e-4


@torch.no_grad()
@pytest.mark.parametrize("level", [2, 5])
def test_regularisation_is_a_weighted_mean_of_the_neighbours(level):
    torch.manual_seed(level)
    part = _Regularization(level).eval()
    seen = {}
    part.moduleDist.register_forward_hook(lambda _, __, out: seen.update(distance=out[0]))
    channels = {2: 32, 5: 128}[level]
    flow = torch.randn(1, 2, 4, 5)
    found = part(
        torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5), torch.rand(1, channels, 4, 5), flow
    )
    kernel = {2: 7, 5: 3}[level]
    for axis, scale in enumerate((part.moduleScaleX, part.moduleScaleY)):
        for y in range(4):
            for x in range(5):
                weights = torch.exp(-(seen["distance"][:, y, x] ** 2))
                total = torch.zeros(())
                for place in range(kernel**2):
                    row = y + place // kernel - kernel // 2
                    column = x + place % kernel - kernel // 2
                    if 0 <= row < 4 and 0 <= column < 5:
                        neighbour = flow[0, axis, row, column]
                        total += scale.weight[0, place, 0, 0] * weights[place] * neighbour
                # The published code scales by the largest weight before it adds the bias.
                top = weights.max()
                expected = (total / top + scale.bias[0]) / (weights.sum() / top)
                torch.testing.assert_close(found[0, axis, y, x], expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("same", [True, False])
def test_the_gradient_reaches_the_second_frame_and_is_finite(network, same):
    first, second = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    second = (first if same else second).clone().requires_grad_()
    network(first, second).abs().mean().backward()
    assert second.grad.abs().sum() > 0
    assert second.grad.isfinite().all()


def test_places_without_any_difference_have_a_finite_gradient():
    # The root of the squared difference has an infinite slope at 0.
    second = torch.zeros(1, 3, 4, 5, requires_grad=True)
    part = _Regularization(5)
    flow = torch.zeros(1, 2, 4, 5)
    part(torch.zeros(1, 3, 4, 5), second, torch.rand(1, 128, 4, 5), flow).sum().backward()
    assert second.grad.isfinite().all()


@torch.no_grad()
def test_files_are_read_whichever_way_they_were_saved(network, tmp_path):
    state = network.state_dict()
    first, second = torch.rand(2, 1, 3, 32, 32)
    expected = network(first, second)
    later = {name.replace("module", "net"): value for name, value in state.items()}
    wrapped = {"epoch": 3, "state_dict": {f"module.{name}": v for name, v in state.items()}}
    for content in (state, later, wrapped):
        torch.save(content, tmp_path / "network-default.pytorch")
        loaded = flow_network("liteflownet", str(tmp_path / "network-default.pytorch"))
        assert torch.equal(loaded(first, second), expected)


def test_files_that_do_not_fit_are_refused(network, tmp_path):
    state = dict(network.state_dict())
    del state["moduleMatching.1.moduleUpcorr.weight"]
    torch.save(state, tmp_path / "short.pytorch")
    with pytest.raises(OddframeError, match=r"short\.pytorch: .*1 missing .*1\.moduleUpcorr"):
        flow_term("liteflownet", str(tmp_path / "short.pytorch"))
    state = dict(network.state_dict()) | {
        "moduleFeatures.moduleOne.0.bias": torch.full((32,), math.nan)
    }
    torch.save(state, tmp_path / "nan.pytorch")
    with pytest.raises(OddframeError, match="1 not finite"):
        flow_term("liteflownet", str(tmp_path / "nan.pytorch"))
