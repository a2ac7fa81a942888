"""Motion: textured squares in front of a scene, which move at a known speed, or stay."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.boxes import places_under
from oddframe.detectors.own_cameras.fixed_camera.directions import (
    Directions,
    Wanderer,
    WayStream,
)
from oddframe.detectors.own_cameras.fixed_camera.motion import Habits, MotionStream
from oddframe.detectors.own_cameras.fixed_camera.movers import Mover, MoverStream, movers_of
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace, cells_of, fastest_of
from oddframe.detectors.own_cameras.fixed_camera.presence import PresenceStream, Traffic
from oddframe.detectors.own_cameras.fixed_camera.staying import LongestStays, Stay
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced
from oddframe.detectors.own_cameras.fixed_camera.velocity import Velocity
from oddframe.detectors.own_cameras.fixed_camera.ways import (
    BINS,
    GRID,
    NO_WAY,
    Ways,
    count_ways,
)

WIDTH, HEIGHT = 240, 160
SIZE = (WIDTH, HEIGHT)
CELLS = (10, 15)


def backdrop() -> np.ndarray:
    return np.tile(np.linspace(90, 130, WIDTH), (HEIGHT, 1)).round().astype(np.uint8)


def scene(x: float, y: float, side: int = 40, light: float = 1.0) -> np.ndarray:
    """A textured square with its top left corner at (x, y), on a smooth background."""
    random = np.random.default_rng(0)
    texture = cv2.GaussianBlur(random.integers(0, 256, (side, side), np.uint8), (0, 0), 1.2)
    texture = cv2.normalize(texture, None, 140, 255, cv2.NORM_MINMAX)
    shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
    inside = cv2.warpAffine(np.ones((side, side), np.float32), shift, SIZE)
    square = cv2.warpAffine(texture.astype(np.float32), shift, SIZE)
    image = square * inside + backdrop() * (1 - inside)
    return np.clip(image * light, 0, 255).round().astype(np.uint8)


@pytest.fixture(scope="module")
def background() -> Background:
    noise = np.random.default_rng(1).normal(0, 1, (40, HEIGHT, WIDTH))
    return Background.fit(np.clip(backdrop() + noise, 0, 255).astype(np.uint8), 40.0)


def square_at(background, right, down, seconds, frames=12, start=(40, 50)) -> Mover:
    """What is measured of the square after it moved by so many pixels in each of the frames."""
    stream = MoverStream(background, SIZE)
    for k in range(frames):
        image = scene(start[0] + right * k, start[1] + down * k)
        moving = stream.update(image, seconds if k else None)
    (mover,) = movers_of(moving)
    return mover


@pytest.mark.parametrize(("right", "down"), [(2.0, 0.0), (-3.0, 0.0), (0.0, 2.0), (4.0, -3.0)])
@pytest.mark.parametrize("seconds", [0.08, 0.2])
def test_a_thing_has_its_velocity_and_its_box(background, right, down, seconds):
    mover = square_at(background, right, down, seconds, start=(90, 70))
    assert mover.velocity == pytest.approx((right / seconds, down / seconds), rel=0.1, abs=1.5)
    corner = 90 + 11 * right, 70 + 11 * down
    assert mover.box[:2] == pytest.approx(corner, abs=3)
    assert mover.box[2:] == pytest.approx((40, 40), abs=5)
    assert mover.foot == pytest.approx(corner[1] + 40, abs=3)


@pytest.mark.parametrize("cover", [0.01, 0.5])
def test_the_velocity_around_a_pixel_is_as_fast_as_its_speed(cover):
    """Also where hardly anything was measured, and is counted for less."""
    random = np.random.default_rng(4)
    sums = random.normal(0, 20, (40, 60, 3)).astype(np.float32)
    sums[..., 2] = cover
    velocity = Velocity(sums, np.s_[4:36, 6:50], np.zeros(0), np.zeros(0), 0.08)
    speeds = velocity.speeds()
    for row, column in ((3, 3), (16, 20), (28, 40)):
        assert np.hypot(*velocity.around(row, column)) == pytest.approx(
            speeds[row, column], rel=1e-4
        )


def test_the_scene_itself_is_no_thing_in_any_light(background):
    for light in (0.8, 1.0, 1.25):
        image = np.clip(backdrop() * light, 0, 255).astype(np.uint8)
        standing, levelled = background.foreground(image)
        assert not standing.any()
        assert np.abs(levelled.astype(int) - backdrop()).max() <= 4
        standing, _ = background.foreground(scene(100, 60, light=light))
        assert standing[65:95, 105:135].mean() > 0.9
        assert standing[:50].mean() == 0


@pytest.mark.parametrize("gamma", [0.7, 1.4])
def test_a_camera_that_sees_in_another_gamma_sees_the_same_scene(gamma):
    """As in the evening, or behind a lens that turned: dark and bright change by other factors."""
    wide = np.tile(np.linspace(30, 220, WIDTH), (HEIGHT, 1)).round().astype(np.uint8)
    noise = np.random.default_rng(1).normal(0, 1, (40, HEIGHT, WIDTH))
    known = Background.fit(np.clip(wide + noise, 0, 255).astype(np.uint8), 40.0)
    thing = wide.copy()
    thing[60:100, 20:60] = 200
    for picture, share in ((wide, 0.0), (thing, 1.0)):
        seen = (255 * (picture / 255.0) ** gamma).round().astype(np.uint8)
        standing, _ = known.foreground(seen)
        assert standing[60:100, 20:60].mean() == pytest.approx(share, abs=0.05)
        assert standing[:50].mean() < 0.01


def test_noise_moves_nothing(background):
    stream = MoverStream(background, SIZE)
    random = np.random.default_rng(2)
    for k in range(6):
        noisy = np.clip(backdrop() + random.normal(0, 3, (HEIGHT, WIDTH)), 0, 255)
        assert stream.update(noisy.astype(np.uint8), 0.08 if k else None).boxes == []


def mover(x: int, foot: int, right: float, down: float = 0.0) -> Mover:
    return Mover((x - 10, foot - 30, 20, 30), (right, down))


def test_the_usual_pace_follows_the_row_of_the_foot():
    random = np.random.default_rng(3)
    feet = random.integers(40, 140, 2000)
    movers = [mover(100, foot, foot * random.uniform(0.5, 1.0)) for foot in feet]
    usual = UsualPace.fit(movers, WIDTH)
    # 70 % of what is even between half and all of it.
    for foot in (60, 90, 120):
        assert usual.at([foot]) == pytest.approx(0.85 * foot, rel=0.05)
    assert usual.at([0]) == usual.at([40]) > 0
    assert UsualPace.fit([], WIDTH).at([77]) == WIDTH / 5


@pytest.mark.parametrize("count", [1, 19, 20, 21, 39, 40, 75, 150, 159, 160, 400])
def test_a_few_things_say_what_is_usual_as_well_as_they_can(count):
    """Between 20 and 160 there were too few for each of eight bands, and fitting failed."""
    random = np.random.default_rng(count)
    movers = [Mover((10, y, 6, 12), (12.0, 0.0)) for y in random.integers(10, 90, count).tolist()]
    usual = UsualPace.fit(movers, WIDTH).at([10, 60, 110])
    assert usual == pytest.approx(np.full(3, WIDTH / 5 if count < 20 else 12.0))


@pytest.mark.parametrize("times", [1.0, 2.5])
def test_a_pace_is_a_multiple_of_the_usual_one(background, times):
    usual = UsualPace(np.array([50.0, 150.0]), np.array([25.0, 25.0]))
    stream = MoverStream(background, SIZE)
    step = 2.0 * times
    for k in range(14):
        moving = stream.update(scene(20 + step * k, 50), 0.08 if k else None)
    field = usual.field(moving)
    pace = cells_of(field, moving, CELLS)
    row, column = int(70 / HEIGHT * CELLS[0]), int((20 + 13 * step + 20) / WIDTH * CELLS[1])
    assert pace[row, column] == pytest.approx(times, rel=0.12)
    assert pace[8:].max() == 0
    assert pace.dtype == np.float32
    fastest = fastest_of(field, moving)
    assert fastest.value == pytest.approx(times, rel=0.12)
    assert fastest.velocity == pytest.approx((step / 0.08, 0), rel=0.12, abs=2)
    assert fastest.box == pytest.approx((20 + 13 * step, 50, 40, 40), abs=8)


def walk(start: tuple[int, int], right: float, down: float = 0.0, frames: int = 16) -> list:
    """A square that walks, and is gone."""
    return [scene(start[0] + right * k, start[1] + down * k) for k in range(frames)] + [backdrop()]


def directions_of(background, *walks) -> Directions:
    return Directions.of_counts(counts_of(background, *walks))


def wanderers(background, directions, pictures) -> list[Wanderer]:
    movers, ways = MoverStream(background, SIZE), WayStream(directions)
    seen = (movers.update(p, 0.08 if k else None) for k, p in enumerate(pictures))
    return [ways.update(moving, Ways.of(moving)) for moving in seen]


@pytest.fixture(scope="module")
def street(background) -> Directions:
    """On the left all goes right; on the right it goes both ways."""
    there = walk((120, 40), 4), walk((195, 40), -4), walk((120, 80), 4), walk((195, 80), -4)
    return directions_of(background, walk((5, 40), 4), walk((5, 80), 4), *there)


def test_ways_are_believed_where_crosswise_is_told_from_usual():
    """By hand: of one way in three bins a quarter turn is never one of them; of all, always."""
    one, all_ways = np.zeros((*GRID, BINS)), np.ones((*GRID, BINS))
    one[..., 0] = 1
    assert Directions.of_counts(one).trust() == pytest.approx(1.0)
    assert Directions.of_counts(one).trust() <= 1
    assert Directions.of_counts(all_ways).trust() == 0
    assert Directions.of_counts(np.zeros((*GRID, BINS))).trust() == 0
    # There and back: only what crosses is told.
    both = one + np.roll(one, BINS // 2, 2)
    assert Directions.of_counts(both).trust() == pytest.approx(1.0)
    # A crossroads: two ways in four, and a quarter turn is the other one.
    assert Directions.of_counts(both + np.roll(both, BINS // 4, 2)).trust() == 0


def test_a_direction_that_nothing_takes_is_rare_at_its_place_alone(background, street):
    def rarest(*way) -> Wanderer:
        return max(wanderers(background, street, walk(*way)), key=lambda one: one.value)

    assert rarest((10, 60), 4).value < 0.1
    assert rarest((150, 60), -4).value < 0.1
    left, up = rarest((75, 60), -4), rarest((170, 100), 0, -4)
    assert left.value > 0.5
    assert up.value > 0.5
    assert street.sentence(left) == "moves left, where nearly everything moves right"
    assert street.sentence(up) == "moves up, where hardly anything does"
    assert street.sentence(Wanderer(1.0)) == "moved in a direction that is rare here"


def test_who_goes_against_the_crowd_is_found_in_it(background, street):
    """Things that touch are one thing, whose parts go their own ways."""
    crowd = [np.maximum(scene(10 + 3 * k, 30), scene(80 - 4 * k, 68)) for k in range(14)]
    found = wanderers(background, street, crowd)[-1]
    x, y, width, height = found.box
    assert found.value > 0.4
    assert (x, y) == pytest.approx((80 - 4 * 13, 68), abs=12)
    assert (x + width, y + height) == pytest.approx((120 - 4 * 13, 108), abs=12)


def strays_of(background, traffic: Traffic, pictures) -> list[Traced]:
    movers, strays = MoverStream(background, SIZE), PresenceStream(traffic)
    seen = (movers.update(p, 0.08 if k else None) for k, p in enumerate(pictures))
    return [strays.update(moving, Ways.of(moving)) for moving in seen]


def counts_of(background, *walks) -> np.ndarray:
    counts = np.zeros((*GRID, BINS), np.float32)
    for pictures in walks:
        stream = MoverStream(background, SIZE)
        for k, picture in enumerate(pictures):
            counts += count_ways(stream.update(picture, 0.08 if k else None))
    return counts


def test_what_moves_where_nothing_does_is_rare_whichever_way_it_goes(background):
    """Where something goes to the right, going left is no matter of presence."""
    traffic = Traffic.of_counts(counts_of(background, walk((5, 10), 4), walk((5, 10), 4)))
    usual, back, below = (
        max(strays_of(background, traffic, walk(*way)), key=lambda one: one.value)
        for way in (((5, 10), 4), ((65, 10), -4), ((5, 110), 4))
    )
    assert max(usual.value, back.value) < 0.1
    assert below.value > 1
    _, y, _, height = below.box
    assert y == pytest.approx(110, abs=8)
    assert height == pytest.approx(40, abs=8)
    assert below.velocity == pytest.approx((4 / 0.08, 0), abs=8)
    stray = replace(below, oddest=below.box)
    assert traffic.sentence(stray, SIZE) == "moves where nothing moved in the normal footage"
    # A hundred times as much elsewhere: hardly anything moved below, but something did.
    seldom = Traffic.of_counts(
        100 * counts_of(background, walk((5, 10), 4))
        + counts_of(background, walk((5, 110), 4, frames=8))
    )
    now = max(strays_of(background, seldom, walk((5, 110), 4)), key=lambda one: one.value)
    assert 0 < now.value < below.value
    # It is told of where it was oddest, wherever it has come to since.
    late = Traced(1.0, (150, 20, 20, 30), oddest=(30, 115, 20, 30), ago=3.0)
    assert seldom.sentence(late, SIZE) == "moved a moment ago where hardly anything does"


def test_where_nothing_ever_moved_anything_that_does_is_rare(background):
    still = Traffic.of_counts(np.zeros((*GRID, BINS)))
    assert max(one.value for one in strays_of(background, still, walk((5, 110), 4))) > 1
    assert max(one.value for one in strays_of(background, still, [backdrop()] * 5)) == 0


@pytest.mark.parametrize("box", [(-29, 40, 60, 90), (100, -20, 40, 60), (-9, -9, 30, 30)])
def test_places_under_what_leaves_the_picture_are_those_that_are_left(box):
    x, y, width, height = box
    under = np.zeros((18, 28), bool)
    under[places_under(box, (360, 240), (18, 28))] = True
    rows, columns = np.nonzero(under)
    assert (rows.min(), columns.min()) == (max(0, y) * 18 // 240, max(0, x) * 28 // 360)
    assert (rows.max(), columns.max()) == (
        (y + height - 1) * 18 // 240,
        (x + width - 1) * 28 // 360,
    )


def test_nothing_is_under_what_has_left():
    assert not np.ones((18, 28))[places_under((-60, 40, 50, 90), (360, 240), (18, 28))].size


def test_an_odd_way_fades_within_a_few_seconds(background, street):
    pictures = walk((75, 60), -4)[:-1]
    found = wanderers(background, street, pictures + [pictures[-1]] * 60)
    now, later = found[15], found[-1]
    assert later.value < 0.1 * now.value
    assert later.way == NO_WAY


def test_what_hardly_moves_has_no_direction(background, street):
    slow = wanderers(background, street, walk((75, 60), -0.25))
    assert max(w.value for w in slow) < 0.1


def test_where_nothing_moves_no_direction_is_rare(background):
    directions = directions_of(background, [backdrop()] * 5)
    assert directions.shares.shape == (*GRID, BINS)
    assert max(w.value for w in wanderers(background, directions, walk((75, 60), -4))) == 0


def habits(background) -> Habits:
    directions = Directions.of_counts(np.zeros((*GRID, BINS)))
    traffic = Traffic(np.ones(GRID))
    return Habits(background, UsualPace(np.array([80.0]), np.array([30.0])), directions, traffic)


def stays_of(background, pictures, seconds=0.2) -> list[Stay]:
    stream = MotionStream(habits(background), CELLS, SIZE)
    return [stream.update(p, seconds if k else None).stay for k, p in enumerate(pictures)]


def test_a_thing_that_stays_is_counted_from_when_it_came(background):
    pictures = [backdrop()] * 10 + [scene(100, 60)] * 30 + [backdrop()] * 10
    stays = stays_of(background, pictures)
    assert [round(s.seconds, 1) for s in stays[:11]] == [0.0] * 11
    # The first picture with it only says what it looks like.
    assert stays[39].seconds == pytest.approx(29 * 0.2, abs=0.7)
    assert stays[39].box == pytest.approx((100, 60, 40, 40), abs=5)
    assert stays[-1].seconds == 0


def test_somebody_who_walks_by_does_not_end_a_stay(background):
    kept = scene(100, 60)
    hidden = kept.copy()
    hidden[50:110, 95:145] = 30
    stays = stays_of(background, [backdrop()] + [kept] * 20 + [hidden] * 2 + [kept] * 10)
    assert stays[-1].seconds == pytest.approx(29 * 0.2, abs=1.0)


def test_what_moves_does_not_stay(background):
    stays = stays_of(background, [scene(10 + 5 * k, 60) for k in range(30)])
    assert max(s.seconds for s in stays) < 2


def test_a_light_that_is_switched_is_no_stay(background):
    dark = (backdrop() // 4).astype(np.uint8)
    dark[:, ::2] += 40  # another light, not only less of it
    assert max(s.seconds for s in stays_of(background, [backdrop()] * 3 + [dark] * 30)) == 0


def test_the_sentence_of_a_stay_knows_the_place():
    stays = LongestStays.of([Stay(12.0, (100, 60, 40, 40))], SIZE)
    assert stays.sentence(Stay(40.0, (110, 70, 10, 10))) == (
        "has stayed 40 s; nothing in the normal footage stayed here longer than 12 s"
    )
    assert stays.sentence(Stay(40.0, (10, 10, 10, 10))) == (
        "has stayed 40 s; nothing stayed here in the normal footage"
    )
    assert stays.sentence(Stay(9.0, (110, 70, 10, 10))) == (
        "has stayed 9 s; hardly anything in the normal footage did, here or elsewhere"
    )


def test_footage_that_begins_anew_forgets(background):
    stream = MotionStream(habits(background), CELLS, SIZE)
    for k in range(15):
        before = stream.update(scene(40 + 3 * k, 50), 0.2 if k else None)
    assert before.pace.max() > 0
    anew = stream.update(scene(180, 50), None)
    assert anew.pace.max() == 0
    assert anew.stay.seconds == 0
