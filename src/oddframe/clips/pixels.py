"""From pictures to what a network of clips sees, and back to 0 to 1."""

from __future__ import annotations

from torch import Tensor

from oddframe.clips.config import ClipConfig


def as_pixels(clip: Tensor, config: ClipConfig, like: Tensor) -> Tensor:
    """Images of clips as pixels in the order and range of the settings.

    Args:
        clip: uint8 ``(clips, frames, h, w, channels)``, RGB or grey.
        config: says colour and range.
        like: a tensor of the device and type wanted.

    Returns:
        ``(clips, frames, channels, h, w)``.
    """
    pixels = clip.to(like.device).permute(0, 1, 4, 2, 3)
    if config.colour == "bgr":
        pixels = pixels.flip(2)
    pixels = pixels.to(like.dtype)
    if config.pixels == "symmetric":
        return pixels / 127.5 - 1
    if config.pixels == "unit":
        return pixels / 255
    low = pixels.amin((2, 3, 4), keepdim=True)
    spread = pixels.amax((2, 3, 4), keepdim=True) - low
    return (pixels - low) / spread.clamp(min=1)


def as_unit(images: Tensor, config: ClipConfig) -> Tensor:
    """Pixels in the range of the settings to 0 to 1, where errors are measured."""
    return (images + 1) / 2 if config.pixels == "symmetric" else images
