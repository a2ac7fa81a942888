"""The page over a journal: what stands in the list, a word on it, its files, the timeline."""

import csv
import html
import io
import re
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.made.live_events import NOON, live_event
from tests.made.page_visitor import Browser
from tests.serving.conftest import Served, jpeg

from oddframe.journal.reading import JournalReader
from oddframe.journal.second_look import SecondLook
from oddframe.journal.state_folder import StateFolder
from oddframe.serving.door import Door
from oddframe.serving.local_time import clock, lately, moment
from oddframe.serving.passwords import Passwords
from oddframe.serving.server import serving
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site
from oddframe.serving.timeline import stretch_of

NASTY = '<script>alert("x")</script>'


def ids_of(text: str) -> list[str]:
    return re.findall(r'data-ids="(.*?)"', text)


def test_the_list_has_a_visit_once_the_latest_first(served: Served):
    a, b, c, d = served.events
    answer = served.browser.get("/review")
    assert answer.status == 200
    assert ids_of(answer.text) == [d.id, c.id, f"{a.id} {b.id}"]
    assert "2 moments" in answer.text
    assert '<b id="waiting">4</b>' in answer.text
    assert "goes on" in answer.text
    assert "not told (budget)" in answer.text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("camera=yard", [3]),
        ("cue=look", [2]),
        ("zone=door", [3, 0, 1]),
        ("state=open", [3]),
        ("state=odd", []),
        ("day=2026-03-01", [3, 2, 0, 1]),
        ("day=2026-02-01", []),
        ("day=nonsense&camera=door", [2, 0, 1]),
    ],
)
def test_what_is_asked_for_is_shown(served: Served, asked, expected):
    shown = " ".join(ids_of(served.browser.get(f"/review?{asked}").text)).split()
    assert shown == [served.events[number].id for number in expected]


def test_what_is_new_is_shown_among_what_is_asked_for(served: Served):
    before = served.events[0].id
    answer = served.browser.get(f"/review?camera=yard&day=2026-03-01&before={before}").text
    (link,) = re.findall(r'href="([^"]+)">There is something new', answer)
    assert parse_qs(urlsplit(html.unescape(link)).query) == {
        "camera": ["yard"],
        "day": ["2026-03-01"],
        "state": ["undecided"],
    }
    assert f'<a href="{link}">to the newest</a>' in answer
    assert "to the newest" not in served.browser.get(html.unescape(link)).text


def test_a_word_is_kept_and_can_be_taken_back(served: Served):
    a, b, *_ = served.events
    answer = served.browser.post("/review", {"ids": f"{a.id} {b.id}", "word": "normal"})
    assert (answer.status, answer.text) == (200, "2\n")
    assert served.journal.flush(10)
    on_disk = JournalReader(StateFolder(served.root / "state"))
    assert [on_disk.event(e.id).verdict for e in (a, b)] == ["normal", "normal"]
    assert ids_of(served.browser.get("/review?state=normal").text) == [f"{a.id} {b.id}"]
    served.browser.post("/review", {"ids": f"{a.id} {b.id}", "word": "none"})
    assert served.journal.event(a.id).verdict is None


@pytest.mark.parametrize(
    ("was", "word", "status"),
    [("none", "normal", 409), ("none", "odd", 200), ("odd", "normal", 200), ("later", "none", 409)],
)
def test_two_people_do_not_overwrite_each_other_unseen(served: Served, was, word, status):
    event = served.events[2].id
    served.journal.judge(event, "odd")
    answer = served.browser.post("/review", {"ids": event, "word": word, "was": was})
    assert answer.status == status
    assert served.journal.event(event).verdict == ("odd" if status == 409 else word)
    if status == 409:
        assert answer.headers["oddframe-word"] == "odd"
        assert answer.text.startswith("somebody said 'odd' meanwhile")


def test_of_a_visit_that_is_forgotten_in_part_the_rest_takes_the_word(served: Served):
    a, b, *_ = served.events
    assert served.journal.forget(a) >= 0
    answer = served.browser.post("/review", {"ids": f"{a.id} {b.id}", "word": "normal"})
    assert answer.status == 200
    assert served.journal.event(b.id).verdict == "normal"
    assert served.journal.event(a.id) is None


def test_a_form_without_a_script_goes_back_to_the_list_and_nowhere_else(served: Served):
    event = served.events[2].id
    page = {"Accept": "text/html"}
    fields = {"ids": event, "word": "odd", "back": "/review?camera=door"}
    answer = served.browser.post("/review", fields, **page)
    assert (answer.status, answer.headers["location"]) == (303, "/review?camera=door")
    for elsewhere in ("https://evil.example/review", "//evil.example/review", "/logout"):
        answer = served.browser.post("/review", {**fields, "back": elsewhere}, **page)
        assert answer.headers["location"] == "/review"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ids": "", "word": "odd"}, 400),
        ({"ids": "x", "word": "odd"}, 404),
        ({"ids": "0" * 16, "word": "odd"}, 404),
        ({"ids": "0" * 16, "word": "burn"}, 400),
        ({}, 400),
    ],
)
def test_a_word_that_is_none_is_one_line(served: Served, fields, status):
    answer = served.browser.post("/review", fields)
    assert answer.status == status
    assert len(answer.text.splitlines()) == 1


def test_the_page_of_an_event_has_its_film_its_picture_and_what_is_nearest(served: Served):
    event = served.events[1]
    text = served.browser.get(f"/review/{event.id}").text
    assert f'<video src="/events/{event.id}/clip/1"' in text
    assert "Lies there." in text
    assert f'href="/review/{served.events[0].id}"' in text
    assert f'href="/review/{served.events[2].id}"' in text
    picture = served.browser.get(f"/events/{event.id}/picture")
    assert (picture.body, picture.headers["content-type"]) == (jpeg(60), "image/jpeg")
    nearest = served.browser.get(f"/events/{event.id}/nearest")
    assert nearest.body == jpeg(200)


def test_a_film_is_sent_whole_in_part_and_to_keep(served: Served):
    event = served.events[1]
    content = (served.root / "state" / event.clip).read_bytes()
    path = f"/events/{event.id}/clip/1"
    whole = served.browser.get(path)
    assert (whole.body, whole.headers["content-type"]) == (content, "video/mp4")
    part = served.browser.get(path, Range="bytes=10-19")
    assert (part.status, part.body) == (206, content[10:20])
    assert "attachment" in served.browser.get(f"{path}?save").headers["content-disposition"]
    assert served.browser.get(f"/events/{event.id}/clip/2").status == 404


def test_files_are_found_by_events_alone(served: Served):
    """A sidecar may name any file; only what is an event's own by its name is sent."""
    secret = served.root / "state" / "passwords.json"
    secret.write_text("secret")
    event = served.events[0]
    for name in ("passwords.json", "../run/sights.npz", "/etc/passwd"):
        served.journal.write(replace(event, clip=name, picture=name))
        for path in ("clip/1", "picture"):
            answer = served.browser.get(f"/events/{event.id}/{path}")
            assert (answer.status, b"secret" in answer.body) == (404, False)
    files = served.journal.state.files_of(event)
    files.clip().symlink_to(secret)
    served.journal.write(replace(event, clip=files.name(files.clip())))
    assert served.browser.get(f"/events/{event.id}/clip/1").status == 404
    for path in ("/events/..%2f..%2fpasswd/picture", "/static/..%2fserve.css", "/events/x/picture"):
        assert served.browser.get(path).status == 404


def test_names_and_reasons_are_escaped_everywhere(served: Served):
    event = live_event(NOON + 9000, "door", reason=NASTY, zone=NASTY, cue=NASTY, verdict=None)
    served.journal.write(event)
    served.journal.camera_is("door", NOON + 9001, NASTY, NASTY)
    for path in ("/review", f"/review/{event.id}", "/timeline?day=2026-03-01"):
        answer = served.browser.get(path)
        assert answer.status == 200
        assert NASTY not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_the_table_is_for_a_spreadsheet_and_holds_no_formula(served: Served):
    served.journal.write(live_event(NOON + 9000, "door", reason="=1+1", verdict=None))
    rows = list(csv.DictReader(io.StringIO(served.browser.get("/review.csv").text)))
    assert len(rows) == 5
    assert rows[0]["reason"] == "'=1+1"
    assert float(rows[1]["start"]) == NOON + 3700
    assert time.mktime(time.strptime(rows[1]["when"], "%Y-%m-%d %H:%M:%S")) == NOON + 3700
    assert rows[1]["end"] == ""


def test_the_timeline_shows_the_peak_of_a_single_frame_gaps_and_events(served: Served):
    text = served.browser.get("/timeline?day=2026-03-01&camera=door").text
    assert "score up to 9.0" in text
    points = re.search(r'class="band" points="(.*?)"', text).group(1)
    assert min(float(pair.split(",")[1]) for pair in points.split()) == 0.0
    assert text.count('class="detected"') >= 3
    yard = served.browser.get("/timeline?day=2026-03-01&camera=yard").text
    assert "no scores then" in yard
    assert "not watched from" in yard
    assert 'class="untold"' in yard
    week = served.browser.get("/timeline?day=2026-03-01&camera=door&days=7").text
    assert week.count('<figure class="strip">') == 7
    assert "nothing is known of it" in week
    assert served.browser.get("/timeline?day=2026-03-01&days=7").text == week  # of the first camera


def test_a_camera_that_was_down_for_a_week_was_not_watched_on_any_of_its_days(served: Served):
    begun = NOON + 86_400
    served.journal.gap_begins("yard", begun, "refused")
    for day in ("2026-03-05", "2026-03-08"):
        text = served.browser.get(f"/timeline?day={day}&camera=yard").text
        (hole,) = re.findall(r'class="hole" x="(.*?)" y="0" width="(.*?)".*?<title>(.*?)<', text)
        assert (float(hole[0]), float(hole[1])) == (0.0, 960.0)
        assert hole[2] == f"not watched from {moment(begun)} to now: refused"
    served.journal.gap_ends("yard", begun + 7 * 86_400)
    text = served.browser.get("/timeline?day=2026-03-05&camera=yard").text
    assert f"to {moment(begun + 7 * 86_400)}: refused" in text
    assert lately(begun, begun + 60) == clock(begun)
    assert lately(begun, begun + 7 * 86_400) == moment(begun)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-07", "1970-01-02", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_none(served: Served, day):
    for asked in (f"/timeline?camera=door&days=7&day={day}", f"/review?day={day}"):
        answer = served.browser.get(asked)
        assert answer.status == 200
        assert day not in answer.text


def test_a_gap_that_lasts_ends_now(served: Served):
    now = time.time()
    served.journal.gap_begins("yard", now - 60, "no frames")
    served.journal.gap_begins("door", now + 600, "a clock was set back")
    site = Site(served.journal, served.journal, Sessions(Passwords({})))
    when = now - 100, now + 860
    ((left, width, words),) = stretch_of(site, "yard", when, "").gaps
    assert (left, width) == (pytest.approx(40), pytest.approx(60, abs=30))
    assert "to now: no frames" in words
    assert not stretch_of(site, "door", when, "").gaps


def test_what_is_new_is_told_to_open_pages(served: Served):
    assert served.browser.feed_line()["waiting"] == 4
    told = []
    thread = threading.Thread(target=lambda: told.append(served.another().feed_line()))
    served.journal.judge(served.events[0].id, "odd")
    thread.start()
    thread.join(30)
    assert told[0]["newest"] == served.events[3].id


def test_without_the_journal_the_page_reads_and_takes_no_word(served: Served):
    """As where another process watches: who reads opens the journal of the one who writes."""
    reader = JournalReader(StateFolder(served.root / "state"))
    with serving(Site(reader, None, Sessions(Passwords({}))), Door(port=0)) as address:
        browser = Browser(address)
        text = browser.get("/review").text
        assert len(ids_of(text)) == 3
        assert "Another process watches" in text
        assert 'name="word"' not in text
        answer = browser.post("/review", {"ids": served.events[0].id, "word": "odd"})
        assert answer.status == 409


def test_an_empty_folder_is_a_page_that_says_so(tmp_path):
    site = Site(JournalReader(StateFolder(tmp_path)), None, Sessions(Passwords({})))
    with serving(site, Door(port=0)) as address:
        browser = Browser(address)
        assert "No camera was watched here yet" in browser.get("/review").text
        assert "No camera was watched here yet" in browser.get("/timeline").text


def test_a_journal_that_is_none_is_one_line(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 100)
    site = Site(JournalReader(StateFolder(tmp_path)), None, Sessions(Passwords({})))
    with serving(site, Door(port=0)) as address:
        answer = Browser(address).get("/review")
        assert answer.status == 503
        assert "the journal cannot be read" in answer.text
        assert len(answer.text.splitlines()) == 1


def test_an_event_of_numbers_alone_is_shown_without_what_is_not_there(served: Served):
    event = served.journal.write(live_event(NOON - 9000, "door", verdict=None, nearest=None))
    listed = served.browser.get("/review").text
    assert event.id in listed
    assert f"/events/{event.id}/picture" not in listed
    shown = served.browser.get(f"/review/{event.id}").text
    assert "There is no film and no picture of it." in shown
    assert "<video" not in shown
    assert "<img" not in shown


def test_a_second_look_stands_beside_the_event_with_whose_it_is(served: Served):
    a, b, *_ = served.events
    answer = SecondLook(True, "a fall", f"Somebody {NASTY} lies there.", "seer-7b", "gpu.home:8000")
    served.journal.looked_again(a.id, answer)
    assert served.journal.flush(10)
    text = served.browser.get(f"/review/{a.id}").text
    assert "second look" in text
    assert "a fall: Somebody &lt;script&gt;" in text
    assert NASTY not in text
    assert "seer-7b at gpu.home:8000" in text
    assert "second look" not in served.browser.get(f"/review/{b.id}").text
    served.journal.looked_again(a.id, replace(answer, anomalous=False, kind=""))
    assert served.journal.flush(10)
    assert "nothing odd: Somebody" in served.browser.get(f"/review/{a.id}").text
