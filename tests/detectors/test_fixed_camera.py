"""The default detector judges: a small street, and the first clips of Ped2."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tests.made.fixed_camera import fit, png_folder, scored, values

from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.health import DARK
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import read_run
from oddframe.runs.sights import read_sights
from oddframe.verbs.prepare import prepare
from oddframe.videos.manifest import Manifest


@pytest.fixture(scope="module")
def detector(street):
    return read_run(street.run).detector


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
    start, end = street.event
    # It appears out of nothing, which at first looks like motion to some processors.
    there = scored(detector, street.root / "large.mp4")[start + 4 : end - 4]
    assert {frame.cue for frame in there} == {"appearance"}
    large = max(there, key=lambda frame: frame.value)
    assert large.reason == "looks unlike anything in the normal footage (centre)"
    x, y = middle_of(large.boxes[0])
    assert 48 <= x <= 84
    assert 20 <= y <= 52
    # From second 4.5 to 5 the fast one is between 62 and 94 % of the way.
    frames = scored(detector, street.root / "fast.mp4")
    fast = frames[57:62]
    assert any("times the usual pace here" in frame.reason for frame in fast)
    paces = [frame.reason for frame in frames if frame.cue == "pace"]
    told = [re.search(r"([\d.]+) times the usual pace", reason) for reason in paces]
    assert {float(found[1]) >= 1.5 for found in told if found} == {True}
    nameless = [reason for reason, found in zip(paces, told, strict=True) if not found]
    assert all("faster than nearly anything does here" in reason for reason in nameless)
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


@pytest.mark.parametrize(
    "name", ["background", "lasting", "followed", "traffic", "health", "health.signs"]
)
def test_a_run_of_before_is_refused(detector, name):
    state = detector.state()
    *rooms, last = name.split(".")
    part = state["scene"]
    for room in rooms:
        part = part[room]
    part.pop(last)
    with pytest.raises(OddframeError, match=r"found one fitted by oddframe 0\.1, .*fit it again"):
        FixedCameraDetector.from_state(state)


def test_another_shape_is_scored_with_a_warning(street, detector, tmp_path):
    tall = [cv2.resize(image, (80, 80)) for image in street.images(1, 63)]
    with pytest.warns(
        OddframeWarning, match=r"tall: 80x80 pixels, and .* from is \d+x\d+; .*one camera"
    ):
        found = values(scored(detector, png_folder(tmp_path / "tall", tall)))
    assert found.shape == (12,)


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


def test_where_looks_are_not_known_they_are_no_reason(street, detector):
    with open_video(street.root / "large.mp4") as video:
        stream = detector.stream(video.info, live=True)
        frames = [stream.push(frame)[0] for frame in video]
        assert frames[sum(street.event) // 2].cue == "appearance"
        # As in the infrared light of a night that was never learnt.
        stream._appearance[:], stream._sees_look, stream._threshold = 5.0, False, -1.0
        unknown = stream._judge(len(frames), frames[-1].frame / 12.5)
    assert unknown.cue != "appearance"
    assert unknown.nearest is None
