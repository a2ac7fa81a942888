"""The auto-encoder without memory: what it learns, what its wrong twin cannot do, and import."""

import json
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.special
import torch
from lightning.fabric import Fabric

from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.conv_ae import (
    ConvAE,
    ConvAEConfig,
    brightness_divergence,
    pixel_divergence,
)
from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.networks.autoencoder import ConvAutoencoder
from oddframe.runs.curve import read_curve
from oddframe.training.loop import METRICS, Schedule, train

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())
TINY = {"size": 16, "width": 4, "batch_size": 4, "steps": 100}
PAIRS = [
    ("mse", "symmetric"),
    ("mse", "per-image"),
    ("kl", "symmetric"),
    ("kl", "per-image"),
    ("kl", "unit"),
    ("kl-pixels", "per-image"),
    ("kl-pixels", "unit"),
]


def detector(seed=0, **settings):
    torch.manual_seed(seed)
    return ConvAE(ConvAEConfig(**{**TINY, **settings}))


def frames(count=4, channels=3, seed=0):
    """Frames of one scene, each with a bright square somewhere else."""
    random = np.random.default_rng(seed)
    found = np.tile(np.linspace(30, 120, 16)[None, None, :, None], (count, 16, 1, channels))
    for image in found:
        top, left = random.integers(0, 12, 2)
        image[top : top + 4, left : left + 4] = np.arange(180, 180 + 30 * channels, 30)
    return found.astype(np.uint8)


def batch(count=4, channels=3, seed=0):
    return {"clip": torch.from_numpy(frames(count, channels, seed)[:, None])}


class Batches:
    """The same frames in every step."""

    steps_per_epoch = 1

    def batch(self, step, part, parts):
        return batch()


def has_gradient(module):
    return any(p.grad is not None and p.grad.any() for p in module.parameters())


@pytest.mark.parametrize(("pseudo", "networks"), [("none", 1), ("mse", 2)])
def test_parameters_are_those_published_less_the_never_used(pseudo, networks):
    with torch.device("meta"):
        found = ConvAE(ConvAEConfig(pseudo=pseudo))
    assert sum(p.numel() for p in found.parameters()) + networks * 1024 == networks * 12_513_219
    phases = ("normal", "pseudo")[:networks]
    assert found.phases == tuple(found.optimisers()) == tuple(found.begin_step(0)) == phases


def test_it_learns_fixed_frames_better_than_their_mean(tmp_path):
    found = detector(learning_rate=0.02, steps=80)
    fabric = Fabric(accelerator="cpu", devices=1)
    train(fabric, found, Batches(), Schedule(80, 80), tmp_path)
    found.eval()
    clips = frames()[:, None]
    terms, _ = found.measure_clips(clips)
    unit = clips[:, 0] / 255
    mean_image = 10 * np.log10(((unit - unit.mean(0)) ** 2).mean((1, 2, 3)))
    assert (terms["error"] < mean_image - 1).all()  # dB
    # A frame that was never seen, upside down and inverted, is odder than every normal one.
    odd, _ = found.measure_clips(255 - clips[:, :, ::-1].copy())
    assert odd["error"].min() > terms["error"].max()


def test_the_normal_loss_and_the_error_written_out():
    found = detector(colour="rgb").eval()
    with torch.no_grad():
        loss = found.losses("normal", batch())["loss"].item()
    pixels = frames().transpose(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        made = found.normal(torch.from_numpy(pixels).float()).numpy()
    assert loss == pytest.approx(((made - pixels) ** 2).mean(), rel=1e-5)
    terms, maps = found.measure_clips(frames()[:, None])
    squared = ((made - pixels) / 2) ** 2
    assert terms["error"] == pytest.approx(10 * np.log10(squared.mean((1, 2, 3))), abs=1e-4)
    np.testing.assert_allclose(maps, squared.mean(1), rtol=1e-4, atol=1e-7)


def test_each_phase_moves_its_own_network():
    found = detector(pseudo="kl")
    found.losses("normal", batch())["loss"].backward()
    assert has_gradient(found.normal)
    assert not has_gradient(found.pseudo)
    found.zero_grad(set_to_none=True)
    found.losses("pseudo", batch())["loss"].backward()
    assert has_gradient(found.pseudo)
    assert not has_gradient(found.normal)
    for phase, optimiser in found.optimisers().items():
        owned = {id(p) for group in optimiser.param_groups for p in group["params"]}
        assert owned == {id(p) for p in found.get_submodule(phase).parameters()}


def test_without_a_second_network_there_is_one_phase(tmp_path):
    found = detector()
    assert found.pseudo is None
    with pytest.raises(RuntimeError, match="no second"):
        found.losses("pseudo", batch())
    fabric = Fabric(accelerator="cpu", devices=1)
    train(fabric, found, Batches(), Schedule(1, 1), tmp_path)
    assert "loss" in read_curve(tmp_path / METRICS)[0]


def test_the_loop_trains_both(tmp_path):
    found = detector(pseudo="kl")
    before = [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in found.children()]
    fabric = Fabric(accelerator="cpu", devices=1)
    train(fabric, found, Batches(), Schedule(2, 2), tmp_path)
    after = [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in found.children()]
    assert not any(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    expected = {"normal/loss", "pseudo/error", "pseudo/divergence", "pseudo/loss"}
    assert expected <= read_curve(tmp_path / METRICS)[0].keys()


@pytest.mark.parametrize(
    ("pseudo", "pixels"), [("mse", "symmetric"), ("kl", "per-image"), ("kl-pixels", "unit")]
)
def test_the_wrong_network_cannot_diverge(pseudo, pixels):
    """However hard it is pushed: finite weights, and never paid for more than the cap."""
    settings = {"pseudo": pseudo, "pixels": pixels, "width": 2}
    found = detector(**settings, pseudo_weight=3.0, pseudo_cap=0.2, learning_rate=0.1)
    optimiser = found.optimisers()["pseudo"]
    losses = []
    for step in range(60):
        loss = found.losses("pseudo", batch(2, seed=step % 3))["loss"]
        found.pseudo.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.isfinite(losses).all()
    assert min(losses) >= -3 * 0.2 - 1e-6
    assert losses[-1] < losses[0]  # it did learn to be wrong,
    if pseudo != "kl-pixels":  # whose second term is negative
        assert losses[-1] < -3 * 0.2 * 0.9  # up to the cap
    assert all(p.isfinite().all() for p in found.pseudo.parameters())
    made = found.pseudo_anomaly(found.as_pixels(batch(2)["clip"])[:, -1])
    low = -1 if pixels == "symmetric" else 0
    assert low <= made.min() <= made.max() <= 1


def test_a_frame_that_is_wrong_enough_has_no_gradient():
    data = batch(1)
    enough = detector(pseudo="mse", pseudo_cap=1e-4)
    terms = enough.losses("pseudo", data)
    assert terms["error"].item() > 1e-4
    assert terms["loss"].item() == pytest.approx(-0.1 * 1e-4)
    terms["loss"].backward()
    assert not has_gradient(enough.pseudo)
    more = detector(pseudo="mse")
    more.losses("pseudo", data)["loss"].backward()
    assert has_gradient(more.pseudo)


def test_the_cap_can_be_reached_whatever_the_frame():
    """The hardest frame is grey; the answer that is farthest from it is 0.25 away."""
    levels = np.linspace(0, 1, 256)
    farthest = np.maximum(levels, 1 - levels) ** 2
    assert farthest.min() == pytest.approx(ConvAEConfig().pseudo_cap, abs=0.005)


@pytest.mark.parametrize(("pseudo", "pixels"), PAIRS)
def test_the_wrong_loss_written_out_frame_by_frame(pseudo, pixels):
    found = detector(pseudo=pseudo, pixels=pixels, pseudo_cap=0.13, colour="rgb")
    raw = []
    found.pseudo.register_forward_hook(lambda _, __, output: raw.append(output.detach().double()))
    terms = found.losses("pseudo", batch())
    image = frames().transpose(0, 3, 1, 2) / 255
    if pixels == "per-image":
        low, high = image.min((1, 2, 3), keepdims=True), image.max((1, 2, 3), keepdims=True)
        image = (image - low) / (high - low)
    made = (raw[0].numpy() + 1) / 2
    errors = ((made - image) ** 2).mean((1, 2, 3))
    divergences = np.zeros(4)
    if pseudo == "kl":
        flat = [scipy.special.softmax(x.reshape(4, -1), axis=1) for x in (image, made)]
        divergences = scipy.special.rel_entr(*flat).sum(1)
    elif pseudo == "kl-pixels":
        logarithm = np.log(np.where(image > 0, image, 1))
        divergences = (image * (logarithm - made)).mean((1, 2, 3))
    counted = np.minimum(errors + divergences, 0.13)
    assert terms["error"].item() == pytest.approx(errors.mean(), rel=1e-4)
    assert terms["loss"].item() == pytest.approx(-0.1 * counted.mean(), rel=1e-4)
    assert ("divergence" in terms) == (pseudo != "mse")
    if pseudo != "mse":
        found_divergence = terms["divergence"].item()
        assert found_divergence == pytest.approx(divergences.mean(), rel=1e-3, abs=1e-7)


def test_the_divergence_of_brightness():
    random = torch.Generator().manual_seed(0)
    one, other = torch.rand(2, 5, 3, 6, 7, generator=random)
    assert (brightness_divergence(one, other) > 0).all()
    assert brightness_divergence(one, one).abs().max() < 1e-6
    # The most different images there can be: the bound that the docstring gives.
    least, most = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    least[..., :2], most[..., 2:] = 1, 1
    assert 0.2 < brightness_divergence(least, most).item() < 2


def test_the_published_divergence_has_no_optimum_and_is_nan_below_zero():
    random = torch.Generator().manual_seed(0)
    target = torch.rand(1, 3, 4, 4, generator=random)
    slopes = []
    for start in (-0.9, 0.0, 0.7):
        made = torch.full_like(target, start, requires_grad=True)
        pixel_divergence(made, target).sum().backward()
        slopes.append(made.grad)
    for slope in slopes:  # the same wherever the prediction is
        torch.testing.assert_close(slope, -target / target.numel())
    assert pixel_divergence(target, 2 * target - 1).isnan().all()


def test_what_would_be_nan_is_refused_with_the_reason():
    with pytest.raises(OddframeError) as refused:
        ConvAEConfig(pseudo="kl-pixels", pixels="symmetric")
    message = str(refused.value)
    for part in ("--settings.pseudo kl-pixels", "logarithm", "symmetric", "NaN", "per-image"):
        assert part in message
    assert "\n" not in message


def test_a_constant_frame_is_finite_in_every_range():
    dark = {"clip": torch.zeros(2, 1, 16, 16, 3, dtype=torch.uint8)}
    for pseudo, pixels in PAIRS:
        found = detector(pseudo=pseudo, pixels=pixels)
        for phase in found.phases:
            assert all(value.isfinite() for value in found.losses(phase, dark).values())


def test_both_learning_rates_follow_a_cosine():
    found = detector(pseudo="mse", steps=8)
    factors = [found.begin_step(step) for step in range(9)]
    for step, expected in ((0, 1), (2, (1 + math.sqrt(0.5)) / 2), (4, 0.5), (8, 0)):
        assert factors[step] == pytest.approx({"normal": expected, "pseudo": expected}, abs=1e-9)
    assert found.step == 8


def test_the_terms_of_a_video_on_disk(tmp_path):
    found, images = detector(colour="grey").eval(), frames(10, 1)
    for index, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f"{index + 1}.png"), image)
    with open_video(tmp_path) as video:
        terms = list(terms_of(found, map(found.looks.of, video)))
    assert [each.frame for each in terms] == list(range(10))
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        squared = (((found.normal(pixels) - pixels) / 2) ** 2).mean(1).numpy()
    for index, each in enumerate(terms):
        expected = 10 * math.log10(squared[index].mean())
        assert each.terms == {"error": pytest.approx(expected, abs=1e-4)}
        np.testing.assert_allclose(each.map, squared[index], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("pseudo", ["none", "kl"])
def test_pictures(pseudo):
    found = detector(pseudo=pseudo, pixels="per-image").eval()
    clip = found.as_pixels(batch(3)["clip"])
    with torch.no_grad():
        pictures = found.pictures(clip)
        measured = found.measure(clip)
    names = {"target", "reconstruction", "error"} | ({"pseudo-anomaly"} if found.pseudo else set())
    assert set(pictures) == names
    torch.testing.assert_close(pictures["error"][:, 0], measured.map)
    for name in names - {"error"}:
        assert pictures[name].shape == (3, 3, 16, 16)
    if found.pseudo:
        assert not torch.equal(pictures["pseudo-anomaly"], pictures["reconstruction"])
        assert pictures["pseudo-anomaly"].min() >= 0


def published(width=4):
    """A state dict with the published names, its widths brought from 64 to fewer."""
    random, tensors = torch.Generator().manual_seed(0), {}
    for name, shape in KEYS["mnadrc-reconstruction-without-memory"].items():
        small = [axis * width // 64 if axis >= 64 else axis for axis in shape]
        tensors[name] = torch.rand(small, generator=random) - (0.0 if "var" in name else 0.5)
        if name.endswith("running_var"):
            counter = name.replace("running_var", "num_batches_tracked")
            tensors[counter] = torch.tensor(7)
    return tensors


def test_a_published_state_dict_is_imported():
    tensors = published()
    found = ConvAE.from_published(tensors)
    assert found.config == ConvAEConfig(width=4, resize="bilinear")
    network = ConvAutoencoder(3, 3, 4).eval()
    unused = [name for name in tensors if name.startswith("encoder.moduleBatchNorm.")]
    assert len(unused) == 5
    network.load_state_dict({n: t for n, t in tensors.items() if n not in unused})
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(found.normal(images), network(images))


def test_a_checkpoint_of_the_thesis_is_imported():
    """Two state dicts beside the optimisers; the frames were RGB and of 128 pixels."""
    tensors = published()
    beside = {name: tensor + 1 for name, tensor in tensors.items()}
    checkpoint = {
        "normG_state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()},
        "abnormG_state_dict": beside,
        "norm_optimizerG": {"state": {}, "param_groups": []},
        "abnorm_optimizerG": {"state": {}, "param_groups": []},
    }
    found = ConvAE.from_published(checkpoint, pixels="per-image")
    assert found.config == ConvAEConfig(
        width=4, size=128, resize="bilinear", colour="rgb", pixels="per-image"
    )
    assert found.phases == ("normal",)
    name = "decoder.moduleConv.0.weight"
    assert torch.equal(found.normal.state_dict()[name], tensors[name])


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_the_layout_follows_from_the_shapes(skips, wide):
    network = ConvAutoencoder(1, 1, 8, skips=skips, narrow=not wide)
    config = ConvAE.from_published(network.state_dict(), size=64).config
    expected = ConvAEConfig(size=64, colour="grey", width=8, skips=skips, wide=wide)
    assert config == replace(expected, resize="bilinear")


def test_a_network_of_several_frames_is_anothers():
    first = {"encoder.moduleConv1.0.weight": torch.zeros(4, 12, 3, 3)}
    with pytest.raises(OddframeError, match=r"12 channels.*mnad"):
        ConvAE.from_published({**published(), **first})
