"""Random scores: uniform, repeatable, and of no use."""

import numpy as np
import torch

from oddframe.bags.snippets import BagShape
from oddframe.detectors import load
from oddframe.detectors.baselines.random_scores import RandomScores, RandomScoresConfig


def detector(seed=0, channels=4):
    found = RandomScores(RandomScoresConfig(), BagShape(2, channels))
    found.prepare([], seed)
    return found


def features(seed=0, snippets=50):
    values = np.random.default_rng(seed).normal(size=(snippets, 2, 4))
    return values.astype(np.float16)


def test_it_has_nothing_to_train():
    found = detector()
    assert list(found.parameters()) == []
    assert found.phases == ()
    assert found.optimisers() == {}
    assert load("random-scores").CONFIG().steps == 0


def test_a_batch_is_its_videos():
    videos = [features(seed).astype(np.float32) for seed in range(3)]
    batch = torch.from_numpy(np.stack(videos)).transpose(1, 2)
    found = detector(3).snippet_scores(batch).numpy()
    assert np.array_equal(found, [detector(3).score_snippets(video) for video in videos])


def test_scores_are_uniform_and_know_nothing_of_the_features():
    found = detector(2)
    videos = [features(seed, 400) for seed in range(20)]
    scores = np.concatenate([found.score_snippets(video) for video in videos])
    assert scores.dtype == np.float32
    assert 0 <= scores.min() <= scores.max() < 1
    # Ten bins of 800: the standard deviation of a count is 26.8.
    counts = np.histogram(scores, 10, (0, 1))[0]
    assert abs(counts - 800).max() < 5 * 26.8
    norms = np.concatenate([np.linalg.norm(video[:, 0], axis=1) for video in videos])
    assert abs(np.corrcoef(scores, norms)[0, 1]) < 5 / np.sqrt(len(scores))
