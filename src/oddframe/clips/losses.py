"""Losses between images, and the error by which a frame is scored.

Images are ``(n, channels, h, w)``. A loss is a mean over all elements, or says otherwise.
Half-precision images are compared in single precision, where small differences do not vanish.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from oddframe.clips.terms import in_cells

LEAST_ERROR = 1e-10
"""Mean squared errors below this one count as this one: -100 dB."""

LARGEST_SHARE = 0.015
"""Share of a map's cells that are its largest: about one person in a street scene."""


def intensity(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference. Source: Liu et al. 2018, Eq. 1."""
    return (_full(prediction) - _full(target)).square().mean()


def half_squares(prediction: Tensor, target: Tensor) -> Tensor:
    """Half the sum of squared differences of a sample, a mean over the samples.

    Caffe's Euclidean loss: neither divided by the pixels nor by the frames. Any shape ``(n, ...)``.
    """
    return (_full(prediction) - _full(target)).square().sum() / (2 * len(target))


def gradient(prediction: Tensor, target: Tensor) -> Tensor:
    """Difference between the strengths of the edges. Source: Liu et al. 2018, Eq. 2.

    The strength is the absolute difference between a pixel and its right (lower) neighbour; beyond
    the border there are zeros, as in the published code.
    """
    prediction, target = _full(prediction), _full(target)
    across = (_edges(prediction, 3) - _edges(target, 3)).abs().mean()
    down = (_edges(prediction, 2) - _edges(target, 2)).abs().mean()
    return across + down


def _edges(images: Tensor, dimension: int) -> Tensor:
    border = (0, 1, 0, 0) if dimension == 3 else (0, 0, 0, 1)
    return functional.pad(images, border).diff(dim=dimension).abs()


def adversarial_generator(fake: Tensor) -> Tensor:
    """Least-squares loss of a generator (LSGAN). Source: Liu et al. 2018, Eq. 5.

    Args:
        fake: the discriminator's answers to made frames, any shape; 1 = real.
    """
    return (_full(fake) - 1).square().mean() / 2


def adversarial_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Least-squares loss of a discriminator (LSGAN). Source: Liu et al. 2018, Eq. 4.

    Args:
        real: its answers to real frames, any shape; 1 = real.
        fake: its answers to made frames, which must be detached from the generator.
    """
    return (_full(real) - 1).square().mean() / 2 + _full(fake).square().mean() / 2


def focal_frequency(prediction: Tensor, target: Tensor) -> Tensor:
    """Distance between the spectra, where the worst frequencies weigh most.

    Source: Jiang et al., "Focal Frequency Loss", ICCV 2021, Eq. 8: the mean of w |P - T|^2 over
    the orthonormal discrete Fourier transforms P and T, with w = |P - T| (its alpha is 1) divided
    by its maximum in each channel of each image, a constant to the gradient.
    """
    gap = torch.fft.fft2(_full(prediction) - _full(target), norm="ortho")
    power = gap.real.square() + gap.imag.square()
    weight = power.detach().sqrt()
    weight = weight / weight.amax((2, 3), keepdim=True).clamp(min=torch.finfo(power.dtype).tiny)
    return (weight * power).mean()


def error_decibel(prediction: Tensor, target: Tensor) -> Tensor:
    """How far a prediction is off, in dB: the negative PSNR for a peak of 1.

    Args:
        prediction: images 0 to 1.
        target: images 0 to 1.

    Returns:
        ``(n,)``, 10 log10 of the mean squared error, at least -100; higher = worse.
    """
    return _decibel((_full(prediction) - _full(target)).square().mean((1, 2, 3)))


def largest_decibel(squared: Tensor) -> Tensor:
    """How far a prediction is off where it is off most, in dB.

    A mean over the whole frame grows with everything that moves; this one is that of a thing or
    two, however many there are.

    Args:
        squared: squared error of each pixel ``(n, h, w)``, as of :func:`error_map`.

    Returns:
        ``(n,)``, 10 log10 of the mean of the largest cells (:data:`LARGEST_SHARE`, at least one)
        of the score map that it becomes, at least -100; higher = worse.
    """
    cells = in_cells(squared).flatten(1)
    count = max(1, round(LARGEST_SHARE * int(cells.shape[1])))
    return _decibel(cells.topk(count).values.mean(1))


def _decibel(squared: Tensor) -> Tensor:
    return 10 * squared.clamp(min=LEAST_ERROR).log10()


def error_map(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared error of each pixel ``(n, h, w)``, the mean over the channels."""
    return (_full(prediction) - _full(target)).square().mean(1)


def _full(values: Tensor) -> Tensor:
    """Single precision at least."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
