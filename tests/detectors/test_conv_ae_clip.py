"""The auto-encoder of clips: its loss, its error and its regularity, written out."""

import numpy as np
import pytest
import torch

from oddframe.detectors.one_class.conv_ae_clip import ConvAEClip, ConvAEClipConfig
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.evaluate import evaluate
from oddframe.verbs.score import score


def detector(**settings):
    torch.manual_seed(0)
    found = ConvAEClip(ConvAEClipConfig(**{"size": 24, "width": 4, "frames": 3, **settings}))
    found.prepare([noise(5, seed=1), noise(8, seed=2)])
    return found


def noise(count, seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 24, 24, 1), dtype=np.uint8)


def test_parameters_are_those_published():
    with torch.device("meta"):
        found = ConvAEClip(ConvAEClipConfig())
    assert sum(part.numel() for part in found.parameters()) == 8_384_138
    assert (found.clip_length, found.strides, found.judged) == (10, 3, 1)


def test_the_mean_image_is_that_of_all_frames():
    every = np.concatenate([noise(5, 1), noise(8, 2)]) / 255
    wanted = every.mean(0).transpose(2, 0, 1)
    np.testing.assert_allclose(detector().mean_image.numpy(), wanted, atol=1e-6)


def test_loss_and_error_written_out():
    found = detector().eval()
    clips = np.stack([noise(3, 3), noise(3, 4)])
    with torch.no_grad():
        loss = found.losses("network", {"clip": torch.from_numpy(clips)})["loss"].item()
        terms, maps = found.measure_clips(clips)
        pixels = torch.from_numpy(clips[..., 0] / 255).float() - found.mean_image
        made = found.network(pixels).numpy()  # frames are channels
    away = made - pixels.numpy()
    assert loss == pytest.approx((away**2).sum() / (2 * 2), rel=1e-5)
    assert terms["error"] == pytest.approx(np.abs(away[:, -1]).sum((1, 2)), rel=1e-5)
    np.testing.assert_allclose(maps, np.abs(away[:, -1]), rtol=1e-4, atol=1e-6)
    nothing = np.abs(clips[:, -1, ..., 0] / 255 - found.mean_image.numpy())
    assert terms["mean_image"] == pytest.approx(nothing.sum((1, 2)), rel=1e-5)
    baseline = detector(score="mean-image").eval()
    baseline_terms, baseline_maps = baseline.measure_clips(clips)
    assert baseline.combine(baseline_terms) == pytest.approx(terms["mean_image"], rel=1e-5)
    np.testing.assert_allclose(baseline_maps, nothing, atol=1e-6)


def test_decay_is_that_of_gamma_times_squared_weights():
    found = detector(weight_decay=0.25, learning_rate=1.0)
    weights, biases = found.optimisers()["network"].param_groups
    assert all(part.ndim > 1 for part in weights["params"])
    assert all(part.ndim == 1 for part in biases["params"])
    assert len(weights["params"]) == len(biases["params"]) == 6
    assert (weights["weight_decay"], biases["weight_decay"]) == (0.5, 0)
    assert (weights["lr"], biases["lr"]) == (1, 1)


def test_scores_of_a_video_are_one_less_the_regularity_in_the_form_chosen():
    errors = {"error": np.array([4.0, 2.0, 10.0, 6.0])}
    hasan, other = detector(), detector(regularity="range")
    assert hasan.combine(errors, per_video=True) == pytest.approx([0.2, 0, 0.8, 0.4])
    assert other.combine(errors, per_video=True) == pytest.approx([0.25, 0, 1, 0.5])
    assert "over its greatest" in hasan.per_video_scale
    assert "from 0 to 1" in other.per_video_scale


def test_scores_of_a_run_say_in_which_form_they_are(footage, tmp_path):
    made = {"steps": 2, "validate_every": 2, "regularity": "max"}
    run = footage.fit("conv-ae-clip", tmp_path / "run", changed=made).folder
    out = tmp_path / "scores" / "scores.npz"
    score(run, footage.manifest, out=out, maps=False, per_video=True)
    scores = Scores.read(out)
    assert scores.meta["normalisation"].startswith("per-video: ")
    assert "Hasan" in scores.meta["normalisation"]
    for values in (scores[name] for name in scores):
        assert values.min() == 0
        assert 0 < values.max() < 1
    beside = evaluate(out, footage.manifest, tmp_path / "numbers", resamples=0, report=False)
    assert beside.baselines["mean image"]["micro_auc"].value is not None
