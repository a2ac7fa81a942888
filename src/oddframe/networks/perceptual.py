"""The perceptual loss: two images are alike if a network for images sees the same in them.

Johnson et al., "Perceptual Losses" (ECCV 2016). The features are compared by their mean absolute
difference at several depths. The network stays as it is; the gradient goes through it.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.features.published_weights import fill, read_tensors

LITE0_BLOCKS = (0, 2, 4, 10)
"""The blocks of EfficientNet-Lite0 that are compared: strides 2, 4, 8 and 16."""
LITE0_SCALE = 20.0
"""Four depths times about 5, the mean size of a value there on natural images. With it the term
is the difference as a share of what is seen, about 0.1 where a prediction on Ped2 repeats the last
frame, of the order of the other losses. VGG19's features are compared as they are, as published."""
VGG_LAYERS = (2, 7, 12, 21, 30)
"""The layers of VGG19 that are compared: conv1_2, 2_2, 3_2, 4_2 and 5_2, before their ReLU."""

_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_VGG_WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512)
"""Channels of the convolutions up to layer 30; 0 halves the size."""


class PerceptualTerm:
    """The sum over depths of the mean absolute difference of features.

    It is no ``nn.Module``, so that a learner that holds it neither trains nor saves its weights.

    Args:
        network: gives features, one tensor per depth, of RGB images ``(N, 3, H, W)`` in 0..1. It
            is frozen and put into evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """How differently the network sees two batches of images, a scalar.

        Args:
            prediction: ``(N, 1 or 3, H, W)`` in 0..1, RGB or grey; the gradient flows to it.
            target: the true frames, in the shape of the prediction.
        """
        with torch.no_grad():
            wanted = self.features(target)
        found = self.features(prediction)
        terms = [functional.l1_loss(*pair) for pair in zip(found, wanted, strict=True)]
        return torch.stack(terms).sum()

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """What the network sees in images ``(N, 1 or 3, H, W)`` in 0..1, one tensor per depth."""
        self._network.to(images.device)
        return self._network(images.expand(-1, 3, -1, -1))


def perceptual_term(name: Literal["lite0", "vgg19"], weights: str = "") -> PerceptualTerm:
    """The perceptual term of a detector.

    Args:
        name: ``lite0`` is EfficientNet-Lite0 with the weights that oddframe's installation
            brings; ``vgg19`` is the network of the papers, whose weights are a file.
        weights: path of VGG19's state dict with torchvision's names (``features.0.weight``, ...);
            its classifier and the layers after conv5_2 are not read.

    Raises:
        OddframeError: unknown name, or weights that are missing, unreadable or of something else.
    """
    if name == "lite0":
        if weights:
            raise OddframeError(
                f"--settings.perceptual_weights: lite0 brings its weights, found {weights}; leave "
                "it out, or choose vgg19"
            )
        return PerceptualTerm(_Lite0())
    if name == "vgg19":
        if not weights:
            raise OddframeError(
                "vgg19 needs --settings.perceptual_weights: expected the path of torchvision's "
                "VGG19 state dict (vgg19-dcbb9e9d.pth), found none; give it, or choose lite0, "
                "which needs none"
            )
        network = Vgg19()
        after = ("classifier.", "features.32.", "features.34.")
        fill(network, read_tensors(weights), weights, drop=after)
        return PerceptualTerm(network)
    raise OddframeError(f"unknown perceptual network '{name}': use lite0 or vgg19")


class _Lite0(nn.Module):
    """Blocks of EfficientNet-Lite0, divided by :data:`LITE0_SCALE`."""

    def __init__(self) -> None:
        super().__init__()
        from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0

        self.trunk = EfficientNetLite0.pretrained(LITE0_BLOCKS)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        # The trunk's padding holds for multiples of its stride.
        size = [math.ceil(side / 32) * 32 for side in images.shape[-2:]]
        if size != list(images.shape[-2:]):
            images = functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
        return tuple(block / LITE0_SCALE for block in self.trunk(images * 255.0))


class Vgg19(nn.Module):
    """VGG19 (Simonyan and Zisserman 2015, configuration E) up to conv5_2, torchvision's names.

    Input: RGB images ``(N, 3, H, W)`` in 0..1, at least 16 pixels wide and high; they are brought
    to ImageNet's mean and deviation. Output: the features of :data:`VGG_LAYERS`.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in _VGG_WIDTHS:
            if width:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: VGG_LAYERS[-1] + 1])

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The features of a batch of images; see the class."""
        mean, deviation = images.new_tensor([_IMAGENET_MEAN, _IMAGENET_DEVIATION])[..., None, None]
        x = (images - mean) / deviation
        found = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in VGG_LAYERS:
                found.append(x)
        return tuple(found)
