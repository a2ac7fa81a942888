"""What tests of scoring share."""

from collections.abc import Callable

import pytest
from tests.made.street import Street

from oddframe.detectors.contract import FrameDetector
from oddframe.footage.folder import prepare_folder
from oddframe.scoring.frames import score_frames
from oddframe.scoring.kept import VideoScores
from oddframe.videos.video import Video


@pytest.fixture
def scored_calm(street: Street, tmp_path) -> Callable[..., tuple[Video, VideoScores]]:
    """Scores the street's calm video with a detector."""

    def scored(detector: FrameDetector, *, causal: bool) -> tuple[Video, VideoScores]:
        manifest = prepare_folder(street.root / "calm.mp4")
        (video,) = manifest
        found = score_frames(
            detector,
            manifest,
            video,
            maps=None,
            terms=tmp_path / "terms",
            baselines=tmp_path / "baselines",
            causal=causal,
            per_video=False,
            count=lambda doing, done, total: None,
        )
        return video, found

    return scored
