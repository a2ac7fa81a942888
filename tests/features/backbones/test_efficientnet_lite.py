"""The network: padding as TensorFlow has it, weights that are there and whole."""

import pytest
import torch
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.features.backbones import efficientnet_lite
from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0, _SameConv, weights_path


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 12), (32, 64)])
def test_padding_is_tensorflows_same(kernel, stride, size):
    convolution = _SameConv(3, 5, kernel, stride, bias=False)
    image = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    edges = []
    for length in reversed(size):
        # TensorFlow's rule, for any size.
        out = -(-length // stride)
        total = max((out - 1) * stride + kernel - length, 0)
        edges += [total // 2, total - total // 2]
    expected = functional.conv2d(
        functional.pad(image, edges), convolution.weight, None, convolution.stride
    )
    with torch.no_grad():
        torch.testing.assert_close(convolution(image), expected)


def test_shapes_and_strides_of_the_blocks():
    network = EfficientNetLite0(tuple(range(16))).eval()
    with torch.no_grad():
        outputs = network(torch.zeros(2, 3, 64, 96))
    strides = [2] + [4] * 2 + [8] * 2 + [16] * 6 + [32] * 5
    channels = [16] + [24] * 2 + [40] * 2 + [80] * 3 + [112] * 3 + [192] * 4 + [320]
    assert [tuple(part.shape) for part in outputs] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(channels, strides, strict=True)
    ]


def test_pretrained_weights_fill_every_parameter():
    network = EfficientNetLite0.pretrained((4, 10))
    assert not network.training
    state = torch.load(weights_path(), weights_only=True)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, state[name])


def test_missing_weights_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "WEIGHTS_PACKAGE", "no_such_package_of_weights")
    with pytest.raises(OddframeError, match=r"missing; install: .*\[train\]") as e:
        weights_path()
    assert "\n" not in str(e.value)


def test_damaged_or_absent_weight_files_are_refused(monkeypatch):
    path = weights_path()
    monkeypatch.setattr(efficientnet_lite, "WEIGHTS_SHA256", "0123456789abcdef")
    with pytest.raises(OddframeError, match=r"SHA-256 0123456789abcdef.*reinstall") as e:
        EfficientNetLite0.pretrained((4,))
    assert str(path) in str(e.value)
    monkeypatch.setattr(efficientnet_lite, "WEIGHTS_FILE", "models/other.pth")
    with pytest.raises(OddframeError, match=r"other\.pth.*reinstall"):
        weights_path()
