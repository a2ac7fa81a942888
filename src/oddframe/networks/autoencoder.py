"""The convolutional auto-encoder of MNAD and its relatives, with or without skips and memory.

Three poolings lead to a bottleneck of an eighth of the side; three transposed convolutions lead
back. Source: Park et al. 2020 (MNAD), and their code, whose layer names are kept. At width 64, for
RGB frames:

==========  ======  =====  ======  ======  ==========  =====================================
in          out     skips  narrow  memory  parameters  in the literature
==========  ======  =====  ======  ======  ==========  =====================================
3           3       no     yes     no      12,512,195  conv-AE, MNAD reconstruction, no memory
12          3       yes    yes     no      13,291,523  MNAD prediction, no memory
12          3       yes    yes     yes     15,650,819  MNAD prediction
3           3       no     no      yes     17,195,267  MNAD reconstruction, as released
3           3       no     yes     yes     14,871,491  MNADrc's guess at it before the release
12          3       no     yes     yes     14,876,675  MNADrc prediction without skips
==========  ======  =====  ======  ======  ==========  =====================================

The published encoder also declares a BatchNorm, ``moduleBatchNorm``, that it never calls: 1,024
parameters at width 64 that the published counts contain (12,513,219 and so on) and these do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

UNUSED = "encoder.moduleBatchNorm"
"""The layer of the published network that it never uses, and that is left out here."""


def without_unused(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A published state dict without the tensors of :data:`UNUSED`."""
    parts = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    unused = {f"{UNUSED}.{part}" for part in parts}
    return {name: tensor for name, tensor in tensors.items() if name not in unused}


def _double(channels: int, width: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]


def _up(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, width, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )


class Encoder(nn.Module):
    """Images to a bottleneck of ``8 * width`` channels at an eighth of the side.

    Args:
        channels: channels of the input; those of several frames are stacked, the oldest first.
        width: channels of the first block; each pooling doubles them.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.moduleConv1 = nn.Sequential(*_double(channels, width))
        self.moduleConv2 = nn.Sequential(*_double(width, 2 * width))
        self.moduleConv3 = nn.Sequential(*_double(2 * width, 4 * width))
        # Neither norm nor activation after the last convolution: the bottleneck is signed.
        self.moduleConv4 = nn.Sequential(*_double(4 * width, 8 * width)[:4])
        self.pool = nn.MaxPool2d(2)

    def forward(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """``(n, channels, h, w)`` to the bottleneck ``(n, 8 width, h/8, w/8)`` and the skips.

        Height and width must be multiples of 8. The skips, ``width``, ``2 width`` and ``4 width``
        channels at the full, half and quarter side, are the blocks before each pooling.
        """
        first = self.moduleConv1(images)
        second = self.moduleConv2(self.pool(first))
        third = self.moduleConv3(self.pool(second))
        return self.moduleConv4(self.pool(third)), (first, second, third)


class Decoder(nn.Module):
    """A bottleneck to images from -1 to 1 at eight times the side.

    Args:
        in_width: channels of the bottleneck as given; twice the encoder's with a memory.
        width: channels of the encoder's first block.
        channels: number of channels of the output.
        skips: the encoder's blocks are joined on after each upsampling.
        narrow: upsampling halves the channels; else it keeps them, as the released MNAD
            reconstruction does, and the convolution after it halves them.
    """

    def __init__(
        self, in_width: int, width: int, channels: int, skips: bool = False, narrow: bool = True
    ) -> None:
        super().__init__()
        self.skips = skips

        def raised(halved: int) -> int:
            return halved if narrow else 2 * halved

        def joined(halved: int) -> int:
            return raised(halved) + (halved if skips else 0)

        self.moduleConv = nn.Sequential(*_double(in_width, 8 * width))
        self.moduleUpsample4 = _up(8 * width, raised(4 * width))
        self.moduleDeconv3 = nn.Sequential(*_double(joined(4 * width), 4 * width))
        self.moduleUpsample3 = _up(4 * width, raised(2 * width))
        self.moduleDeconv2 = nn.Sequential(*_double(joined(2 * width), 2 * width))
        self.moduleUpsample2 = _up(2 * width, raised(width))
        self.moduleDeconv1 = nn.Sequential(
            *_double(joined(width), width), nn.Conv2d(width, channels, 3, padding=1), nn.Tanh()
        )

    def forward(self, bottleneck: Tensor, skips: Sequence[Tensor] = ()) -> Tensor:
        """``(n, in_width, h/8, w/8)`` to ``(n, channels, h, w)``, from -1 to 1.

        Args:
            bottleneck: what to decode.
            skips: blocks of the encoder, the largest first; not looked at without skips.
        """
        x = self.moduleUpsample4(self.moduleConv(bottleneck))
        x = self.moduleUpsample3(self.moduleDeconv3(self._join(x, skips, 2)))
        x = self.moduleUpsample2(self.moduleDeconv2(self._join(x, skips, 1)))
        return self.moduleDeconv1(self._join(x, skips, 0))

    def _join(self, x: Tensor, skips: Sequence[Tensor], which: int) -> Tensor:
        return torch.cat((skips[which], x), dim=1) if self.skips else x


class ConvAutoencoder(nn.Module):
    """Encoder and decoder; the defaults are the plain one that reconstructs its input.

    Without a memory, calling it decodes what it encodes. With one, put the memory between
    :meth:`encode` and :meth:`decode`.

    Args:
        in_channels: channels of the input; see :class:`Encoder`.
        out_channels: channels of the output.
        width: channels of the first block.
        skips, narrow: see :class:`Decoder`.
        memory: the decoder takes the bottleneck and, after it, as many channels from a memory.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 64,
        *,
        skips: bool = False,
        narrow: bool = True,
        memory: bool = False,
    ) -> None:
        super().__init__()
        bottleneck = 8 * width
        self.encoder = Encoder(in_channels, width)
        self.decoder = Decoder(
            2 * bottleneck if memory else bottleneck, width, out_channels, skips, narrow
        )

    def encode(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """See :meth:`Encoder.forward`."""
        return self.encoder(images)

    def decode(self, bottleneck: Tensor, skips: Sequence[Tensor] = ()) -> Tensor:
        """See :meth:`Decoder.forward`."""
        return self.decoder(bottleneck, skips)

    def forward(self, images: Tensor) -> Tensor:
        """``(n, in_channels, h, w)`` to ``(n, out_channels, h, w)``; only without a memory."""
        return self.decode(*self.encode(images))
