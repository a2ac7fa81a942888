"""What detectors on bags share: crops are scored together, up to a bound."""

import numpy as np
import pytest
import torch

from oddframe.bags import snippets as multiple_instance
from oddframe.bags.detector import BagConfig, BagDetector
from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.mgfn import MGFN, MGFNConfig
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig
from oddframe.detectors.weakly_supervised.s3r import S3R, S3RConfig
from oddframe.detectors.weakly_supervised.sultani import Sultani, SultaniConfig
from oddframe.errors import OddframeError

CROPS, CHANNELS = 10, 32
DETECTORS = {
    MGFN: MGFNConfig(widths=(8, 8, 16), depths=(1, 1, 1), head_width=4),
    RTFM: RTFMConfig(width=8),
    S3R: S3RConfig(),
    Sultani: SultaniConfig(),
}


class Recorded(BagDetector):
    """Scores a bag by one channel of it, and notes the shapes that it was given."""

    name = "recorded"

    def __init__(self) -> None:
        super().__init__(BagConfig(), BagShape(CROPS, CHANNELS))
        self.shapes: list[tuple[int, ...]] = []

    def losses(self, phase, batch):
        return {}

    def snippet_scores(self, features):
        self.shapes.append(tuple(features.shape))
        return features[..., 0].mean(dim=1)


def features(snippets):
    return np.random.default_rng(0).random((snippets, CROPS, CHANNELS)).astype(np.float32)


@pytest.mark.parametrize("kind", DETECTORS)
def test_crops_together_score_as_each_alone(kind, monkeypatch):
    torch.manual_seed(0)
    detector, bag = kind(DETECTORS[kind], BagShape(CROPS, CHANNELS)).eval(), features(7)
    if isinstance(detector, S3R):
        detector.dictionary = torch.rand(5, CHANNELS)
    with torch.no_grad():
        alone = [
            detector.snippet_scores(torch.from_numpy(bag[None, None, :, crop]))[0].numpy()
            for crop in range(CROPS)
        ]
    for bound in (1, 7 * 3, 1024):
        monkeypatch.setattr(multiple_instance, "SNIPPETS_AT_ONCE", bound)
        np.testing.assert_allclose(
            detector.score_snippets(bag), np.mean(alone, axis=0), rtol=0, atol=1e-6
        )
    assert np.ptp(alone) > 1e-3  # else anything would do


@pytest.mark.parametrize(
    ("snippets", "passes"),
    [(20, [10]), (200, [5, 5]), (600, [1] * 10), (2000, [1] * 10), (0, [10])],
)
def test_no_more_snippets_at_once_than_the_bound(snippets, passes):
    detector, bag = Recorded(), features(snippets)
    scores = detector.score_snippets(bag)
    assert detector.shapes == [(crops, 1, snippets, CHANNELS) for crops in passes]
    assert scores == pytest.approx(bag[..., 0].mean(axis=1), abs=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, 1.5, -0.25])
def test_scores_that_are_no_probabilities_are_refused(wrong):
    bag = features(5)
    bag[3] = wrong
    said = (
        f"detector recorded: expected scores of snippets from 0 to 1, found {wrong} for snippet 3"
    )
    with pytest.raises(OddframeError, match=said):
        Recorded().score_snippets(bag)
