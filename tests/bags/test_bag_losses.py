"""Every loss term against explicit loops over plain numbers."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from oddframe.bags import losses as bag_losses

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.uniform(0.01, 0.99, (3, 7))
ANOMALOUS = RANDOM.uniform(0.01, 0.99, (3, 7))
CHOSEN = {
    "normal": NORMAL.tolist(),
    "anomalous": ANOMALOUS.tolist(),
    "all": NORMAL.tolist() + ANOMALOUS.tolist(),
}


def tensors():
    return torch.from_numpy(NORMAL), torch.from_numpy(ANOMALOUS)


def length(vector):
    return math.sqrt(sum(value * value for value in vector))


def steps(sequence):
    return sum((b - a) ** 2 for a, b in pairwise(sequence))


def test_classification():
    normal, anomalous = NORMAL[:, 0], ANOMALOUS[:, 0]
    terms = [-math.log(1 - p) for p in normal] + [-math.log(p) for p in anomalous]
    value = bag_losses.classification(torch.from_numpy(normal), torch.from_numpy(anomalous))
    assert value.item() == pytest.approx(sum(terms) / 6, rel=1e-6)


def test_classification_of_certain_scores_has_finite_gradients():
    scores = torch.tensor([0.0, 1.0], requires_grad=True)
    bag_losses.classification(scores, scores).backward()
    assert torch.isfinite(scores.grad).all()


def test_classification_works_inside_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = bag_losses.classification(torch.tensor([0.25]), torch.tensor([0.5]))
    assert value.item() == pytest.approx((-math.log(0.75) - math.log(0.5)) / 2, rel=1e-6)


@pytest.mark.parametrize("over", ["normal", "anomalous", "all"])
def test_sparsity(over):
    flat = [score for video in CHOSEN[over] for score in video]
    l1 = bag_losses.sparsity(*tensors(), over=over, norm="l1")
    l2 = bag_losses.sparsity(*tensors(), over=over)
    assert l1.item() == pytest.approx(sum(flat))
    assert l2.item() == pytest.approx(length(flat))


@pytest.mark.parametrize("over", ["normal", "anomalous", "all"])
def test_smoothness(over):
    flat = [score for video in CHOSEN[over] for score in video]
    crossing = bag_losses.smoothness(*tensors(), over=over)
    inside = bag_losses.smoothness(*tensors(), over=over, crossing=False)
    assert crossing.item() == pytest.approx(steps(flat))
    assert inside.item() == pytest.approx(sum(steps(video) for video in CHOSEN[over]))
    assert crossing > inside


@pytest.mark.parametrize("margin", [1.0, 4.0, 100.0])
@pytest.mark.parametrize("form", ["abs-square", "hinge"])
def test_magnitude(form, margin):
    normal = RANDOM.normal(0, 1, (6, 3, 5))
    anomalous = RANDOM.normal(0, 2, (6, 3, 5))
    terms = []
    for low, high in zip(normal.tolist(), anomalous.tolist(), strict=True):
        if form == "hinge":
            gap = sum(map(length, high)) / 3 - sum(map(length, low)) / 3
            terms.append(max(0.0, margin - gap))
        else:
            means = [
                length([sum(channel) / 3 for channel in zip(*row, strict=True)])
                for row in (low, high)
            ]
            terms.append((abs(margin - means[1]) + means[0]) ** 2)
    value = bag_losses.magnitude(
        torch.from_numpy(normal), torch.from_numpy(anomalous), margin, form
    )
    assert value.item() == pytest.approx(sum(terms) / 6)


def test_variants_of_the_regularisation():
    flat = [score for video in ANOMALOUS.tolist() for score in video]
    by_hand = {
        "official": (length(flat), steps(flat)),
        "thesis": (
            length([score for video in NORMAL.tolist() for score in video]),
            sum(steps(video) for video in CHOSEN["all"]),
        ),
        "paper": (
            sum(sum(video) for video in ANOMALOUS.tolist()) / 3,
            sum(steps(video) for video in ANOMALOUS.tolist()) / 3,
        ),
    }
    for variant, expected in by_hand.items():
        found = bag_losses.regularisation(variant, *tensors())
        assert [value.item() for value in found] == pytest.approx(expected)
