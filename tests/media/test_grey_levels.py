"""The range of deep pictures: learnt from footage, one for a data set, kept with the run."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.deep_footage import at_one_range, at_range_of_run
from oddframe.media.grey_levels import Levels, levels_from
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def test_a_picture_of_few_values_keeps_each_of_them():
    thermal = np.tile(np.arange(160, dtype=np.uint16), (120, 1)) + 7400
    levels = Levels.of([thermal])
    assert levels is not None
    shown = levels.apply(thermal)
    assert shown.dtype == np.uint8
    assert len(np.unique(shown)) == 160
    assert (np.diff(shown[0].astype(int)) == 1).all()  # and noise is not blown up


def test_a_wide_range_is_spread_with_room_on_either_side():
    picture = np.linspace(10_000, 30_000, 40_000).astype(np.uint16).reshape(200, 200)
    levels = Levels.of([picture])
    assert levels is not None
    assert levels.low == pytest.approx(5_000, rel=0.02)
    assert levels.high == pytest.approx(35_000, rel=0.02)
    shown = levels.apply(picture)
    assert shown.min() == pytest.approx(255 / 6, abs=2)
    assert shown.max() == pytest.approx(255 * 5 / 6, abs=2)


def test_a_camera_of_12_bits_and_a_picture_that_fills_16_stay_within_their_values():
    assert Levels.of([np.full((9, 9), 65535, np.uint16)]) == Levels(65280, 65535)
    assert Levels.of([np.zeros((9, 9), np.uint16)]) == Levels(0, 255)
    full = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    levels = Levels.of([full])
    assert levels == Levels(0, 65535)
    np.testing.assert_allclose(levels.apply(full), np.rint(full / 257), atol=1)


def test_a_dead_pixel_does_not_decide():
    picture = np.full((100, 100), 7000, np.uint16)
    picture[::2] += 100
    picture[0, 0] = 65535
    levels = Levels.of([picture])
    assert levels is not None
    assert levels.high < 7300


def test_temperatures_are_values_too():
    picture = np.linspace(18.5, 24.5, 10_000, dtype=np.float32).reshape(100, 100)
    picture[0, 0] = np.nan
    levels = Levels.of([picture])
    assert levels is not None
    assert levels.low == pytest.approx(17, abs=0.1)
    assert levels.high == pytest.approx(26, abs=0.1)
    shown = levels.apply(picture)
    assert shown[0, 0] == 0
    assert len(np.unique(shown)) > 150


def test_eight_bits_have_no_range_and_nothing_has_none():
    assert Levels.of([np.zeros((2, 2), np.uint8)]) is None
    assert Levels.of([]) is None
    assert Levels.of([np.full((2, 2), np.nan, np.float32)]) is None
    assert Levels.union([]) is None
    assert Levels.union([Levels(3, 9), Levels(5, 20)]) == Levels(3, 20)


@given(low=st.floats(-1e6, 1e6), span=st.floats(0.01, 1e6), values=st.lists(st.integers(0, 65535)))
def test_grey_levels_agree_with_the_formula_and_never_fall(low, span, values):
    levels = Levels(low, low + span)
    picture = np.array(sorted(values), np.uint16).reshape(1, -1)
    expected = np.clip((picture.astype(float) - low) * 255 / (levels.high - low), 0, 255)
    shown = levels.apply(picture)
    np.testing.assert_allclose(shown, expected, atol=0.5 + 1e-6)
    assert (np.diff(shown.astype(int)) >= 0).all()
    np.testing.assert_array_equal(levels.apply(picture.astype(np.float64)), shown)


def video(name, split="train", label="normal", levels=None):
    return Video(name, f"{name}.avi", split, label, 10, 25.0, 8, 8, levels=levels)


def test_a_manifest_keeps_the_range(tmp_path):
    manifest = Manifest("own", (video("a", levels=Levels(7000, 7400.5)), video("b")), root=tmp_path)
    path = manifest.write(tmp_path / "m.jsonl")
    assert Manifest.read(path) == manifest
    assert "levels" not in path.read_text().splitlines()[2]


@pytest.mark.parametrize("value", [[1], [2, 1], ["a", 2], 3, [1, float("inf")], [1, 1]])
def test_what_is_no_range_is_refused(value):
    with pytest.raises(OddframeError, match=r"levels|expected"):
        levels_from(value)


def test_one_range_for_all_is_that_of_normal_training_footage():
    manifest = Manifest(
        "own",
        (
            video("a", levels=Levels(7000, 7400)),
            video("b", "val", levels=Levels(7100, 7600)),
            video("odd", label="anomalous", levels=Levels(0, 60000)),
            video("late", "test", None, levels=Levels(6000, 9000)),
            video("flat"),
        ),
    )
    ranges = {v.id: v.levels for v in at_one_range(manifest)}
    assert ranges.pop("flat") is None
    assert set(ranges.values()) == {Levels(7000, 7600)}


@pytest.mark.parametrize(
    ("learnt", "own", "told"),
    [
        (Levels(7000, 7400), Levels(7100, 7500), None),
        (None, None, None),
        (Levels(7000, 7400), Levels(7000, 60000), None),  # something hotter than ever
        (None, Levels(7000, 7400), "has pictures of more than 8 bits, and the run learnt from 8"),
        (Levels(7000, 7400), None, "has pictures of 8 bits, and the run learnt from values 7000"),
        (Levels(7000, 7400), Levels(20, 60), "values 20 to 60, outside those of the run"),
    ],
)
def test_a_run_shows_what_it_scores_at_its_own_range(learnt, own, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OddframeWarning)
        (found,) = at_range_of_run(Manifest("own", (video("a", levels=own),)), learnt)
    assert found.levels == (None if own is None else learnt or own)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == (told is not None)
    assert told is None or told in messages[0]
