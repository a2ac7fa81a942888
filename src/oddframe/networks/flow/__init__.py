"""Optical flow as a loss: a predicted frame must move as the true one does.

The term of future-frame prediction (Liu et al. 2018, Eq. 4). Three flows can give it:

- ``matching`` compares blocks and needs no weights (:mod:`.block_matching`);
- ``flownet2-sd`` is the network of the paper (:mod:`.flownet2_sd`);
- ``liteflownet`` is the smaller network of a well-known port (:mod:`.liteflownet`).

Each stays as it is while the detector learns, and the gradient goes through it to the prediction.
"""

from __future__ import annotations

import re
from importlib import import_module

import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError, unknown
from oddframe.features.published_weights import fill, read_tensors
from oddframe.files.tensor_checks import renamed, without_prefix

_NETWORKS = {
    "flownet2-sd": ("flownet2_sd", "FlowNet2SD", "FlowNet2-SD_checkpoint.pth.tar"),
    "liteflownet": ("liteflownet", "LiteFlowNet", "network-default.pytorch"),
}
FLOWS = ("matching", *_NETWORKS)
"""Names that :func:`flow_term` knows; all but ``matching`` need a weights file."""


class FlowTerm:
    """How much the motion to a prediction differs from the motion to the true frame.

    The unit is one percent of the frame's side per frame: the flow in x is divided by the width,
    in y by the height. The paper's code measures in pixels of frames that it enlarges to 384x512,
    so its number depends on the size of the frames, and is four to five times this one; a
    well-known port divides pixels by 255. With percent, small and large recipes can share one
    weight: on Ped2 at 64, 128 and 256 pixels, where a prediction merely repeats the last frame,
    the term by matching is about 0.03 at each size and the gradient loss about 0.02, so the
    published weight of 2 makes motion count without drowning the image.

    It is no ``nn.Module``, so that a learner that holds it neither trains nor saves its weights.

    Args:
        network: gives flow ``(N, 2, h, w)`` in pixels of two image batches ``(N, 3, H, W)`` in
            0..1. It is frozen and put into evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, last: Tensor, prediction: Tensor, target: Tensor) -> Tensor:
        """The mean absolute difference of the two flows, a scalar.

        Args:
            last: the frame before, ``(N, 1 or 3, H, W)`` in 0..1, RGB or grey.
            prediction: the frame that was predicted; the gradient flows to it.
            target: the frame that came.
        """
        return self.per_sample(last, prediction, target).mean()

    def per_sample(self, last: Tensor, prediction: Tensor, target: Tensor) -> Tensor:
        """The mean absolute difference of the two flows of each sample, ``(N,)``."""
        with torch.no_grad():
            wanted = self.flow(last, target)
        return (self.flow(last, prediction) - wanted).abs().mean((1, 2, 3))

    def flow(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow ``(N, 2, h, w)``, x then y, in percent of the width and of the height."""
        # With 16 bits the places that are compared are off by as much as things move.
        exact = torch.promote_types(first.dtype, torch.float32)
        images = [image.to(exact).expand(-1, 3, -1, -1) for image in (first, second)]
        self._network.to(images[0])
        with torch.autocast(first.device.type, enabled=False):
            found = self._network(*images)
        return found * (100 / found.new_tensor([first.shape[3], first.shape[2]]))[:, None, None]


def flow_term(name: str, weights: str = "") -> FlowTerm:
    """The flow term of a detector.

    Args:
        name: one of :data:`FLOWS`.
        weights: path of the published weights file; ``matching`` takes none.

    Raises:
        OddframeError: unknown name, or weights that are missing, unreadable or of something else.
    """
    return FlowTerm(flow_network(name, weights))


def flow_network(name: str, weights: str = "") -> nn.Module:
    """The network of a flow, with its weights, in evaluation mode; see :func:`flow_term`."""
    if name not in FLOWS:
        raise OddframeError(unknown("flow", name, FLOWS))
    if name == "matching":
        if weights:
            raise OddframeError(
                f"--settings.flow_weights: matching needs no weights, found {weights}; leave it "
                "out, or choose flownet2-sd or liteflownet"
            )
        from oddframe.networks.flow.block_matching import BlockMatching

        return BlockMatching()
    module, kind, file = _NETWORKS[name]
    if not weights:
        raise OddframeError(
            f"{name} needs --settings.flow_weights: expected the path of the published weights "
            f"({file}), found none; give it, or choose matching, which needs none"
        )
    network = getattr(import_module(f"{__name__}.{module}"), kind)()
    fill(network, _published_names(read_tensors(weights)), weights, drop=())
    return network


def _published_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict alone, where a file has a whole training's state, under the oldest names."""
    wrapper = "state_dict/"
    if any(name.startswith(wrapper) for name in tensors):
        tensors = {
            name.removeprefix(wrapper): value
            for name, value in tensors.items()
            if name.startswith(wrapper)
        }
    # Later versions of LiteFlowNet's code say "netMain" where the file says "moduleMain".
    return renamed(
        without_prefix(tensors), lambda name: re.sub(r"(^|\.)net(?=[A-Z])", r"\1module", name)
    )
