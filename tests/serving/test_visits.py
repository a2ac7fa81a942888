"""One visit is one thing to look at, and is on one page, however the pages are cut."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddframe.journal.live_event import LiveEvent, new_event_id
from oddframe.journal.question import Question
from oddframe.serving.visits import APART, Visit, grouped, visit_page


def event(start: float, end: float | None, camera: str = "door", peak: float = 5.0) -> LiveEvent:
    made = new_event_id(start)
    return LiveEvent(made, camera, start, end, end or start, peak, start, 4.0, 3.0)


class Reader:
    """The journal's answers, by the journal's own question."""

    def __init__(self, events):
        self.all = events

    def events(self, asked=Question()):  # noqa: B008
        return asked.among(self.all)


def test_events_that_follow_closely_are_one_visit_of_their_camera():
    a, b = event(100, 110), event(110 + APART, 200, peak=9.0)
    c = event(200.1 + APART, 300)
    other = event(120, 130, "yard")
    found = grouped([c, other, b, a])
    assert [visit.events for visit in found] == [(c,), (a, b), (other,)]
    assert found[1].oddest is b
    assert (found[1].start, found[1].end, found[1].camera) == (100, 200, "door")


def test_what_can_be_looked_at_stands_for_a_visit():
    unseen, seen = event(100, 110, peak=9.0), replace(event(115, 120), picture="a.jpg")
    assert Visit((unseen, seen)).oddest is seen
    assert Visit((unseen, event(115, 120))).oddest is unseen


def test_what_is_open_goes_on_and_has_no_end():
    a, b = event(100, None), event(5000, 5001)
    (visit,) = grouped([a, b])
    assert visit.end is None


def test_a_visit_has_the_verdict_that_all_of_its_events_have():
    a, b = event(100, 110), event(115, 120)
    assert Visit((a, b)).verdict is None
    both = tuple(replace(one, verdict="odd") for one in (a, b))
    assert Visit(both).verdict == "odd"
    assert Visit((both[0], b)).verdict is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 200), st.sampled_from(["door", "yard"])),
        min_size=1,
        max_size=25,
    ),
    st.integers(1, 7),
)
def test_pages_together_are_all_visits_once(rows, most):
    events, now = [], {"door": 1000.0, "yard": 1000.0}
    for number, (long, gap, camera) in enumerate(rows):
        start = now[camera] + gap + number / 1000  # no two ids of the same millisecond
        events.append(event(start, start + long, camera))
        now[camera] = start + long
    reader, asked, found = Reader(events), Question(most=most), []
    while True:
        page = visit_page(reader, asked)
        found += page.visits
        if page.older is None:
            break
        asked = replace(asked, before=page.older)
    key = lambda visit: visit.events[-1].id  # noqa: E731
    assert sorted(found, key=key) == sorted(grouped(events), key=key)


@pytest.mark.parametrize("asked", [Question(camera="yard"), Question(state="odd")])
def test_a_page_has_only_what_is_asked_for(asked):
    odd = replace(event(100, 110), verdict="odd")
    events = [odd, event(112, 115), event(300, 310, "yard")]
    found = visit_page(Reader(events), asked).visits
    assert [visit.events for visit in found] == [
        (events[2],) if asked.camera else (odd,),
    ]
