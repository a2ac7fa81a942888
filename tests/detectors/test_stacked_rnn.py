"""The stacked RNN on pictures of a few cells: what it sees, how it scores, what it keeps."""

import cv2
import numpy as np
import pytest
import torch
from tests.made.cells_network import CELLS, SIDE, cells_network, of_cells

from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.stacked_rnn import StackedRnnConfig, StackedRnnDetector
from oddframe.errors import OddframeError
from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.features.pyramid import patches
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

FRAMES = {"train": (30, 25), "val": (14,)}
LOOK = FeatureMaps.of


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return cells_network(tmp_path_factory.mktemp("network") / "cells.onnx")


def config(backbone, **changes):
    given = {"backbone": str(backbone), "side": SIDE, "mean": (100.0,) * 3, **changes}
    return StackedRnnConfig(**given)


@pytest.fixture
def detector(backbone):
    torch.manual_seed(0)
    return StackedRnnDetector(config(backbone)).eval()


def colours(seed, count):
    return np.random.default_rng(seed).integers(60, 200, (count, CELLS, CELLS, 3))


def frames(cells, anew=()):
    found = [PictureFrame(n, n / 10, image) for n, image in enumerate(of_cells(cells))]
    for number in anew:
        found[number].anew = True
    return found


def features_of(cells):
    """Patches of cells less 100, negative ones 0."""
    return np.stack([patches(np.maximum(one.astype(np.float32) - 100, 0)) for one in cells])


def streamed(detector, pictures, **options):
    stream = detector.stream(MediaInfo(0, 10.0, SIDE, SIDE), **options)
    return [score for frame in pictures for score in stream.push(frame)] + stream.finish()


def test_a_frame_is_seen_as_the_patches_of_its_map(detector):
    cells = colours(0, 3)
    looks = detector.looks
    found = np.stack([looks.of(frame) for frame in frames(cells)])
    assert (found.shape[1:], found.dtype) == (looks.shape, looks.dtype) == ((21, 3), np.float32)
    np.testing.assert_allclose(found, features_of(cells), rtol=1e-6, atol=1e-4)


def test_errors_become_the_published_scores_and_a_map(detector):
    cells = colours(1, 12)
    scaled = torch.from_numpy(features_of(cells)) * 0.02
    detector.scale.fill_(0.02)
    with torch.no_grad():
        errors, _ = detector.rnn.errors(scaled.transpose(0, 1))  # 21 sequences of 12 frames
    found = streamed(detector, frames(cells))
    for score, own in zip(found, errors.T.numpy(), strict=True):
        pyramid = (own[0] + max(own[1:5]) + max(own[5:])) / 3
        assert score.terms == {
            "whole": pytest.approx(own[0], rel=1e-4),
            "pyramid": pytest.approx(pyramid, rel=1e-4),
        }
        np.testing.assert_allclose(score.score_map, own[5:].reshape(4, 4), rtol=1e-4, atol=1e-6)
        assert score.value == pytest.approx(own[0], rel=1e-4)
        assert score.cue == "whole"


def test_the_score_of_a_pyramid_is_scaled_as_one_term(backbone):
    torch.manual_seed(0)
    detector = StackedRnnDetector(config(backbone, score="pyramid")).eval()
    detector.scales = {"pyramid": (10.0, 4.0), "whole": (0.0, 1.0), "map": (0.0, 1.0)}
    found = streamed(detector, frames(colours(1, 5)))
    terms = [score.terms["pyramid"] for score in found]
    np.testing.assert_allclose([s.value for s in found], (np.array(terms) - 10) / 4, rtol=1e-5)
    per_video = detector.combine({"pyramid": np.array(terms)}, per_video=True)
    assert (per_video.min(), per_video.max()) == (0, 1)


def test_codes_go_on_through_a_video_and_begin_anew_with_its_footage(detector):
    cells = colours(2, 20)
    whole = [score.value for score in streamed(detector, frames(cells))]
    parts = [streamed(detector, frames(part)) for part in (cells[:11], cells[11:])]
    alone = [score.value for part in parts for score in part]
    cut = [score.value for score in streamed(detector, frames(cells, anew=[11]))]
    live = [score.value for score in streamed(detector, frames(cells, anew=[11]), live=True)]
    np.testing.assert_allclose(cut, alone, rtol=1e-5)
    np.testing.assert_allclose(live, alone, rtol=1e-5)
    np.testing.assert_allclose(whole[:11], alone[:11], rtol=1e-5)
    assert np.abs(np.array(whole[11:]) - alone[11:]).max() > 0.1
    looks = [detector.looks.of(frame) for frame in frames(cells)]
    terms = [found.terms["whole"] for found in terms_of(detector, looks, {11})]
    np.testing.assert_allclose(terms, cut, rtol=1e-5)


def test_clips_of_no_video_begin_with_nothing(detector):
    features = features_of(colours(3, 10))
    terms, maps = detector.measure_clips(np.stack([features, features[::-1].copy()]))
    forward = streamed(detector, frames(colours(3, 10)))[-1]
    backward = streamed(detector, frames(colours(3, 10)[::-1]))[-1]
    wanted = [forward.terms["pyramid"], backward.terms["pyramid"]]
    np.testing.assert_allclose(terms["pyramid"], wanted, rtol=1e-4)
    np.testing.assert_allclose(maps[1], backward.score_map, rtol=1e-4)


def test_the_loss_is_the_mean_of_half_the_squared_errors(detector):
    clips = np.stack([features_of(colours(seed, 10)) for seed in (4, 5)])
    loss = detector.losses("network", {"clip": torch.from_numpy(clips)})["loss"]
    errors = []
    with torch.no_grad():
        for clip in torch.from_numpy(clips):
            for patch in range(21):
                errors += detector.rnn.errors(clip[None, :, patch])[0][0].tolist()
    assert len(errors) == 2 * 10 * 21
    assert float(loss.detach()) == pytest.approx(np.mean(errors), rel=1e-5)


@pytest.mark.parametrize("power", [100.0, 7.0])
def test_features_are_scaled_by_one_constant_of_normal_footage(backbone, power):
    found = StackedRnnDetector(config(backbone, power=power))
    videos = [features_of(colours(seed, count)) for seed, count in ((6, 4), (7, 9))]
    found.prepare(videos)
    together = np.concatenate(videos) * float(found.scale)
    assert np.square(together).sum(-1).mean() == pytest.approx(power, rel=1e-5)


def test_without_a_power_they_are_left_as_they_are(backbone):
    found = StackedRnnDetector(config(backbone, power=0.0))
    found.prepare([features_of(colours(6, 4))])
    assert float(found.scale) == 1.0


def test_a_map_that_is_too_small_is_refused():
    with pytest.raises(OddframeError, match=r"block 15: expected .* found 2x2; .*side") as told:
        StackedRnnDetector(StackedRnnConfig(side=64))
    assert "\n" not in str(told.value)


def test_only_the_dictionary_of_tsc_is_learnt(backbone):
    found = StackedRnnDetector(config(backbone, variant="tsc"))
    assert [name for name, _ in found.named_parameters()] == ["rnn.dictionary"]
    assert found.state()["network"].keys() == {
        *("scale", "rnn.dictionary", "rnn.gamma", "rnn.l1", "rnn.l2")
    }


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    root = tmp_path_factory.mktemp("footage")
    videos = []
    for split, lengths in FRAMES.items():
        for length in lengths:
            name = f"v{len(videos)}"
            (root / name).mkdir()
            for number, image in enumerate(of_cells(colours(len(videos), length))):
                cv2.imwrite(str(root / name / f"{number:03d}.png"), image[..., ::-1])
            videos.append(Video(name, name, split, "normal", length, 10.0, SIDE, SIDE))
    return Manifest("made-up", tuple(videos), root).write(root / "manifest.jsonl")


def test_each_frame_is_looked_at_once_whatever_is_trained(
    manifest, backbone, tmp_path, monkeypatch
):
    looked = []

    def counted(maps, frame):
        looked.append(frame.index)
        if len(looked) == 40:
            raise KeyboardInterrupt
        return LOOK(maps, frame)

    monkeypatch.setattr(FeatureMaps, "of", counted)
    settings = {"backbone": str(backbone), "side": SIDE, "steps": 4, "validate_every": 2}
    options = {"detector": "stacked-rnn", "device": "cpu"}
    with pytest.raises(KeyboardInterrupt):  # amid the second video
        train(manifest, tmp_path / "run", settings=settings, **options)
    first = train(manifest, tmp_path / "run", settings=settings, **options)
    assert len(looked) == 40 + FRAMES["train"][1] + FRAMES["val"][0]
    train(manifest, tmp_path / "other", settings={**settings, "variant": "tsc"}, **options)
    assert len(looked) == 40 + FRAMES["train"][1] + FRAMES["val"][0]
    # 69 frames of 21 patches of 3 numbers, and nothing else.
    (folder,) = (manifest.parent / ".frames").iterdir()
    kept = [np.load(file) for file in folder.glob("*.npy") if ".breaks" not in file.name]
    assert sorted(part.shape for part in kept) == [(14, 21, 3), (25, 21, 3), (30, 21, 3)]
    learnt = np.concatenate([part for part in kept if len(part) != 14])
    scaled = learnt * float(first.detector.scale)
    assert np.square(scaled).sum(-1).mean() == pytest.approx(100, rel=1e-5)
    assert first.detector.notes["frames"] == f"21 patches of {backbone}"
