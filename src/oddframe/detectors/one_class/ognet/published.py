"""Published networks of OGNet: what they were made with, and the tensors of each."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from oddframe.detectors.one_class.ognet.settings import OGNetConfig
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import without_prefix
from oddframe.networks.denoising_autoencoder import LEAST_SIDE
from oddframe.networks.published_states import width_of


def checkpoint_parts(
    checkpoint: Mapping[str, Tensor | Mapping[str, Tensor]], method: str
) -> tuple[OGNetConfig, dict[str, dict[str, Tensor]]]:
    """A checkpoint, taken apart.

    Args:
        checkpoint: the state dicts of generator, discriminator and old generator, or both of the
            first two in one.
        method: name of the method, for the message.

    Returns:
        The settings that follow from the shapes of the tensors, and the tensors of each network.

    Raises:
        OddframeError: a network is missing, or is another network.
    """
    generator, discriminator, old = _networks(checkpoint, method)
    width = width_of(generator, "encoder.0.weight", 0, method)
    channels = width_of(generator, "encoder.0.weight", 1, method)
    # The discriminator ends in (side / 16)^2 places.
    places = width_of(discriminator, "discriminator.12.weight", 1, method) / (8 * width)
    cells = math.isqrt(int(places))
    if channels not in (1, 3) or cells**2 != places or cells < 2:
        raise OddframeError(
            f"not an {method} checkpoint: expected square images of 1 or 3 channels and "
            f"{LEAST_SIDE} pixels or more, found {channels} channels and {places:g} places in "
            "the discriminator; give the published networks"
        )
    config = OGNetConfig(
        # Sides of 33 to 48 all end in 3x3 places; 45 is the published one.
        size=45 if cells == 3 else 16 * cells,
        resize="pillow",  # torchvision's transforms
        colour="grey" if channels == 1 else "rgb",
        pixels="symmetric" if channels == 1 else "unit",
        width=width,
        patches=0,
    )
    parts = {"generator": generator, "old_generator": old, "discriminator": discriminator}
    return config, parts


def _networks(
    checkpoint: Mapping[str, Tensor | Mapping[str, Tensor]], method: str
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """State dicts of generator, discriminator and old generator, which the first stands in for."""
    nested = {key: value for key, value in checkpoint.items() if isinstance(value, Mapping)}
    if not nested:
        flat = without_prefix({k: v for k, v in checkpoint.items() if isinstance(v, Tensor)})
        judge = {k: v for k, v in flat.items() if k.startswith("discriminator.")}
        generator = {k: v for k, v in flat.items() if k not in judge}
        return generator, judge, generator
    generator = nested.get("generator", nested.get("g"))
    discriminator = nested.get("discriminator", nested.get("d"))
    if generator is None or discriminator is None:
        raise OddframeError(
            f"not an {method} checkpoint: expected state dicts under 'generator' and "
            f"'discriminator', found {', '.join(sorted(nested)[:6])}; save both in one file"
        )
    old = nested.get("old_generator") or generator
    return without_prefix(generator), without_prefix(discriminator), without_prefix(old)
