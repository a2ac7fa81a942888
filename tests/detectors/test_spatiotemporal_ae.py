"""The spatiotemporal auto-encoder: its published sizes, its error, and the scaling nobody tells."""

import numpy as np
import pytest
import torch
from PIL import Image

from oddframe.calibration.video_scales import drawn_out
from oddframe.detectors.one_class.spatiotemporal_ae import (
    SpatiotemporalAE,
    SpatiotemporalAEConfig,
)


def detector(**settings):
    torch.manual_seed(0)
    return SpatiotemporalAE(SpatiotemporalAEConfig(**{"size": 17, "width": 4, **settings})).eval()


@pytest.mark.parametrize(
    ("batch_norm", "trained", "all_of_them"),
    [(True, 1_068_865, 1_069_505), (False, 1_068_225, 1_068_225)],
)
def test_parameters_are_those_published(batch_norm, trained, all_of_them):
    with torch.device("meta"):
        found = SpatiotemporalAE(SpatiotemporalAEConfig(batch_norm=batch_norm))
    count = sum(part.numel() for part in found.parameters())
    statistics = sum(part.numel() for name, part in found.named_buffers() if "running" in name)
    assert (count, count + statistics) == (trained, all_of_them)


def test_layers_have_the_published_sizes():
    with torch.device("meta"):
        found = SpatiotemporalAE(SpatiotemporalAEConfig())
        features, sides = found.encoder(torch.empty(1, 2, 1, 224, 224))
        channels = [
            layer(torch.empty(1, 2, c, 28, 28)).shape[2]
            for layer, c in zip(found.memories, (64, 64, 32), strict=True)
        ]
        made = found.reconstructed(torch.empty(1, 2, 1, 224, 224))
    assert (features.shape, sides) == ((1, 2, 64, 28, 28), [(224, 224), (56, 56)])
    assert channels == [64, 32, 64]
    assert made.shape == (1, 2, 1, 224, 224)


def test_the_error_is_the_norm_over_the_whole_clip():
    found = detector()
    clips = np.random.default_rng(0).integers(0, 256, (2, 10, 17, 17, 1), dtype=np.uint8)
    found.prepare([clips[0]])
    terms, maps = found.measure_clips(clips)
    with torch.no_grad():
        pixels = torch.from_numpy(clips).permute(0, 1, 4, 2, 3) / 255 - found.mean_image
        away = (found.reconstructed(pixels) - pixels).numpy()
        loss = found.losses("network", {"clip": torch.from_numpy(clips)})["loss"].item()
    assert terms["error"] == pytest.approx(np.sqrt((away**2).sum((1, 2, 3, 4))), rel=1e-5)
    nothing = np.sqrt((pixels.numpy() ** 2).sum((1, 2, 3, 4)))
    assert terms["mean_image"] == pytest.approx(nothing, rel=1e-5)
    np.testing.assert_allclose(maps, away[:, -1, 0] ** 2, rtol=1e-3, atol=1e-7)
    assert loss == pytest.approx((away**2).mean(), rel=1e-5)


def test_clips_are_drawn_out_in_bytes():
    """Four frames of two clips: centres at -0.25, 0.25, 0.75 and 1.25 of their places."""
    assert (drawn_out(np.array([3.0, 5.0]), 4) * 255).tolist() == [0, 64, 191, 255]
    assert drawn_out(np.array([7.0, 7.0, 7.0]), 6).tolist() == [0] * 6
    coarse = drawn_out(np.linspace(1, 2, 1000) ** 3, 1010)
    assert len(np.unique(coarse)) == 256
    assert (np.diff(coarse) >= 0).all()


def test_they_are_drawn_out_as_pillow_does_it():
    """SciPy's imresize gave bytes to Pillow."""
    clips = np.random.default_rng(0).uniform(0, 9, 40)
    steps = np.round(255 * (clips - clips.min()) / np.ptp(clips)).astype(np.uint8)
    pillow = np.asarray(Image.fromarray(steps[None]).resize((50, 1), Image.Resampling.BILINEAR))
    assert np.abs(255 * drawn_out(clips, 50) - pillow[0]).max() <= 1


def test_the_published_scaling_is_there_when_asked_for_and_leaves_the_last_clip_out():
    errors = {"error": np.array([2.0] * 9 + [2.0, 4.0, 6.0, 100.0])}  # of 13 frames, 4 clips
    plain, published = detector(), detector(as_published=True)
    np.testing.assert_allclose(
        plain.combine(errors, per_video=True), (errors["error"] - 2) / 98, rtol=1e-6
    )
    made = published.combine(errors, per_video=True)
    np.testing.assert_allclose(made, drawn_out(np.array([2.0, 4.0, 6.0]), 13), rtol=1e-6)
    np.testing.assert_array_equal(published.combine(errors), plain.combine(errors))
    assert "256 steps" in published.per_video_scale
    one = published.combine({"error": np.full(10, 3.0)}, per_video=True)
    np.testing.assert_array_equal(one, np.zeros(10))
