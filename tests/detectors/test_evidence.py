"""Evidence over time, against sums written out and against what the rules are for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddframe.calibration.block_maxima import BLOCK_SECONDS, BlockSurprise
from oddframe.calibration.surprise import Surprise
from oddframe.detectors.own_cameras.fixed_camera.evidence import (
    FLOOR,
    LENGTHS,
    SCALES,
    Evidence,
    Lasting,
    apart,
)
from oddframe.detectors.own_cameras.fixed_camera.followed import Followed
from oddframe.files.saved_state import SavedState
from oddframe.media.clock import Clock

GRID = (6, 8)


def run(fields, seconds):
    evidence = Evidence(GRID)
    return np.array([evidence.add(f, t) for f, t in zip(fields, seconds, strict=True)])


def written_out(fields, seconds):
    """Each mean as a sum over all steps before, of one cell in 48 as the frame's value."""
    lately, watched, news = np.zeros(GRID), 0.0, []
    steps = np.minimum(np.diff(seconds, prepend=seconds[0]), 2.0)
    for field, step in zip(fields, steps, strict=True):
        share = watched / (watched + 60)
        news.append(share * np.maximum(field - lately / (watched + 60), 0))
        kept = np.exp(-step / 1800)
        lately = kept * lately + 1800 * (1 - kept) * field
        watched = kept * watched + 1800 * (1 - kept)
    until = np.cumsum(steps)
    found = []
    for now in range(len(fields)):
        row = []
        for scale in SCALES:
            weights = [
                (1 - np.exp(-steps[k] / scale.seconds))
                * np.exp(-(until[now] - until[k]) / scale.seconds)
                for k in range(now + 1)
            ]
            each = news[: now + 1] if scale.at_place else [n.max() for n in news[: now + 1]]
            row.append(np.max(sum(w * n for w, n in zip(weights, each, strict=True))))
        found.append(np.minimum(row, news[now].max()))
    return np.array(found)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 25))
def test_against_sums_written_out(seed, count):
    random = np.random.default_rng(seed)
    fields = random.exponential(1, (count, *GRID)).astype(np.float32)
    seconds = np.cumsum(random.choice([0.04, 0.2, 1.0, 7.0], count))
    np.testing.assert_allclose(run(fields, seconds), written_out(fields, seconds), atol=1e-4)


def lasting(seconds, fps, level=3.0, quiet=30.0):
    """Something odd at one place for some seconds, after a time of nothing."""
    times = np.arange(0, quiet + seconds + 5, 1 / fps)
    fields = np.zeros((times.size, *GRID), np.float32)
    fields[(times >= quiet) & (times < quiet + seconds), 2, 3] = level
    return times, run(fields, times)


@pytest.mark.parametrize("fps", [1, 5, 25, 60])
def test_footage_of_any_rate_is_judged_alike(fps):
    times, found = lasting(20, fps)
    usual, expected = lasting(20, 100)
    for after in (5, 10, 19):
        one = found[times < 30 + after + 0.01][-1]
        assert one == pytest.approx(expected[usual < 30 + after + 0.01][-1], rel=0.06 + 0.15 / fps)


def test_what_is_over_is_over_at_once():
    times, found = lasting(20, 5)
    assert (found[times >= 50.01] == 0).all()


def test_a_flash_is_little_and_what_moves_on_adds_up_anywhere_alone():
    _, flash = lasting(0.2, 5, level=6)
    assert flash.max() < 0.5
    times = np.concatenate((np.arange(0, 600, 2.0), np.arange(600, 630, 0.2)))
    fields = np.zeros((times.size, *GRID), np.float32)
    steps = np.arange(150)
    fields[300 + steps, steps % 6, steps // 6 % 8] = 3
    walked = run(fields, times)[-1]
    for place, scale in enumerate(SCALES):
        assert (walked[place] < 0.4) == scale.at_place


def test_what_a_place_always_shows_is_no_news():
    """Nor is it when a recording begins: a quarter of it at most, after a minute."""
    times = np.arange(0, 1800, 1.0)
    fields = np.zeros((times.size, *GRID), np.float32)
    fields[:, 1, 1] = 3
    found = run(fields, times)
    assert found.max() < 3 / 4
    assert found[-1].max() < 0.16


def test_nothing_lasts_over_a_cut_and_what_was_lately_is_known():
    """Something odd goes on through a cut: it begins again, as soon as ever, as news as before."""
    times, whole = lasting(20, 5, quiet=600)
    evidence, cut = Evidence(GRID), 605.0
    fields = np.zeros((times.size, *GRID), np.float32)
    fields[(times >= 600) & (times < 620), 2, 3] = 3.0
    found = []
    for field, at in zip(fields, times, strict=True):
        if at == cut:
            evidence.interrupt()
        found.append(evidence.add(field, at))
    after = np.array(found)[times >= cut]
    assert after[0] == pytest.approx([0, 0, 0])
    again = whole[times >= 600][: after.shape[0]]
    np.testing.assert_allclose(after[1:50, 0], again[:49, 0], rtol=0.05)


def test_news_is_believed_as_far_as_normal_footage_shows_it_and_no_further():
    """Of clips of 8 s it is an eighth: how it is after a minute is not known there."""
    times = np.arange(0, 640, 0.2)
    fields = np.zeros((times.size, *GRID), np.float32)
    fields[times >= 600, 2, 3] = 3.0
    evidence = Evidence(GRID, known=8.0)
    found = np.array([evidence.add(f, t) for f, t in zip(fields, times, strict=True)])
    assert found.max() <= 3 * 8 / 68
    watched = 1800 * (1 - np.exp(-600 / 1800))  # of which older parts fade
    whole = run(fields, times)[-1, 0] * (watched + 60) / watched
    assert found[-1, 0] == pytest.approx(whole * 8 / 68, rel=0.02)
    begun = slice(0, int(8 / 0.2))
    fields[begun, 2, 3] = 3.0
    short = Evidence(GRID, known=8.0)
    found = np.array([short.add(f, t) for f, t in zip(fields[begun], times[begun], strict=True)])
    np.testing.assert_allclose(found, run(fields[begun], times[begun]), rtol=1e-6)


KINDS = len(LENGTHS)


def lasting_judge():
    scale = Surprise(np.array([0.0, 1.0]), np.array([0.0, FLOOR]), 1.0)
    return Lasting((scale, None, scale, None, None, None))


def test_what_lasts_counts_from_its_floor_on_and_only_at_scales_that_are_known():
    at = np.zeros((3, KINDS))
    at[:, 1], at[:, 0], at[2, 2] = 50, [0.99, 1.0, 0], 2.0
    found = lasting_judge().surprises(at)
    np.testing.assert_allclose(found[:, [0, 2]], [[0, 0], [FLOOR, 0], [0, FLOOR + 1]])
    assert (found[:, [1, 3, 4, 5]] == 0).all()
    scores = lasting_judge().score(np.array([1.5, 1.5, 9]), at)
    np.testing.assert_allclose(scores, [1.5, FLOOR, FLOOR + 1])


def test_evidence_alone_says_what_it_says_among_more():
    """What is passed over because it is below the floor is below the floor, knot by knot."""
    values = np.random.default_rng(0).gamma(2, 1, 5000) - 1
    scale = Surprise.fit(values)
    judge = Lasting((None, scale, *(None for _ in range(KINDS - 2))))
    some = np.concatenate([scale.values, scale.values[-1] + np.linspace(0, 9, 400)])
    among = np.zeros((some.size, KINDS))
    among[:, 1] = some
    alone = np.array([judge.surprises(one) for one in among])
    np.testing.assert_array_equal(alone, judge.surprises(among))
    straight = scale(some)
    np.testing.assert_array_equal(alone[:, 1], np.where(straight >= FLOOR, straight, 0))
    assert 0 < np.count_nonzero(alone) < some.size
    assert scale(np.array(scale.highest_below(1.0))) < 1 < scale.surprises[-1]
    assert scale.highest_below(0.0) == -np.inf


def test_a_flash_must_be_far_odder_and_no_two_values_become_one():
    values = np.linspace(0, 40, 500)
    seen = lasting_judge().seen(values)
    np.testing.assert_allclose(seen[values <= 2], values[values <= 2], rtol=1e-6)
    assert (np.diff(seen) > 0).all()
    assert seen[-1] < 4
    np.testing.assert_allclose(Lasting().seen(values), values, rtol=1e-6)


def test_a_scale_is_judged_by_footage_ten_times_as_long():
    """And alarms are one while what was judged by is not forgotten."""
    assert [apart(seconds) for seconds in (20, 30, 149, 150, 600)] == [1, 3, 3, 45, 180]
    clock = Clock(1000, 5.0)
    evidence = np.random.default_rng(0).exponential(1, (1000, KINDS))
    blocks = BlockSurprise(0.0, 0.2), BlockSurprise(0.0, 0.3), BlockSurprise(1.0, 0.3)
    followed = Followed((BlockSurprise(0.0, 1.0), *blocks))
    fitted = Lasting.fit([(evidence, clock)], 200, 15.0, followed)
    assert [scale is not None for scale in fitted.scales] == [True, True, False, True, True, True]
    # What is too rare to be counted in 200 seconds is what blocks say, if that is beyond the floor.
    high = np.array([0, 0, 0, 2.0, 2.0, 2.0])
    expected = [*(cue(2.0) + np.log10(BLOCK_SECONDS) for cue in blocks[:2]), 0]
    np.testing.assert_allclose(fitted.surprises(high)[3:], expected, rtol=1e-3)
    few = Lasting.fit([(evidence[:350], Clock(350, 5.0))], 70, 3.0, followed)
    assert [scale is not None for scale in few.scales] == [True, False, False, False, False, False]
    nothing = Lasting.fit([(evidence[:100], Clock(100, 5.0))], 20, 1.0, followed)
    assert nothing.scales == Lasting().scales
    assert few.known == Clock(350, 5.0).watched
    again = Lasting.from_state(SavedState(fitted.state()))
    assert again.known == fitted.known
    np.testing.assert_array_equal(again.surprises(9 * evidence), fitted.surprises(9 * evidence))


def test_a_cue_that_is_not_believed_is_no_evidence():
    """Whether it was counted, or is known from its blocks alone."""
    clock = Clock(5000, 5.0)
    evidence = np.random.default_rng(0).exponential(1, (5000, KINDS))
    usual = BlockSurprise(0, 1)
    for seconds in (200, 1000):
        full, none, half = (
            Lasting.fit(
                [(evidence, clock)],
                seconds,
                15.0,
                Followed((usual, BlockSurprise(0, 0.1, trust), usual, usual)),
            ).surprises(np.array([0, 0, 0, 40.0, 0, 0]))[3]
            for trust in (1.0, 0.0, 0.5)
        )
        assert full > FLOOR
        assert none == 0
        assert half == pytest.approx(full / 2)
