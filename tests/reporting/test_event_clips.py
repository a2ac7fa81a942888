"""Clips of odd moments hold the very frames of the source that they are said to hold."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video, probe
from oddframe.reporting.event_clips import AROUND_SECONDS, clip_name, clips_in, write_event_clips
from oddframe.scores.detections import Detection

FRAMES, FPS = 200, 5.0
AROUND = round(AROUND_SECONDS * FPS)


def event(start: int, end: int) -> Detection:
    return Detection(start, end, start, 1.0, 1.0)


@pytest.fixture(scope="module")
def stairs(tmp_path_factory):
    """A folder of pictures, each of which says its number: 16 grey columns are its bits."""
    import cv2

    folder = tmp_path_factory.mktemp("stairs") / "film"
    folder.mkdir()
    for index in range(FRAMES):
        bits = [255 * (index >> bit & 1) for bit in range(8)]
        picture = np.repeat(np.array(bits, np.uint8), 8)[None].repeat(32, axis=0)
        cv2.imwrite(str(folder / f"{index:04}.png"), picture)
    return folder


def numbers(clip) -> list[int]:
    """The numbers of the source's frames that a clip shows."""
    with open_video(clip) as video:
        columns = [frame.grey()[16, 4::8] > 127 for frame in video]
    return [sum(1 << bit for bit in range(8) if row[bit]) for row in columns]


def test_each_clip_has_its_event_and_five_seconds_on_both_sides(stairs, tmp_path):
    events = [event(3, 10), event(100, 101), event(190, FRAMES)]
    seen = []
    clips = write_event_clips(stairs, tmp_path, events, Clock(FRAMES, FPS), advance=seen.append)
    assert [numbers(clip) for clip in clips] == [
        list(range(10 + AROUND)),
        list(range(100 - AROUND, 101 + AROUND)),
        list(range(190 - AROUND, FRAMES)),
    ]
    assert probe(clips[1]).fps == FPS
    assert sum(seen) == len(events)
    assert clips == sorted(clips) == clips_in(tmp_path)


def test_clips_of_close_events_end_where_the_next_event_begins(stairs, tmp_path):
    events = [event(at, at + 2) for at in range(60, 120, 4)]
    clips = write_event_clips(stairs, tmp_path, events, Clock(FRAMES, FPS))
    spans = [(found[0], found[-1] + 1) for found in map(numbers, clips)]
    assert spans[0] == (60 - AROUND, 64)
    assert spans[1:-1] == [(at - 2, at + 4) for at in range(64, 116, 4)]
    assert spans[-1] == (114, 118 + AROUND)


def test_a_clip_does_not_reach_over_time_that_was_not_filmed(stairs, tmp_path):
    """An hour is missing before frame 50; frames after it are twice as slow."""
    clock = Clock(FRAMES, FPS, ((0, 0.0), (49, 9.8), (50, 3600.0), (FRAMES - 1, 3659.6)))
    (clip,) = write_event_clips(stairs, tmp_path, [event(52, 60)], clock)
    found = numbers(clip)
    assert (found[0], found[-1]) == (50, 59 + round(5 / 0.4))
    with open_video(clip) as video:
        seconds = [frame.seconds for frame in video]
    np.testing.assert_allclose(np.diff(seconds), 0.4, atol=1e-3)


def test_what_is_cut_already_is_not_cut_again_and_half_a_clip_is_none(stairs, tmp_path):
    events = [event(30, 40), event(100, 110)]
    clock = Clock(FRAMES, FPS)
    there = tmp_path / clip_name(events[0], FRAMES)
    there.write_bytes(b"cut before")
    clips = write_event_clips(stairs, tmp_path, events, clock)
    assert there.read_bytes() == b"cut before"
    assert numbers(clips[1])[0] == 100 - AROUND
    longer = Clock(FRAMES + 50, FPS)
    with pytest.raises(OddframeError, match="film: ends before the last of its 250 scores"):
        write_event_clips(stairs, tmp_path / "late", [event(195, 230)], longer)
    assert list((tmp_path / "late").iterdir()) == []


def test_names_sort_as_the_events_do_also_of_very_long_videos():
    events = [event(5, 99), event(5_000, 5_001), event(12_000_000, 12_000_009)]
    names = [clip_name(one, 12_345_678) for one in events]
    assert names == sorted(names)
    assert names[0] == "00000005-00000099.mp4"
    assert clip_name(event(5, 99), 300) == "000005-000099.mp4"
