from __future__ import annotations

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video, probe
from oddframe.pages.colours import DETECTION
from oddframe.reporting.annotated_video import SMALLEST_WIDTH, write_annotated_video
from oddframe.scores.detections import Detection

FRAMES, WIDTH, HEIGHT = 40, 96, 64
ENLARGED = -(-SMALLEST_WIDTH // WIDTH)


def read_frames(path, indices):
    with open_video(path) as video:
        return {frame.index: frame.rgb() for frame in video if frame.index in indices}


@pytest.fixture
def scores():
    values = np.full(FRAMES, 0.2, np.float32)
    values[10:20] = 2.0
    return values


def test_every_frame_is_there_enlarged_with_a_panel_below(grey_video, tmp_path, scores):
    seen = []
    target = write_annotated_video(
        grey_video.path, tmp_path / "new" / "out.mp4", scores, threshold=1.0, advance=seen.append
    )
    info = probe(target)
    assert info.frames == FRAMES == sum(seen)
    assert info.fps == grey_video.fps
    assert info.width == WIDTH * ENLARGED
    assert info.height > HEIGHT * ENLARGED + 60
    frames = read_frames(target, [0, 39])
    for index, image in frames.items():
        picture = image[: HEIGHT * ENLARGED]
        assert picture.mean() == pytest.approx(grey_video.level(index), abs=3)


def test_boxes_go_with_the_map_and_end_with_it(grey_video, tmp_path, scores):
    maps = np.zeros((FRAMES, 8, 12), np.float32)
    for frame in range(10, 16):
        maps[frame, 3:5, frame - 10 : frame - 8] = 3.0  # 8 pixels to the right with each frame
    event = Detection(10, 20, 12, 2.0, 2.0, "motion", "rast", ((16, 24, 32, 40),))
    target = write_annotated_video(
        grey_video.path, tmp_path / "out.mp4", scores, threshold=1.0, maps=maps, detections=[event]
    )
    frames = {i: image.astype(int) for i, image in read_frames(target, [11, 15, 17]).items()}

    def is_edge(frame: int, x: int) -> bool:
        """Whether a box begins at this pixel of the source, in the row of its middle."""
        red, _, blue = frames[frame][32 * ENLARGED, x * ENLARGED]
        return red > blue + 60

    assert is_edge(11, 8)
    assert not is_edge(11, 40)
    assert is_edge(15, 40)
    assert not is_edge(15, 16)  # where the box of the peak would be
    assert not any(is_edge(17, x) for x in (8, 16, 40))


def test_events_heat_and_boxes_are_drawn_in_their_frames_only(grey_video, tmp_path, scores):
    maps = np.zeros((FRAMES, 4, 6), np.float32)
    maps[10:20, 0, 5] = 3.0  # upper right
    event = Detection(10, 20, 12, 2.0, 2.0, "motion", "rast × schnell", ((12, 16, 36, 40),))
    target = write_annotated_video(
        grey_video.path, tmp_path / "out.mp4", scores, threshold=1.0, maps=maps, detections=[event]
    )
    unmapped = write_annotated_video(
        grey_video.path, tmp_path / "boxes.mp4", scores, threshold=1.0, detections=[event]
    )
    frames = {i: image.astype(int) for i, image in read_frames(target, [5, 12]).items()}
    boxed = {i: image.astype(int) for i, image in read_frames(unmapped, [12, 19]).items()}
    border = {i: image[HEIGHT * ENLARGED // 2, 1] for i, image in frames.items()}
    hot = {i: image[20, -40] for i, image in frames.items()}
    box = {i: image[30 * ENLARGED, 12 * ENLARGED] for i, image in boxed.items()}
    assert np.abs(border[5] - grey_video.level(5)).max() < 8
    assert np.abs(border[12] - DETECTION).max() < 40
    assert np.abs(hot[5] - grey_video.level(5)).max() < 8
    assert hot[12][0] > hot[12][2] + 40
    assert box[12][0] > box[12][2] + 60
    assert np.abs(box[19] - grey_video.level(19)).max() < 8  # 0.7 s after the peak


def test_what_was_not_tested_is_drawn_plain_and_without_a_threshold_nothing_is_called_odd(
    grey_video, tmp_path, scores
):
    maps = np.full((FRAMES, 4, 6), 0.5, np.float32)
    maps[:, 0, 5] = scores  # upper right
    maps[30:] = 9.0
    high = Detection(10, 20, 12, 2.0, 2.0, "motion", "rast")
    written = {
        name: write_annotated_video(
            grey_video.path, tmp_path / f"{name}.mp4", scores, maps=maps, **options
        )
        for name, options in {
            "known": {"untested": [(30, FRAMES)], "detections": [high]},
            "unknown": {"detections": [high]},
            "flat": {},
            "decided": {"untested": [(30, FRAMES)], "detections": [high], "threshold": 0.9},
        }.items()
    }
    read = {n: read_frames(path, [12, 35]) for n, path in written.items()}
    frames = {n: {i: image.astype(int) for i, image in part.items()} for n, part in read.items()}
    picture = np.s_[20 : HEIGHT * ENLARGED - 20, 20:-20]
    assert np.abs(frames["known"][35][picture] - grey_video.level(35)).max() < 8
    assert np.abs(frames["unknown"][35][picture] - grey_video.level(35)).max() > 20
    assert np.abs(frames["flat"][35][picture] - grey_video.level(35)).max() < 8
    assert frames["known"][12][20, -40, 0] > frames["known"][12][20, -40, 2] + 40
    # The tag says more than "ODD", and so is wider.
    head = np.s_[HEIGHT * ENLARGED : HEIGHT * ENLARGED + 26]
    tag = {
        n: (np.abs(frames[n][12][head] - DETECTION).max(axis=2) < 40).sum()
        for n in ("known", "decided")
    }
    assert tag["known"] > 1.5 * tag["decided"] > 0
    # The bar of the moment is above its frames, a quarter to half of the curve.
    panel = frames["known"][35][HEIGHT * ENLARGED :]
    bar = np.flatnonzero((np.abs(panel - DETECTION).max(axis=2) < 40).any(axis=0))
    width = panel.shape[1]
    assert bar.min() == pytest.approx(width / 4, abs=0.03 * width)
    assert bar.max() == pytest.approx(width / 2, abs=0.03 * width)


def test_the_curve_and_the_truth_run_along(grey_video, tmp_path, scores):
    truth = np.zeros(FRAMES, bool)
    truth[20:] = True
    plain = write_annotated_video(grey_video.path, tmp_path / "plain.mp4", scores)
    shaded = write_annotated_video(grey_video.path, tmp_path / "shaded.mp4", scores, truth=truth)
    first = read_frames(plain, [0])[0].astype(int)
    second = read_frames(shaded, [0])[0].astype(int)
    panel = slice(-40, -15)
    half = first.shape[1] // 2
    warmer = (second - first)[panel, :, 0].mean(axis=0) - (second - first)[panel, :, 2].mean(axis=0)
    assert warmer[half + 20 : -20].mean() > 30
    assert abs(warmer[20 : half - 20].mean()) < 5
    # The present is a bright line that moves through the panel.
    last = read_frames(plain, [FRAMES - 1])[FRAMES - 1].astype(int)
    assert first[panel].sum(axis=(0, 2))[:40].max() > 2 * np.median(first[panel].sum(axis=(0, 2)))
    assert last[panel].sum(axis=(0, 2))[-40:].max() > 2 * np.median(last[panel].sum(axis=(0, 2)))


def test_the_curve_shows_a_minute_of_film_whatever_the_rate(grey_video, tmp_path):
    """Frames of 20 seconds, an hour that was not filmed, and then a second of 20 frames."""
    seconds = np.concatenate([np.arange(20) * 20, 3600 + np.arange(20) / 20])
    clock = Clock.of_times(seconds, 20.0)
    assert clock.jumps == (20,)
    truth = np.arange(FRAMES) >= 20
    values = np.zeros(FRAMES, np.float32)
    paths = [tmp_path / "plain.mp4", tmp_path / "shaded.mp4"]
    for path, given in zip(paths, (None, truth), strict=True):
        write_annotated_video(grey_video.path, path, values, clock=clock, truth=given)
    plain, shaded = (read_frames(path, [39])[39].astype(int) for path in paths)
    warmer = (shaded - plain)[-40:-15, :, 0].mean(axis=0)
    left = np.flatnonzero(warmer > 15)[0]
    margin = round(10 * plain.shape[1] / SMALLEST_WIDTH)
    assert (left - margin) / (plain.shape[1] - 2 * margin) == pytest.approx(59 / 60, abs=0.01)


def test_one_frame(one_frame, tmp_path):
    target = write_annotated_video(
        one_frame.path, tmp_path / "out.mp4", np.array([0.5], np.float32)
    )
    assert probe(target).frames == 1


def test_long_reasons_and_huge_scores_do_not_break_the_panel(grey_video, tmp_path, scores):
    scores[11] = 1e8
    event = Detection(10, 20, 11, 1e8, 1e7, "", "very odd " * 60)
    target = write_annotated_video(
        grey_video.path, tmp_path / "out.mp4", scores, threshold=1.0, detections=[event]
    )
    assert probe(target).frames == FRAMES


def test_scores_of_another_video_are_refused_and_leave_no_file(grey_video, tmp_path, scores):
    target = tmp_path / "out.mp4"
    with pytest.raises(OddframeError, match="more frames than the 30 scores"):
        write_annotated_video(grey_video.path, target, scores[:30])
    with pytest.raises(OddframeError, match=r"score maps for 40 frames.*found 12"):
        write_annotated_video(grey_video.path, target, scores, maps=np.zeros((12, 2, 2)))
    with pytest.raises(OddframeError, match=r"annotated frames for 40 frames.*found 41"):
        write_annotated_video(grey_video.path, target, scores, truth=np.zeros(41, bool))
    with pytest.raises(OddframeError, match="no such video"):
        write_annotated_video(tmp_path / "gone.mp4", target, scores)
    assert [path.name for path in tmp_path.iterdir()] == ["grey.mp4"]
