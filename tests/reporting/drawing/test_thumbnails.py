from __future__ import annotations

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.pages.colours import DETECTION
from oddframe.reporting.drawing import thumbnails
from oddframe.reporting.drawing.thumbnails import (
    EVENT_SIZE,
    choose_frames,
    draw_event,
    take_pictures,
)
from oddframe.scores.detections import Detection


def _decode(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(int)


def test_a_strip_holds_the_chosen_frames_in_order(grey_video):
    strip = take_pictures(grey_video.path, [0, 3, 7, 11, 15, 19, 23, 27, 31, 35, 39]).strip
    assert strip is not None
    assert strip.frames == (0, 3, 7, 11, 15, 19, 23, 27, 31, 35, 39)
    assert (strip.columns, strip.rows) == (10, 2)
    sheet = _decode(strip.jpeg)
    height, width = grey_video.height, grey_video.width
    assert sheet.shape == (2 * height, 10 * width, 3)
    for place, frame in enumerate(strip.frames):
        top, left = place // 10 * height, place % 10 * width
        tile = sheet[top : top + height, left : left + width]
        assert tile.mean() == pytest.approx(grey_video.level(frame), abs=2)


def test_one_pass_converts_only_the_frames_that_are_shown(grey_video, monkeypatch):
    converted, opened = [], []

    class Spy:
        def __init__(self, frame):
            self.index = frame.index
            self._frame = frame

        def rgb(self, size=None):
            converted.append(self.index)
            return self._frame.rgb(size)

    class SpyReader:
        def __init__(self, path, fps=None, levels=None):
            opened.append(path)
            self._video = open_video(path, fps, levels)
            self.path, self.info = self._video.path, self._video.info

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self._video.__exit__(*exception)

        def __iter__(self):
            return map(Spy, self._video)

    monkeypatch.setattr(thumbnails, "open_video", SpyReader)
    seen = []
    take_pictures(
        grey_video.path, [5, 20], [Detection(18, 30, 20, 1, 1), Detection(8, 9, 8, 1, 1)],
        advance=seen.append,
    )  # fmt: skip
    assert opened == [grey_video.path]
    assert converted == [5, 8, 20]
    assert sum(seen) == 21  # and nothing is decoded after the last one


def test_event_pictures_show_the_peak_with_heat_and_box(grey_video):
    maps = np.zeros((grey_video.frames, 4, 6), np.float32)
    maps[10, 3, 5] = 5.0  # lower right
    detection = Detection(8, 14, 10, 5.0, 3.0, boxes=((12, 8, 48, 32),))
    pictures = take_pictures(grey_video.path, [], [detection], maps=maps, reference=1.0)
    assert pictures.strip is None
    picture = _decode(pictures.events[10])
    assert picture.shape == (320, 480, 3)
    assert picture[300, 100] == pytest.approx(grey_video.level(10), abs=3)
    assert picture[290, 450, 0] > picture[290, 450, 1] + 40  # heat
    scale = 480 / grey_video.width
    edge = picture[round(20 * scale), round(12 * scale)]
    assert np.abs(edge - DETECTION).max() < 40  # the box's left edge


def test_event_pictures_show_the_frame_that_the_boxes_are_of(grey_video):
    maps = np.zeros((grey_video.frames, 4, 6), np.float32)
    maps[13, 3, 5] = 5.0
    two = [
        Detection(8, 12, 10, 5.0, 3.0, boxes_at=13),
        Detection(14, 16, 15, 4.0, 3.0, boxes_at=13),
    ]
    pictures = take_pictures(grey_video.path, [], two, maps=maps, reference=1.0)
    assert pictures.events.keys() == {10, 15}
    for jpeg in pictures.events.values():
        picture = _decode(jpeg)
        assert picture[300, 100] == pytest.approx(grey_video.level(13), abs=3)
        assert picture[290, 450, 0] > picture[290, 450, 1] + 40


def test_small_and_large_and_tall_frames_fill_the_room():
    detection = Detection(0, 1, 0, 1, 1, boxes=((0, 0, 64, 64),))
    for height, width in ((64, 128), (1080, 1920), (1280, 720)):
        picture = draw_event(np.zeros((height, width, 3), np.uint8), detection)
        assert picture.shape[1] == EVENT_SIZE[0] or picture.shape[0] == EVENT_SIZE[1]
        assert picture.shape[1] <= EVENT_SIZE[0]
        assert picture.shape[0] <= EVENT_SIZE[1]


def test_a_strip_of_noise_shrinks_to_its_room(tmp_path):
    folder = tmp_path / "noise"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(12):
        noise = generator.integers(0, 256, (120, 160, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index:03}.png"), noise)
    strip = take_pictures(folder, list(range(12)), strip_bytes=20_000).strip
    assert strip is not None
    assert len(strip.jpeg) <= 20_000
    assert len(strip.frames) == 12


@pytest.mark.parametrize(
    ("frames", "fps", "most", "count"),
    [(1, 25, 120, 1), (10, 25, 120, 10), (180, 10, 120, 24), (1500, 25, 120, 60),
     (90_000, 25, 120, 120), (90_000, 25, 6, 6)],
)  # fmt: skip
def test_how_many_frames(frames, fps, most, count):
    chosen = choose_frames(frames, frames / fps, most=most)
    assert len(chosen) == count
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] < frames


def test_peaks_are_among_the_frames():
    assert {17, 171} <= set(choose_frames(180, 18.0, [171, 17]))


def test_no_footage_is_an_error_that_names_it(tmp_path):
    with pytest.raises(OddframeError, match=r"gone\.mp4"):
        take_pictures(tmp_path / "gone.mp4", [0])
