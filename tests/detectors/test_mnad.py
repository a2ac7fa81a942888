"""MNAD: its variants, what trains what, the memory in training and in scoring, its checkpoints."""

import json
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from oddframe.clips.stream import TermStream, terms_of
from oddframe.detectors.one_class.mnad import Mnad, MnadConfig
from oddframe.detectors.one_class.mnad.detector import point_score
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.networks import memory

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())

VARIANTS = {
    "prediction": {},
    "prediction-no-memory": {"memory": False},
    "prediction-no-skips": {"decoder": "narrow"},
    "reconstruction": {"task": "reconstruction"},
    "reconstruction-narrow": {"task": "reconstruction", "decoder": "narrow"},
    "reconstruction-no-memory": {"task": "reconstruction", "memory": False},
    "time-series": {"task": "time-series"},
    "denoising": {"task": "denoising"},
}


def small(seed=0, **settings):
    torch.manual_seed(seed)
    options: dict[str, Any] = {"size": 16, "width": 4, "steps": 20, "batch_size": 2, "items": 4}
    return Mnad(MnadConfig(**{**options, **settings}))


def footage(frames, seed=0, size=16, channels=3):
    """A bright square that walks over noise; uint8 ``(frames, size, size, channels)``."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 60, (frames, size, size, channels))
    for index, image in enumerate(images):
        left = index % (size - 4)
        image[4:8, left : left + 4] = 220
    return images.astype(np.uint8)


def batch(detector, clips=2, seed=0):
    frames, channels = detector.clip_length, detector.config.channels
    size = detector.config.size
    stacked = [footage(frames, seed + n, size, channels) for n in range(clips)]
    return {"clip": torch.from_numpy(np.stack(stacked))}


def step(detector, given, number=0):
    detector.train()
    optimiser = detector.optimisers()["network"]
    detector.begin_step(number)
    losses = detector.losses("network", given)
    optimiser.zero_grad()
    losses["loss"].backward()
    optimiser.step()
    return {name: float(value.detach()) for name, value in losses.items()}


# Variants.


@pytest.mark.parametrize(
    ("settings", "published"),
    [
        (VARIANTS["prediction"], 15_651_843),
        (VARIANTS["prediction-no-memory"], 13_292_547),
        (VARIANTS["prediction-no-skips"], 14_877_699),
        (VARIANTS["reconstruction"], 17_196_291),
        (VARIANTS["reconstruction-narrow"], 14_872_515),
        (VARIANTS["reconstruction-no-memory"], 12_513_219),
        (VARIANTS["denoising"], 15_651_843),
    ],
)
def test_parameters_are_those_published_less_the_1024_never_used(settings, published):
    with torch.device("meta"):
        detector = Mnad(MnadConfig(**settings))
    assert sum(p.numel() for p in detector.parameters()) + 1024 == published


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_trains_measures_and_shows(name):
    detector = small(**VARIANTS[name])
    given = batch(detector)
    before = [p.detach().clone() for p in detector.parameters()]
    losses = step(detector, given)
    own = {"compactness", "separateness"} if detector.config.memory else set()
    assert set(losses) == {"loss", "intensity"} | own
    moved = [not torch.equal(a, b) for a, b in zip(before, detector.parameters(), strict=True)]
    assert all(moved)
    detector.eval()
    with torch.no_grad():
        clip = detector.as_pixels(given["clip"])
        found = detector.measure(clip)
        shown = detector.pictures(clip)
    assert set(found.terms) == {*detector.weights, "largest_error"}
    assert all(values.shape == (2,) for values in found.terms.values())
    assert found.map.shape == (2, 16, 16)
    assert found.map.min() >= 0
    made = "prediction" if name.startswith("prediction") else "reconstruction"
    assert set(shown) == {"input", "target", made, "error"}
    assert shown[made].shape == shown["target"].shape == shown["input"].shape == (2, 3, 16, 16)
    assert shown["error"].shape == (2, 1, 16, 16)
    assert torch.equal(shown["target"], clip[:, -1])
    # The error term is what the pictures show, in dB.
    gap = ((shown[made] - shown["target"]) / 2).square().mean((1, 2, 3))
    assert torch.allclose(found.terms["error"], 10 * gap.log10(), atol=1e-4)
    worst = found.map.flatten(1).topk(4).values.mean(1)  # 1.5 % of 256 pixels
    assert torch.allclose(found.terms["largest_error"], 10 * worst.log10(), atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "length", "layout"),
    [
        ({}, 5, "skips"),
        ({"task": "reconstruction"}, 1, "wide"),
        ({"task": "reconstruction", "memory": False}, 1, "narrow"),
        ({"task": "time-series"}, 4, "narrow"),
        ({"task": "denoising"}, 4, "skips"),
        ({"task": "denoising", "decoder": "wide"}, 4, "wide"),
    ],
)
def test_tasks_have_their_clip_and_their_decoder(settings, length, layout):
    config = MnadConfig(**settings)
    assert config.layout == layout
    with torch.device("meta"):
        assert Mnad(config).clip_length == length


def test_prediction_does_not_see_its_target():
    detector = small().eval()
    clip = detector.as_pixels(batch(detector)["clip"])
    other = clip.clone()
    other[:, -1] = 0
    with torch.no_grad():
        first, second = detector.pictures(clip), detector.pictures(other)
    assert torch.equal(first["prediction"], second["prediction"])
    assert torch.equal(first["input"], clip[:, 3])
    assert not torch.equal(first["error"], second["error"])


def test_frames_are_stacked_the_oldest_first():
    detector = small().eval()
    clip = detector.as_pixels(batch(detector, clips=1)["clip"])
    given = torch.cat([clip[:, frame] for frame in range(4)], dim=1)
    bottleneck, skips = detector.network.encode(given)
    queries = bottleneck / bottleneck.norm(dim=1, keepdim=True)
    answers = torch.einsum(
        "nmhw,md->ndhw",
        torch.einsum("ndhw,md->nmhw", queries, detector.items).softmax(1),
        detector.items,
    )
    expected = detector.network.decode(torch.cat((queries, answers), 1), skips)
    assert torch.allclose(detector.pictures(clip)["prediction"], expected, atol=1e-5)


def test_grey_has_one_channel():
    detector = small(colour="grey")
    assert detector.network.encoder.moduleConv1[0].in_channels == 4
    step(detector, batch(detector))


# Noise.


@pytest.mark.parametrize(("pixels", "pepper"), [("symmetric", -1.0), ("unit", 0.0)])
def test_a_quarter_of_the_values_is_salt_or_pepper_in_the_range_of_the_pixels(pixels, pepper):
    detector = small(task="denoising", pixels=pixels, size=64)
    clip = torch.full((2, 4, 3, 64, 64), 0.3)
    for training in (True, False):
        given = detector.train(training)._given(clip)
        salt, peppered = float((given == 1).float().mean()), float((given == pepper).float().mean())
        assert salt == pytest.approx(0.125, abs=0.01)
        assert peppered == pytest.approx(0.125, abs=0.01)
        assert float((given == 0.3).float().mean()) == pytest.approx(1 - salt - peppered)


def test_noise_is_drawn_anew_in_training_and_fixed_in_scoring():
    detector = small(task="denoising")
    clip = torch.zeros(2, 4, 3, 16, 16)
    assert not torch.equal(detector.train()._given(clip), detector._given(clip))
    fixed = detector.eval()._given(clip)
    torch.manual_seed(5)
    assert torch.equal(fixed, detector._given(clip))
    assert torch.equal(fixed[0], fixed[1])
    assert torch.equal(small(task="time-series")._given(clip), clip)


def test_denoising_is_trained_on_the_clean_frame():
    detector = small(task="denoising").eval()
    clip = detector.as_pixels(batch(detector)["clip"])
    shown = detector.pictures(clip)
    assert torch.equal(shown["target"], clip[:, -1])
    assert not torch.equal(shown["input"], clip[:, -1])


# Losses and gradients.


def test_losses_add_up_with_their_weights():
    detector = small(compactness=0.3, separateness=0.7)
    found = step(detector, batch(detector))
    total = found["intensity"] + 0.3 * found["compactness"] + 0.7 * found["separateness"]
    assert found["loss"] == pytest.approx(total, rel=1e-5)


def test_the_memory_losses_reach_the_encoder_only():
    detector = small().train()
    losses = detector.losses("network", batch(detector))
    for name in ("compactness", "separateness"):
        detector.zero_grad()
        losses[name].backward(retain_graph=True)
        assert all(p.grad is None for p in detector.network.decoder.parameters())
        assert detector.network.encoder.moduleConv1[0].weight.grad.abs().sum() > 0
    detector.zero_grad()
    losses["intensity"].backward()
    assert all(p.grad is not None for p in detector.parameters())
    assert not detector.items.requires_grad


def test_learning_rate_falls_along_a_cosine_to_nothing():
    detector = small(steps=10)
    factors = [detector.begin_step(n)["network"] for n in range(11)]
    assert factors[0] == 1
    assert factors[5] == pytest.approx(0.5)
    assert factors[10] == pytest.approx(0)
    assert all(a > b for a, b in pairwise(factors))


# The memory in training and in scoring.


def test_the_memory_moves_in_training_and_not_in_scoring():
    detector = small()
    start = detector.items.clone()
    step(detector, batch(detector))
    trained = detector.items.clone()
    assert not torch.equal(start, trained)
    assert torch.allclose(trained.norm(dim=1), torch.ones(4))
    list(terms_of(detector, footage(12)))
    assert torch.equal(detector.items, trained)
    assert detector.scoring_batch > 1
    assert "memory" not in detector.notes


def test_a_step_reads_the_memory_as_it_was_and_then_moves_it():
    detector, same = small().train(), small().train()
    given = batch(detector)
    losses = detector.losses("network", given)
    clip = same.as_pixels(given["clip"])
    bottleneck, skips = same.network.encode(clip[:, :4].flatten(1, 2))
    queries = memory.as_queries(bottleneck)
    answers = memory.read(queries, same.items)
    made = same.network.decode(torch.cat((queries, answers), 1), skips)
    assert torch.allclose(losses["intensity"], (made - clip[:, 4]).square().mean())
    assert torch.allclose(detector.items, memory.updated(queries, same.items))


def distances(detector, images):
    return [found.terms["memory_distance"] for found in terms_of(detector, images)]


def test_an_updated_memory_changes_within_a_video_and_starts_again_in_the_next():
    still, updating = small(), small(update_memory=True, update_below=10.0)
    updating.load_state_dict(still.state_dict())
    trained = updating.items.clone()
    images = footage(14)
    first, second = distances(updating, images), distances(updating, images)
    fixed = distances(still, images)
    assert first == second
    assert first[:5] == pytest.approx(fixed[:5], rel=1e-5)  # frame 4 is the first clip's
    assert all(moved < stays for moved, stays in zip(first[5:], fixed[5:], strict=True))
    assert torch.equal(updating.items, trained)
    assert updating.scoring_batch == 1
    assert "updated at test time" in updating.notes["memory"]


def test_frames_with_a_large_error_do_not_update_the_memory():
    still, updating = small(), small(update_memory=True, update_below=1e-6)
    updating.load_state_dict(still.state_dict())
    images = footage(14)
    assert distances(updating, images) == pytest.approx(distances(still, images), rel=1e-5)


def test_clips_that_are_measured_without_a_video_update_nothing():
    updating = small(update_memory=True, update_below=10.0)
    stream = TermStream(updating)
    for image in footage(8):
        stream.push(image)  # a video that is left in its middle
    clips = batch(updating, clips=3)["clip"].numpy()
    together, _ = updating.measure_clips(clips)
    alone = [updating.measure_clips(clip[None])[0]["memory_distance"][0] for clip in clips]
    assert together["memory_distance"] == pytest.approx(alone, rel=1e-5)


def test_training_goes_on_with_its_own_memory_after_a_validation():
    plain, updating = small(), small(update_memory=True, update_below=10.0)
    updating.load_state_dict(plain.state_dict())
    stream = TermStream(updating)
    for image in footage(8):
        stream.push(image)
    given = batch(plain)
    for number in range(2):
        assert step(updating, given, number) == step(plain, given, number)


def test_point_score_weighs_large_errors_more():
    target = torch.zeros(1, 1, 2, 2)
    made = torch.tensor([[[[0.0, 0.1], [0.5, 1.0]]]])
    errors = [0.0, 0.01, 0.25, 1.0]
    weights = [1 - np.exp(-error) for error in errors]
    expected = sum(w * e for w, e in zip(weights, errors, strict=True)) / sum(weights)
    assert point_score(made, target) == pytest.approx(expected, rel=1e-5)
    assert point_score(target, target) == 0


def test_weights_and_reasons():
    assert small(alpha=0.7).weights == pytest.approx({"error": 0.7, "memory_distance": 0.3})
    assert small(memory=False).weights == {"error": 1.0}
    assert small(memory=False, score="largest").weights == {"largest_error": 1.0}
    assert [*small(score="largest").weights] == ["largest_error", "memory_distance"]
    assert "memory holds" in small().reason("memory_distance")
    assert "expected something else" in small().reason("error")
    assert "in one place" in small().reason("largest_error")


# Settings.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "reconstruction", "decoder": "skips"}, "copy"),
        ({"task": "time-series", "decoder": "skips"}, "copy"),
        ({"update_memory": True, "memory": False}, "no memory to update"),
        ({"size": 20}, "--settings.size: expected a multiple of 8, 16 to 4096, found 20"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(settings, message):
    with pytest.raises(OddframeError, match=message) as caught:
        MnadConfig(**settings)
    assert "\n" not in str(caught.value)


# States.


# Published checkpoints.


def published(name, width, seed=0):
    """Tensors with the published names, of another width."""
    random = torch.Generator().manual_seed(seed)

    def shrunk(key, shape):
        if key in ("encoder.moduleConv1.0.weight", "decoder.moduleDeconv1.6.weight"):
            return [size if size in (3, 12) else size * width // 64 for size in shape]
        if key == "decoder.moduleDeconv1.6.bias":
            return shape
        return [size if size == 3 else size * width // 64 for size in shape]

    return {
        key: torch.rand(shrunk(key, shape), generator=random) + 0.1
        for key, shape in KEYS[name].items()
    }


@pytest.mark.parametrize(
    ("name", "task", "layout", "has_memory"),
    [
        ("mnad-prediction", "prediction", "skips", True),
        ("mnad-reconstruction", "reconstruction", "wide", True),
        ("mnadrc-prediction-without-memory", "prediction", "skips", False),
        ("mnadrc-reconstruction-without-memory", "reconstruction", "narrow", False),
    ],
)
def test_published_names_say_which_variant_it_is(name, task, layout, has_memory):
    tensors = published(name, 8)
    items = torch.nn.functional.normalize(torch.rand(7, 64), dim=1) if has_memory else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector = Mnad.from_published({f"module.{k}": v for k, v in tensors.items()}, items)
    config = detector.config
    assert (config.task, config.layout, config.memory, config.width) == (
        task,
        layout,
        has_memory,
        8,
    )
    assert (config.colour, config.resize) == ("bgr", "bilinear")
    published_settings = (config.update_below, config.compactness, config.separateness)
    assert published_settings == ((0.01, 0.1, 0.1) if task == "prediction" else (0.015, 0.01, 0.01))
    assert detector.weights["error"] == {
        ("prediction", True): 0.6,
        ("reconstruction", True): 0.7,
    }.get((task, has_memory), 1.0)
    state = detector.state_dict()
    for key, value in tensors.items():
        if not key.startswith("encoder.moduleBatchNorm."):
            assert torch.equal(state[f"network.{key}"], value.to(state[f"network.{key}"].dtype))
    if items is not None:
        assert torch.equal(detector.items, items)


def test_a_published_network_without_its_memory_warns():
    with pytest.warns(OddframeWarning, match="--memory"):
        Mnad.from_published(published("mnad-prediction", 4))


@pytest.mark.parametrize(
    ("name", "items", "message"),
    [
        ("mnad-prediction", torch.ones(10, 64), "items of 32 values.*found the shape"),
        ("mnad-prediction", torch.ones(32), "found the shape"),
        ("mnad-prediction", torch.full((10, 32), float("nan")), "finite"),
        ("mnadrc-prediction-without-memory", torch.ones(10, 32), "leave out --memory"),
    ],
)
def test_a_memory_of_another_network_is_one_line(name, items, message):
    with pytest.raises(OddframeError, match=message):
        Mnad.from_published(published(name, 4), items)


def test_a_network_of_two_frames_is_one_line():
    first = {"encoder.moduleConv1.0.weight": torch.ones(4, 6, 3, 3)}
    with pytest.raises(OddframeError, match="1 or 4 frames of 1 or 3 channels, found 2 of 3"):
        Mnad.from_published({**published("mnad-prediction", 4), **first})
