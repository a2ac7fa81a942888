"""Giorno: what it finds, what it says of what it cannot compare, and what it keeps."""

import cv2
import numpy as np
import pytest
from tests.made.every_detector import frames, streamed

from oddframe.detectors import load
from oddframe.errors import OddframeWarning
from oddframe.media.frames import MediaInfo

SETTINGS = {"motion_threshold": 4.0, "shuffles": 4}


def made(**settings):
    module = load("giorno")
    return module.DETECTOR.untrained(module.CONFIG(**{**SETTINGS, **settings}), 0)


def film(seed, count, odd=()):
    """A bar that goes to and fro; in some frames a square flickers below it."""
    random = np.random.default_rng(seed)
    bar, images = random.integers(0, 255, (24, 20), np.uint8), []
    for number in range(count):
        image = np.full((120, 160), 90, np.uint8)
        left = 20 + abs(number * 3 % 200 - 100)
        image[10:34, left : left + 20] = bar
        if number in odd:
            image[70:100, 100:140] = cv2.resize(random.integers(0, 255, (3, 4), np.uint8), (40, 30))
        images.append(image)
    return frames(images)


@pytest.mark.parametrize("unit", ["frame", "cube"])
def test_one_odd_second_ranks_first(unit):
    found = streamed(made(unit=unit), film(1, 110, odd=range(60, 75)))
    assert [score.frame for score in found] == list(range(110))
    oddest = max(found, key=lambda score: score.value)
    assert 58 <= oddest.frame <= 76
    row, column = np.unravel_index(oddest.score_map.argmax(), (12, 16))
    assert 6 <= row <= 10
    assert 9 <= column <= 14
    assert oddest.reason.startswith("what moves is unlike what moves in the rest of the video (")


def test_in_a_video_that_is_odd_throughout_nothing_stands_out():
    """What is as odd from end to end is as usual; the same oddity in one second stands out."""

    def ratio(odd):
        values = [one.value for one in streamed(made(), film(9, 110, odd)) if one.tested]
        return max(values) / np.median(values)

    apart = made().stands_out.times
    assert ratio(range(110)) < 0.75 * apart
    assert ratio(range(60, 75)) > apart


def test_played_backwards_it_is_as_odd():
    """In distribution: the orders by chance are others."""
    images = [frame.grey() for frame in film(2, 90, odd=range(50, 62))]
    detector = made(shuffles=20)
    ahead, back = (
        np.array([score.value for score in streamed(detector, frames(part))])
        for part in (images, images[::-1])
    )
    assert np.corrcoef(ahead, back[::-1])[0, 1] > 0.8


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (film(3, 11), "too short for a cube of motion, which needs 12 frames"),
        (film(3, 20), "only 9 moments with motion of the 20 needed"),
        (film(3, 1) * 40, "nothing moves"),
    ],
    ids=["too short", "few frames", "still"],
)
def test_what_cannot_be_compared_is_half_everywhere_and_said(images, why):
    with pytest.warns(OddframeWarning, match=why):
        found = streamed(made(), images)
    assert [score.value for score in found] == [0.5] * len(images)
    assert not any(score.tested for score in found)


def test_where_nothing_moves_nothing_is_new():
    images = [frame.grey() for frame in film(4, 60)]
    found = streamed(made(), frames([*images, *[images[-1]] * 30]))
    assert [score.value for score in found[70:80]] == [0.0] * 10
    assert all(score.tested for score in found[70:80])
    assert [score.frame for score in found if not score.tested] == [*range(5), *range(84, 90)]


def test_a_long_video_is_thinned_and_its_cubes_are_bounded():
    detector = made(most_cubes=1000)
    stream = detector.stream(MediaInfo(0, 25, 160, 120))
    images, kept = film(5, 300, odd=range(200, 230)), []
    for frame in images:
        assert stream.push(frame) == []
        kept.append(sum(part.cubes.nbytes for part in stream._kept))
    assert max(kept) <= 1000 * 500 * 4
    with pytest.warns(OddframeWarning, match=r"one moment in \d+ is judged") as told:
        found = stream.finish()
    every = int(str(told[0].message).split("moment in ")[1].split()[0])
    assert every > 1
    for place, score in enumerate(found[5 : 300 - every], start=5):
        nearest = (place + every // 2) // every * every
        np.testing.assert_array_equal(score.score_map, found[nearest].score_map)
    assert [score.frame for score in found] == list(range(300))
    assert 195 <= max(found, key=lambda score: score.value).frame <= 235
    whole = streamed(made(), images)
    both = [pair for pair in zip(found, whole, strict=True) if all(one.tested for one in pair)]
    few, all_of_it = np.array([[one.value for one in pair] for pair in both]).T
    assert np.corrcoef(few, all_of_it)[0, 1] > 0.7


@pytest.mark.parametrize("unit", ["frame", "cube"])
def test_a_video_that_would_take_too_long_is_thinned_too(unit, monkeypatch):
    """Of few cubes a frame, an hour has many windows: each is told from all before it."""
    most = {"frame": 10_000, "cube": 100_000}[unit]
    monkeypatch.setattr("oddframe.detectors.never_trained.giorno._MOST_COMPARED", most)
    stream = made(unit=unit).stream(MediaInfo(0, 25, 160, 120))
    for frame in film(5, 300, odd=range(200, 230)):
        stream.push(frame)
    cubes = np.array([len(part.cubes) for part in stream._kept])
    units = cubes if unit == "cube" else cubes > 0
    # What the windows of an order look at, added up.
    ends = cubes.cumsum()[np.searchsorted(units.cumsum(), np.arange(20, units.sum(), 10))]
    assert 0.2 * most < ends.sum() <= 1.1 * most
    with pytest.warns(OddframeWarning, match=r"one moment in \d+ is judged"):
        found = stream.finish()
    assert 195 <= max(found, key=lambda score: score.value).frame <= 235


def test_what_no_order_tests_is_untested():
    """With its own order alone the first ten moments with motion are compared with nothing."""
    found = streamed(made(shuffles=0), film(8, 60, odd=range(40, 50)))
    assert [one.frame for one in found if not one.tested][:15] == [*range(15)]
    highest = max(one.value for one in found if one.tested)
    assert all(one.value < highest and not one.reason for one in found if not one.tested)
    assert max(found[15:50], key=lambda one: one.value).frame >= 38


def test_orders_are_those_of_the_video_and_the_seed():
    images = film(6, 60, odd=range(40, 50))
    module = load("giorno")

    def scores(seed, name):
        detector = module.DETECTOR.untrained(module.CONFIG(**SETTINGS), seed)
        stream = detector.stream(MediaInfo(0, 25, 160, 120, name=name))
        assert not any(stream.push(frame) for frame in images)
        return [score.value for score in stream.finish()]

    assert scores(0, "a") == scores(0, "a")
    assert scores(0, "a") != scores(0, "b")
    assert scores(0, "a") != scores(1, "a")


def test_the_mean_is_weighted_towards_the_middle():
    images = film(7, 60, odd=range(40, 50))
    score = streamed(made(pooling="mean"), images)[45]
    triangle = np.outer(*(1 - np.abs(2 * (np.arange(n) + 0.5) / n - 1) for n in (12, 16)))
    wanted = (score.score_map * triangle).sum() / triangle.sum()
    assert score.value == pytest.approx(wanted, rel=1e-5)
