"""Unmasking and MC2ST: what is new is found, what cannot be compared says so."""

import cv2
import numpy as np
import pytest
from tests.made.every_detector import filmed, frames, streamed

from oddframe.detectors import load
from oddframe.detectors.never_trained.mc2st import _Past
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.frames import MediaInfo

SETTINGS = {"motion_threshold": 4.0}


def made(name="unmasking", **settings):
    module = load(name)
    return module.DETECTOR.untrained(module.CONFIG(**{**SETTINGS, **settings}), 0)


def grain(seed, count, fast=(), size=(160, 120)):
    """Four pictures in turn whose upper left part differs; in some frames the lower right does."""
    random = np.random.default_rng(seed)
    small = random.integers(80, 140, (4, 12, 16), np.uint8)
    images = []
    for number in range(count):
        picture = small[number % 4]
        image = np.full((120, 160), 100, np.uint8)
        image[:60, :80] = cv2.resize(picture, (80, 60), interpolation=cv2.INTER_LINEAR)
        if number in fast:
            image[60:, 80:] = cv2.resize(picture[::-1], (80, 60), interpolation=cv2.INTER_NEAREST)
        images.append(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))
    return frames(images)


def test_windows_and_frames_are_those_of_the_definition():
    """Scores put together by hand from the accuracy of each window."""
    images = grain(0, 48, fast=range(30, 38))
    detector = made()
    stream = detector.stream(MediaInfo(0, 25, 160, 120))
    windows = {}
    real = stream.accuracies

    def noted(begin):
        windows[begin] = real(begin)["motion"]
        return {"motion": windows[begin]}

    stream.accuracies = noted
    found = [score for frame in images for score in stream.push(frame)] + stream.finish()
    assert list(windows) == list(range(0, 48 - 20, 5))
    for number, score in enumerate(found):
        tests = [values for begin, values in windows.items() if begin + 11 <= number <= begin + 20]
        assert score.tested == bool(tests)
        wanted = np.mean([values.max() for values in tests]) if tests else 0.5
        assert score.value == pytest.approx(wanted)
        quarters = np.mean(tests, axis=0) if tests else np.full(4, 0.5)
        np.testing.assert_allclose(score.score_map.ravel(), quarters, rtol=1e-6)
    assert [score.frame for score in found if not score.tested] == [*range(11), 46, 47]


@pytest.mark.parametrize("features", ["motion", "appearance", "fused"])
def test_one_odd_second_ranks_first(features):
    images = grain(1, 90, fast=range(55, 65))
    found = streamed(made(features=features), images)
    oddest = int(np.argmax([score.value for score in found]))
    assert 50 <= oddest <= 75  # its end is as much of a change as its beginning
    assert found[oddest].score_map[1, 1] > found[oddest].score_map[0, 0]
    if features == "motion":  # what a network sees reaches over the middle
        assert found[oddest].boxes == ((32, 20, 64, 40),)
        wanted = "what moves is unlike what moved just before (lower right)"
        assert found[oddest].reason == wanted


def test_what_goes_on_evenly_is_hardly_told_apart():
    values = [s.value for s in streamed(made(), grain(2, 80)) if s.tested]
    assert np.ptp(values) < 0.2


def test_fused_is_the_mean_of_both():
    images = grain(3, 40, fast=range(25, 30))
    motion, looks, both = (
        np.array([s.value for s in streamed(made(features=name), images)])
        for name in ("motion", "appearance", "fused")
    )
    np.testing.assert_allclose(both, (motion + looks) / 2)


@pytest.mark.parametrize("name", ["unmasking", "mc2st"])
@pytest.mark.parametrize(
    ("count", "still", "why"),
    [(20, False, "nowhere goes on for the 21 frames"), (40, True, "nothing moves")],
)
def test_what_cannot_be_compared_is_half_everywhere_and_said(name, count, still, why):
    images = grain(4, count)
    images = frames([images[0].grey()] * count) if still else images
    with pytest.warns(OddframeWarning, match=why):
        found = streamed(made(name), images)
    assert [score.value for score in found] == [0.5] * count
    assert not any(score.tested for score in found)


def test_rows_of_zeros_as_by_liblinear():
    images = grain(5, 70, fast=range(40, 70))
    half = streamed(made(), images)
    newer = streamed(made(zero_rows="newer"), images)
    assert half[48].score_map[1, 1] > newer[48].score_map[1, 1]  # something enters
    assert half[20].score_map[1, 1] == 0.5


@pytest.mark.parametrize("seed", [6, 16])
def test_another_size_in_the_middle_changes_nothing(seed):
    """But for the rounding of pixels that are resized twice, which turns a row in a round."""
    small, large = grain(seed, 50), grain(seed, 50, size=(320, 240))
    found = streamed(made(), small[:25] + large[25:])
    wanted = streamed(made(), small)
    rows_in_all_rounds = 21 * 10
    np.testing.assert_allclose(
        [score.value for score in found],
        [score.value for score in wanted],
        atol=3 / rows_in_all_rounds,
    )


def test_in_a_video_that_is_odd_throughout_nothing_stands_out():
    """What is as odd from end to end has one score; the same oddity in one second stands out."""

    def spread(fast):
        values = [one.value for one in streamed(made(), grain(10, 110, fast=fast)) if one.tested]
        return max(values) - np.median(values)

    assert spread(range(110)) < 0.02
    assert spread(range(70, 80)) > 0.08


def test_in_a_video_that_is_odd_throughout_mc2st_stays_at_chance():
    """Which is higher where a window looks back: 21 rows of 31 are older ones, and weigh more."""
    settings = {"pool": 45, "screened_from": 60, "drawn": 10}
    found = streamed(made("mc2st", **settings), grain(10, 110, fast=range(110)))
    values = np.array([one.value for one in found if one.tested])
    assert values.max() < 21 / 31 + 0.05
    assert values[:50].max() < 11 / 21 + 0.05


def test_a_score_comes_no_later_than_the_latency():
    detector = made()
    assert detector.latency == 9 + 8
    stream = detector.stream(MediaInfo(0, 25, 160, 120), live=True)
    out = 0
    for pushed, frame in enumerate(grain(7, 60)):
        out += len(stream.push(frame))
        assert out >= pushed + 1 - detector.latency


def test_mc2st_looks_back_where_the_definition_does():
    """As its public code decides, with arrays over all frames: this one counts from 0."""
    images = grain(8, 240, fast=[*range(14, 22), *range(30, 38), *range(150, 240)])
    config = {"pool": 20, "screened_from": 40, "drawn": 7, "renewed": 1.0}
    stream = made("mc2st", **config).stream(MediaInfo(0, 25, 160, 120))
    rows, pasts, windows = [], {}, {}
    real_accuracies, real_accuracy = stream.accuracies, stream.accuracy

    def noted(begin):
        rows.extend(part["motion"] for part in [*stream.window][len(rows) - begin :])
        found = real_accuracies(begin)
        windows[begin] = float(found["motion"].max())
        return found

    def with_past(kind, more, older, newer):
        pasts[len(windows) * 5] = [*more]
        assert (older, newer) == ((21, 10) if len(more) else (1, 1))
        return real_accuracy(kind, more, older, newer)

    stream.accuracies, stream.accuracy = noted, with_past
    for frame in images:
        stream.push(frame)
    final, total, tests = np.full(240, 0.5), np.zeros(240), np.zeros(240)
    looked_back = []
    for begin, score in windows.items():
        recent, before = final[begin - 5 : begin + 6], final[11 : begin - 4]
        if begin >= 40 and recent.mean() >= before.mean():
            looked_back.append(begin)
        newer = slice(begin + 11, begin + 21)
        total[newer] += score
        tests[newer] += 1
        final[newer] = total[newer] / tests[newer]
    assert [begin for begin, drawn in pasts.items() if drawn] == looked_back
    assert 5 < len(looked_back) < 30  # of 36 that may
    numbers = {}
    for begin in looked_back:
        same = [[np.array_equal(row, features) for row in rows] for features in pasts[begin]]
        numbers[begin] = [int(np.argmax(part)) for part in same if any(part)]
        assert len(numbers[begin]) == 7
        assert max(numbers[begin]) < begin
    assert min(min(part) for part in numbers.values()) >= 0


def test_the_pool_is_a_fair_sample_of_what_was_tested_until_a_window_looks_back():
    config = load("mc2st").CONFIG(pool=4, drawn=4, screened_from=20)
    counts = np.zeros(30)
    for seed in range(3000):
        past = _Past(config, np.random.default_rng(seed))
        for begin in range(0, 30, 5):
            past.take(begin, 0.75, [np.array(number) for number in range(begin, begin + 5)])
        kept = [int(features) for features in past.drawn(30)]
        assert sorted(kept) == sorted(set(kept))
        counts[kept] += 1
    assert not counts[:11].any()  # no window ever tests the first eleven
    np.testing.assert_allclose(counts[11:], 3000 * 4 / 19, rtol=0.15)


def test_when_windows_look_back_the_newest_frame_takes_the_place_of_the_oldest():
    config = load("mc2st").CONFIG(pool=4, drawn=4, screened_from=20, renewed=1.0)
    past = _Past(config, np.random.default_rng(0))
    kept = []
    for begin in range(0, 60, 5):
        if drawn := past.drawn(begin):  # scores are all the same, so it always does
            kept.append({int(features) for features in drawn})
        past.take(begin, 0.75, [np.array(number) for number in range(begin, begin + 5)])
    assert len(kept) == 8
    assert kept[-1] == {54, 49, 44, 39}


def test_random_choices_are_those_of_the_video_and_the_seed():
    images = grain(9, 140, fast=[*range(15, 22), *range(40, 43), *range(90, 100)])
    module = load("mc2st")
    config = module.CONFIG(**SETTINGS, pool=15, screened_from=30, drawn=5)

    def scores(seed, name):
        stream = module.DETECTOR.untrained(config, seed).stream(
            MediaInfo(0, 25, 160, 120, name=name)
        )
        found = [score for frame in images for score in stream.push(frame)] + stream.finish()
        return [score.value for score in found]

    assert scores(0, "a") == scores(0, "a")
    assert scores(0, "a") != scores(0, "b")
    assert scores(0, "a") != scores(1, "a")


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("unmasking", {"rounds": 100, "dropped": 50}, "dropped: expected at most 48"),
        ("unmasking", {"stride": 11}, "stride: expected at most the window, 10"),
        ("mc2st", {"drawn": 51}, "drawn: expected at most the pool, 50"),
        ("mc2st", {"pool": 51}, "pool: expected at most 50, screened_from less"),
    ],
)
def test_settings_that_do_not_fit_each_other(name, settings, said):
    with pytest.raises(OddframeError, match=said):
        made(name, **settings)


def test_a_street_has_the_count_of_its_moving_cubes_beside_it():
    found = streamed(made(), frames(filmed("fast", 52)))
    counts = [score.baselines["moving cubes"] for score in found]
    assert np.mean(counts[45:68]) > np.mean(counts[10:30])
