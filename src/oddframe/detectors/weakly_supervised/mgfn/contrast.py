"""The magnitude contrast of MGFN's loss, and which videos of one class it compares."""

from __future__ import annotations

from typing import Literal, NamedTuple

from torch import Tensor
from torch.nn import functional

Pairing = Literal["mirror", "videos"]


class MagnitudeContrast(NamedTuple):
    """The magnitude contrast ("MC loss" of Chen et al. 2023): three scalars.

    Attributes:
        apart: shortage of the distance between normal and anomalous magnitudes.
        normal, anomalous: distances inside each class; 0 where there is no pair.
    """

    apart: Tensor
    normal: Tensor
    anomalous: Tensor


def magnitude_contrast(
    normal: Tensor,
    anomalous: Tensor,
    videos: int,
    pairing: Pairing,
    margin: float,
    squared: bool,
) -> MagnitudeContrast:
    """Classes apart, each class together, in the magnitude of selected features.

    A row's magnitudes are the L1 norms of its k features, the largest L2 norm first. ``D`` is the
    Euclidean distance of two such vectors, with 1e-6 added to each difference as in the released
    code. ``apart`` is the mean of ``max(0, margin - D)^2`` over row i of normal and row i of
    anomalous, the others are the mean of ``D^2`` over pairs of one class.

    Args:
        normal, anomalous: selected features ``(crops * videos, k, channels)``, crop-major.
        videos: bags of each class.
        pairing: see :func:`same_class_pairs`.
        margin: wanted distance.
        squared: as in the released code; the paper's equation squares neither.
    """
    power = 2 if squared else 1
    of_normal, of_anomalous = normal.abs().sum(dim=2), anomalous.abs().sum(dim=2)

    def together(rows: Tensor) -> Tensor:
        first, second = same_class_pairs(len(rows), videos, pairing)
        distances = functional.pairwise_distance(rows[second], rows[first])
        return distances.pow(power).sum() / max(len(first), 1)

    short = (margin - functional.pairwise_distance(of_anomalous, of_normal)).clamp(min=0)
    return MagnitudeContrast(short.pow(power).mean(), together(of_normal), together(of_anomalous))


def same_class_pairs(rows: int, videos: int, pairing: Pairing) -> tuple[list[int], list[int]]:
    """Which rows of one class are compared.

    * ``mirror``, as published: the first half of the crop-major rows with the second. With ten
      crops these are a snippet's crop and its mirror image, always of the same video; with five
      crops they are what the halves happen to be. An odd row is left out.
    * ``videos``: all pairs of different videos, crop by crop.

    Args:
        rows: crops times videos.
        videos: in the batch.
        pairing: one of the two above.

    Returns:
        Indices of the first and of the second rows; empty if there is nothing to compare.
    """
    if pairing == "mirror":
        half = rows // 2
        return list(range(half)), list(range(half, 2 * half))
    pairs = [
        (start + i, start + j)
        for start in range(0, rows, videos)
        for i in range(videos)
        for j in range(i + 1, videos)
    ]
    return [first for first, _ in pairs], [second for _, second in pairs]
