"""Future-frame prediction: its losses and steps written out, and that it learns to foresee."""

import copy
import math

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric

from oddframe.clips.losses import gradient
from oddframe.detectors.one_class.future_frame import FutureFrame, FutureFrameConfig
from oddframe.errors import OddframeError
from oddframe.networks.flow import FlowTerm, flow_term
from oddframe.training.loop import LAST, Schedule, train

TINY = {"size": 24, "width": 4, "discriminator_width": 4, "batch_size": 4}


def detector(seed=0, **settings):
    torch.manual_seed(seed)
    return FutureFrame(FutureFrameConfig(**{**TINY, **settings}))


def moving_square(start, frames=5, size=24, channels=3):
    """A bright square that walks 3 pixels per frame on grey ground and comes round."""
    clip = np.full((frames, size, size, channels), 60, np.uint8)
    for frame in range(frames):
        columns = (np.arange(6) + start + 3 * frame) % size
        clip[frame, 5:11, columns] = np.arange(150, 150 + 40 * channels, 40)
    return clip


class Clips:
    """Batches of moving squares, as the loop is given them."""

    steps_per_epoch = 3

    def __init__(self, **shape):
        self.shape = shape

    def batch(self, step, part, parts):
        starts = np.random.default_rng(step).integers(0, 24, 4)
        clips = [moving_square(start, **self.shape) for start in starts[part::parts]]
        return {"clip": torch.from_numpy(np.stack(clips))}


def cpu(**options):
    return Fabric(accelerator="cpu", devices=1, **options)


def values(module):
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def test_parameters_are_those_published():
    with torch.device("meta"):
        found = FutureFrame(FutureFrameConfig())
    counts = [sum(p.numel() for p in part.parameters()) for part in found.children()]
    assert counts == [7_707_011, 6_831_489]


def test_the_generator_sees_what_the_published_one_sees():
    """Four BGR frames, the oldest first, in channels 0 to 11; values x / 127.5 - 1."""
    found, seen = detector(flow="none"), []
    found.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    clip = np.random.default_rng(0).integers(0, 256, (1, 5, 24, 24, 3), np.uint8)
    found.eval().measure_clips(clip)
    channels = [clip[0, frame, :, :, colour] for frame in range(4) for colour in (2, 1, 0)]
    expected = np.stack(channels).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(seen[0][0].numpy(), expected, atol=1e-6)


def test_the_generators_loss_written_out():
    weights = {"intensity": 0.7, "gradient": 0.4, "flow": 3.0, "adversarial": 0.2}
    found = detector(**{f"{name}_weight": weight for name, weight in weights.items()})
    batch = Clips().batch(0, 0, 1)
    terms = found.losses("generator", batch)
    # What the frames look like to the networks, from the definition.
    pixels = batch["clip"].permute(0, 1, 4, 2, 3).flip(2).float() / 127.5 - 1
    target = pixels[:, 4]
    prediction = found.generator(torch.cat(list(pixels[:, :4].unbind(1)), dim=1))
    rgb = [(image.flip(1) + 1) / 2 for image in (pixels[:, 3], prediction, target)]
    edges = 0
    for axis in (2, 3):
        rows = []
        for image in (prediction, target):
            end = torch.zeros_like(image.narrow(axis, 0, 1))
            rows.append((torch.cat((image.narrow(axis, 1, 23), end), axis) - image).abs())
        edges = edges + (rows[0] - rows[1]).abs().mean()
    expected = {
        "intensity": ((prediction - target) ** 2).mean(),
        "gradient": edges,
        "flow": flow_term("matching")(*rgb),
        "adversarial": ((found.discriminator(prediction) - 1) ** 2).mean() / 2,
    }
    expected = {name: weights[name] * value.item() for name, value in expected.items()}
    assert min(expected.values()) > 0
    total = terms.pop("loss").item()
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, rel=1e-4)
    assert total == pytest.approx(sum(expected.values()), rel=1e-4)


@pytest.mark.parametrize("colour", ["bgr", "rgb", "grey"])
@pytest.mark.parametrize("pixels", ["symmetric", "unit"])
def test_the_flow_sees_rgb_from_0_to_1(monkeypatch, colour, pixels):
    seen, really = [], FlowTerm.__call__
    monkeypatch.setattr(
        FlowTerm, "__call__", lambda term, *images: seen.extend(images) or really(term, *images)
    )
    found = detector(colour=colour, pixels=pixels)
    clip = Clips(channels=found.config.channels).batch(0, 0, 1)["clip"]
    found.losses("generator", {"clip": clip})
    last, _, target = seen
    for image, frame in ((last, 3), (target, 4)):
        torch.testing.assert_close(image, clip[:, frame].permute(0, 3, 1, 2) / 255)


def test_the_loop_does_what_two_separate_updates_do(tmp_path):
    """Neither network sees a gradient of the other's loss, and the prediction is made once."""
    settings = {"flow": "none", "adversarial_weight": 5.0, "discriminator_rate": 0.001}
    learner = detector(**settings)
    plain = copy.deepcopy(learner)
    train(cpu(), learner, Clips(), Schedule(3, 3), tmp_path)

    generator, judge = plain.generator.train(), plain.discriminator
    adam = torch.optim.Adam(generator.parameters(), lr=plain.config.learning_rate)
    judges_adam = torch.optim.Adam(judge.parameters(), lr=0.001)
    for step in range(3):
        clip = plain.as_pixels(Clips().batch(step, 0, 1)["clip"])
        target, prediction = clip[:, 4], generator(clip[:, :4].flatten(1, 2))
        loss = (prediction - target).square().mean() + gradient(prediction, target)
        loss = loss + 5 * (judge(prediction) - 1).square().mean() / 2
        own = list(generator.parameters())
        for parameter, slope in zip(own, torch.autograd.grad(loss, own), strict=True):
            parameter.grad = slope
        fake, real = judge(prediction.detach()), judge(target)
        loss = (real - 1).square().mean() / 2 + fake.square().mean() / 2
        own = list(judge.parameters())
        for parameter, slope in zip(own, torch.autograd.grad(loss, own), strict=True):
            parameter.grad = slope
        adam.step()
        judges_adam.step()
    torch.testing.assert_close(values(learner.generator), values(generator), atol=2e-6, rtol=0)
    torch.testing.assert_close(values(learner.discriminator), values(judge), atol=2e-6, rtol=0)


@pytest.mark.parametrize(
    ("rates", "changes"),
    [
        ({"learning_rate": 0.0}, (False, True)),
        ({"discriminator_rate": 0.0}, (True, False)),
        ({"adversarial_weight": 0.0}, (True, False)),
    ],
)
def test_each_rate_moves_its_own_network(tmp_path, rates, changes):
    learner = detector(flow="none", **rates)
    before = values(learner.generator), values(learner.discriminator)
    train(cpu(), learner, Clips(), Schedule(2, 2), tmp_path)
    after = values(learner.generator), values(learner.discriminator)
    moved = tuple(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert moved == changes


def test_the_flow_term_moves_the_generator():
    """It fails if the flow is detached, as in the public port."""

    def slope(**settings):
        found = detector(**settings)
        terms = found.losses("generator", Clips().batch(0, 0, 1))
        own = list(found.generator.parameters())
        return torch.cat([g.flatten() for g in torch.autograd.grad(terms["loss"], own)])

    without, once, twice = slope(flow="none"), slope(flow_weight=1.0), slope(flow_weight=2.0)
    part = once - without
    assert part.norm() > 1e-3 * without.norm()
    # The part grows with its weight.
    torch.testing.assert_close(
        twice - without, 2 * part, atol=1e-3 * part.abs().max().item(), rtol=0
    )
    torch.testing.assert_close(slope(flow_weight=0.0), without)


def test_the_flow_is_no_part_of_the_state():
    found = detector()
    names = set(found.state_dict())
    found.losses("generator", Clips().batch(0, 0, 1))
    assert set(found.state_dict()) == names
    assert {name.split(".")[0] for name in names} == {"generator", "discriminator"}


@pytest.mark.parametrize(("batch_norm", "margin"), [(True, 4), (False, 2)])
def test_it_learns_to_foresee(tmp_path, batch_norm, margin):
    """By so many dB better than to say that the last frame stays or that the square is gone."""
    rates = {"learning_rate": 0.005, "discriminator_rate": 0.0005}
    learner = detector(size=16, width=8, flow="none", batch_norm=batch_norm, **rates)
    train(cpu(), learner, Clips(size=16), Schedule(40, 40), tmp_path)
    clips = np.stack([moving_square(start, size=16) for start in range(0, 16, 3)])
    error = learner.eval().measure_clips(clips)[0]["error"]
    for guess in (clips[:, 3], np.full_like(clips[:, 4], 60)):
        gap = (guess / 255.0 - clips[:, 4] / 255.0) ** 2
        assert (error < 10 * np.log10(gap.mean((1, 2, 3))) - margin).all()
    jumped = clips.copy()
    jumped[:, 4] = np.roll(clips[:, 4], 7, axis=1)  # 7 rows down: nothing foretold it
    assert (learner.measure_clips(jumped)[0]["error"] > error + margin).all()


@pytest.mark.parametrize("pixels", ["symmetric", "unit", "per-image"])
def test_measured_error_and_map(pixels):
    found = detector(pixels=pixels).eval()
    clip = found.as_pixels(Clips().batch(0, 0, 1)["clip"])
    with torch.no_grad():
        measured, pictures = found.measure(clip), found.pictures(clip)
    peak = 2 if pixels == "symmetric" else 1
    gap = ((pictures["prediction"] - pictures["target"]).numpy() / peak) ** 2
    np.testing.assert_allclose(measured.map.numpy(), gap.mean(1), atol=1e-6)
    np.testing.assert_allclose(pictures["error"].numpy(), gap.mean(1)[:, None], atol=1e-6)
    expected = [10 * math.log10(image.mean()) for image in gap]
    assert measured.terms["error"].tolist() == pytest.approx(expected, abs=1e-4)
    assert torch.equal(pictures["target"], clip[:, 4])


def test_rates_fall_once():
    found = detector(decay_at=10)
    both = {"generator", "discriminator"}
    assert [found.begin_step(step) for step in (0, 9)] == [dict.fromkeys(both, 1.0)] * 2
    assert [found.begin_step(step) for step in (10, 500)] == [dict.fromkeys(both, 0.1)] * 2
    assert detector().begin_step(10**6) == dict.fromkeys(both, 1.0)
    assert detector(decay_at=10, adversarial_weight=0.0).begin_step(10) == {"generator": 0.1}


def test_the_decay_reaches_the_optimisers(tmp_path):
    train(cpu(), detector(flow="none", decay_at=2), Clips(), Schedule(3, 3), tmp_path)
    saved = torch.load(tmp_path / LAST, weights_only=True)["optimisers"]
    rates = {name: state["param_groups"][0]["lr"] for name, state in saved.items()}
    assert rates == pytest.approx({"generator": 2e-5, "discriminator": 2e-6})


@pytest.mark.parametrize(
    "settings",
    [
        {"size": 37},
        {"size": 16, "colour": "grey"},
        {"size": 25, "batch_norm": False, "context": 2},
        {"size": 16, "pixels": "per-image", "context": 1},
    ],
)
def test_other_shapes(settings):
    found = detector(**settings)
    config = found.config
    shape = {"frames": found.clip_length, "size": config.size, "channels": config.channels}
    batch = Clips(**shape).batch(0, 0, 1)
    assert batch["clip"].shape[1] == config.context + 1
    for phase in found.phases:
        assert found.losses(phase, batch)["loss"].isfinite()
    terms, maps = found.eval().measure_clips(batch["clip"].numpy())
    assert terms["error"].shape == (4,)
    assert maps.shape == (4, min(config.size, 32), min(config.size, 32))


def published(width, judge, **settings):
    """Tensors with the published names, on a small scale."""
    found = detector(seed=3, width=width, discriminator_width=judge, **settings)
    for tensor in found.buffers():
        if tensor.is_floating_point():
            torch.nn.init.uniform_(tensor, 0.5, 1.5)
    return dict(found.generator.state_dict()), dict(found.discriminator.state_dict())


def test_import_of_a_generator_alone():
    generator, _ = published(6, 4)
    found = FutureFrame.from_published({f"module.{key}": v for key, v in generator.items()})
    config = found.config
    assert (config.size, config.context, config.width, config.colour) == (256, 4, 6, "bgr")
    assert config.resize == "bilinear"
    assert config.discriminator_width == 128
    assert not found.training
    for key, value in found.generator.state_dict().items():
        assert torch.equal(value, generator[key])
    assert FutureFrame.from_published(generator, size=64).config.size == 64


@pytest.mark.parametrize(("suffix", "size"), [("", 256), ("_norm", 128)])
def test_import_of_a_checkpoint(suffix, size):
    generator, judge = published(6, 4, context=2)
    other, other_judge = published(5, 3)
    content = {
        "net_g_abn": other,
        "net_d_abn": other_judge,
        f"net_g{suffix}": generator,
        f"optimizer_g{suffix}": {"state": {}, "param_groups": []},
        f"net_d{suffix}": judge,
        f"optimizer_d{suffix}": {"state": {}, "param_groups": []},
    }
    found = FutureFrame.from_published(content)
    config = found.config
    assert (config.size, config.context, config.width) == (size, 2, 6)
    assert config.discriminator_width == 4
    for part, wanted in ((found.generator, generator), (found.discriminator, judge)):
        for key, value in part.state_dict().items():
            assert torch.equal(value, wanted[key])


def other_network(generator, judge):
    return judge, "expected the tensor 'outc.weight'"


def half_a_frame(generator, judge):
    generator["inc.conv.conv.0.weight"] = torch.zeros(6, 10, 3, 3)
    return generator, "10 channels in and 3 out"


def no_generator(generator, judge):
    return {"net_x": generator, "net_d": judge}, "found net_d, net_x"


@pytest.mark.parametrize("damage", [other_network, half_a_frame, no_generator])
def test_checkpoints_that_do_not_fit(damage):
    content, message = damage(*published(6, 4))
    with pytest.raises(OddframeError, match=message) as caught:
        FutureFrame.from_published(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("flow", ["flownet2-sd", "liteflownet"])
def test_scoring_needs_no_flow_weights(tmp_path, flow):
    gone = str(tmp_path / "gone.pth")
    found = detector(flow=flow, flow_weights=gone)
    batch = Clips().batch(0, 0, 1)
    again = FutureFrame.from_state(found.state())
    assert np.isfinite(again.measure_clips(batch["clip"].numpy())[0]["error"]).all()
    with pytest.raises(OddframeError, match=r"gone\.pth"):
        found.losses("generator", batch)


@pytest.mark.parametrize(
    "settings",
    [
        {"flow": "liteflownet", "flow_weights": ""},
        {"flow": "matching", "flow_weights": "sd.pth"},
        {"flow": "none", "flow_weights": "sd.pth"},
    ],
)
def test_settings_that_cannot_be(settings):
    with pytest.raises(OddframeError, match=list(settings)[-1]) as caught:
        FutureFrameConfig(**settings)
    assert "\n" not in str(caught.value)
