"""What is seen of a street of which everything is known."""

from dataclasses import replace

import numpy as np
import pytest

from oddframe.drills.cutouts import cut_movers
from oddframe.drills.drawn_movers import drawn_case, drawn_person
from oddframe.drills.perspective import Perspective
from oddframe.drills.survey import Seen, Survey
from oddframe.drills.surveying import survey
from oddframe.footage.given import Footage


def test_things_are_as_high_and_as_fast_as_they_were_drawn(scene, lane_films):
    seen = scene.perspective(lane_films.height)
    assert seen.movers > 40
    assert seen.height_at(50) == pytest.approx(14, abs=3)
    # 0.13 to 0.15 widths of 128 pixels a second, in heights of 14 pixels
    assert scene.pace == pytest.approx(0.14 * 128 / 14, rel=0.3)


def test_lanes_are_used_and_what_lies_beside_them_is_not(scene):
    assert scene.share_used((0.2, 0.16, 0.8, 0.26)) > 0.8  # the first lane, rows 20 to 34
    assert scene.share_used((0.2, 0.0, 0.8, 0.1)) == 0
    assert scene.share_used((0.2, 0.65, 0.8, 1.0)) == 0


def test_lanes_of_one_way_are_one_sided_and_there_and_back_is_not(scene, lane_films):
    assert scene.one_sided > 0.9
    images = lane_films.images(30, 3)
    back = lane_films.root / "both" / "there.mp4"
    lane_films.film(back, images + images[::-1])
    both = Footage.given(back).read()
    assert survey(both, both.videos, lambda *_: None).one_sided < 0.65


def test_the_usual_way_is_that_of_the_lane(scene):
    assert scene.way_at(0.5, 34 / 128)[0] > 0.05
    assert scene.way_at(0.5, 52 / 128)[0] < -0.05


def test_surveys_of_one_scene_are_one(scene):
    twice = Survey.together([scene, scene])
    assert twice.seconds == 2 * scene.seconds
    np.testing.assert_allclose(twice.used, scene.used)
    assert len(twice.movers) == 2 * len(scene.movers)


def test_nothing_moves_in_a_picture_that_stands(lane_films):
    still = lane_films.film(lane_films.root / "still.mp4", [lane_films.images(1, 0)[0]] * 60)
    manifest = Footage.given(still).read()
    found = survey(manifest, manifest.videos, lambda *_: None)
    assert not found.moves
    assert found.one_sided is None


def test_perspective_is_the_line_that_heights_follow():
    random = np.random.default_rng(0)
    feet = random.uniform(60, 240, 400)
    heights = 10 + 0.2 * feet + random.normal(0, 2, 400)
    line = Perspective.of(feet, heights, 240)
    assert line.height_at(80) == pytest.approx(26, abs=2)
    assert line.height_at(220) == pytest.approx(54, abs=3)


def test_few_movers_or_larger_ones_far_away_make_no_perspective():
    few = Perspective.of(np.array([10.0, 200.0]), np.array([10.0, 50.0]), 240)
    assert few.height_at(0) == few.height_at(240) == 30
    feet = np.linspace(20, 240, 60)
    upside = Perspective.of(feet, 80 - 0.2 * feet, 240)
    assert upside.height_at(0) == upside.height_at(240)


def test_heights_without_a_mover_are_a_guess_that_says_so():
    assert Perspective.of(np.array([]), np.array([]), 240) == Perspective(40, 40, 240, 0)


def test_one_sidedness_needs_several_movers_at_a_place():
    few = tuple(Seen((0.4, 0.4, 0.5, 0.5), (1.0, 0.0)) for _ in range(3))
    assert Survey(0.6, np.zeros((4, 4)), few, {}, 1.0).one_sided is None


def test_of_too_many_long_videos_some_are_surveyed(lanes, monkeypatch):
    (video,) = lanes
    several = [replace(video, id=str(number)) for number in range(9)]
    monkeypatch.setattr("oddframe.drills.surveying._MOST_FRAMES", 120)
    monkeypatch.setattr("oddframe.drills.surveying._OF_A_VIDEO", 40)
    found = survey(lanes, several, lambda *_: None)
    assert list(found.activity) == ["0", "4", "8"]
    assert found.seconds == pytest.approx(3 * 40 / 12.5)
    assert all(part.end == 40 for part in found.activity.values())


def test_movers_are_cut_out_as_squares(clip):
    found = cut_movers(clip)
    assert found
    for cut in found:
        assert abs(cut.height - 14) <= 8  # with a margin of two pixels on either side
        mask = cut.masks[len(cut.masks) // 2]
        assert mask.sum() == pytest.approx(14 * 14, rel=0.35)
    assert {cut.heads_right for cut in found} <= {True, False}
    turned = found[0].facing(not found[0].heads_right)
    np.testing.assert_array_equal(turned.masks[0], found[0].masks[0][:, ::-1])


def test_people_and_cases_are_drawn():
    person, case = drawn_person(1), drawn_case(1)
    assert person.masks[0].shape[0] > 1.5 * person.masks[0].shape[1]
    assert 0.1 < person.masks[0].mean() < 0.6
    assert any(not np.array_equal(person.masks[0], other) for other in person.masks[1:])
    assert case.masks[0].shape[0] < person.masks[0].shape[0] / 2
