"""What counts as nothing new: noise; and what does not: anything small, anything slow."""

from contextlib import closing

import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.kept_rows import KeptRows
from oddframe.detectors.own_cameras.fixed_camera.observation import Observer, Scale
from oddframe.detectors.own_cameras.fixed_camera.stillness import Stillness
from oddframe.detectors.own_cameras.fixed_camera.stream import FixedCameraStream
from oddframe.detectors.own_cameras.fixed_camera.watching import Footage, plan_whole
from oddframe.features.backbones.patch_features import PatchEncoder, integer_network
from oddframe.footage.folder import prepare_folder
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run

SCALE = Scale((4, 6), (96, 64), (96, 64))


def noisy(random: np.random.Generator, level: float = 100, sigma: float = 2) -> np.ndarray:
    return np.clip(random.normal(level, sigma, (64, 96, 3)), 0, 255).astype(np.uint8)


def test_noise_is_nothing_new_for_ten_seconds():
    random = np.random.default_rng(0)
    stillness = Stillness()
    new = [k for k in range(200) if stillness.is_new(noisy(random))]
    assert new == [0, 50, 100, 150]


def test_what_was_passed_over_is_forgotten_where_something_was_new():
    random = np.random.default_rng(0)
    stillness = Stillness()
    levels = [100] * 30 + [160] * 60
    assert [k for k, level in enumerate(levels) if stillness.is_new(noisy(random, level))] == [
        0,
        30,
        80,
    ]


@pytest.mark.parametrize("place", [(0, 0), (31, 44), (60, 92)])
def test_four_by_four_pixels_are_something_new(place):
    random = np.random.default_rng(1)
    stillness = Stillness()
    stillness.is_new(noisy(random))
    image = noisy(random)
    y, x = place
    image[y : y + 4, x : x + 4] += 60
    assert stillness.is_new(image)


def test_a_slow_change_is_noticed_as_soon_as_it_is_one():
    """A fifth of a level from picture to picture, in a random fraction of the pixels."""
    random = np.random.default_rng(2)
    stillness = Stillness()
    new = [k for k in range(500) if stillness.is_new(noisy(random, 100 + 0.2 * k, 1))]
    assert new[0] == 0
    assert 25 <= len(new) <= 125
    assert max(np.diff(new)) < 25


def test_a_look_at_nothing_new_is_the_last_one():
    shown = [10, 10, 10, 50, 50, 10]
    seen = []

    def look(image: np.ndarray) -> int:
        seen.append(int(image[0, 0, 0]))
        return seen[-1]

    observer = Observer(5.0, SCALE, lambda grey, elapsed: elapsed, look, stillness=Stillness())
    with closing(observer):
        found = []
        for index, level in enumerate(shown):
            image = np.full((64, 96, 3), level, np.uint8)
            anew = index == 2
            found += observer.push(PictureFrame(index, index / 5, image), anew=anew)
        found += observer.finish()
    assert [one.look for one in found] == shown
    assert sorted(seen) == [10, 10, 10, 50]  # again at the cut, and when it was another


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_scores_hardly_differ_from_those_of_every_look(street, monkeypatch, sigma):
    detector = read_run(street.run).detector
    random = np.random.default_rng(3)
    still = street.images(3.2, 4, street.large)[-1].astype(float)
    pictures = [
        np.clip(still + random.normal(0, sigma, still.shape), 0, 255).astype(np.uint8)
        for _ in range(40)
    ]

    def scores() -> np.ndarray:
        stream = detector.stream(MediaInfo(40, 12.5, 128, 80))
        assert isinstance(stream, FixedCameraStream)
        found = [
            s for k, p in enumerate(pictures) for s in stream.push(PictureFrame(k, k / 12.5, p))
        ]
        return np.array([score.value for score in found + stream.finish()])

    again = scores()
    monkeypatch.setattr(Stillness, "is_new", lambda self, image: True)
    each = scores()
    assert np.abs(again - each).max() < 0.3
    assert again.mean() == pytest.approx(each.mean(), abs=0.1)


def test_stretches_to_calibrate_on_are_looked_at_as_in_scoring(tmp_path):
    """Four seconds in which nothing happens, and four in which a square moves."""
    still = np.full((64, 96, 3), 120, np.uint8)
    with VideoWriter(tmp_path / "a.mp4", 5.0, (96, 64)) as writer:
        for k in range(40):
            image = still.copy()
            image[20:40, max(0, k - 20) * 4 :][:, :16] = 20
            writer.write(image)
    manifest = prepare_folder(tmp_path)
    videos = list(manifest)
    footage = Footage(manifest, videos, SCALE, PatchEncoder(integer_network()))

    def looks(*, as_scored: bool) -> list[np.ndarray]:
        with KeptRows(tmp_path / f"kept-{as_scored}", {}) as kept:
            plan = plan_whole(videos)
            seen = list(footage.watch(plan, kept, {}, lambda _: None, as_scored=as_scored))
        return [s.observation.look for s in seen if s.observation.look is not None]

    every, some = looks(as_scored=False), looks(as_scored=True)
    assert len({id(look) for look in every}) == len(every) == len(some) == 40
    assert all(look is some[0] for look in some[:20])
    assert len({id(look) for look in some[20:]}) >= 19
    np.testing.assert_array_equal(some[-1], every[-1])
