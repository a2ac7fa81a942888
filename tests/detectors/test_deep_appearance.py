"""DeepAppearance on pictures of a few cells, where everything can be worked out by hand."""

import cv2
import numpy as np
import pytest
from sklearn.svm import OneClassSVM
from tests.made.cells_network import CELLS, SIDE, cells_network, of_cells

from oddframe.detectors.one_class.deep_appearance import DeepAppearance, DeepAppearanceConfig
from oddframe.detectors.one_class.deep_appearance.normal_frames import evenly, feature
from oddframe.errors import OddframeError
from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

LOOK = FeatureMaps.of
NORMAL, HELD_OUT = (24, 10), 6
"""Frames of the training videos and of the one that is held out."""


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """An ONNX network whose map is the mean colour of 4x4 cells, less 100."""
    return cells_network(tmp_path_factory.mktemp("network") / "cells.onnx")


def settings(backbone, **changes):
    return {"backbone": str(backbone), "side": SIDE, "mean": (100.0,) * 3, "nu": 0.3, **changes}


def pictures(seed, count):
    """Pictures whose 4x4 cells are each of one colour, so that resizing changes nothing."""
    random = np.random.default_rng(seed)
    return of_cells(random.integers(60, 200, (count, CELLS, CELLS, 3)))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    root = tmp_path_factory.mktemp("footage")
    videos = []
    for at, frames in enumerate((*NORMAL, HELD_OUT)):
        (root / f"v{at}").mkdir()
        for number, image in enumerate(pictures(at, frames)):
            cv2.imwrite(str(root / f"v{at}" / f"{number:03d}.png"), image[..., ::-1])
        split = "train" if at < len(NORMAL) else "val"
        videos.append(Video(f"v{at}", f"v{at}", split, "normal", frames, 10.0, SIDE, SIDE))
    made = Manifest("made-up", tuple(videos), root)
    made.write(root / "manifest.jsonl")
    return made


def by_hand(images):
    """Features: cells less 100, negative ones 0, of length 1."""
    side = SIDE // CELLS
    cells = images[:, side // 2 :: side, side // 2 :: side].astype(float) - 100
    rows = np.maximum(cells, 0).reshape(len(images), -1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def fitted(manifest, backbone):
    config = DeepAppearanceConfig(**settings(backbone))
    return DeepAppearance.fit(manifest, config, 0, lambda *_: None)


def scores(detector, images):
    stream = detector.stream(MediaInfo(0, 10.0, SIDE, SIDE))
    found = [stream.push(PictureFrame(n, n / 10, image)) for n, image in enumerate(images)]
    assert stream.finish() == []
    return [score for part in found for score in part]


def test_terms_are_scikit_learns_decision_and_the_mean_cosine(fitted):
    learnt = by_hand(np.concatenate([pictures(at, frames) for at, frames in enumerate(NORMAL)]))
    machine = OneClassSVM(kernel="precomputed", nu=0.3).fit(learnt @ learnt.T)
    images = pictures(9, 15)
    rows = by_hand(images)
    length = np.linalg.norm(machine.dual_coef_[0] @ learnt[machine.support_])
    found = [score.terms for score in scores(fitted, images)]
    distances = -machine.decision_function(rows @ learnt.T) / length
    np.testing.assert_allclose([part["svm"] for part in found], distances, atol=1e-4)
    cosines = [np.mean([row @ other for other in learnt]) for row in rows]
    np.testing.assert_allclose([part["cosine"] for part in found], 1 - np.array(cosines), atol=1e-5)
    beside = [score.baselines for score in scores(fitted, images)]
    assert beside == [{"mean cosine": part["cosine"]} for part in found]
    assert fitted.notes["learnt"] == f"34 frames, {len(machine.support_)} support vectors"


@pytest.mark.parametrize("score", ["svm", "cosine"])
def test_scores_are_the_chosen_term_in_deviations_of_held_out_footage(manifest, backbone, score):
    config = DeepAppearanceConfig(**settings(backbone, score=score))
    detector = DeepAppearance.fit(manifest, config, 0, lambda *_: None)
    held_out = pictures(len(NORMAL), HELD_OUT)
    values = [part.terms[score] for part in scores(detector, held_out)]
    wanted = (np.array(values) - np.mean(values)) / np.std(values)
    found = [part.value for part in scores(detector, held_out)]
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert detector.threshold == pytest.approx(max(found), abs=1e-3)
    assert {part.cue for part in scores(detector, held_out)} == {score}


def test_a_map_is_what_does_not_point_the_usual_way(fitted):
    usual = fitted.plane.normal.reshape(CELLS, CELLS, 3)
    colours = 100 + 100 * usual / usual.max()
    colours[1, 3] = (100, 100, 255)  # one cell of a pure colour, all others as is usual there
    image = of_cells(colours)
    (score,) = scores(fitted, [image])
    cells = by_hand(image[None]).reshape(CELLS, CELLS, 3)
    mean, deviation = fitted.scales["map"]
    for row in range(CELLS):
        for column in range(CELLS):
            cell, direction = cells[row, column], usual[row, column]
            cosine = cell @ direction / np.linalg.norm(cell) / np.linalg.norm(direction)
            wanted = (np.linalg.norm(cell) * (1 - cosine) - mean) / deviation
            assert score.score_map[row, column] == pytest.approx(wanted, abs=1e-3)
    assert np.unravel_index(score.score_map.argmax(), (CELLS, CELLS)) == (1, 3)
    assert score.boxes[0] == (24, 8, 32, 16)
    assert score.reason == "this looks unlike the normal footage (middle right)"


def test_a_picture_of_which_the_network_says_nothing_has_a_finite_score(fitted):
    (score,) = scores(fitted, [np.zeros((SIDE, SIDE, 3), np.uint8)])
    assert score.terms == {"svm": pytest.approx(fitted.plane.offset), "cosine": 1.0}
    assert score.boxes == ()


@pytest.mark.parametrize(("lengths", "most"), [((7, 2, 11), 5), ((3, 4), 100), ((1, 1, 1), 2)])
def test_frames_lie_evenly_over_all_videos(lengths, most):
    total = sum(lengths)
    count = min(most, total)
    wanted = [int((2 * i + 1) * total / (2 * count)) for i in range(count)]
    firsts = np.cumsum((0, *lengths))
    found = [
        int(first) + n
        for first, own in zip(firsts, evenly(lengths, most), strict=False)
        for n in own
    ]
    assert found == wanted
    assert all(
        n < length for own, length in zip(evenly(lengths, most), lengths, strict=True) for n in own
    )


def test_only_so_many_frames_are_learnt_from(manifest, backbone):
    config = DeepAppearanceConfig(**settings(backbone, fit_frames=9))
    assert DeepAppearance.fit(manifest, config, 0, lambda *_: None).frames == 9


def counted_looks(monkeypatch, stop=-1):
    """The frames that the network looks at from here on; it is interrupted at the one of that
    number.
    """
    looked = []

    def counted(maps, frame):
        looked.append(frame.index)
        if len(looked) == stop:
            raise KeyboardInterrupt
        return LOOK(maps, frame)

    monkeypatch.setattr(FeatureMaps, "of", counted)
    return looked


def test_a_fit_that_was_stopped_goes_on_to_the_same_detector(
    manifest, backbone, tmp_path, monkeypatch
):
    options = {"detector": "deep-appearance", "settings": settings(backbone)}
    whole = train(manifest.root / "manifest.jsonl", tmp_path / "whole", **options)
    # Amid the second training video, then amid the one that is held out.
    for stop in (NORMAL[0] + 5, NORMAL[1] + 3):
        looked = counted_looks(monkeypatch, stop)
        with pytest.raises(KeyboardInterrupt):
            train(manifest.root / "manifest.jsonl", tmp_path / "run", **options)
    looked = counted_looks(monkeypatch)
    train(manifest.root / "manifest.jsonl", tmp_path / "run", **options)
    assert len(looked) == HELD_OUT
    name = "checkpoint.pt"
    assert (tmp_path / "run" / name).read_bytes() == (whole.folder / name).read_bytes()


def test_a_video_that_fails_is_left_out_and_without_any_it_says_so(manifest, backbone, tmp_path):
    config = DeepAppearanceConfig(**settings(backbone))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "000.png").write_bytes(b"no picture")
    broken = Video("b", str(tmp_path / "broken"), "train", "normal", 1, 10.0, SIDE, SIDE)
    both = Manifest("made-up", (*manifest.videos, broken), manifest.root)
    with pytest.warns(match="b: left out"):
        found = DeepAppearance.fit(both, config, 0, lambda *_: None)
    assert [*found.left_out] == ["b"]
    assert found.frames == sum(NORMAL)
    alone = Manifest("made-up", (broken,), manifest.root)
    with (
        pytest.warns(match="b: left out"),
        pytest.raises(OddframeError, match="no video in the split 'train' can be decoded"),
    ):
        DeepAppearance.fit(alone, config, 0, lambda *_: None)


def test_without_held_out_footage_the_threshold_says_so(manifest, backbone):
    only = Manifest("made-up", manifest.normal("train"), manifest.root)
    found = DeepAppearance.fit(only, DeepAppearanceConfig(**settings(backbone)), 0, lambda *_: None)
    assert "that the detector has learnt from as well" in found.notes["threshold"]


def test_features_have_length_one(fitted):
    image = pictures(3, 1)[0]
    row = feature(PictureFrame(0, 0.0, image), fitted.maps)
    np.testing.assert_allclose(row, by_hand(image[None])[0], atol=1e-6)


def test_without_scikit_learn_no_footage_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("oddframe.networks.one_class_svm.find_spec", lambda _: None)
    nowhere = Video("a", "gone.mp4", "train", "normal", 9, 25.0, 64, 40)
    with pytest.raises(OddframeError, match="needs scikit-learn"):
        DeepAppearance.fit(Manifest("x", (nowhere,), tmp_path), DeepAppearanceConfig(), 0, print)
