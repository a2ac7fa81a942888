"""Strips and what thresholds would have meant: counted by hand, and against brute force."""

from hypothesis import given
from hypothesis import strategies as st

from oddframe.journal.records import ScoreMinute
from oddframe.serving.consequence import calls_at
from oddframe.serving.timeline import COLUMNS, envelope


def minute(number: int, low: float, high: float) -> ScoreMinute:
    return ScoreMinute("door", number, 10, low, high, 10 * low, 3.0, 60.0 * number)


scored = st.lists(
    st.tuples(st.integers(0, 1439), st.floats(0, 9), st.floats(0, 9)),
    unique_by=lambda row: row[0],
    min_size=1,
).map(lambda rows: [minute(n, min(a, b), max(a, b)) for n, a, b in sorted(rows)])


@given(scored)
def test_no_peak_of_a_day_is_lost_and_none_is_made(minutes):
    found = envelope(minutes, 0.0, COLUMNS / 86_400)
    assert max(high for _, _, high in found) == max(one.highest for one in minutes)
    assert min(low for _, low, _ in found) == min(one.lowest for one in minutes)
    for column, low, high in found:
        within = [one for one in minutes if int(60 * one.minute * COLUMNS / 86_400) == column]
        assert (low, high) == (
            min(one.lowest for one in within),
            max(one.highest for one in within),
        )


def test_calls_are_stretches_of_minutes_above_a_threshold():
    minutes = [
        minute(n, 0.0, high) for n, high in [(1, 5), (2, 4), (3, 1), (4, 5), (9, 5), (10, 2)]
    ]
    assert [len(calls_at(minutes, limit)) for limit in (0.5, 1.5, 3, 4.5, 5)] == [2, 3, 3, 3, 0]
    assert calls_at([], 1.0) == []


@given(scored, st.floats(0, 9))
def test_calls_are_rising_edges(minutes, limit):
    above = {one.minute for one in minutes if one.highest > limit}
    assert len(calls_at(minutes, limit)) == len([m for m in above if m - 1 not in above])
