"""What simple rules say beside a detector, on disk."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.scores.baseline_scores import read_baselines, write_baselines


def test_one_rule_is_enough_for_a_file_and_none_removes_it(tmp_path):
    path = tmp_path / "a" / "b.npz"
    write_baselines(path, {"moving cubes": np.array([0, 3, 1])})
    (found,) = read_baselines(tmp_path, ["a/b", "c"]).values()
    assert list(found) == ["moving cubes"]
    np.testing.assert_array_equal(found["moving cubes"], np.float32([0, 3, 1]))
    write_baselines(path, {})
    assert not path.exists()


def test_what_is_no_number_for_each_frame_is_refused(tmp_path):
    with pytest.raises(OddframeError, match="one length"):
        write_baselines(tmp_path / "a.npz", {"x": np.zeros(3), "y": np.zeros(4)})
