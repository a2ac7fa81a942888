"""The validator by test labels: its numbers are scikit-learn's over all frames at once."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from oddframe.training.oracle import oracle

LABELS = {"a": [0, 0, 1, 1, 1, 0, 0, 0, 0], "b": [0] * 9}


@pytest.mark.parametrize("ranked_by", ["micro_auc", "average_precision"])
def test_a_state_is_ranked_by_the_frames_of_all_videos_together(make_video, ranked_by) -> None:
    videos = [make_video(name, np.array(labels)) for name, labels in LABELS.items()]
    rng = np.random.default_rng(3)
    scores = {video.id: rng.normal(size=9) for video in videos}
    found = oracle(videos, lambda video: scores[video.id], ranked_by, lambda: None).validate()
    labels = LABELS["a"] + LABELS["b"]
    ranked = np.concatenate([scores["a"], scores["b"]])
    assert found.metrics == pytest.approx(
        {
            "micro_auc": roc_auc_score(labels, ranked),
            "average_precision": average_precision_score(labels, ranked),
        }
    )
    assert found.rank == (found.metrics[ranked_by],)
