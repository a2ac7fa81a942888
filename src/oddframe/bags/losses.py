"""Loss terms of detectors trained on bags, and the variants in which they are combined.

Scores are ``(videos, time)``, video scores ``(videos,)``, all 0 to 1. Normal and anomalous bags
are separate arguments, so no label depends on a position in a batch.

Variants of RTFM's loss (RTFM and S3R). All add the cross-entropy of the video scores, the weights
stay the same:

========== ================================ ============================= ======================
name       sparsity                         smoothness                    magnitude
========== ================================ ============================= ======================
official   L2 norm of all anomalous scores  anomalous scores as one       ``abs-square``
           as one vector                    sequence: it also counts the
                                            jump from one video to the
                                            next
thesis     L2 norm of all normal scores as  inside each video, normal     ``abs-square``
           one vector                       and anomalous
paper      L1 norm of a video's scores,     inside each video, mean over  ``hinge``
           mean over the anomalous videos   the anomalous videos
========== ================================ ============================= ======================

``official`` is the released code, ``thesis`` the reimplementation that took over the corrections
made in MGFN's pull request 18, ``paper`` the equations of Tian et al. 2021 (Eq. 6 and Sec. 3.4).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

LossVariant = Literal["official", "thesis", "paper"]
Over = Literal["anomalous", "normal", "all"]


def classification(normal: Tensor, anomalous: Tensor) -> Tensor:
    """Mean binary cross-entropy of video scores ``(videos,)``: target 0 for normal, 1 otherwise."""
    scores = torch.cat([normal, anomalous])
    targets = torch.cat([torch.zeros_like(normal), torch.ones_like(anomalous)])
    # Autocasting refuses the cross-entropy of probabilities.
    with torch.autocast(scores.device.type, enabled=False):
        return functional.binary_cross_entropy(scores.float(), targets.float())


def _chosen(normal: Tensor, anomalous: Tensor, over: Over) -> Tensor:
    if over == "all":
        return torch.cat([normal, anomalous])
    return normal if over == "normal" else anomalous


def sparsity(
    normal: Tensor, anomalous: Tensor, over: Over = "anomalous", norm: Literal["l1", "l2"] = "l2"
) -> Tensor:
    """Norm of the chosen scores ``(videos, time)`` taken as one vector."""
    scores = _chosen(normal, anomalous, over).flatten()
    return scores.abs().sum() if norm == "l1" else scores.norm()


def smoothness(
    normal: Tensor, anomalous: Tensor, over: Over = "anomalous", crossing: bool = True
) -> Tensor:
    """Sum of squared differences of consecutive scores.

    Args:
        normal, anomalous: ``(videos, time)``.
        over: which of them.
        crossing: the scores are one sequence, video after video, so that the jump between two
            videos counts as well; else only differences inside a video count.
    """
    scores = _chosen(normal, anomalous, over)
    if crossing:
        scores = scores.flatten()
    return scores.diff(dim=-1).square().sum()


def magnitude(
    normal: Tensor,
    anomalous: Tensor,
    margin: float,
    form: Literal["abs-square", "hinge"] = "abs-square",
) -> Tensor:
    """Pushes the magnitudes of normal and anomalous features apart; row i is paired with row i.

    * ``abs-square``: mean over rows of ``(|margin - |m_a|| + |m_n|)^2`` with ``m`` the mean of a
      row's selected features (RTFM's code).
    * ``hinge``: mean over rows of ``max(0, margin - (g_a - g_n))`` with ``g`` the mean norm of a
      row's selected features (Tian et al. 2021, Eq. 3 and 6).

    Args:
        normal, anomalous: selected features ``(rows, k, channels)``.
        margin: the wanted distance, in units of the magnitude.
        form: one of the two above.
    """
    if form == "hinge":
        gap = anomalous.norm(dim=2).mean(dim=1) - normal.norm(dim=2).mean(dim=1)
        return (margin - gap).clamp(min=0).mean()
    short = (margin - anomalous.mean(dim=1).norm(dim=1)).abs()
    return (short + normal.mean(dim=1).norm(dim=1)).square().mean()


def regularisation(
    variant: LossVariant, normal: Tensor, anomalous: Tensor
) -> tuple[Tensor, Tensor]:
    """Sparsity and smoothness of scores ``(videos, time)`` in a variant of RTFM's loss."""
    if variant == "official":
        return sparsity(normal, anomalous), smoothness(normal, anomalous)
    if variant == "thesis":
        return (
            sparsity(normal, anomalous, over="normal"),
            smoothness(normal, anomalous, over="all", crossing=False),
        )
    videos = len(anomalous)
    return (
        sparsity(normal, anomalous, norm="l1") / videos,
        smoothness(normal, anomalous, crossing=False) / videos,
    )
