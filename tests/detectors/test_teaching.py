"""What a person calls normal is silent from then on, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from tests.made.fixed_camera import config, fit, scored
from tests.made.street import Street

from oddframe.detectors.own_cameras.fixed_camera.excused import Excused
from oddframe.detectors.own_cameras.fixed_camera.lesson import Lesson, thinned
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.staying import GRID as STAYS
from oddframe.detectors.own_cameras.fixed_camera.staying import Staying
from oddframe.detectors.own_cameras.fixed_camera.teaching import Said, taught
from oddframe.detectors.own_cameras.fixed_camera.velocity import Velocity
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS
from oddframe.footage.folder import prepare_folder
from oddframe.media.opening import open_video


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Two normal films of 42 s: from 80 s on, what follows things may ring by itself."""
    street = Street(tmp_path_factory.mktemp("taught"))
    for number in range(2):
        street.film(street.root / "normal" / f"{number}.mp4", street.images(42, 80 + number))
    return street


@pytest.fixture(scope="module")
def detector(street):
    return fit(prepare_folder(street.root / "normal"), config(street))


def lesson_of(detector, film, start, end, boxes=()):
    """What was odd in frames of a film."""
    with open_video(film) as video:
        stream = detector.attentive(video.info)
        for frame in video:
            stream.attend(boxes if start <= frame.index < end else None)
            stream.push(frame)
        stream.finish()
    return stream.lesson()


def across(street, lane=0.6):
    def draw(image, time):
        if 3 <= time < 6:
            street.square(image, 0, round(4 + 20 * (time - 3)), lane)

    return draw


def odd_frames(detector, film):
    return [one for one in scored(detector, film)[13:] if one.value > detector.threshold]


@pytest.fixture(scope="module")
def films(street, detector):
    """Films with something odd each, and how many frames of it are odd."""
    extra = {"fast": street.fast, "large": street.large, "across": across(street)}
    found = {}
    for name, draw in extra.items():
        film = street.film(street.root / f"{name}.mp4", street.images(8, 53, draw))
        found[name] = film, len(odd_frames(detector, film))
    return found


@pytest.mark.parametrize(("kind", "other"), [("fast", "across"), ("across", "large")])
def test_what_was_called_normal_is_silent_and_others_are_as_odd_as_before(
    kind, other, detector, films, street, tmp_path
):
    draw = {"fast": street.fast, "across": across(street)}[kind]
    again = street.film(tmp_path / "again.mp4", street.images(8, 99, draw))
    film, before = films[kind]
    assert before
    lessons = []
    one = detector
    for _ in range(3):
        lessons.append(lesson_of(one, film, 37, 76))
        one, withheld = detector.taught([part for part in lessons if part], [])
        assert not withheld
        if not odd_frames(one, film):
            break
    else:
        pytest.fail("it is still odd")
    assert len(odd_frames(one, again)) < 0.1 * before, "with other passers-by"
    assert len(odd_frames(one, films[other][0])) > 0.8 * films[other][1]


def test_what_was_called_odd_is_not_learnt_whatever_else_was_called_normal(detector, films):
    film, before = films["large"]
    lesson = lesson_of(detector, film, 37, 76)
    both, withheld = detector.taught([lesson], [lesson])
    assert withheld > 0.9 * len(lesson["cells"]), "all but what was hardly odd beside it"
    assert len(odd_frames(both, film)) == before


def test_a_detector_that_was_taught_nothing_is_the_same(detector):
    same, withheld = detector.taught([], [])
    assert withheld == 0
    assert same.scene is detector.scene


def test_nothing_is_learnt_where_nobody_points(detector, films, street, tmp_path):
    assert lesson_of(detector, films["large"][0], 0, 0) is None
    calm = street.film(tmp_path / "calm.mp4", street.images(4, 53))
    pointed, alone = (
        set((lesson_of(detector, calm, 0, 50, boxes) or {"cells": np.zeros(0)})["cells"].tolist())
        for boxes in ([(0, 0, 8, 8)], ())
    )
    _, columns = detector.scene.scale.grid
    more = pointed - alone
    assert more
    assert all(cell // columns <= 1 and cell % columns <= 1 for cell in more)


def test_a_taught_detector_comes_back_from_its_state(detector, films):
    film, _ = films["fast"]
    one, _ = detector.taught([lesson_of(detector, film, 37, 76)], [])
    back = type(one).from_state(one.state())
    known = [score.value for score in scored(one, film)]
    assert [score.value for score in scored(back, film)] == pytest.approx(known, abs=2e-3)


def full(detector, **fields):
    return replace(Lesson.empty(detector.scene.scale.grid), **fields)


def test_looks_that_are_like_odd_ones_are_left_out_as_brute_force_says(detector):
    scene, random = detector.scene, np.random.default_rng(3)
    count = 60
    cells = random.integers(0, scene.scale.grid[0] * scene.scale.grid[1], count).astype(np.int32)
    near = scene.appearance.highest_below(1.0)
    cells[30:] = cells[:30]
    cells[45:] = np.roll(cells[45:], 1)
    patches = random.normal(0, near, (count, CHANNELS)).astype(np.float32)
    steps = patches[30:] / np.linalg.norm(patches[30:], axis=1, keepdims=True)
    patches[30:] = patches[:30] + steps * near * random.uniform(0.3, 1.7, (30, 1))
    normal = full(detector, cells=cells[:30], patches=patches[:30])
    odd = full(detector, cells=cells[30:], patches=patches[30:])
    found = taught(scene, [Said(normal, normal=True), Said(odd, normal=False)])
    block, columns = scene.memory.block, scene.scale.grid[1]
    places = [(cell // columns // block, cell % columns // block) for cell in cells.tolist()]
    apart = cdist(patches[:30], patches[30:])
    left_out = sum(
        any(places[i] == places[30 + j] and apart[i, j] <= near for j in range(30))
        for i in range(30)
    )
    assert 0 < left_out < 30
    assert found.withheld == left_out


def test_a_memory_that_knows_more_answers_like_brute_force(detector):
    memory: NormalMemory = detector.scene.memory
    random = np.random.default_rng(4)
    rows, columns = memory.grid
    probe = random.normal(0, 3, (rows, columns, CHANNELS)).astype(np.float32)
    cells = np.array([0, columns + 1, rows * columns - 1], np.int32)
    more = probe.reshape(-1, CHANNELS)[cells] + 0.01
    before, after = memory.distances(probe), memory.knowing(cells, more).distances(probe)
    assert (after <= before + 1e-4).all()
    assert after.ravel()[cells] == pytest.approx(np.full(3, 0.01 * np.sqrt(CHANNELS)), rel=0.05)
    block = memory.block
    far = np.ones((rows, columns), bool)
    for cell in cells.tolist():
        row, column = cell // columns // block * block, cell % columns // block * block
        far[row : row + block, column : column + block] = False
    assert (after[far] == before[far]).all()


def test_thinned_looks_stand_for_all(detector):
    random = np.random.default_rng(5)
    radius = detector.scene.appearance.highest_below(0.1)
    centres = random.normal(0, 3 * radius, (10, CHANNELS))
    noise = random.normal(0, 0.5 * radius / np.sqrt(CHANNELS), (80, CHANNELS))
    patches = (np.repeat(centres, 8, axis=0) + noise).astype(np.float32)
    cells = random.integers(0, 3, 80).astype(np.int32)
    kept, stand = thinned(detector.scene, cells, patches)
    assert 0 < len(kept) < 80
    assert cdist(patches, stand).min(axis=1).max() <= radius + 1e-3


def moving(shape, seconds=0.0):
    nothing = np.zeros(shape, np.uint8)
    part = (slice(0, shape[0]), slice(0, shape[1]))
    velocity = Velocity.__new__(Velocity)
    object.__setattr__(velocity, "part", part)
    return Moving(velocity, nothing.astype(np.uint16), [], nothing, nothing)


def test_a_pace_is_excused_up_to_what_was_taught_and_only_there():
    paces = np.zeros((2, 4), np.float32)
    paces[0, 1] = 3.0
    excused = Excused(paces, np.zeros(STAYS, np.float32))
    field = np.full((20, 40), 2.5, np.float32)
    calm = excused.calmed(field, moving((20, 40)))
    assert (calm[:10, 10:20] == 1).all()
    calm[:10, 10:20] = 2.5
    assert (calm == field).all()
    fast = excused.calmed(np.full((20, 40), 3.5, np.float32), moving((20, 40)))
    assert (fast == 3.5).all(), "faster than what was taught is odd"


def standing(seconds, excused):
    """The longest stay of a thing that stands in the middle for some seconds."""
    shape = (32, 48)
    scene, thing = np.full(shape, 90, np.uint8), np.zeros(shape, np.uint8)
    thing[12:20, 20:28] = 1
    staying = Staying(excused)
    empty = Moving(None, thing.astype(np.uint16) * 0, [], thing * 0, scene)
    staying.update(empty, None)
    stay = None
    for _ in range(round(10 * seconds)):
        picture = np.where(thing, 200, scene).astype(np.uint8)
        now = Moving(None, thing.astype(np.uint16), [], thing, picture)
        stay = staying.update(now, 0.1)
    return stay


def test_a_stay_is_excused_for_as_long_as_was_taught():
    excused = np.zeros(STAYS, np.float32)
    assert standing(8, excused).seconds == pytest.approx(8, abs=1)
    excused[5:11, 9:15] = 12
    assert standing(8, excused).seconds == 0
    assert standing(16, excused).seconds == pytest.approx(16, abs=1)
    assert standing(8, np.roll(excused, 8, axis=1)).seconds == pytest.approx(8, abs=1)


def test_a_stay_of_which_a_clip_shows_the_end_alone_is_excused_whole(detector, street, tmp_path):
    """A camera's clip begins some seconds before it rang, and the thing was there before."""

    def stops(image: np.ndarray, time: float) -> None:
        if time >= 3:
            street.square(image, 0, 20, min(0.15 * (time - 3), 0.6))

    images = street.images(30, 53, stops)
    film = street.film(tmp_path / "whole.mp4", images)
    frames = odd_frames(detector, film)
    last = frames[-1]
    assert last.cue == "staying"
    seconds = 13.0  # since it had stayed for so long that this alone was odd
    begins = last.frame - round((seconds + 1) * street.fps)
    clip = street.film(tmp_path / "clip.mp4", images[begins:])

    def odd_after(stayed: float) -> int:
        with open_video(clip) as video:
            stream = detector.attentive(video.info)
            if stayed:
                stream.attend_to_stay(frames[-1].boxes, stayed)
            stream.attend(frames[-1].boxes)
            for frame in video:
                stream.push(frame)
            stream.finish()
        taught, _ = detector.taught([stream.lesson()], [])
        return sum(one.cue == "staying" for one in odd_frames(taught, film))

    assert odd_after(seconds) == 0 < odd_after(0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paces": np.zeros((2, 2), np.float32)}, "'paces': expected finite numbers of shape"),
        ({"ways": np.zeros((2, 2), bool)}, "'ways'"),
        ({"cells": np.array([1 << 20, 1], np.int32)}, "'patches'|'cells'"),
        ({"stays": None}, "'stays'"),
    ],
)
def test_a_damaged_lesson_is_one_line(detector, change, said):
    state = {**full(detector, paces=np.ones(detector.scene.scale.grid, np.float32)).state()}
    with pytest.raises(OddframeError, match=said):
        detector.taught([{**state, **change}], [])
