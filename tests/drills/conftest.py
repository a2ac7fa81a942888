"""A street whose life is known: squares of 14 pixels on three lanes of one way, and room."""

from __future__ import annotations

import pytest
from tests.made.street import Street

from oddframe.drills.clip import Clip, read_clip
from oddframe.drills.cutouts import cut_movers
from oddframe.drills.stage import Stage
from oddframe.drills.survey import Survey
from oddframe.drills.surveying import survey
from oddframe.footage.given import Footage
from oddframe.videos.manifest import Manifest


@pytest.fixture(scope="session")
def lane_films(tmp_path_factory: pytest.TempPathFactory) -> Street:
    """The street's normal videos alone: three of 16 s, and one of 40 s."""
    street = Street(tmp_path_factory.mktemp("lanes"), height=128)
    for seed in range(3):
        street.film(street.root / "normal" / f"{seed}.mp4", street.images(16, seed))
    street.film(street.root / "long.mp4", street.images(40, 7))
    return street


@pytest.fixture(scope="session")
def lanes(lane_films: Street) -> Manifest:
    return Footage.given(lane_films.root / "long.mp4").read()


@pytest.fixture(scope="session")
def scene(lanes: Manifest) -> Survey:
    return survey(lanes, lanes.videos, lambda *_: None)


@pytest.fixture(scope="session")
def clip(lanes: Manifest) -> Clip:
    (video,) = lanes
    return read_clip(lanes, video, 0, video.frames, (video.width, video.height))


@pytest.fixture(scope="session")
def stage(clip: Clip, scene: Survey) -> Stage:
    """4 s as they are, then 8 s for a fault, and 28 s more."""
    return Stage(clip, 50, 150, scene, tuple(cut_movers(clip)), (0, 1, 2))
