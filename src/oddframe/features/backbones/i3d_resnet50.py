"""I3D on ResNet-50: bottlenecks whose first convolution is inflated to three frames in places.

The network of Wang et al., "Non-local Neural Networks" (CVPR 2018), table 1, inflated to I3D and
without non-local blocks, as the port Tushar-N/pytorch-resnet3d builds it. RTFM's UCF-Crime and
ShanghaiTech features are said to come from it (docs/weights.md). The features are the
2048 channels of the last stage averaged over time and space, before the classifier.

Two files are loaded: ``i3d_r50_kinetics.pth`` with the port's names, and its source, Facebook's
Caffe2 file ``i3d_baseline_32x2_IN_pretrain_400k.pkl`` (ImageNet, then Kinetics-400).

Input is scaled as in training: ``(x - 114.75) / 57.375`` for every channel, the 0.45 and 0.225
that Facebook's video networks share. It is not the per-channel ImageNet mean and deviation, and
not the range [-1, 1] that a widely copied extractor feeds to the same weights.

Checked here: every layer against a second construction and the parameter count against a layer
list. Not checked, because the weights were not at hand: both files themselves, the order of the
colour channels they expect (RGB, as the port feeds them), and any released feature file.
"""

from __future__ import annotations

import re
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from oddframe.features.published_weights import fill, read_tensors

# Blocks of each stage; 1 where the first convolution of the block spans three frames.
_STAGES = {
    "layer1": (1, 1, 1),
    "layer2": (1, 0, 1, 0),
    "layer3": (1, 0, 1, 0, 1, 0),
    "layer4": (0, 1, 0),
}

_MEAN, _DEVIATION = 114.75, 57.375


class _Bottleneck(nn.Module):
    """Narrow in one pixel, look around in the frame, widen; names as in the weights."""

    def __init__(self, inputs: int, width: int, stride: int, inflated: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv3d(
            inputs, width, (1 + 2 * inflated, 1, 1), padding=(inflated, 0, 0), bias=False
        )
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(
            width, width, (1, 3, 3), (1, stride, stride), padding=(0, 1, 1), bias=False
        )
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(outputs)
        self.downsample = (
            nn.Sequential(
                nn.Conv3d(inputs, outputs, 1, (1, stride, stride), bias=False),
                nn.BatchNorm3d(outputs),
            )
            if inputs != outputs
            else None
        )

    def forward(self, input: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(input)))
        x = functional.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        return functional.relu(x + (input if self.downsample is None else self.downsample(input)))


class ResNet50I3D(nn.Module):
    """The network up to its features.

    Input: float ``(B, 3, T, H, W)``, RGB in 0..255, at least 7 frames; published with 224 x 224
    pixels. Output: ``(B, 2048)``, not negative.
    """

    channels = 2048

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, (5, 7, 7), 2, padding=(2, 3, 3), bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        inputs = 64
        for index, (name, inflated) in enumerate(_STAGES.items()):
            width = 64 * 2**index
            blocks = []
            for place, spans in enumerate(inflated):
                stride = 2 if index > 0 and place == 0 else 1
                blocks.append(_Bottleneck(inputs, width, stride, spans))
                inputs = 4 * width
            self.add_module(name, nn.Sequential(*blocks))

    def forward(self, clips: Tensor) -> Tensor:
        """Features of a batch of clips; see the class for shapes."""
        x = functional.relu(self.bn1(self.conv1((clips - _MEAN) / _DEVIATION)))
        # No padding: 112 pixels become 55, as published.
        x = functional.max_pool3d(x, (2, 3, 3), 2)
        for name in _STAGES:
            x = self.get_submodule(name)(x)
            if name == "layer1":
                x = functional.max_pool3d(x, (2, 1, 1), (2, 1, 1))
        return x.mean(dim=(2, 3, 4))

    def load_weights(self, path: str | Path) -> None:
        """Load published weights and go to evaluation; the classifier's are left out.

        Args:
            path: ``i3d_r50_kinetics.pth``, or Facebook's Caffe2 file it was made from.

        Raises:
            OddframeError: not a weight file, missing or foreign names, wrong shapes.
        """
        tensors = read_tensors(path)
        if any(name.startswith("blobs/") for name in tensors):
            tensors = _from_caffe2(tensors)
        fill(self, tensors, path, drop="fc.")


def _from_caffe2(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names of Caffe2's blobs turned into the port's.

    The file is a snapshot of training: blobs that are no weight of the network (momenta, the
    learning rate) are left out. ``res2_0_branch2a_w`` is ``layer1.0.conv1.weight``.
    """
    parts = {"s": "weight", "b": "bias", "rm": "running_mean", "riv": "running_var", "w": "weight"}
    stem = {"conv1_w": "conv1.weight"} | {
        f"res_conv1_bn_{short}": f"bn1.{name}" for short, name in parts.items() if short != "w"
    }
    pattern = re.compile(r"res(\d)_(\d)_branch(1|2[abc])(_bn)?_(w|s|b|rm|riv)")
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        blob = name.removeprefix("blobs/")
        match = pattern.fullmatch(blob)
        if match is None:
            if blob in stem:
                found[stem[blob]] = value
            continue
        stage, block, branch, norm, part = match.groups()
        if branch == "1":
            layer = f"downsample.{1 if norm else 0}"
        else:
            layer = f"{'bn' if norm else 'conv'}{'abc'.index(branch[1]) + 1}"
        found[f"layer{int(stage) - 1}.{block}.{layer}.{parts[part]}"] = value
    return found
