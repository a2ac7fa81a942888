"""The DCGAN: published layers, the losses of a true GAN written out, scoring and its state."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.dcgan import Dcgan, DcganConfig
from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.networks.dcgan import DcganDiscriminator, DcganGenerator

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())
TINY = {"size": 16, "width": 8, "latent": 5, "batch_size": 4}


def detector(seed=0, **settings):
    torch.manual_seed(seed)
    return Dcgan(DcganConfig(**{**TINY, **settings}))


def frames(count=4, channels=3, seed=0):
    """Noisy frames of one scene, dark at the left and bright at the right."""
    ramp = np.linspace(20, 230, 16)[None, None, :, None]
    noise = np.random.default_rng(seed).normal(0, 8, (count, 16, 16, channels))
    return np.clip(ramp + noise, 0, 255).astype(np.uint8)


def batch(count=4, channels=3, seed=0):
    return {"clip": torch.from_numpy(frames(count, channels, seed)[:, None])}


class Brightness(torch.nn.Module):
    """A discriminator whose logit is the mean of the pixels."""

    def forward(self, images):
        return images.mean((1, 2, 3))


def recorded(module):
    """The inputs and outputs that a module is about to see and give."""
    seen = []
    module.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    return seen


@pytest.mark.parametrize(
    ("network", "key", "parameters"),
    [
        (DcganGenerator, "dcgan_g_128", 13_462_019),
        (DcganDiscriminator, "dcgan_d_128", 106_081),
    ],
)
def test_names_shapes_and_counts_are_those_published(network, key, parameters):
    with torch.device("meta"):
        found = network(3, 128)
    shapes = {name: list(value.shape) for name, value in found.state_dict().items()}
    counters = {name for name in shapes if name.endswith("num_batches_tracked")}
    assert {name: shapes[name] for name in shapes.keys() - counters} == KEYS[key]
    assert sum(p.numel() for p in found.parameters()) == parameters


def test_the_default_detector_has_the_published_networks():
    found = Dcgan(DcganConfig())
    counts = [sum(p.numel() for p in part.parameters()) for part in found.children()]
    assert counts == [13_462_019, 106_081]


def test_the_generator_written_out():
    """Two doublings, each pixel twice; norm, convolution and leak in the published order."""
    found = detector().generator.eval()
    latents = torch.randn(2, 5)
    functional, blocks = torch.nn.functional, found.conv_blocks
    x = functional.linear(latents, found.l1[0].weight, found.l1[0].bias).reshape(2, 8, 4, 4)
    for norm, convolution in ((blocks[0], blocks[2]), (blocks[3], blocks[6])):
        x = (x - norm.running_mean[:, None, None]) / (norm.running_var + 1e-5).sqrt()[:, None, None]
        x = x * norm.weight[:, None, None] + norm.bias[:, None, None]
        x = torch.where(x > 0, x, 0.2 * x) if norm is not blocks[0] else x
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        x = functional.conv2d(x, convolution.weight, convolution.bias, padding=1)
    norm, last = blocks[7], blocks[9]
    x = (x / (1 + 1e-5) ** 0.5) * norm.weight[:, None, None]
    x = torch.where(x > 0, x, 0.2 * x)
    expected = functional.conv2d(x, last.weight, last.bias, padding=1).tanh()
    torch.testing.assert_close(found(latents), expected, rtol=1e-4, atol=1e-6)


def test_the_discriminator_has_no_norm_after_its_first_convolution():
    kinds = [type(layer).__name__ for layer in detector().discriminator.model]
    block = ["Conv2d", "LeakyReLU", "Dropout2d"]
    assert kinds == block + 3 * [*block, "BatchNorm2d"]


def test_the_losses_are_cross_entropies_against_one_and_zero():
    found, data = detector(), batch()
    made, said = recorded(found.generator), recorded(found.discriminator)
    generator = found.losses("generator", data)
    discriminator = found.losses("discriminator", data)
    assert len(made) == 1  # the generator runs once in a step
    # Frames as the networks see them: BGR, x / 127.5 - 1.
    real = data["clip"][:, 0].permute(0, 3, 1, 2).flip(1) / 127.5 - 1
    for seen, _ in said:
        torch.testing.assert_close(seen, torch.cat((real, made[0][1])))
    probability = [1 / (1 + np.exp(-logits.detach().double().numpy())) for _, logits in said]
    assert generator["loss"].item() == pytest.approx(-np.log(probability[0][4:]).mean(), rel=1e-5)
    real_loss = -np.log(probability[1][:4]).mean()
    fake_loss = -np.log(1 - probability[1][4:]).mean()
    assert discriminator["real"].item() == pytest.approx(real_loss, rel=1e-5)
    assert discriminator["fake"].item() == pytest.approx(fake_loss, rel=1e-5)
    assert discriminator["loss"].item() == pytest.approx(real_loss + fake_loss, rel=1e-5)


def test_a_sure_answer_costs_no_infinity():
    found, data = detector(), batch()
    torch.nn.init.constant_(found.discriminator.adv_layer[0].bias, -500.0)
    generator = found.losses("generator", data)
    discriminator = found.losses("discriminator", data)
    assert generator["loss"].item() == pytest.approx(500, abs=5)
    assert discriminator["real"].item() == pytest.approx(500, abs=5)
    assert discriminator["fake"].item() == pytest.approx(0, abs=1e-6)


def test_the_discriminators_phase_needs_the_generators():
    found = detector()
    with pytest.raises(RuntimeError, match="follows"):
        found.losses("discriminator", batch())


def test_the_discriminator_learns_to_tell_real_from_made():
    found = detector(learning_rate=0.002)
    optimiser = found.optimisers()["discriminator"]
    for step in range(40):
        with torch.no_grad():
            found.losses("generator", batch(seed=step))
        found.zero_grad()
        found.losses("discriminator", batch(seed=step))["loss"].backward()
        optimiser.step()
    found.eval()
    with torch.no_grad():
        real = found.discriminator(found.as_pixels(batch(seed=99)["clip"])[:, -1])
        made = found.discriminator(found.generator(found.latents))
    assert real.min() > 0.1
    assert made.max() < -0.1


def test_the_generator_learns_to_deceive():
    """A discriminator that calls bright frames real teaches it to make bright frames."""
    found = detector(learning_rate=0.01)
    found.discriminator = Brightness()
    optimiser = torch.optim.Adam(found.generator.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        found.zero_grad()
        loss = found.losses("generator", batch())["loss"]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(math.log(2), abs=0.2)
    # Frames end at 1, where the loss is log(1 + 1/e).
    assert losses[-1] < 0.4
    assert found.eval().mean_image().mean() > 0.8


def test_the_terms_of_a_video_on_disk(tmp_path):
    found, images = detector().eval(), frames(11)
    for index, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f"{index + 1}.png"), image[..., ::-1])
    with open_video(tmp_path) as video:
        terms = list(terms_of(found, map(found.looks.of, video)))
    assert [each.frame for each in terms] == list(range(11))
    pixels = torch.from_numpy(images[..., ::-1].copy()).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        logits = found.discriminator(pixels).numpy()
        mean = found.generator(found.latents).mean(0).numpy()
    difference = ((pixels.numpy() - mean) / 2) ** 2
    for index, each in enumerate(terms):
        assert each.terms["discriminator"] == pytest.approx(-logits[index], abs=1e-5)
        decibel = 10 * math.log10(difference[index].mean())
        assert each.terms["error"] == pytest.approx(decibel, abs=1e-4)
        np.testing.assert_allclose(each.map, difference[index].mean(0), atol=1e-6)
    score = found.combine({n: np.array([t.terms[n] for t in terms]) for n in terms[0].terms})
    np.testing.assert_allclose(score, -logits, atol=1e-5)


def test_the_mean_image_follows_the_weights():
    found = detector().eval()
    with torch.no_grad():
        first = found.mean_image()
        assert found.mean_image() is first  # not made anew for every batch of a video
        found.train()
        found.generator.conv_blocks[9].bias += 0.5
        found.eval()
        second = found.mean_image()
        torch.testing.assert_close(second, found.generator(found.latents).mean(0, keepdim=True))
    assert (second - first).abs().min() > 0.01


def test_pictures_are_made_from_the_same_numbers_at_every_time():
    found = detector().eval()
    other = detector(seed=1)
    assert torch.equal(found.latents, other.latents)
    with torch.no_grad():
        pictures = found.pictures(found.as_pixels(batch(3)["clip"]))
        again = found.pictures(found.as_pixels(batch(20, seed=5)["clip"]))
    assert set(pictures) == {"target", "generated", "error"}
    assert pictures["generated"].shape == pictures["target"].shape == (3, 3, 16, 16)
    assert pictures["error"].shape == (3, 1, 16, 16)
    torch.testing.assert_close(pictures["generated"], again["generated"][:3])
    torch.testing.assert_close(again["generated"][16:], again["generated"][:4])


def test_no_state_is_called_better_than_another():
    assert detector().rank({"discriminator": -3.0, "error": -20.0}) == ()


def test_the_report_says_what_it_is():
    assert "not meant as a detector" in detector().notes["purpose"]
    assert detector().notes["score"] == "discriminator"


def test_the_generator_makes_one_range_of_pixels_only():
    with pytest.raises(OddframeError, match=r"--settings\.pixels: expected"):
        DcganConfig(pixels="unit")
