"""The default detector on a small street, and on the first clips of Ped2."""

import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from oddframe.detectors.contract import scores_of
from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.health import DARK
from oddframe.detectors.own_cameras.fixed_camera.promise import what_it_takes
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.folder import prepare_folder
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.runs.sights import read_sights
from oddframe.verbs.prepare import prepare
from oddframe.videos.manifest import Manifest


@pytest.fixture(scope="module")
def detector(street):
    return read_run(street.run).detector


def scored(detector, path: Path, fps: float = 12.5):
    with open_video(path, fps) as video:
        return list(scores_of(detector, video))


def values(frames) -> np.ndarray:
    assert [frame.frame for frame in frames] == list(range(len(frames)))
    return np.array([frame.value for frame in frames])


def png_folder(path: Path, images: list[np.ndarray]) -> Path:
    """Images without loss, as a video."""
    path.mkdir(parents=True)
    for index, image in enumerate(images):
        cv2.imwrite(str(path / f"{index:04}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path


def config(street, **changes) -> FixedCameraConfig:
    return FixedCameraConfig(**street.settings | changes)


def fit(manifest: Manifest, settings: FixedCameraConfig, seed: int = 0) -> FixedCameraDetector:
    return FixedCameraDetector.fit(manifest, settings, seed, lambda doing, share: None)


def middle_of(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_normal_life_that_was_not_learnt_is_mostly_below_the_threshold(street, detector):
    found = values(scored(detector, street.root / "calm.mp4"))
    assert len(found) == 100
    assert (found > detector.threshold).mean() < 0.15
    assert (found >= 0).all()


@pytest.mark.parametrize("name", ["fast", "large"])
def test_an_odd_thing_scores_above_the_threshold(street, detector, name):
    frames = scored(detector, street.root / f"{name}.mp4")
    found = values(frames)
    start, end = street.event
    labels = np.zeros(len(found), bool)
    labels[start:end] = True
    # Velocities are averages over some six tenths of a second: it may be over a while later.
    told = np.r_[:end, end + 10 : len(found)]
    assert roc_auc_score(labels[told], found[told]) > 0.9
    assert (found[start + 4 : end - 4] > detector.threshold).mean() > 0.7
    assert np.median(found[:start]) < detector.threshold
    assert np.median(found[end + 10 :]) < detector.threshold


def test_reasons_name_the_cue_and_the_place(street, detector):
    large = max(scored(detector, street.root / "large.mp4"), key=lambda frame: frame.value)
    assert large.cue == "appearance"
    assert large.reason == "looks unlike anything in the normal footage (centre)"
    x, y = middle_of(large.boxes[0])
    assert 48 <= x <= 84
    assert 20 <= y <= 52
    # From second 4.5 to 5 the fast one is between 62 and 94 % of the way.
    fast = scored(detector, street.root / "fast.mp4")[57:62]
    assert any("times the usual pace here" in frame.reason for frame in fast)
    assert all(len(frame.boxes) <= 3 for frame in fast)


def test_what_looks_odd_has_the_nearest_moment_of_the_normal_footage(street, detector):
    sights = read_sights(street.run)
    learnt = {video.id for video in Manifest.read(street.run / "manifest.jsonl").split("train")}
    assert {sight.video for sight in sights} == learnt
    assert len(sights) <= street.settings["fit_looks"]
    frames = scored(detector, street.root / "large.mp4")
    odd = [frame for frame in frames if frame.cue == "appearance"]
    assert odd
    assert all(frame.nearest in sights for frame in odd)
    assert all(frame.nearest is None for frame in frames if frame.cue != "appearance")
    picture = cv2.imdecode(np.frombuffer(sights[odd[0].nearest], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (120, 192)


def test_a_run_that_does_not_know_moments_scores_the_same(street, detector):
    state = detector.state()
    state["scene"].pop("looks")
    state["scene"]["memory"].pop("sources")
    before = FixedCameraDetector.from_state(state)
    frames, again = (scored(one, street.root / "large.mp4") for one in (detector, before))
    np.testing.assert_allclose(values(frames), values(again), rtol=1e-4)
    assert all(frame.nearest is None for frame in again)
    assert [frame.reason for frame in again] == [frame.reason for frame in frames]
    assert "looks" not in before.state()["scene"]


def test_score_maps_peak_where_the_odd_thing_is(street, detector):
    frames = scored(detector, street.root / "large.mp4")
    peak = max(frames, key=lambda frame: frame.value).score_map
    row, column = np.unravel_index(peak.argmax(), peak.shape)
    assert 48 <= (column + 0.5) / peak.shape[1] * street.width <= 84
    assert 20 <= (row + 0.5) / peak.shape[0] * street.height <= 52
    # Map and score share one scale: one cell of 40 is the top 1.5 %, so the score is the peak.
    assert peak.size < 70
    # What has lasted raises the score alone.
    for frame in frames:
        assert frame.value >= frame.score_map.max() * (1 - 1e-5)


def test_after_a_cut_footage_is_judged_as_a_video_of_its_own(street, detector, tmp_path):
    """The second piece is seen in a mirror: another scene, where nobody runs."""
    one = street.images(3, 60)
    two = [np.ascontiguousarray(image[:, ::-1]) for image in street.images(3, 61)]
    joined = scored(detector, png_folder(tmp_path / "joined", [*one, *two]))
    alone = scored(detector, png_folder(tmp_path / "alone", two))
    np.testing.assert_array_equal(values(joined)[len(one) :], values(alone))
    assert joined[len(one)].cue != "pace"


def test_a_night_after_days_alone_is_a_note_and_not_an_alarm(street, detector, tmp_path):
    """Less than half of the light, and noise; what runs there is told all the same."""
    random = np.random.default_rng(4)

    def night(images):
        dark = [255 * (image / 255) ** 2.5 for image in images]
        noisy = [image + random.normal(0, 8, image.shape) for image in dark]
        return [np.clip(image, 0, 255).astype(np.uint8) for image in noisy]

    calm = scored(detector, street.film(tmp_path / "calm.mp4", night(street.images(8, 50))))
    # The first velocities of a stream are of two pictures alone, and so of their noise.
    assert (values(calm)[2:] <= detector.threshold).all()
    assert {frame.camera for frame in calm[30:]} == {DARK}
    images = night(street.images(8, 51, street.fast))
    fast = scored(detector, street.film(tmp_path / "fast.mp4", images))
    start, end = street.event
    odd = values(fast) > detector.threshold
    assert odd[start:end].mean() > 0.5
    assert not odd[2 : start - 1].any()
    assert {frame.cue for frame in fast if frame.value > detector.threshold} <= {
        "pace",
        "direction",
    }


def test_frames_between_two_observations_hold_the_last_score(street, detector, tmp_path):
    # At 60 frames per second motion comes every 5 frames and a look every 12.
    folder = png_folder(tmp_path / "quick", street.images(2, 62))
    frames = scored(detector, folder, fps=60.0)
    for index, frame in enumerate(frames):
        observation = max(k for k in range(index + 1) if k % 5 == 0 or k % 12 == 0)
        assert frame == replace(frames[observation], frame=index) or index == observation


def test_the_threshold_promises_no_more_than_the_footage_can(street, detector):
    seconds = 48
    assert detector.calibrated.hours <= seconds / 3600 + 1e-9
    assert detector.calibrated.false_alarms_per_hour >= 3600 / seconds - 1e-6
    needs = "give more than 2.31 h of normal footage"
    assert f"to promise at most 1, {needs}" in detector.calibrated.sentence


def test_the_advice_on_a_promise_names_what_binds_and_helps(street):
    """48 seconds show what 33 must show; 60 looks at them do not."""
    manifest = Manifest.read(street.run / "manifest.jsonl")
    few = fit(manifest, config(street, false_alarms_per_hour=250, fit_hours=12 / 3600)).calibrated
    assert not few.is_kept
    assert few.hours == pytest.approx(12 / 3600, rel=0.1)
    assert "(each part in turn; stretches of 1.5 s, spread over 0.01 h)" in few.sentence
    assert few.sentence.endswith(
        "to promise at most 250, watch more of it with --settings.fit_hours 0.0097"
    )
    more = fit(manifest, config(street, false_alarms_per_hour=250)).calibrated
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
    by_day = fit(manifest, config(street, false_alarms_per_day=6000)).calibrated
    assert by_day.wanted == 250
    assert ": at most 6,000 false alarms per day (90 % sure)" in by_day.sentence
    with pytest.raises(
        OddframeError, match=r"per_day: expected what false_alarms_per_hour says, 48 a day; give"
    ):
        config(street, false_alarms_per_day=6000, false_alarms_per_hour=2)
    config(street, false_alarms_per_day=48, false_alarms_per_hour=2)


@pytest.mark.parametrize("name", ["background", "lasting", "followed", "health", "health.signs"])
def test_a_run_of_before_is_refused(detector, name):
    state = detector.state()
    *rooms, last = name.split(".")
    part = state["scene"]
    for room in rooms:
        part = part[room]
    part.pop(last)
    with pytest.raises(OddframeError, match=r"found one fitted by oddframe 0\.1, .*fit it again"):
        FixedCameraDetector.from_state(state)


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


def test_another_shape_is_scored_with_a_warning(street, detector, tmp_path):
    tall = [cv2.resize(image, (80, 80)) for image in street.images(1, 63)]
    with pytest.warns(
        OddframeWarning, match=r"tall: 80x80 pixels, and .* from is \d+x\d+; .*one camera"
    ):
        found = values(scored(detector, png_folder(tmp_path / "tall", tall)))
    assert found.shape == (12,)


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


def test_scoring_leaves_pytorchs_threads_as_they_were(street, detector):
    before = torch.get_num_threads()
    scored(detector, street.root / "calm.mp4")
    assert torch.get_num_threads() == before


def test_real_ped2_with_a_small_network(real_data, tmp_path):
    # Six training clips of 16 and the first three test clips; with all, and with all settings at
    # their default, it does much better.
    whole = prepare("ucsd-ped2", real_data / "ped2", tmp_path / "ped2.jsonl")
    normal = [*whole.split("train")[:5], *whole.split("val")[:1]]
    manifest = replace(whole, videos=(*normal, *whole.split("test")[:3]))
    settings = FixedCameraConfig(long_side=256, motion_side=240, fit_looks=60, capacity=100)
    detector = fit(manifest, settings)
    labels, found = [], []
    for video in manifest.split("test"):
        found.append(values(scored(detector, manifest.locate(video), video.fps)))
        labels.append(video.frame_labels())
        assert len(found[-1]) == video.frames
    assert roc_auc_score(np.concatenate(labels), np.concatenate(found)) > 0.82


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


def test_where_looks_are_not_known_they_are_no_reason(street, detector):
    with open_video(street.root / "large.mp4") as video:
        stream = detector.stream(video.info, live=True)
        frames = [stream.push(frame)[0] for frame in video]
        odd = max(frames, key=lambda frame: frame.value)
        assert odd.cue == "appearance"
        # As in the infrared light of a night that was never learnt.
        stream._appearance[:], stream._sees_look, stream._threshold = 5.0, False, -1.0
        unknown = stream._judge(len(frames), frames[-1].frame / 12.5)
    assert unknown.cue != "appearance"
    assert unknown.nearest is None
