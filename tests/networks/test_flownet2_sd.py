"""FlowNet2-SD: the published shapes, closed forms, gradient."""

import json
import math
from pathlib import Path

import pytest
import torch

from oddframe.errors import OddframeError
from oddframe.networks.flow import flow_term
from oddframe.networks.flow.flownet2_sd import FlowNet2SD

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())["flownet2-sd"]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return FlowNet2SD().eval().requires_grad_(False)


def test_names_shapes_and_parameters_are_the_published_ones():
    with torch.device("meta"):
        network = FlowNet2SD()
    state = network.state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == KEYS
    assert list(state) == list(KEYS)
    assert sum(math.prod(shape) for shape in KEYS.values()) == 45_371_666


@pytest.mark.parametrize("size", [(256, 256), (240, 360), (30, 64)])
def test_the_flow_has_the_size_of_the_input(size):
    with torch.device("meta"):
        network = FlowNet2SD().eval()
        images = torch.zeros(2, 3, *size)
    assert network(images, images).shape == (2, 2, *size)


@torch.no_grad()
def test_an_offset_of_both_frames_changes_nothing_and_runs_repeat(network):
    first, second = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    flow = network(first, second)
    assert flow.std() > 0
    assert torch.equal(flow, network(first, second))
    offset = torch.tensor([0.3, -0.2, 0.1])[:, None, None]
    torch.testing.assert_close(network(first + offset, second + offset), flow, atol=1e-5, rtol=0)
    # The mean is that of both frames together: a brighter second frame is another input.
    assert (network(first, second + 0.3) - flow).abs().max() > 1e-4


def test_the_gradient_reaches_the_second_frame(network):
    first, second = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    second.requires_grad_()
    network(first, second).abs().mean().backward()
    assert second.grad.abs().sum() > 0
    assert second.grad.isfinite().all()


@torch.no_grad()
@pytest.mark.parametrize("size", [(64, 64), (32, 80)])
def test_the_last_layer_answers_in_twentieths_of_a_pixel(network, size):
    # With all weights 0 the flow is the last bias, times 20, in pixels of the resized frames.
    state = {name: value.clone() for name, value in network.state_dict().items()}
    for value in network.parameters():
        value.zero_()
    network.predict_flow2.bias.copy_(torch.tensor([0.1, -0.05]))
    flow = network(*torch.rand(2, 1, 3, *size))
    network.load_state_dict(state)
    scale = [size[1] / (64 * math.ceil(size[1] / 64)), size[0] / (64 * math.ceil(size[0] / 64))]
    expected = torch.tensor([2 * scale[0], -1 * scale[1]])[None, :, None, None]
    torch.testing.assert_close(flow, expected.expand(1, 2, *size), atol=1e-5, rtol=0)


def test_a_file_of_something_else_is_refused(tmp_path):
    torch.save({"state_dict": {"conv0.0.weight": torch.zeros(64, 3, 3, 3)}}, tmp_path / "w.pth")
    with pytest.raises(
        OddframeError, match=r"w\.pth: does not fit FlowNet2SD.*59 missing.*instead of"
    ) as caught:
        flow_term("flownet2-sd", str(tmp_path / "w.pth"))
    assert "\n" not in str(caught.value)
