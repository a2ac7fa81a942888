"""What a verb is given is looked at once: what it is, its name, where things beside it go."""

from pathlib import Path

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """A day of features, in a folder whose name looks as if it had a suffix."""
    folder = tmp_path / "2026.05.01"
    folder.mkdir()
    np.save(folder / "yard.npy", np.zeros((3, 1024), np.float16))
    return folder


def test_each_kind_is_known_by_what_is_there(tmp_path: Path, features: Path) -> None:
    (tmp_path / "yard.mp4").touch()
    kinds = {
        path: (Footage.given(tmp_path / path).kind, Footage.given(tmp_path / path).name)
        for path in ("yard.mp4", "2026.05.01", "set.jsonl")
    }
    assert kinds == {
        "yard.mp4": ("video", "yard"),
        "2026.05.01": ("folder", "2026.05.01"),
        "set.jsonl": ("manifest", "set"),
    }
    assert Footage.given(tmp_path / "yard.mp4").folder == tmp_path
    assert Footage.given(features).folder == features


def test_features_stand_for_their_videos_only_where_that_is_asked(features: Path) -> None:
    assert Footage.given(features, features_alone=True).kind == "features"
    assert Footage.given(features.parent, features_alone=True).kind == "features"
    (features / "yard.npy").rename(features / "._yard.npy")  # a Mac's, beside the file it is of
    assert Footage.given(features, features_alone=True).kind == "folder"


def test_features_alone_have_the_length_of_their_snippets(features: Path) -> None:
    with pytest.warns(UserWarning, match="features alone tell neither"):
        manifest = Footage.given(features, features_alone=True).read()
    (video,) = manifest
    assert (video.id, video.frames, video.fps) == ("yard", 3 * 16, 25.0)


def test_a_manifest_is_read_with_its_root_and_late(tmp_path: Path) -> None:
    given = Footage.given(tmp_path / "set.jsonl", tmp_path / "moved")
    with pytest.raises(OddframeError, match=r"set\.jsonl"):
        given.read()
    Manifest("set", (Video("a", "a.mp4", "test", "normal", 4, 25.0, 8, 6),)).write(given.path)
    assert given.read().root == tmp_path / "moved"


def test_nothing_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OddframeError, match="no such video, folder or manifest"):
        Footage.given(tmp_path / "nowhere")
