"""The flow term: its unit, where its gradient goes, what it keeps to itself, bad input."""

import pytest
import torch
from torch import nn

from oddframe.errors import OddframeError
from oddframe.networks.flow import FLOWS, FlowTerm, flow_term


class Says(nn.Module):
    """A flow of as many pixels, in x and in y, as the second image is bright on average."""

    def forward(self, first, second):
        bright = second.mean((1, 2, 3))[:, None, None, None]
        return bright.expand(-1, 2, *first.shape[-2:])


def test_the_unit_is_percent_of_the_side():
    images = torch.zeros(2, 3, 50, 200)
    prediction = torch.stack([torch.full((3, 50, 200), 1.0), torch.full((3, 50, 200), 0.5)])
    # 1 pixel is 0.5 % of the width and 2 % of the height; the mean over x and y is 1.25.
    term = FlowTerm(Says())
    torch.testing.assert_close(
        term.per_sample(images, prediction, images), torch.tensor([1.25, 0.625])
    )
    torch.testing.assert_close(term(images, prediction, images), torch.tensor(0.9375))
    flow = term.flow(images, prediction)
    torch.testing.assert_close(flow[0, :, 0, 0], torch.tensor([0.5, 2.0]))


def blob(x, size=64):
    """A textured square whose left edge is at ``x``."""
    image = 0.3 + 0.1 * torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    square = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    image[..., 24:40, x : x + 16] = square
    return image.expand(-1, 3, -1, -1)


def test_the_right_motion_costs_nothing_and_the_wrong_one_more():
    term = flow_term("matching")
    last, target = blob(24), blob(26)
    assert term(last, target, target) == 0
    assert term(last, blob(25), target) > 0.01
    assert term(last, blob(22), target) > term(last, blob(25), target)


def test_mixed_precision_measures_the_same_motion():
    term = flow_term("matching")
    # Grey levels that 16 bits hold exactly: only the flow's own arithmetic could differ.
    first, second = ((blob(x) * 64).round() / 64 for x in (24, 25))
    exact = term.flow(first, second)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(term.flow(first, second.bfloat16()), exact)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_gradient_goes_to_the_prediction_alone(channels):
    term = flow_term("matching")
    last, prediction, target = (
        blob(x)[:, :channels].clone().requires_grad_() for x in (24, 25, 26)
    )
    found = term(last, prediction, target)
    assert found.shape == ()
    (gradient,) = torch.autograd.grad(found, prediction, retain_graph=True)
    assert gradient.abs().sum() > 0
    assert gradient.isfinite().all()
    assert torch.autograd.grad(found, target, allow_unused=True) == (None,)


def test_grey_and_equal_channels_are_the_same():
    term = flow_term("matching")
    last, prediction, target = blob(24), blob(25), blob(26)
    grey = term(last[:, :1], prediction[:, :1], target[:, :1])
    torch.testing.assert_close(grey, term(last, prediction, target))


def test_its_weights_are_no_part_of_the_learner_that_holds_it():
    class Learner(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 1)
            self.motion = FlowTerm(nn.Conv2d(3, 2, 1))

    learner = Learner().train()
    assert set(learner.state_dict()) == {"layer.weight", "layer.bias"}
    assert len(list(learner.parameters())) == 2
    network = learner.motion._network
    assert not network.training
    assert not any(value.requires_grad for value in network.parameters())


@pytest.mark.parametrize("name", FLOWS[1:])
def test_networks_need_the_setting_that_names_their_weights(name):
    with pytest.raises(OddframeError, match=f"{name} needs --settings.flow_weights") as caught:
        flow_term(name)
    assert "\n" not in str(caught.value)


def test_bad_names_and_files_are_refused(tmp_path):
    with pytest.raises(OddframeError, match=r"unknown flow 'raft'; use one of matching, flownet2"):
        flow_term("raft")
    with pytest.raises(OddframeError, match="matching needs no weights, found w"):
        flow_term("matching", "w.pth")
    with pytest.raises(OddframeError, match=r"absent\.pth: expected .*found no such file"):
        flow_term("liteflownet", str(tmp_path / "absent.pth"))
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(OddframeError, match=r"text\.pth: expected weights"):
        flow_term("liteflownet", str(tmp_path / "text.pth"))
