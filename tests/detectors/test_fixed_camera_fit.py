"""The default detector learns: from which footage, and what it can promise then."""

import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tests.made.fixed_camera import config, fit, png_folder, scored, values

from oddframe.detectors.own_cameras.fixed_camera import FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.promise import decide, what_it_takes
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.folder import prepare_folder
from oddframe.media.clock import Clock
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.videos.manifest import Manifest


def test_the_threshold_promises_no_more_than_the_footage_can(street):
    detector = read_run(street.run).detector
    seconds = 48
    assert detector.calibrated.hours <= seconds / 3600 + 1e-9
    assert detector.calibrated.false_alarms_per_hour >= 3600 / seconds - 1e-6
    needs = "give more than 2.31 h of normal footage"
    assert f"to promise at most 1, {needs}" in detector.calibrated.sentence


def test_the_advice_on_a_promise_names_what_binds_and_helps(street):
    """48 seconds show what 33 must show; 12 of them do not."""
    manifest = Manifest.read(street.run / "manifest.jsonl")
    settings = config(street, false_alarms_per_hour=250, fit_looks=20, long_side=64)
    few = fit(manifest, replace(settings, fit_hours=12 / 3600)).calibrated
    assert not few.is_kept
    assert few.hours == pytest.approx(12 / 3600, rel=0.1)
    assert "(each part in turn; stretches of 1.5 s, spread over 0.01 h)" in few.sentence
    assert few.sentence.endswith(
        "to promise at most 250, watch more of it with --settings.fit_hours 0.0097"
    )
    more = fit(manifest, settings).calibrated
    assert more.is_kept
    assert more.sentence.startswith(
        f"threshold {more.value:.2f}: at most 250 false alarms per hour"
    )


@pytest.mark.parametrize(
    ("wanted", "hours", "seconds", "remedy"),
    [
        (1, 2, 3 * 3600, "watch more of it with --settings.fit_hours 2.5"),
        (1, 3, 1800, "give more than 2.31 h of normal footage"),
        (0.1, 3, 1800, "give more than 23.1 h of normal footage and watch more of it with "
         "--settings.fit_hours 25"),
        (1, 2, 1800, "give more than 2.31 h of normal footage and watch more of it with "
         "--settings.fit_hours 2.5"),
    ],
)  # fmt: skip
def test_what_a_promise_takes(wanted, hours, seconds, remedy):
    assert what_it_takes(wanted, hours, seconds) == remedy


def test_a_promise_by_the_day_is_told_by_the_day(street):
    """Every hour of the day the same: 24 times as many."""
    manifest = Manifest.read(street.run / "manifest.jsonl")
    settings = config(street, false_alarms_per_day=6000, fit_looks=20, long_side=64)
    by_day = fit(manifest, settings).calibrated
    assert by_day.wanted == 250
    assert ": at most 6,000 false alarms per day (90 % sure)" in by_day.sentence
    with pytest.raises(
        OddframeError, match=r"per_day: expected what false_alarms_per_hour says, 48 a day; give"
    ):
        config(street, false_alarms_per_day=6000, false_alarms_per_hour=2)
    config(street, false_alarms_per_day=48, false_alarms_per_hour=2)


def test_videos_of_different_sizes_and_colours_in_one_fit(street, tmp_path):
    """Half-size, full-size and grey footage of one camera, then scored with every one of them."""
    images = street.images(8, 70)
    street.film(tmp_path / "v" / "full.mp4", images)
    half = [cv2.resize(image, (64, 40), interpolation=cv2.INTER_AREA) for image in images]
    with VideoWriter(tmp_path / "v" / "half.mp4", street.fps, (64, 40)) as writer:
        for image in half:
            writer.write(image)
    grey = grey_file(tmp_path / "v" / "grey.mkv", images)
    with warnings.catch_warnings():
        warnings.simplefilter("error", OddframeWarning)
        detector = fit(prepare_folder(tmp_path / "v"), config(street, fit_looks=24))
        for path in (tmp_path / "v" / "full.mp4", tmp_path / "v" / "half.mp4", grey):
            found = values(scored(detector, path))
            assert found.shape == (100,)
            assert np.isfinite(found).all()


def grey_file(path: Path, images: list[np.ndarray]) -> Path:
    """A file of grey frames, as many cameras give at night."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=Fraction(25, 2))
        stream.width, stream.height = images[0].shape[1::-1]
        stream.pix_fmt = "gray"
        for image in images:
            plane = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            frame = av.VideoFrame.from_ndarray(plane, format="gray")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.filterwarnings("ignore::oddframe.errors.OddframeWarning")
def test_a_very_wide_video_can_be_learnt(street, tmp_path):
    # Its images for optical flow would be 5 pixels high.
    random = np.random.default_rng(0)
    band = [random.integers(0, 256, (16, 640, 3), np.uint8) for _ in range(4)]
    with VideoWriter(tmp_path / "v" / "band.mp4", 5, (640, 16)) as writer:
        for k in range(110):
            writer.write(band[k % 4])
    detector = fit(prepare_folder(tmp_path / "v"), config(street, fit_looks=20))
    assert np.isfinite(values(scored(detector, tmp_path / "v" / "band.mp4"))).all()


def test_a_video_that_fails_while_it_is_learnt_stops_no_other(street, tmp_path):
    for seed in range(3):
        street.film(tmp_path / f"{seed}.mp4", street.images(12, 60 + seed))
    manifest = prepare_folder(tmp_path)
    (tmp_path / "1.mp4").write_bytes(b"replaced by something else")
    with pytest.warns(OddframeWarning, match=r"1: left out from there on \(.*1\.mp4"):
        learnt = fit(manifest, config(street))
    assert learnt.threshold > 0
    assert list(learnt.left_out) == ["1"]


def test_a_scene_where_nothing_ever_moves(street, tmp_path):
    random = np.random.default_rng(3)
    still = street.images(0.1, 1)[0].astype(float)
    images = [
        np.clip(still + random.normal(0, 1, still.shape), 0, 255).astype(np.uint8)
        for _ in range(60)
    ]
    with VideoWriter(tmp_path / "v" / "still.mp4", 2, (128, 80)) as writer:
        for image in images:
            writer.write(image)
    detector = fit(prepare_folder(tmp_path / "v"), config(street, fit_looks=30))
    calm = values(scored(detector, tmp_path / "v" / "still.mp4", fps=2))
    images[30] = street.images(3.5, 2, street.large)[-1]
    found = values(scored(detector, png_folder(tmp_path / "odd", images), fps=2))
    assert np.isfinite(found).all()
    assert found.argmax() in (30, 31, 32)
    assert found[30] > max(detector.threshold, np.median(calm) + 0.5)


def test_too_little_footage_is_one_line(street, tmp_path):
    short = street.film(tmp_path / "short.mp4", street.images(3, 50))
    with pytest.raises(OddframeError, match=r"at least 4 seconds.*found 1 video and 3\.0 sec"):
        fit(prepare_folder(short), config(street))


def test_four_seconds_are_learnt_and_promise_next_to_nothing(street, tmp_path):
    short = street.film(tmp_path / "short.mp4", street.images(4, 50))
    learnt = fit(prepare_folder(short), config(street))
    assert "which only shows that there are fewer than 2,696 an hour" in learnt.calibrated.sentence
    assert np.isfinite(values(scored(learnt, street.root / "large.mp4"))).all()


def test_no_normal_footage_is_one_line(street):
    manifest = Manifest.read(street.run / "manifest.jsonl")
    odd = replace(manifest, videos=tuple(replace(v, label="anomalous") for v in manifest))
    test = replace(manifest, videos=tuple(replace(v, split="test") for v in manifest))
    val = replace(manifest, videos=tuple(replace(v, split="val") for v in manifest))
    for one in (odd, test, val):
        with pytest.raises(OddframeError, match=r"normal training footage.*found 0 videos"):
            fit(one, config(street))


def test_progress_goes_from_nothing_to_all(street):
    told = []
    manifest = Manifest.read(street.run / "manifest.jsonl")
    small = replace(manifest, videos=manifest.videos[:2])
    settings = config(street, fit_looks=20, long_side=64)
    FixedCameraDetector.fit(small, settings, 0, lambda doing, share: told.append((doing, share)))
    assert all(0 <= share <= 1 for _, share in told)
    doings = list(dict.fromkeys(doing for doing, _ in told))
    assert doings[0] == "preparing the network"
    assert told[-1] == ("calibrating", 1.0)
    for doing in doings:
        shares = [share for said, share in told if said == doing]
        assert shares == sorted(shares)


def test_footage_in_which_nothing_moves_is_learnt_and_read_again(street, tmp_path):
    """An empty yard for a minute and a half: whatever moves there then is odd."""
    random = np.random.default_rng(0)
    still = cv2.GaussianBlur(random.integers(60, 200, (80, 128, 3), np.uint8), (0, 0), 3)

    def yard(frames: int) -> list[np.ndarray]:
        noise = random.normal(0, 2, (frames, *still.shape))
        return list(np.clip(still + noise, 0, 255).astype(np.uint8))

    for name in ("a", "b"):
        png_folder(tmp_path / "yard" / name, yard(225))
    manifest = prepare_folder(tmp_path / "yard", fps=5.0)
    found = fit(manifest, config(street, long_side=64, motion_side=64, fit_looks=2000))
    again = FixedCameraDetector.from_state(found.state())
    quiet = values(scored(again, png_folder(tmp_path / "quiet", yard(50)), 5.0))
    assert (quiet > again.threshold).mean() < 0.1
    walk = yard(50)
    for number, image in enumerate(walk[20:45]):
        image[30:60, 4 * number : 4 * number + 16] = 230
    walked = scored(again, png_folder(tmp_path / "walk", walk), 5.0)
    assert (values(walked)[22:45] > again.threshold).mean() > 0.8


def test_pictures_that_are_all_the_same_do_not_ring_on_themselves():
    """Nothing differs in what the threshold rests on, and a half-precision memory is a bit more."""
    same = [(np.zeros(450), Clock(450, 5.0))]
    assert decide(same, 90 / 3600, 1.0, 3.0, [0]).value == 1.31  # one frame in twenty, -log10
