"""Which bags a step serves."""

from collections import Counter

import numpy as np
import pytest

from oddframe.bags.batches import BagBatches
from oddframe.bags.segments import Segments
from oddframe.errors import OddframeError
from oddframe.videos.video import Video


def video(name: str, label: str | None) -> Video:
    return Video(name, "", "train", label, 160, 25.0, 0, 0)


def bags(normal: int, anomalous: int, batch: int, seed: int = 0) -> BagBatches:
    videos = [video(f"n{i}", "normal") for i in range(normal)]
    videos += [video(f"a{i}", "anomalous") for i in range(anomalous)]
    values = np.arange(len(videos) * 6, dtype=np.float16).reshape(len(videos), 1, 2, 3)
    return BagBatches(Segments(tuple(v.id for v in videos), values), videos, batch, seed)


def test_balanced_whatever_the_classes_and_nobody_is_left_out() -> None:
    batches = bags(7, 3, 3)
    for label, rows, count in (("normal", range(7), 7), ("anomalous", range(7, 10), 3)):
        steps = 7 * 3  # lcm of what makes whole permutations of both
        served = Counter(int(r) for step in range(steps) for r in batches.served(label, step))
        assert set(served) == set(rows)
        assert set(served.values()) == {steps * 3 // count}
    assert batches.steps_per_epoch == 3


def test_a_step_is_the_same_whenever_asked_and_differs_from_others() -> None:
    batches, again = bags(50, 50, 8), bags(50, 50, 8)
    late = batches.served("normal", 1000).tolist()
    assert again.served("normal", 1000).tolist() == late
    assert batches.served("normal", 1001).tolist() != late
    assert bags(50, 50, 8, seed=1).served("normal", 1000).tolist() != late


def test_processes_share_a_batch_without_overlap() -> None:
    batches = bags(9, 9, 4)
    whole = batches.batch(5)["anomalous"]
    parts = [batches.batch(5, part, 2)["anomalous"] for part in range(2)]
    assert whole.dtype.is_floating_point
    assert whole.shape == (4, 1, 2, 3)
    np.testing.assert_array_equal(whole[0::2], parts[0])
    np.testing.assert_array_equal(whole[1::2], parts[1])
    with pytest.raises(OddframeError, match="5 processes for batches of 4"):
        batches.batch(0, 0, 5)


def test_one_class_or_no_label_is_one_clear_line() -> None:
    with pytest.raises(OddframeError, match=r"all 3 videos are normal.*add anomalous"):
        bags(3, 0, 2)
    with pytest.raises(OddframeError, match="'x' has no label"):
        BagBatches(Segments(("x",), np.zeros((1, 1, 2, 3))), [video("x", None)], 2, 0)
