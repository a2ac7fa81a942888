"""A checkpoint of the thesis, taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Any

from torch import Tensor

from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import without_prefix
from oddframe.networks.published_states import width_of

NETWORKS = ("net_g_norm", "net_d_norm", "net_g_abn", "net_d_abn", "net_c")
"""State dicts in it: generators, discriminators, classifier."""


def checkpoint_parts(
    checkpoint: Mapping[str, Any], method: str
) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]]:
    """A checkpoint of the thesis, taken apart.

    Args:
        checkpoint: state dicts under :data:`NETWORKS`; those of optimisers are ignored.
        method: name of the method, for the message.

    Returns:
        The settings that follow from the shapes of the tensors, and the tensors of each network.

    Raises:
        OddframeError: a network is missing, or is another network.
    """
    missing = [name for name in NETWORKS if not isinstance(checkpoint.get(name), Mapping)]
    if missing:
        raise OddframeError(
            f"not a {method} checkpoint: expected the state dicts {', '.join(NETWORKS)}, found no "
            f"{', '.join(missing)} among {', '.join(sorted(checkpoint)[:12]) or 'nothing'}; give "
            "the file that the thesis' training saved"
        )
    nets = {name: without_prefix(checkpoint[name]) for name in NETWORKS}
    generator, classifier = nets["net_g_abn"], nets["net_c"]
    channels = width_of(generator, "outc.weight", 0, method)
    inputs = width_of(generator, "inc.conv.conv.0.weight", 1, method)
    classifier_width = width_of(classifier, "discriminator.0.weight", 0, method)
    columns = width_of(classifier, "discriminator.12.weight", 1, method)
    if channels not in (1, 3) or inputs % channels or not classifier_width:
        raise OddframeError(
            f"not a {method} checkpoint: expected whole frames of 1 or 3 channels, found {inputs} "
            f"channels in, {channels} out and a classifier of width {classifier_width}; give the "
            "file that the thesis' training saved"
        )
    settings = {
        # Four convolutions leave a sixteenth of the frame's side, in 8 times the width.
        "size": 16 * isqrt(columns // (8 * classifier_width)),
        "resize": "bilinear",
        "colour": "bgr" if channels == 3 else "grey",
        "context": inputs // channels,
        "width": width_of(generator, "outc.weight", 1, method),
        "discriminator_width": width_of(nets["net_d_abn"], "net.0.weight", 0, method),
        "classifier_width": classifier_width,
    }
    return settings, nets
