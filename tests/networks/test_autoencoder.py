"""The convolutional auto-encoder: published counts, names and shapes, and what it is made of."""

import json
from pathlib import Path

import pytest
import torch

from oddframe.networks.autoencoder import ConvAutoencoder, Encoder, without_unused

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())
UNUSED_PARAMETERS = 1024

LAYOUTS = {
    "mnad-prediction": (12, {"skips": True, "memory": True}),
    "mnad-reconstruction": (3, {"narrow": False, "memory": True}),
    "mnadrc-prediction-without-memory": (12, {"skips": True}),
    "mnadrc-reconstruction-without-memory": (3, {}),
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("channels", "options", "expected"),
    [
        (12, {"skips": True, "memory": True}, 15_651_843),
        (3, {"narrow": False, "memory": True}, 17_196_291),
        (3, {}, 12_513_219),
        (3, {"memory": True}, 14_872_515),
        (12, {"skips": True}, 13_292_547),
        (12, {"memory": True}, 14_877_699),
    ],
)
def test_parameters_are_those_published_less_the_never_used(channels, options, expected):
    with torch.device("meta"):
        network = ConvAutoencoder(channels, 3, **options)
    assert count(network) + UNUSED_PARAMETERS == expected


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_names_and_shapes_are_those_published(name):
    channels, options = LAYOUTS[name]
    with torch.device("meta"):
        state = ConvAutoencoder(channels, 3, **options).state_dict()
        published = {key: torch.empty(shape) for key, shape in KEYS[name].items()}
    wanted = {key: value.shape for key, value in without_unused(published).items()}
    assert {key: value.shape for key, value in state.items()} == wanted
    assert len(published) - len(wanted) == 5
    assert sum(torch.Size(KEYS[name][key]).numel() for key in published if "Norm." in key) == (
        2 * UNUSED_PARAMETERS + 1
    )  # weight and bias, the two running statistics, the counter


@pytest.mark.parametrize("options", [{}, {"skips": True}, {"narrow": False}])
def test_makes_images_of_the_same_size_from_minus_one_to_one(options):
    network = ConvAutoencoder(6, 3, 4, **options)
    made = network(torch.randn(2, 6, 24, 40) * 10)
    assert made.shape == (2, 3, 24, 40)
    assert made.abs().max() <= 1


def test_bottleneck_and_skips_have_the_documented_shapes():
    bottleneck, skips = Encoder(3, 4)(torch.randn(2, 3, 16, 32))
    assert bottleneck.shape == (2, 32, 2, 4)
    assert [tuple(skip.shape) for skip in skips] == [(2, 4, 16, 32), (2, 8, 8, 16), (2, 16, 4, 8)]


def test_the_bottleneck_is_signed_and_the_skips_are_not():
    torch.manual_seed(0)
    bottleneck, skips = Encoder(3, 4)(torch.randn(2, 3, 16, 16))
    assert bottleneck.min() < 0 < bottleneck.max()
    assert all(skip.min() >= 0 for skip in skips)


def test_skips_come_before_what_was_upsampled():
    # In the published network the first half of the convolution's input are the encoder's blocks.
    torch.manual_seed(0)
    network = ConvAutoencoder(3, 3, 4, skips=True).eval()
    for convolution, half in (("moduleDeconv1", 4), ("moduleDeconv2", 8), ("moduleDeconv3", 16)):
        with torch.no_grad():
            weight = network.decoder.get_parameter(f"{convolution}.0.weight")
            weight[:, half:] = 0
    bottleneck, skips = network.encode(torch.randn(1, 3, 16, 16))
    # Nothing that was upsampled reaches the output any more, and everything from the first skip.
    made = network.decode(bottleneck, skips)
    assert torch.equal(made, network.decode(bottleneck * 2 + 1, skips))
    changed = (skips[0] + torch.rand_like(skips[0]), *skips[1:])
    assert not torch.allclose(made, network.decode(bottleneck, changed))


def test_without_skips_only_the_bottleneck_counts():
    torch.manual_seed(0)
    network = ConvAutoencoder(3, 3, 4).eval()
    images = torch.randn(1, 3, 16, 16)
    bottleneck, skips = network.encode(images)
    assert torch.equal(network(images), network.decode(bottleneck))
    assert torch.equal(network(images), network.decode(bottleneck, [skip * 0 for skip in skips]))


def test_only_the_never_used_layer_is_left_out():
    tensors = {
        "encoder.moduleBatchNorm.weight": torch.zeros(1),
        "encoder.moduleBatchNorm.other": torch.zeros(2),
        "encoder.moduleConv1.1.weight": torch.zeros(3),
    }
    assert set(without_unused(tensors)) == {
        "encoder.moduleBatchNorm.other",
        "encoder.moduleConv1.1.weight",
    }
