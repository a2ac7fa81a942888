import numpy as np
import pytest

from oddframe.evaluation.baselines import trivial_baselines


def test_each_baseline_is_what_its_name_says(make_video):
    videos = [make_video("odd", np.array([0, 0, 1, 0, 0])), make_video("calm", np.zeros(4))]
    made = dict(trivial_baselines(videos, seed=1))
    assert made["constant"]["odd"].std() == 0
    assert made["video_oracle"]["odd"].tolist() == [1] * 5
    assert made["video_oracle"]["calm"].tolist() == [0] * 4
    assert made["centre_prior"]["odd"] == pytest.approx([0.2, 0.6, 1, 0.6, 0.2])
    assert made["centre_prior"]["calm"] == pytest.approx([0.25, 0.75, 0.75, 0.25])
    assert made["oracle_centre_prior"]["odd"] == pytest.approx([1.2, 1.6, 2, 1.6, 1.2])
    assert made["oracle_centre_prior"]["calm"] == pytest.approx([0.25, 0.75, 0.75, 0.25])


def test_random_is_seeded(make_video):
    videos = [make_video("a", np.zeros(500))]
    first, again, other = (
        dict(trivial_baselines(videos, seed))["random"]["a"] for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert 0 <= first.min() < first.max() <= 1
