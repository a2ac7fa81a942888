"""The camera's own health on pictures made by hand, each with one trouble of known size."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.health import (
    DARK,
    LIGHT,
    NOISY,
    RELIT,
    Health,
    HealthStream,
)
from oddframe.detectors.own_cameras.fixed_camera.health_signs import Signs, SignStream
from oddframe.files.saved_state import SavedState

WIDTH, HEIGHT, RATE = 240, 160, 12.5
NORMAL = 75
Change = Callable[[np.ndarray, int], np.ndarray]


def _scene(shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A wall of bricks of many greys, seen through a window that may be moved."""
    random = np.random.default_rng(3)
    bricks = random.integers(60, 200, (24, 36)).astype(np.uint8)
    wall = cv2.resize(bricks, (360, 240), interpolation=cv2.INTER_NEAREST)
    x, y = 40 - shift[0], 30 - shift[1]
    return wall[y : y + HEIGHT, x : x + WIDTH].astype(np.float32)


def _picture(number: int, scene: np.ndarray, noise: float = 1.0) -> np.ndarray:
    """The scene with somebody who walks by, and noise."""
    image = scene.copy()
    left = (5 * number) % WIDTH
    image[50:110, left : left + 20] = 20
    random = np.random.default_rng(number)
    return _bytes(image + random.normal(0, noise, image.shape))


def _bytes(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _normal(first: int, count: int = NORMAL) -> list[np.ndarray]:
    return [_picture(first + number, _scene()) for number in range(count)]


def _elapsed(number: int) -> float | None:
    return 1 / RATE if number else None


@pytest.fixture(scope="module")
def background() -> Background:
    return Background.fit(np.stack(_normal(0)), NORMAL / RATE)


def _learnt(background: Background, pictures: Iterable[np.ndarray]) -> Health:
    signs, health = SignStream(background), Health()
    for number, picture in enumerate(pictures):
        health = health.knowing(signs.update(picture, _elapsed(number)))
    return health


@pytest.fixture(scope="module")
def health(background: Background) -> Health:
    return _learnt(background, _normal(0))


def _told(background: Background, health: Health, pictures: Iterable[np.ndarray]) -> list[str]:
    stream = HealthStream(health, background)
    return [stream.update(picture, _elapsed(number)) for number, picture in enumerate(pictures)]


def _trouble(change: Change, seconds: float = 4.0) -> list[np.ndarray]:
    """Two seconds of normal pictures and then changed ones."""
    count = round(seconds * RATE)
    return [*_normal(100, 25), *(change(p, n) for n, p in enumerate(_normal(125, count)))]


def _covered(picture: np.ndarray, number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    light = np.linspace(4, 16, WIDTH)[None, :] + random.normal(0, 1.5, picture.shape)
    return _bytes(light)


def _blurred(picture: np.ndarray, number: int) -> np.ndarray:
    del number
    return cv2.GaussianBlur(picture, (0, 0), 0.015 * WIDTH)


def _moved(picture: np.ndarray, number: int) -> np.ndarray:
    del picture
    return _picture(number, _scene((5, -4)))


@pytest.mark.parametrize(
    ("change", "name"), [(_covered, "covered"), (_blurred, "out of focus"), (_moved, "moved")]
)
def test_a_trouble_is_named_within_three_seconds_and_only_then(
    background: Background, health: Health, change: Change, name: str
) -> None:
    told = _told(background, health, _trouble(change))
    assert set(told[:25]) == {""}
    assert set(told[25:]) == {"", name}
    assert told.index(name) - 25 <= 3 * RATE
    assert told[-1] == name


def test_what_is_over_within_a_second_is_no_trouble(background: Background, health: Health) -> None:
    pictures = [*_trouble(_covered, 1.0), *_normal(200, 40)]
    assert set(_told(background, health, pictures)) == {""}


def test_the_shift_is_measured(background: Background) -> None:
    stream = SignStream(background)
    for number in range(30):
        signs = stream.update(_picture(number, _scene((5, -4))), _elapsed(number))
    assert signs.shift == pytest.approx(np.hypot(5, 4) / WIDTH, rel=0.1)


def test_a_black_cover_that_has_no_noise_is_covered_and_not_frozen_as_well(
    background: Background, health: Health
) -> None:
    black = _trouble(lambda picture, _: np.full_like(picture, 16), 8.0)
    assert set(_told(background, health, black)) == {"", "covered"}


def test_a_frozen_stream_and_when_it_is_none(background: Background, health: Health) -> None:
    still = _normal(200, 1) * 60
    assert _told(background, health, [*_normal(100, 25), *still])[-1] == "frozen"
    # Coded footage of an empty scene repeats pictures: three times what it did before is none.
    pauses = _learnt(background, [*_normal(0, 25), *_normal(25, 1) * 25])
    assert pauses.limits()["still"] == pytest.approx(3 * 24 / RATE)
    assert set(_told(background, pauses, [*_normal(100, 25), *still])) == {""}


def test_light_that_is_switched_is_one_note_and_light_that_drifts_none(
    background: Background, health: Health
) -> None:
    def switched(picture: np.ndarray, number: int) -> np.ndarray:
        del number
        return _bytes(picture * 0.7)

    def drifting(picture: np.ndarray, number: int) -> np.ndarray:
        power = 1.4 ** min(number / RATE / 3, 1.0)
        return _bytes(255 * (picture / 255) ** power)

    told = _told(background, health, _trouble(switched))
    assert told[25] == LIGHT
    assert told.count(LIGHT) == pytest.approx(2 * RATE, abs=4)
    assert LIGHT not in told[25 + told.count(LIGHT) :]
    assert set(_told(background, health, _trouble(drifting))) == {""}


def test_noise_is_said_where_there_is_more_than_in_any_normal_footage(
    background: Background, health: Health
) -> None:
    noisy = [_picture(number, _scene(), noise=8.0) for number in range(50)]
    assert _told(background, health, [*_normal(100, 25), *noisy])[-1] == NOISY
    known = _learnt(background, noisy)
    assert set(_told(background, known, noisy)) == {""}


def _night(noise: float) -> Change:
    def night(picture: np.ndarray, number: int) -> np.ndarray:
        random = np.random.default_rng(number)
        return _bytes(255 * (picture / 255) ** 2.5 + random.normal(0, noise, picture.shape))

    return night


@pytest.mark.parametrize("noise", [0, 3, 8])
def test_a_night_that_training_lacks_is_dark_and_one_that_it_has_is_none(
    background: Background, health: Health, noise: float
) -> None:
    """Gamma 2.5 makes 60 to 200 grey levels 7 to 139: less than half of the light."""
    told = _told(background, health, _trouble(_night(noise)))
    assert set(told[25:]) == {"", DARK}
    assert told.index(DARK) - 25 <= 3 * RATE
    assert told[-1] == DARK
    nights = [_night(noise)(picture, number) for number, picture in enumerate(_normal(0))]
    known = _learnt(background, [*_normal(0), *nights])
    assert set(_told(background, known, _trouble(_night(noise)))) == {""}


def test_looks_are_not_judged_in_the_dark_from_its_first_half_second_on(
    background: Background, health: Health
) -> None:
    stream = HealthStream(health, background)
    known = []
    for number, picture in enumerate(_trouble(_night(3))):
        stream.update(picture, _elapsed(number))
        known.append(stream.sees_look)
    assert all(known[:25])
    assert not any(known[25 + 6 :])
    assert stream.sees_motion


def test_a_dark_cover_is_judged_as_it_looks(background: Background, health: Health) -> None:
    stream = HealthStream(health, background)
    for number, picture in enumerate(_trouble(_covered)):
        told = stream.update(picture, _elapsed(number))
        assert stream.sees_look
    assert told == "covered"


def test_another_light_is_not_a_cover(background: Background, health: Health) -> None:
    """Infrared: what was bright is dark, and edges stand where they stood."""

    def infrared(picture: np.ndarray, number: int) -> np.ndarray:
        del number
        return _bytes(200 - 0.8 * picture.astype(np.float32))

    assert _told(background, health, _trouble(infrared))[-1] == RELIT
    known = _learnt(background, [infrared(p, n) for n, p in enumerate(_normal(0))])
    assert set(_told(background, known, _trouble(infrared)[30:])) == {""}
    assert _told(background, known, _trouble(_covered))[-1] == "covered"


def test_what_normal_footage_has_shown_is_no_trouble(background: Background) -> None:
    covered = [_covered(picture, number) for number, picture in enumerate(_normal(0))]
    assert set(_told(background, _learnt(background, covered), covered)) == {""}


def test_normal_pictures_have_no_trouble(background: Background, health: Health) -> None:
    assert set(_told(background, health, _normal(300, 100))) == {""}


def test_a_scene_without_structure_is_neither_covered_nor_out_of_focus() -> None:
    flat = [_bytes(128 + np.random.default_rng(n).normal(0, 2, (160, 240))) for n in range(60)]
    background = Background.fit(np.stack(flat), 60 / RATE)
    assert set(_told(background, _learnt(background, flat[:30]), flat)) == {""}


def test_health_is_the_same_after_saving(health: Health) -> None:
    assert Health.from_state(SavedState({"health": health.state()}).part("health")) == health
    assert Health().knowing(Signs(shift=0.5)).worst == Signs(shift=0.5)
