"""Times as players show them, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.console.player_times import offset, seconds_at


@pytest.mark.parametrize(
    ("seconds", "precise", "text"),
    [
        (0, True, "0:00.0"),
        (7.44, True, "0:07.4"),
        (59.97, True, "1:00.0"),
        (3599.99, True, "1:00:00.0"),
        (3723.5, True, "1:02:03.5"),
        (90, False, "1:30"),
        (7200, False, "2:00:00"),
    ],
)
def test_offset(seconds, precise, text):
    assert offset(seconds, precise) == text


@given(st.integers(0, 10**7))
def test_what_is_written_is_read_to_the_tenth(tenths):
    assert seconds_at(offset(tenths / 10)) == pytest.approx(tenths / 10)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1:30", 90), ("0:01:30,5", 90.5), ("90", None), ("1:75", None), ("-1:00", None), ("", None)],
)
def test_only_what_a_player_shows_is_read(text, seconds):
    assert seconds_at(text) == seconds
