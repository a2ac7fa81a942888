"""The perceptual loss: the same features as elsewhere, published names, gradient, bad input."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0
from oddframe.features.backbones.onnx_networks import export, open_session
from oddframe.networks.perceptual import (
    LITE0_BLOCKS,
    LITE0_SCALE,
    Vgg19,
    perceptual_term,
)

# torchvision's VGG19: index and channels of each convolution; pooling after 2, 7, 16 and 25.
CONVOLUTIONS = dict(
    zip(
        (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
        [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8,
        strict=True,
    )
)


@pytest.fixture(scope="module")
def lite0():
    return perceptual_term("lite0")


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_lite0_compares_the_features_that_onnx_runtime_computes(lite0):
    prediction, target = images(2, 3, 64, 32), images(2, 3, 64, 32, seed=1)
    session = open_session(
        export(
            EfficientNetLite0.pretrained(LITE0_BLOCKS),
            torch.zeros(2, 3, 64, 32),
            outputs=[f"block{block}" for block in LITE0_BLOCKS],
            free_axes={},
        ),
        threads=1,
    )
    found, wanted = (
        session.run(None, {"images": np.float32(255) * part.numpy()})
        for part in (prediction, target)
    )
    pairs = zip(found, wanted, strict=True)
    expected = sum(float(np.abs(a - b).mean()) for a, b in pairs) / LITE0_SCALE
    assert lite0(prediction, target).item() == pytest.approx(expected, rel=1e-4)


def test_equal_images_cost_nothing_and_worse_ones_more(lite0):
    target = images(1, 1, 64, 64)
    slightly = target + 0.02 * (images(1, 1, 64, 64, seed=1) - 0.5)
    flat = torch.full_like(target, 0.5)
    assert lite0(target, target) == 0
    assert 0 < lite0(slightly, target) < lite0(flat, target)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (1, 3, 48, 40)])
def test_the_gradient_goes_to_the_prediction_alone(lite0, shape):
    prediction, target = images(*shape).requires_grad_(), images(*shape, seed=1).requires_grad_()
    found = lite0(prediction, target)
    assert found.shape == ()
    found.backward()
    assert prediction.grad.abs().sum() > 0
    assert target.grad is None
    assert [part.shape[1] for part in lite0.features(target)] == [16, 24, 40, 112]


def test_its_weights_are_no_part_of_the_learner_that_holds_it(lite0):
    class Learner(nn.Module):
        def __init__(self):
            super().__init__()
            self.look = lite0

    assert not Learner().state_dict()
    assert not list(Learner().parameters())
    assert not any(value.requires_grad for value in lite0._network.parameters())


def vgg_state():
    """A state dict with torchvision's names and small classifier tensors."""
    torch.manual_seed(0)
    state, channels = {}, 3
    for index, width in CONVOLUTIONS.items():
        weight = torch.randn(width, channels, 3, 3) * (2 / (9 * channels)) ** 0.5
        state[f"features.{index}.weight"] = weight
        state[f"features.{index}.bias"] = 0.1 * torch.randn(width)
        channels = width
    return state | {"classifier.0.weight": torch.zeros(4, 4), "classifier.0.bias": torch.zeros(4)}


def vgg_features(state, image):
    """The five features, written out from the names alone."""
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    x, found = (image - mean) / deviation, []
    for index in [index for index in CONVOLUTIONS if index <= 30]:
        weight, bias = state[f"features.{index}.weight"], state[f"features.{index}.bias"]
        x = functional.conv2d(x, weight, bias, padding=1)
        if index in (2, 7, 12, 21, 30):
            found.append(x)
        x = x.clamp(min=0)
        # Layers 4, 9, 18 and 27 are the poolings.
        if index + 2 in (4, 9, 18, 27):
            x = functional.max_pool2d(x, 2)
    return found


def test_vgg19_reads_torchvisions_file_and_compares_five_layers(tmp_path):
    state = vgg_state()
    torch.save(state, tmp_path / "vgg19.pth")
    term = perceptual_term("vgg19", str(tmp_path / "vgg19.pth"))
    prediction, target = images(1, 3, 16, 32).requires_grad_(), images(1, 3, 16, 32, seed=1)
    expected = sum(
        (a - b).abs().mean()
        for a, b in zip(vgg_features(state, prediction), vgg_features(state, target), strict=True)
    )
    found = term(prediction, target)
    torch.testing.assert_close(found, expected)
    wanted_gradient = torch.autograd.grad(expected, prediction)[0]
    torch.testing.assert_close(torch.autograd.grad(found, prediction)[0], wanted_gradient)


def test_vgg19_has_the_published_convolutions():
    with torch.device("meta"):
        network = Vgg19()
    found = {name: value.shape[0] for name, value in network.state_dict().items()}
    assert found == {
        f"features.{index}.{part}": width
        for index, width in CONVOLUTIONS.items()
        if index <= 30
        for part in ("weight", "bias")
    }


def test_bad_settings_and_files_are_refused(tmp_path):
    with pytest.raises(OddframeError, match=r"vgg19 needs --settings\.perceptual_weights"):
        perceptual_term("vgg19")
    with pytest.raises(OddframeError, match="lite0 brings its weights, found w"):
        perceptual_term("lite0", "w.pth")
    with pytest.raises(OddframeError, match="unknown perceptual network 'alex': use lite0 or vgg"):
        perceptual_term("alex")
    with pytest.raises(OddframeError, match=r"absent\.pth: expected .*found no such file"):
        perceptual_term("vgg19", str(tmp_path / "absent.pth"))
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "short.pth")
    with pytest.raises(OddframeError, match=r"short\.pth: does not fit Vgg19.*27 missing") as error:
        perceptual_term("vgg19", str(tmp_path / "short.pth"))
    assert "\n" not in str(error.value)
