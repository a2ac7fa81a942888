"""Faults do what they say, when and where they say it, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from oddframe.drills.faults import FAULTS
from oddframe.drills.faults import camera as camera_faults
from oddframe.drills.faults.direction import across_the_flow, backwards, mirrored
from oddframe.drills.faults.pace import at_speed, standing_still
from oddframe.drills.faults.presence import walk_through
from oddframe.drills.faults.staying import comes_to_rest, disappears
from oddframe.drills.paths import SIZES, unused_path, usual_path
from oddframe.drills.stage import Faulted, NotHereError, Stage
from oddframe.drills.survey import Seen

ALL = {fault.key: fault for fault in FAULTS}


@pytest.fixture(scope="module")
def made(stage: Stage) -> Callable[[str], Faulted]:
    """The fault of a key on the stage."""
    return cache(lambda key: ALL[key].make(stage))


@pytest.mark.parametrize("key", ALL)
def test_the_lead_is_untouched_and_the_rest_is_not(
    stage: Stage, made: Callable[[str], Faulted], key: str
) -> None:
    faulted = made(key)
    images, lead = stage.clip.images, stage.lead
    whole = key == "direction-everything-mirrored"  # a camera does not turn round on the way
    assert faulted.from_start is whole
    for number in range(lead):  # a stream that has seen the clip's own goes on from there
        if not whole:
            assert faulted.source(number) == number
        same = np.array_equal(faulted.picture(number), images[number])
        assert same is not whole
    assert 0 < faulted.frames <= len(stage.clip)
    changed = 0
    for part in faulted.parts:
        assert lead <= part.start < part.end <= faulted.frames
        for number in np.linspace(part.start, part.end - 1, 5).astype(int).tolist():
            picture = faulted.picture(number)
            assert picture.shape == images[0].shape
            assert picture.dtype == np.uint8
            changed += not np.array_equal(picture, images[number])
            for x1, y1, x2, y2 in faulted.boxes(number):
                assert 0 <= x1 < x2 <= stage.clip.size[0]
                assert 0 <= y1 < y2 <= stage.clip.size[1]
    assert changed > 2


@pytest.mark.parametrize("key", ALL)
def test_a_seed_gives_the_same_fault_each_time(
    stage: Stage, made: Callable[[str], Faulted], key: str
) -> None:
    first, second = made(key), ALL[key].make(stage)
    assert first.parts == second.parts
    number = (first.parts[0].start + first.parts[0].end) // 2
    assert first.boxes(number) == second.boxes(number)
    np.testing.assert_array_equal(first.picture(number), second.picture(number))


def test_keys_are_names_of_files_and_tell_faults_apart() -> None:
    assert len(ALL) == len(FAULTS)
    assert all(key.replace("-", "").isalnum() for key in ALL)


def test_twice_as_fast_shows_every_second_frame(stage: Stage) -> None:
    faulted = at_speed(stage, 2.0)
    for step in (0, 1, 7, 60):
        expected = stage.clip.images[stage.lead + 2 * step]
        np.testing.assert_array_equal(faulted.picture(stage.lead + step), expected)
    assert faulted.frames == stage.end
    assert faulted.shows == (stage.lead, stage.lead + 2 * (stage.end - stage.lead - 1) + 1)


def test_a_third_of_the_speed_shows_every_frame_three_times(stage: Stage) -> None:
    faulted = at_speed(stage, 1 / 3)
    shown = [faulted.picture(stage.lead + step) for step in range(9)]
    for step, picture in enumerate(shown):
        np.testing.assert_array_equal(picture, stage.clip.images[stage.lead + step // 3])


def test_fast_footage_ends_where_the_footage_does(stage: Stage) -> None:
    clip = stage.clip
    short = replace(
        clip, seconds=clip.seconds[:110], images=clip.images[:110], greys=clip.greys[:110]
    )
    faulted = at_speed(replace(stage, clip=short, end=110), 3.0)
    assert faulted.frames <= stage.lead + 21  # 60 frames are left, of which 20 are shown


def test_speed_goes_by_time_where_frames_come_irregularly(stage: Stage) -> None:
    """Frames a second apart, then ten in a second: twice as fast is by the clock, not by frames."""
    seconds = np.concatenate((np.arange(60), 60 + np.arange(60) / 10))
    clip = replace(stage.clip, seconds=seconds, images=stage.clip.images[:120])
    faulted = at_speed(replace(stage, clip=clip, lead=10, end=20), 2.0)
    np.testing.assert_array_equal(faulted.picture(15), clip.images[20])


def test_backwards_turns_round_without_a_jump(stage: Stage) -> None:
    faulted = backwards(stage)
    turn = faulted.parts[0].start
    for step in (0, 1, 30):
        np.testing.assert_array_equal(faulted.picture(turn + step), stage.clip.images[turn - step])


def test_mirrored_is_left_for_right(stage: Stage) -> None:
    faulted = mirrored(stage)
    np.testing.assert_array_equal(faulted.picture(60), stage.clip.images[60][:, ::-1])


def test_direction_says_nothing_where_things_go_either_way(stage: Stage) -> None:
    there = stage.scene.movers
    back = tuple(Seen(s.box, (-s.velocity[0], -s.velocity[1])) for s in there)
    either = replace(stage, scene=replace(stage.scene, movers=there + back))
    for fault in (backwards, mirrored):
        with pytest.raises(NotHereError, match=r"either way here \(50 %.* is not odd"):
            fault(either)


def test_life_that_stands_still_keeps_its_noise_and_a_frozen_stream_does_not(stage: Stage) -> None:
    still, frozen = standing_still(stage), camera_faults.frozen(stage)
    one, other = (still.picture(stage.lead + step).astype(float) for step in (10, 20))
    assert np.std(one - other) == pytest.approx(np.sqrt(2) * max(stage.clip.noise, 0.6), rel=0.3)
    np.testing.assert_array_equal(frozen.picture(stage.lead + 10), frozen.picture(stage.lead + 20))


def test_nothing_has_a_pace_where_nothing_moves(stage: Stage) -> None:
    images = np.repeat(stage.clip.images[:1], len(stage.clip), axis=0)
    still = replace(stage, clip=replace(stage.clip, images=images))
    with pytest.raises(NotHereError, match="nothing moves"):
        at_speed(still, 2.0)


@pytest.mark.parametrize("seed", range(5))
def test_what_walks_where_nothing_goes_changes_its_box_alone(stage: Stage, seed: int) -> None:
    stage = replace(stage, seed=(seed,))
    faulted = walk_through(stage, "usual", unused_path)
    (part,) = faulted.parts
    for number in range(part.start, part.end, 12):
        (box,) = faulted.boxes(number)
        changed = np.any(faulted.picture(number) != stage.clip.images[number], axis=2)
        x1, y1, x2, y2 = box
        inside = changed[max(y1 - 2, 0) : y2 + 2, max(x1 - 2, 0) : x2 + 2].sum()
        assert inside == changed.sum() > 0
        height, width = changed.shape
        lower = x1 / width, (y1 + y2) / 2 / height, x2 / width, y2 / height
        assert stage.scene.share_used(lower) <= 0.35  # a cell or two at the edge of a lane


def test_sizes_are_those_of_the_perspective(stage: Stage) -> None:
    heights = {size: unused_path(stage, times, 3.0).at(0)[2] for size, times in SIZES.items()}
    usual = stage.perspective.height_at(90)
    assert heights["usual"] == pytest.approx(usual, rel=0.1)
    assert heights["large"] == pytest.approx(2 * usual, rel=0.1)
    assert heights["small"] == pytest.approx(max(0.5 * usual, 8), rel=0.1)


def test_usual_paths_go_the_way_of_their_lane(stage: Stage) -> None:
    for seed in range(8):
        path = usual_path(replace(stage, seed=(seed,)), 1.0, 3.0)
        x, y, _ = path.at(0)
        width, height = stage.clip.size
        way = stage.scene.way_at(x / width, y / height)
        assert np.sign(path.velocity[0]) == np.sign(way[0])
        speed = float(np.hypot(*path.velocity))
        assert speed == pytest.approx(0.14 * width, rel=0.35)


def test_across_the_flow_is_at_right_angles_to_a_lane(stage: Stage) -> None:
    assert stage.scene.along > 0.9
    faulted = across_the_flow(stage)
    boxes = [faulted.boxes(number)[0] for number in range(*_ends(faulted), 5)]
    across = abs((boxes[-1][0] + boxes[-1][2]) - (boxes[0][0] + boxes[0][2])) / 2
    down = abs(boxes[-1][3] - boxes[0][3])
    assert down > 3 * across


def test_nothing_is_across_where_things_go_any_way(stage: Stage) -> None:
    angles = np.linspace(0, 2 * np.pi, len(stage.scene.movers), endpoint=False)
    any_way = tuple(
        Seen(seen.box, (float(np.cos(a)), float(np.sin(a))))
        for seen, a in zip(
            stage.scene.movers, np.random.default_rng(0).permutation(angles), strict=True
        )
    )
    with pytest.raises(NotHereError, match="any way"):
        across_the_flow(replace(stage, scene=replace(stage.scene, movers=any_way)))


def _ends(faulted) -> tuple[int, int]:
    return faulted.parts[0].start, faulted.parts[0].end


def test_where_everything_is_used_no_path_is_unused(stage: Stage) -> None:
    full = replace(stage, scene=replace(stage.scene, used=np.ones_like(stage.scene.used)))
    with pytest.raises(NotHereError, match="no path of this length is unused"):
        unused_path(full, 1.0, 3.0)


def test_a_case_comes_rests_and_is_judged_at_every_stay_that_there_is_time_for(stage) -> None:
    faulted = comes_to_rest(stage, case=True)
    assert [part.strength for part in faulted.parts] == ["10 s", "30 s"]  # 40 s less 4 and 2
    first, second = faulted.parts
    assert first.start == second.start
    seconds = stage.clip.seconds
    assert seconds[first.end - 1] - seconds[first.start] == pytest.approx(9, abs=0.1)
    resting = {faulted.boxes(number) for number in range(first.start, second.end, 20)}
    assert len(resting) == 1
    assert faulted.boxes(stage.lead) not in resting


def test_a_thing_that_disappears_leaves_the_rest_as_it_is(stage: Stage) -> None:
    scene = replace(stage.scene, used=np.zeros_like(stage.scene.used))
    faulted = disappears(replace(stage, scene=scene))
    ((x1, y1, x2, y2),) = faulted.boxes(100)
    change = cv2.absdiff(faulted.picture(100), np.asarray(stage.clip.images[100]))
    assert change[y1:y2, x1:x2].mean() > 5
    change[y1:y2, x1:x2] = 0
    assert change.max() == 0


def test_light_goes_to_its_gamma_little_by_little(stage: Stage) -> None:
    image = np.asarray(stage.clip.images[60])
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(camera_faults.in_gamma(image, 0.0, random, 0.7), image)
    late = camera_faults.in_gamma(image, 5.0, random, 0.7)
    np.testing.assert_array_equal(late, np.rint(255 * (image / 255) ** 0.7).astype(np.uint8))


def test_noise_has_its_strength_and_colour_where_the_footage_has() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    for picture, coloured in ((grey, False), (grey - np.array([0, 9, 0], np.uint8), True)):
        noisy = camera_faults.noisy(picture, 0.0, np.random.default_rng(0)).astype(float)
        assert np.std(noisy[..., 0]) == pytest.approx(8, rel=0.03)
        assert np.any(noisy[..., 0] - noisy[..., 2]) == coloured


def test_light_turns_warmer_where_there_is_colour_alone(stage: Stage) -> None:
    late = camera_faults.warmer(stage).picture(stage.end - 1).astype(float)
    gains = late.mean(axis=(0, 1)) / stage.clip.images[stage.end - 1].mean(axis=(0, 1))
    np.testing.assert_allclose(gains, [1.18, 1.0, 0.82], atol=0.02)
    images = np.repeat(stage.clip.images[..., :1], 3, axis=3)
    with pytest.raises(NotHereError, match="no colour"):
        camera_faults.warmer(replace(stage, clip=replace(stage.clip, images=images)))


def test_a_camera_that_moved_shows_the_scene_elsewhere(stage: Stage) -> None:
    image = np.asarray(stage.clip.images[60])
    moved = camera_faults.moved(image, 0.0, np.random.default_rng(0), 0.05)
    grey = [cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float64) for part in (image, moved)]
    (x, y), _ = cv2.phaseCorrelate(*grey)
    assert x == pytest.approx(0.05 * 128, abs=0.5)
    assert y == pytest.approx(0.025 * 128, abs=0.5)


def test_a_covered_camera_sees_next_to_nothing(stage: Stage) -> None:
    image = np.asarray(stage.clip.images[60])
    covered = camera_faults.covered(image, 0.0, np.random.default_rng(0))
    assert covered.mean() < 40
    assert covered.std() < 10
