"""What a killed writer leaves does not stand in the way of going on."""

from pathlib import Path

import numpy as np

from oddframe.features.feature_writing import begin_folder, finished_videos, write_features

INFO = {"snippet_length": 16, "stride": 16, "crops": 1, "channels": 3}


def test_killed_in_the_first_video_goes_on(tmp_path: Path) -> None:
    begin_folder(tmp_path, INFO)
    (tmp_path / ".a.k3j2.partial.npy").write_bytes(b"\x93NUMPY half")
    begin_folder(tmp_path, INFO)
    assert finished_videos(tmp_path, {"a": 2, "b": 2}) == set()
    write_features(tmp_path, "a", np.zeros((2, 1, 3), np.float16))
    assert finished_videos(tmp_path, {"a": 2, "b": 2}) == {"a"}


def test_hidden_files_alone_are_no_arrays_of_unknown_origin(tmp_path: Path) -> None:
    (tmp_path / ".a.k3j2.partial.npy").write_bytes(b"")
    begin_folder(tmp_path, INFO)
    assert (tmp_path / "features.json").exists()
