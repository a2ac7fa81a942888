"""OGNet: published counts and names, both phases in the real loop, patches that move."""

import copy
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric
from torch import Tensor
from torch.nn import functional

from oddframe.detectors.one_class.ognet import OGNet, OGNetConfig
from oddframe.detectors.one_class.ognet.detector import STILL
from oddframe.errors import OddframeError
from oddframe.networks.denoising_autoencoder import DenoisingAutoencoder
from oddframe.networks.frame_classifier import FrameClassifier
from oddframe.runs.curve import read_curve
from oddframe.training.loop import METRICS, Schedule, train

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())
SMALL: dict[str, Any] = {
    "size": 17,
    "patches": 0,
    "width": 2,
    "batch_size": 3,
    "steps": 8,
    "refine_steps": 3,
}


def detector(**settings) -> OGNet:
    torch.manual_seed(0)
    found = OGNet(OGNetConfig(**{**SMALL, **settings}))
    # Norms that know the scale of what comes; else deep layers hardly differ between images.
    norms = [layer for layer in found.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        torch.nn.init.constant_(norm.bias, 0.5)  # with two channels ReLUs are easily dead
    images = torch.rand(8, found.config.channels, found.config.side, found.config.side)
    images = images * torch.linspace(0.3, 1, 8).view(8, 1, 1, 1)
    with torch.no_grad():
        found.discriminator(found.generator(images))
        found.discriminator(found.old_generator(images))
    for norm in norms:
        norm.momentum = 0.1
    return found


class Clips:
    """Random frames; those of a clip differ everywhere, so everything moves."""

    steps_per_epoch = 4

    def __init__(self, config: OGNetConfig, frames: int = 1) -> None:
        self.shape = (config.batch_size, frames, config.size, config.size, config.channels)

    def batch(self, step: int, part: int, parts: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(step)
        clip = torch.randint(0, 256, self.shape, generator=generator, dtype=torch.uint8)
        return {"clip": clip[part::parts]}


def run(learner: OGNet, folder: Path, advance=lambda *_: None, **options) -> None:
    config = learner.config
    schedule = Schedule(config.steps, config.steps, seed=1)
    batches = Clips(config, learner.clip_length)
    fabric = Fabric(accelerator="cpu", devices=1)
    train(fabric, learner, batches, schedule, folder, advance=advance, **options)


def state(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# The networks.


@pytest.mark.parametrize(
    ("colour", "size", "generator", "discriminator"),
    [("grey", 45, 8_609_025, 4_308_865), ("rgb", 64, 8_615_427, 4_315_649)],
)
def test_parameters_are_those_published(colour, size, generator, discriminator):
    with torch.device("meta"):
        found = OGNet(OGNetConfig(colour=colour, size=size, patches=0))
    assert count(found.generator) == count(found.old_generator) == generator
    assert count(found.discriminator) == discriminator


@pytest.mark.parametrize(("colour", "size", "names"), [("grey", 45, "1_45"), ("rgb", 64, "3_64")])
def test_names_and_shapes_are_those_published(colour, size, names):
    with torch.device("meta"):
        found = OGNet(OGNetConfig(colour=colour, size=size, patches=0))
    for network, published in (
        (found.generator, KEYS[f"ognet_g_{names[0]}"]),
        (found.discriminator, KEYS[f"ognet_d_{names}"]),
    ):
        own = {k: list(v.shape) for k, v in network.state_dict().items()}
        counters = {k for k in own if k.endswith("num_batches_tracked")}
        assert {k: v for k, v in own.items() if k not in counters} == published


@pytest.mark.parametrize(("side", "inside"), [(17, 1), (45, 29), (64, 48)])
def test_sides_inside_and_after_the_generator(side, inside):
    network = DenoisingAutoencoder(1, 2)
    image = torch.zeros(2, 1, side, side)
    assert network.encoder(image).shape == (2, 16, inside, inside)
    assert network(image).shape == image.shape


def test_order_of_the_layers():
    network = DenoisingAutoencoder(1, 2)
    kinds = [
        [type(layer).__name__ for layer in part] for part in (network.encoder, network.decoder)
    ]
    assert kinds[0] == [
        *("Conv2d", "BatchNorm2d", "ReLU"),
        *("Conv2d", "BatchNorm2d", "ReLU"),
        *("Conv2d", "ReLU", "BatchNorm2d"),
        *("Conv2d", "ReLU", "BatchNorm2d"),
    ]
    assert kinds[1] == 3 * ["ConvTranspose2d", "BatchNorm2d", "ReLU"] + ["ConvTranspose2d", "Tanh"]


# Training: which networks change when.


def test_what_changes_in_each_step(tmp_path):
    """Eight steps: five of phase one, the snapshot after the second, three of the refinement."""
    learner = detector(old_steps=2)
    history = [{part: state(getattr(learner, part)) for part, _ in learner.named_children()}]

    def look(*_: object) -> None:
        history.append({p: state(getattr(learner, p)) for p, _ in learner.named_children()})

    run(learner, tmp_path, look)
    assert len(history) == 9

    def changed(part: str) -> list[int]:
        pairs = enumerate(pairwise(history), 1)
        return [step for step, (a, b) in pairs if not same(a[part], b[part])]

    # States hold the batch norms' statistics too: the generator's rest during the refinement.
    assert changed("generator") == [1, 2, 3, 4, 5]
    assert changed("discriminator") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert changed("old_generator") == [3]
    assert same(history[3]["old_generator"], history[2]["generator"])
    assert not same(history[8]["old_generator"], history[8]["generator"])
    (line,) = read_curve(tmp_path / METRICS)
    assert {name.split("/")[0] for name in line if "/" in name} == set(learner.phases)


def test_the_default_snapshot_is_after_a_twentieth_of_phase_one():
    assert OGNetConfig(steps=1075, refine_steps=75).snapshot_step == 50
    assert OGNetConfig(steps=8, refine_steps=3).snapshot_step == 1
    assert OGNetConfig(steps=1000, refine_steps=75, old_steps=3).snapshot_step == 3


def test_without_refinement_phase_one_lasts_to_the_end():
    learner = detector(refine_steps=0)
    assert [set(learner.begin_step(step)) for step in range(8)] == 8 * [
        {"generator", "discriminator"}
    ]


def test_learning_rates_of_the_three_optimisers():
    rates = {p: o.param_groups[0]["lr"] for p, o in detector().optimisers().items()}
    assert rates == {"generator": 1e-3, "discriminator": 1e-4, "refinement": 5e-5}


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_at", [2, 4, 5])
def test_resume_across_the_borders_of_the_stages_is_exact(tmp_path, killed_at, monkeypatch):
    """Killed at the snapshot, at the border between the phases, and inside the refinement."""
    whole = detector(old_steps=2, steps=6, refine_steps=2)
    parts = OGNet(whole.config)
    parts.load_state_dict(whole.state_dict())
    run(whole, tmp_path / "whole")
    monkeypatch.setattr("oddframe.training.loop._SAVE_SECONDS", 0.0)  # saves after every step

    def stop(_: str, step: int, __: int) -> None:
        if step == killed_at + 1:
            raise KilledError

    with pytest.raises(KilledError):
        run(parts, tmp_path / "parts", stop)
    torch.manual_seed(99)  # a new process knows nothing
    parts = OGNet(whole.config)
    run(parts, tmp_path / "parts", resume=True)
    assert same(state(whole), state(parts))


def test_modes_are_as_they_were_after_the_refinement():
    learner = detector().train()
    learner.old_generator.eval()
    learner.losses("refinement", Clips(learner.config).batch(0, 0, 1))
    assert learner.generator.training
    assert not learner.old_generator.training
    assert all(norm.track_running_stats for norm in learner.modules() if hasattr(norm, "momentum"))


def test_the_discriminator_learns_its_statistics_in_its_own_phase_only():
    learner = detector().train()
    before = state(learner.discriminator)
    batch = Clips(learner.config).batch(0, 0, 1)
    learner.losses("generator", batch)
    assert same(before, state(learner.discriminator))
    learner.losses("discriminator", batch)
    assert not same(before, state(learner.discriminator))


# Training: the losses.


def cross_entropy(logits: Tensor, label: int) -> float:
    p = 1 / (1 + np.exp(-logits.detach().double().numpy()))
    return float(np.mean(-np.log(p if label else 1 - p)))


def test_losses_of_phase_one_by_hand():
    learner = detector(adversarial_weight=0.2, noise=0.0).train()
    batch = Clips(learner.config).batch(0, 0, 1)
    images = learner.as_pixels(batch["clip"])[:, 0]
    made = copy.deepcopy(learner.generator)(images)
    judge = copy.deepcopy(learner.discriminator)
    terms = learner.losses("generator", batch)
    assert terms["reconstruction"].item() == pytest.approx(
        0.8 * ((made - images) ** 2).mean().item(), rel=1e-5
    )
    assert terms["adversarial"].item() == pytest.approx(
        0.2 * cross_entropy(judge(made), 0), rel=1e-5
    )
    both = terms["reconstruction"] + terms["adversarial"]
    assert terms["loss"].item() == pytest.approx(both.item(), rel=1e-6)
    terms = learner.losses("discriminator", batch)
    assert terms["generated"].item() == pytest.approx(cross_entropy(judge(made), 1) / 2, rel=1e-5)
    assert terms["real"].item() == pytest.approx(cross_entropy(judge(images), 0) / 2, rel=1e-5)
    assert terms["loss"].requires_grad


def test_the_noise_is_added_and_cut_off(monkeypatch):
    learner = detector(noise=0.81, batch_size=64)
    seen: list[Tensor] = []
    learner.generator.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    batch = {"clip": torch.full((64, 1, 17, 17, 1), 127, dtype=torch.uint8)}  # -0.004
    learner.losses("generator", batch)
    assert seen[0].abs().max() == 1
    inside = seen[0][seen[0].abs() < 1]
    # 0.783 of a normal distribution of deviation 0.81 lies within 1, with a deviation of 0.528.
    assert len(inside) / seen[0].numel() == pytest.approx(
        math.erf(1 / 0.81 / math.sqrt(2)), abs=0.015
    )


def test_loss_of_the_refinement_by_hand():
    learner = detector(old_share=0.2, real_share=0.3).train()
    batch = Clips(learner.config).batch(0, 0, 1)
    images = learner.as_pixels(batch["clip"])[:, 0]
    generator = copy.deepcopy(learner.generator).eval()
    old = copy.deepcopy(learner.old_generator).eval()
    judge = copy.deepcopy(learner.discriminator)
    low = old(images)
    mixed = torch.stack([(low[i] + low[i - 1]) / 2 for i in range(3)])
    expected = {
        "old": 0.2 * cross_entropy(judge(low), 1),
        "pseudo": 0.8 * cross_entropy(judge(generator(mixed)), 1),
        "generated": 0.7 * cross_entropy(judge(generator(images)), 0),
        "real": 0.3 * cross_entropy(judge(images), 0),
    }
    terms = learner.losses("refinement", batch)
    loss = terms.pop("loss")
    assert {k: v.item() for k, v in terms.items()} == pytest.approx(expected, rel=1e-4)
    assert loss.item() == pytest.approx(sum(expected.values()), rel=1e-4)
    loss.backward()
    assert all(p.grad is not None for p in learner.discriminator.parameters())
    for network in (learner.generator, learner.old_generator):
        assert all(p.grad is None for p in network.parameters())


class Blobs:
    """Bright blobs in random places."""

    steps_per_epoch = 10

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def batch(self, step: int, part: int, parts: int) -> dict[str, Tensor]:
        random = np.random.default_rng((self.seed, step))
        y, x = np.mgrid[:17, :17]
        places = random.uniform(5, 12, (2, 8, 1, 1))
        distance = (x - places[0]) ** 2 + (y - places[1]) ** 2
        images = 60 + 120 * np.exp(-distance / 18)
        return {"clip": torch.from_numpy(images.astype(np.uint8))[part::parts, None, :, :, None]}


def test_the_refined_discriminator_tells_pseudo_anomalies_from_reconstructions(tmp_path):
    learner = detector(
        batch_size=8, steps=45, refine_steps=25, old_steps=2, discriminator_rate=0.004
    )
    fabric = Fabric(accelerator="cpu", devices=1)
    train(fabric, learner, Blobs(), Schedule(45, 45, seed=1), tmp_path)
    learner.eval()
    images = [learner.as_pixels(Blobs(1).batch(step, 0, 1)["clip"])[:, 0] for step in range(8)]
    with torch.no_grad():
        images = torch.cat(images)
        good = learner.discriminator(learner.generator(images))
        bad = learner.discriminator(learner._mixed(learner.old_generator(images)))
    assert (good < bad.T).float().mean() > 0.9  # the area under the ROC curve


# Patches.


PATCHY: dict[str, Any] = {"size": 36, "patches": 18, "pixels": "unit", "motion": 0.01}


def patchy_clip(*moves: tuple[int, int, int]) -> Tensor:
    """Two grey frames of 2x2 patches; each patch has its own value, those given change by it."""
    clip = torch.zeros(1, 2, 36, 36, 1, dtype=torch.uint8)
    for row in range(2):
        for column in range(2):
            place = (slice(18 * row, 18 * row + 18), slice(18 * column, 18 * column + 18), 0)
            clip[0, :, *place] = 20 * (1 + 2 * row + column)
    for row, column, change in moves:
        clip[0, 0, 18 * row : 18 * row + 18, 18 * column : 18 * column + 18] += change
    return clip


def test_patches_are_cut_row_by_row_with_their_motion():
    found = detector(**PATCHY)
    assert found.clip_length == 2
    patches, motion = found._cut(found.as_pixels(patchy_clip((0, 1, 51), (1, 0, 2))))
    assert patches.shape == (1, 2, 2, 1, 18, 18)
    values = patches.amin((3, 4, 5)), patches.amax((3, 4, 5))
    for value in values:
        assert value[0].tolist() == [
            pytest.approx([20 / 255, 40 / 255]),
            pytest.approx([60 / 255, 80 / 255]),
        ]
    assert motion[0].tolist() == [pytest.approx([0, 0.2]), pytest.approx([2 / 255, 0])]


def test_motion_is_measured_in_values_of_0_to_1_whatever_the_pixels():
    found = detector(**{**PATCHY, "pixels": "symmetric"})
    _, motion = found._cut(found.as_pixels(patchy_clip((0, 1, 51))))
    assert motion[0, 0, 1].item() == pytest.approx(0.2)


def test_training_draws_moving_patches_only():
    learner = detector(**PATCHY, patches_per_step=3)
    clip = torch.cat([patchy_clip((0, 1, 51)), patchy_clip(), patchy_clip((1, 1, 9), (1, 0, 2))])
    seen = set()
    for _ in range(20):
        examples = learner._examples(clip)
        assert examples.shape == (2, 1, 18, 18)  # 2 of 255 are less than the threshold
        seen.add(tuple(round(255 * float(v)) for v in examples.mean((1, 2, 3))))
    assert seen == {(40, 80), (80, 40)}


def test_training_draws_no_more_than_asked_for():
    learner = detector(**PATCHY, patches_per_step=3)
    clip = torch.cat([patchy_clip((0, 0, 51), (0, 1, 51), (1, 0, 51))] * 2)
    assert learner._examples(clip).shape == (3, 1, 18, 18)


def test_a_batch_in_which_nothing_moves_still_trains(tmp_path):
    learner = detector(**PATCHY, patches_per_step=3)
    assert learner._examples(patchy_clip()).shape == (3, 1, 18, 18)
    for phase in learner.phases:
        assert learner.losses(phase, {"clip": patchy_clip()})["loss"].requires_grad


def test_the_two_phases_on_patches(tmp_path):
    learner = detector(**PATCHY, patches_per_step=3, steps=4, refine_steps=2)
    before = state(learner.discriminator)
    run(learner, tmp_path)
    assert not same(before, state(learner.discriminator))


def each_patch(found: OGNet, clip: Tensor) -> np.ndarray:
    """Log-odds of the four patches of the last frame, one after the other."""
    frame = found.as_pixels(clip)[0, -1]
    answers = []
    with torch.no_grad():
        for row in range(2):
            for column in range(2):
                part = frame[:, 18 * row : 18 * row + 18, 18 * column : 18 * column + 18]
                answers.append(float(found.discriminator(found.generator(part[None]))))
    return np.array(answers)


def test_the_score_is_the_maximum_over_moving_patches():
    found = detector(**PATCHY).eval()
    texture = torch.randint(0, 100, (1, 1, 36, 36, 1)).to(torch.uint8)
    answers = each_patch(found, patchy_clip() + texture)
    worst, second = np.argsort(answers)[::-1][:2]
    assert answers[worst] > answers[second] + 1e-3
    both = patchy_clip((worst // 2, worst % 2, 9), (second // 2, second % 2, 9))
    one = patchy_clip((second // 2, second % 2, 9))
    terms, maps = found.measure_clips((torch.cat([both, one]) + texture).numpy())
    assert terms["discriminator"] == pytest.approx(answers[[worst, second]], abs=1e-5)
    expected = np.zeros((2, 4))
    expected[0, [worst, second]] = np.log1p(np.exp(answers[[worst, second]]))
    expected[1, second] = np.log1p(np.exp(answers[second]))
    assert maps.reshape(2, 4) == pytest.approx(expected, abs=1e-5)


def test_a_frame_in_which_nothing_moves_is_the_least_odd():
    found = detector(**PATCHY).eval()
    last: Any = found.discriminator.discriminator[12]  # surer of good than the limit
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, -50)
    clips = torch.cat([patchy_clip(), patchy_clip((0, 0, 51))]).numpy()
    terms, maps = found.measure_clips(clips)
    assert terms["discriminator"].tolist() == pytest.approx([STILL, STILL])
    assert terms["error"][0] == -100 < terms["error"][1]
    assert (maps[0] == 0).all()
    assert math.exp(STILL) == pytest.approx(1e-6)


def test_clips_with_patches_are_measured_one_by_one():
    """Of each the patches are judged together, which takes memory enough."""
    found = detector(**PATCHY).eval()
    assert (found.scoring_batch, detector().scoring_batch) == (1, 8)
    clips = Clips(found.config, 2).batch(0, 0, 1)["clip"].numpy()
    together = found.measure_clips(clips)
    apart = [found.measure_clips(clips[at : at + 1]) for at in range(2)]
    for at, (terms, maps) in enumerate(apart):
        assert terms["discriminator"] == pytest.approx(together[0]["discriminator"][at], abs=1e-5)
        assert maps[0] == pytest.approx(together[1][at], abs=1e-5)


# Whole frames, pictures, states.


def test_whole_frames_by_hand():
    found = detector().eval()
    clips = Clips(found.config).batch(0, 0, 1)["clip"]
    assert found.clip_length == 1
    frames = clips[:, 0].permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        made = found.generator(frames)
        answers = found.discriminator(made)[:, 0]
    assert made.std() > 0.01
    assert answers.std() > 0.001
    squared = ((made - frames) / 2).square().numpy()
    terms, maps = found.measure_clips(clips.numpy())
    assert terms["discriminator"] == pytest.approx(answers.numpy(), abs=1e-6)
    assert terms["error"] == pytest.approx(10 * np.log10(squared.mean((1, 2, 3))), abs=1e-4)
    assert maps == pytest.approx(squared[:, 0], abs=1e-6)
    assert found.combine(terms) == pytest.approx(terms["discriminator"])


@pytest.mark.parametrize("settings", [{}, PATCHY])
def test_pictures_show_frames_or_the_patch_that_moves_most(settings):
    found = detector(**settings).eval()
    clip = patchy_clip((0, 1, 9), (1, 0, 40)) if settings else torch.zeros(1, 1, 17, 17, 1)
    with torch.no_grad():
        pictures = found.pictures(found.as_pixels(clip.to(torch.uint8)))
    side = found.config.side
    assert set(pictures) == {"target", "reconstruction", "pseudo-anomaly", "error"}
    assert all(images.shape == (1, 1, side, side) for images in pictures.values())
    if settings:
        assert pictures["target"].mean().item() == pytest.approx(60 / 255)


def test_the_newest_state_is_kept_and_reports_say_what_stillness_is():
    assert detector().rank({"error": -20.0, "discriminator": 0.0}) == ()
    assert "still_frames" in detector(**PATCHY).notes
    assert "still_frames" not in detector().notes


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("size", {"size": 16}),
        ("size", {"size": 40, "patches": 18}),
        ("patches", {"size": 32, "patches": 16}),
        ("refine_steps", {"refine_steps": 8}),
        ("old_steps", {"old_steps": 5}),
    ],
)
def test_settings_that_cannot_be(name, settings):
    with pytest.raises(OddframeError, match=f"settings.{name}:"):
        OGNetConfig(**{**SMALL, **settings})


# Published checkpoints.


def published(channels: int, size: int, width: int = 2, counters: bool = True):
    """State dicts as the published code writes them, every tensor random."""
    torch.manual_seed(5)
    networks = DenoisingAutoencoder(channels, width), FrameClassifier(channels, size, width, 1)
    parts = []
    for network in networks:
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point():
                torch.nn.init.uniform_(tensor, 0.1, 0.3)
        tensors = network.eval().state_dict()
        parts.append({k: v for k, v in tensors.items() if counters or "tracked" not in k})
    return networks, {"generator": parts[0], "discriminator": parts[1]}


@pytest.mark.parametrize("layout", ["nested", "short", "flat", "without counters"])
@pytest.mark.parametrize(("channels", "size"), [(1, 45), (3, 64)])
def test_published_networks_score_as_they_did(channels, size, layout):
    (generator, discriminator), parts = published(
        channels, size, counters=layout != "without counters"
    )
    content = {
        "short": {"g": parts["generator"], "d": parts["discriminator"]},
        "flat": {**parts["generator"], **parts["discriminator"]},
    }.get(layout, parts)
    found = OGNet.from_published(content)
    assert (found.config.size, found.config.patches, found.config.width) == (size, 0, 2)
    assert found.config.resize == "pillow"
    frames = np.random.default_rng(0).integers(0, 256, (1, 1, size, size, channels), np.uint8)
    images = torch.from_numpy(frames[:, 0]).permute(0, 3, 1, 2).float()
    # MNIST's grey images are symmetric, the thesis' colour images 0 to 1, in RGB order.
    images = images / 127.5 - 1 if channels == 1 else images / 255
    with torch.no_grad():
        expected = functional.logsigmoid(discriminator(generator(images)))[0]
    answer = torch.from_numpy(found.measure_clips(frames)[0]["discriminator"])
    assert functional.logsigmoid(answer).numpy() == pytest.approx(expected.numpy(), abs=1e-4)
    assert same(state(found.old_generator), state(generator))


def test_a_published_old_generator_is_kept():
    (generator, _), parts = published(1, 45)
    old = {k: v / 2 if v.is_floating_point() else v for k, v in parts["generator"].items()}
    found = OGNet.from_published({**parts, "old_generator": old})
    assert same(old, state(found.old_generator))
    assert same(state(generator), state(found.generator))


def test_published_networks_can_be_put_to_patches():
    """As the verb ``import`` does with ``--settings.size 135 --settings.patches 45``."""
    found = OGNet.from_published(published(1, 45)[1])
    config = {**found.state()["config"], "size": 135, "patches": 45, "motion": 0.0}
    patchy = OGNet.from_state({**found.state(), "config": config})
    clips = np.random.default_rng(0).integers(0, 256, (1, 2, 135, 135, 1), np.uint8)
    cells = (
        clips[:, -1:]
        .reshape(1, 3, 45, 3, 45, 1)
        .transpose(1, 3, 0, 2, 4, 5)
        .reshape(9, 1, 45, 45, 1)
    )
    expected = found.measure_clips(cells)[0]["discriminator"].max()
    assert patchy.measure_clips(clips)[0]["discriminator"] == pytest.approx([expected], abs=1e-4)


def test_checkpoints_that_do_not_fit():
    parts = published(1, 45)[1]
    with pytest.raises(OddframeError, match="'generator' and 'discriminator', found generator"):
        OGNet.from_published({"generator": parts["generator"]})
    with pytest.raises(OddframeError, match="not a ognet checkpoint: expected the tensor 'encod"):
        OGNet.from_published(parts["discriminator"])
    other = {**parts, "discriminator": published(1, 45, width=4)[1]["discriminator"]}
    with pytest.raises(OddframeError, match="places in the discriminator"):
        OGNet.from_published(other)
