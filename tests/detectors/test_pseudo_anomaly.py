"""The pseudo-anomaly pipeline: its training written out plainly, its scores, its checkpoints."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric
from torch.nn import functional

from oddframe.clips.calibration import calibrate_detector
from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.pseudo_anomaly.as_published import compared_rows
from oddframe.detectors.one_class.pseudo_anomaly.detector import PseudoAnomaly
from oddframe.detectors.one_class.pseudo_anomaly.settings import PseudoAnomalyConfig
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.networks.flow import flow_term
from oddframe.networks.perceptual import perceptual_term
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import LAST, METRICS
from oddframe.training.loop import Schedule, train

TINY = {
    "size": 16,
    "width": 2,
    "discriminator_width": 2,
    "classifier_width": 2,
    "batch_size": 6,
    "learning_rate": 0.01,
    "discriminator_rate": 0.005,
    "classifier_rate": 0.02,
    "flow": "none",
    "perceptual": "none",
}


def tiny(seed=0, **settings):
    torch.manual_seed(seed)
    return PseudoAnomaly(PseudoAnomalyConfig(**TINY | settings))


def clips(step=0, count=6, size=16):
    """Clips of a bright square that moves over noise."""
    random = np.random.default_rng(step)
    values = random.integers(0, 120, (count, 5, size, size, 3), dtype=np.uint8)
    for clip in values:
        x, y = random.integers(0, size // 2, 2)
        for frame in range(5):
            clip[frame, y : y + 4, x + frame : x + frame + 4] = 230
    return torch.from_numpy(values)


class Clips:
    steps_per_epoch = 2

    def __init__(self, size=16, count=6):
        self.size, self.count = size, count

    def batch(self, step, part, parts):
        return {"clip": clips(step, self.count, self.size)[part::parts]}


def train_it(detector, folder: Path, steps=3, batches=None, **options):
    """Through the real loop, in double precision so that Adam does not enlarge rounding errors."""
    fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
    folder.mkdir(exist_ok=True)
    train(fabric, detector, batches or Clips(), Schedule(steps, steps), folder, **options)
    return detector


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def close(one, two, tolerance=1e-9):
    return all(
        torch.allclose(one.state_dict()[name].double(), value.double(), atol=tolerance)
        for name, value in two.state_dict().items()
    )


def pixels(clip):
    """BGR, -1 to 1, channels first, in double precision."""
    values = clip.numpy()[..., ::-1].astype(np.float64) / 127.5 - 1
    values = np.moveaxis(values, -1, 2)
    return torch.from_numpy(np.ascontiguousarray(values))


def test_parameters_are_those_published():
    with torch.device("meta"):
        detector = PseudoAnomaly(PseudoAnomalyConfig())
        alone = PseudoAnomaly(PseudoAnomalyConfig(branches="one"))
    for branch in (detector.pseudo, detector.normal, alone.pseudo):
        assert count(branch.generator) == 7_707_011
        assert count(branch.discriminator) == 6_831_489
    assert count(detector.classifier) == count(alone.classifier) == 4_372_994
    assert count(detector) == 2 * (7_707_011 + 6_831_489) + 4_372_994
    assert count(alone) == 7_707_011 + 6_831_489 + 4_372_994


# Training.


def edges(images):
    across = functional.pad(images, (0, 1)).diff(dim=3).abs()
    down = functional.pad(images, (0, 0, 0, 1)).diff(dim=2).abs()
    return across, down


def likeness(made, target):
    """Intensity and gradient terms."""
    pairs = zip(edges(made), edges(target), strict=True)
    return ((made - target) ** 2).mean() + sum((a - b).abs().mean() for a, b in pairs)


def judged(discriminator, real, made):
    return ((discriminator(real) - 1) ** 2).mean() / 2 + (discriminator(made) ** 2).mean() / 2


def fooled(discriminator, made):
    return 0.05 * ((discriminator(made) - 1) ** 2).mean() / 2


def step_on(optimiser, loss, parameters):
    """One step on the gradient of a loss for these parameters only."""
    for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = slope
    optimiser.step()


@pytest.mark.parametrize(
    ("branches", "real_targets"), [("one", True), ("two", True), ("two", False)]
)
def test_corrected_training_keeps_the_networks_apart(tmp_path, branches, real_targets):
    """Each network follows its own loss alone: generators, then discriminators, then classifier."""
    detector = tiny(branches=branches, real_targets=real_targets)
    plain = copy.deepcopy(detector).double()
    train_it(detector, tmp_path, steps=2)
    parts = [plain.pseudo] if branches == "one" else [plain.pseudo, plain.normal]
    generators = [p for part in parts for p in part.generator.parameters()]
    judges = [p for part in parts for p in part.discriminator.parameters()]
    classifier = list(plain.classifier.parameters())
    adam_g = torch.optim.Adam(generators, lr=0.01)
    adam_d = torch.optim.Adam(judges, lr=0.005)
    adam_c = torch.optim.Adam(classifier, lr=0.02)
    for step in range(2):
        clip = pixels(clips(step))
        target = clip[:, 4]
        made = [part.generator(clip[:, :4].reshape(6, 12, 16, 16)) for part in parts]
        loss = sum(
            likeness(m, target) + fooled(part.discriminator, m)
            for m, part in zip(made, parts, strict=True)
        )
        step_on(adam_g, loss, generators)
        fixed = [m.detach() for m in made]
        loss = sum(
            judged(part.discriminator, target, m) for m, part in zip(fixed, parts, strict=True)
        )
        step_on(adam_d, loss, judges)
        normal = [*fixed[1:], *([target] if real_targets else [])]
        odds = plain.classifier(torch.cat([fixed[0], *normal])).log_softmax(1)
        step_on(adam_c, -(odds[:6, 0].mean() + odds[6:, 1].mean()) / 2, classifier)
    assert close(detector, plain)


@pytest.mark.parametrize("branches", ["one", "two"])
def test_as_published_follows_the_published_order(tmp_path, branches):
    """The published script: gradients leak where it lets them, D_normal rests, all step at last."""
    detector = tiny(branches=branches, as_published=True)
    plain = copy.deepcopy(detector).double()
    start = copy.deepcopy(plain)
    train_it(detector, tmp_path, steps=2)
    two = branches == "two"
    g_abn, d_abn, net_c = plain.pseudo.generator, plain.pseudo.discriminator, plain.classifier
    g_norm, d_norm = (plain.normal.generator, plain.normal.discriminator) if two else (None, None)
    opt_g_abn = torch.optim.Adam(g_abn.parameters(), lr=0.01)
    opt_d_abn = torch.optim.Adam(d_abn.parameters(), lr=0.005)
    opt_c = torch.optim.SGD(net_c.parameters(), lr=0.02)
    opt_g_norm = torch.optim.Adam(g_norm.parameters(), lr=0.01) if two else None
    entropy = torch.nn.BCELoss()
    abnormal = torch.tensor([1.0, 0.0]).double().repeat(6, 1)
    for step in range(2):
        clip = pixels(clips(step))
        target, context = clip[:, 4], clip[:, :4].reshape(6, 12, 16, 16)
        p_abn = g_abn(context)
        p_norm = g_norm(context) if two else target
        opt_d_abn.zero_grad()
        judged(d_abn, target, p_abn.detach()).backward()
        opt_g_abn.zero_grad()
        opt_c.zero_grad()
        said = entropy(net_c(p_abn).sigmoid(), abnormal)
        said = (said + entropy(net_c(p_norm).sigmoid(), 1 - abnormal)) / 2
        if two:
            opt_g_norm.zero_grad()
        (likeness(p_abn, target) + fooled(d_abn, p_abn) + said).backward(retain_graph=two)
        if two:
            (likeness(p_norm, target) + fooled(d_norm, p_norm)).backward()
        opt_d_abn.step()
        opt_g_abn.step()
        if two:
            opt_g_norm.step()
        opt_c.step()
    assert close(detector, plain)
    assert not close(detector.pseudo, start.pseudo)
    if two:
        assert close(detector.normal.discriminator, start.normal.discriminator, 0.0)
        assert not close(detector.normal.generator, start.normal.generator)


@pytest.mark.parametrize("as_published", [True, False])
def test_every_other_network_steps(tmp_path, as_published):
    detector = tiny(as_published=as_published)
    before = copy.deepcopy(detector)
    train_it(detector, tmp_path, steps=1)
    networks = [detector.pseudo.generator, detector.pseudo.discriminator, detector.classifier]
    starts = [before.pseudo.generator, before.pseudo.discriminator, before.classifier]
    networks.append(detector.normal.generator)
    starts.append(before.normal.generator)
    for network, start in zip(networks, starts, strict=True):
        moved = [
            name for name, p in network.named_parameters() if not p.equal(start.get_parameter(name))
        ]
        assert len(moved) > len(list(network.parameters())) / 2
    moved = not close(detector.normal.discriminator, before.normal.discriminator, 0.0)
    assert moved is not as_published


def slopes(detector, phase, module):
    """Gradient of a phase's loss for a module, with nothing frozen."""
    detector.zero_grad()
    detector.losses(phase, {"clip": clips()})["loss"].backward()
    found = [p.grad for p in module.parameters()]
    return None if any(g is None for g in found) else torch.cat([g.flatten() for g in found])


def test_judges_give_the_generators_no_gradient():
    detector = tiny().train()
    detector.losses("generator", {"clip": clips()})
    for phase, judges in (
        ("discriminator", (detector.pseudo.discriminator, detector.normal.discriminator)),
        ("classifier", (detector.classifier,)),
    ):
        for judge in judges:
            assert slopes(detector, phase, judge).abs().sum() > 0
        for branch in (detector.pseudo, detector.normal):
            assert slopes(detector, phase, branch.generator) is None


def test_as_published_the_classifier_trains_the_normal_generator():
    """Whatever the classifier answers changes the generators' gradient; corrected it does not."""
    for as_published, phase in ((True, "joint"), (False, "generator")):
        detector = tiny(as_published=as_published).train()
        for branch in (detector.pseudo, detector.normal):
            before = slopes(detector, phase, branch.generator)
            with torch.no_grad():
                detector.classifier.discriminator[-1].weight.mul_(-50)
            after = slopes(detector, phase, branch.generator)
            assert torch.equal(before, after) is not as_published


def test_only_the_published_normal_generator_keeps_torchs_initial_weights():
    spreads = {}
    for as_published in (True, False):
        detector = tiny(as_published=as_published, width=8)
        for name, branch in detector.branches.items():
            weight = branch.generator.down3.mpconv[1].conv[3].weight
            spreads[as_published, name] = float(weight.detach().std())
    default = 1 / np.sqrt(3 * 64 * 9)  # uniform within 1 / sqrt(fan in)
    assert spreads[True, "normal"] == pytest.approx(default, rel=0.05)
    for key in ((True, "pseudo"), (False, "pseudo"), (False, "normal")):
        assert spreads[key] == pytest.approx(0.02, rel=0.05)


def test_the_classifier_is_trained_on_what_it_judges():
    detector = tiny().train()
    seen = []
    detector.classifier.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    detector.losses("generator", {"clip": clips()})
    detector.losses("classifier", {"clip": clips()})
    detector.eval()
    detector.measure(detector.as_pixels(clips()))
    trained, judged_frames = seen
    assert len(trained) == 18
    assert torch.equal(trained[12:], judged_frames)


def test_log_odds_separate_what_is_separable(tmp_path):
    """Blurred frames of a young generator against real ones, held-out clips."""
    rates = {"learning_rate": 0.0005, "classifier_rate": 0.005}
    detector = tiny(branches="one", classifier_width=4, **rates)
    train_it(detector, tmp_path, steps=20)
    detector.eval()
    clip = detector.as_pixels(clips(step=1000, count=24))
    with torch.no_grad():
        real = detector.measure(clip).terms["classifier"]
        fake = clip.clone()
        fake[:, -1] = detector.pseudo.predict(clip)
        pseudo = detector.measure(fake).terms["classifier"]
    assert float(real.max()) < 0 < float(pseudo.min())


FLOW = {"flow": "matching", "size": 32}


def flow_slopes(**settings):
    """Gradient of the pseudo generator from a phase's loss, and the weighted flow term."""
    detector = tiny(**FLOW | settings).train()
    phase = detector.phases[0]
    losses = detector.losses(phase, {"clip": clips(size=32)})
    losses["loss"].backward()
    found = [p.grad.flatten() for p in detector.pseudo.generator.parameters()]
    return torch.cat(found), losses.get("pseudo_flow")


def test_the_negated_flow_term_moves_the_generator():
    without, term = flow_slopes(pseudo_flow=0.0)
    assert term is None
    negated, term = flow_slopes(pseudo_flow=0.5, flow_cap=1e6)
    assert float(term.detach()) < 0
    assert not torch.allclose(negated, without, rtol=1e-3)
    stronger, _ = flow_slopes(pseudo_flow=1.0, flow_cap=1e6)
    assert torch.allclose(stronger - without, 2 * (negated - without), atol=1e-4)


def test_as_published_the_flow_term_moves_the_printed_loss_only():
    without, _ = flow_slopes(pseudo_flow=0.0, as_published=True)
    negated, term = flow_slopes(pseudo_flow=0.5, flow_cap=1e-9, as_published=True)
    assert torch.equal(negated, without)
    corrected = flow_slopes(pseudo_flow=0.5, flow_cap=1e6)[1]
    assert float(term.detach()) == pytest.approx(float(corrected.detach()))


def test_the_negated_flow_term_is_bounded():
    """Each clip brings the cap at most, and nothing to the gradient beyond it."""
    without, _ = flow_slopes(pseudo_flow=0.0)
    capped, term = flow_slopes(pseudo_flow=0.5, flow_cap=1e-6, flow_weight=3.0)
    assert float(term.detach()) == pytest.approx(-3.0 * 0.5 * 1e-6)
    assert torch.equal(capped, without)
    # Between the clips' errors the cap holds some clips and lets the others go on.
    detector = tiny(**FLOW)
    clip = detector.as_pixels(clips(size=32))
    with torch.no_grad():
        made = detector.train().pseudo.predict(clip)
        images = [((i + 1) / 2).flip(1) for i in (clip[:, 3], made, clip[:, 4])]
        errors = flow_term("matching").per_sample(*images)
    middle = float(errors.median())
    some, term = flow_slopes(pseudo_flow=0.5, flow_cap=middle)
    assert not torch.allclose(some, without, rtol=1e-3)
    assert float(term.detach()) == pytest.approx(-float(errors.clamp(max=middle).mean()), rel=1e-4)


def test_the_flow_term_drives_the_generators_apart(tmp_path):
    """With nothing but it, the motion of one generator gets worse and that of the other better."""
    weights = {"intensity_weight": 0.0, "gradient_weight": 0.0, "adversarial_weight": 0.0}
    detector = tiny(**FLOW, **weights, pseudo_flow=1.0, flow_cap=1e6)
    same = {"clip": clips(size=32)}

    def flow_errors():
        with torch.no_grad():
            found = detector.train().losses("generator", same)
        return -float(found["pseudo_flow"]), float(found["normal_flow"])

    class Same:
        steps_per_epoch = 1

        def batch(self, step, part, parts):
            return same

    before = flow_errors()
    train_it(detector, tmp_path, steps=10, batches=Same())
    after = flow_errors()
    assert after[0] > before[0]
    assert after[1] < before[1]


def test_the_perceptual_term_is_the_pseudo_generators(tmp_path):
    detector = tiny(perceptual="lite0", perceptual_weight=3.0, size=32).train()
    clip = clips(size=32)
    losses = detector.losses("generator", {"clip": clip})
    assert "normal_perceptual" not in losses
    with torch.no_grad():
        made, target = ((i + 1) / 2 for i in (detector._made["pseudo"], pixels(clip)[:, 4].float()))
        expected = 3 * perceptual_term("lite0")(made.flip(1), target.flip(1))
    assert float(losses["pseudo_perceptual"].detach()) == pytest.approx(float(expected), rel=1e-4)
    losses["pseudo_perceptual"].backward()
    assert detector.pseudo.generator.inc.conv.conv[0].weight.grad.abs().sum() > 0
    assert not any("perceptual" in name for name in detector.state_dict())


def test_as_published_the_perceptual_term_looks_at_five_clips():
    detector = tiny(perceptual="lite0", as_published=True, size=32).train()
    losses = detector.losses("joint", {"clip": clips(size=32)})
    made = detector._made["normal"].requires_grad_()
    images = [((i + 1) / 2).flip(1) for i in (made, pixels(clips(size=32))[:, 4].float())]
    found, wanted = (perceptual_term("lite0").features(i)[-1] for i in images)
    expected = sum((found[row] - wanted[row]).abs().mean() for row in range(5))
    term = losses["normal_perceptual"]
    assert float(term.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    (slope,) = torch.autograd.grad(compared_rows(found, wanted), made)
    assert slope[:5].abs().amax((1, 2, 3)).min() > 0
    assert slope[5].abs().max() == 0
    with pytest.raises(OddframeError, match=r"batches of 5 clips or more, found 4") as caught:
        detector.losses("joint", {"clip": clips(count=4, size=32)})
    assert "\n" not in str(caught.value)


def test_resume_is_exact_with_optimisers_that_step_together(tmp_path):
    class KilledError(Exception):
        pass

    def stop(_, step, __):
        if step == 3:
            raise KilledError

    # The rate falls after the state that is gone on from, so it must reach the loaded optimisers.
    settings = {"as_published": True, "decay_at": 3}
    whole = train_it(tiny(**settings), tmp_path / "whole", steps=4)
    parts = tiny(**settings)
    fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
    (tmp_path / "parts").mkdir()
    arguments = (Clips(), Schedule(4, 2), tmp_path / "parts")
    with pytest.raises(KilledError):
        train(fabric, parts, *arguments, advance=stop)
    assert (tmp_path / "parts" / LAST).exists()
    again = tiny(seed=5, **settings)
    train(fabric, again, *arguments, resume=True)
    assert close(again, whole, 0.0)


def test_terms_of_the_curve(tmp_path):
    detector = tiny(focal_frequency_weight=0.5)
    train_it(detector, tmp_path, steps=1)
    (line,) = read_curve(tmp_path / METRICS)
    terms = {
        *(f"generator/{b}_{t}" for b in ("pseudo", "normal") for t in ("intensity", "gradient")),
        "generator/pseudo_adversarial",
        "generator/normal_adversarial",
        "generator/pseudo_focal_frequency",
        "discriminator/pseudo_discriminator",
        "discriminator/normal_discriminator",
        "classifier/classifier",
    }
    assert terms < set(line)
    for phase in ("generator", "discriminator", "classifier"):
        parts = [line[name] for name in terms if name.startswith(f"{phase}/")]
        assert sum(parts) == pytest.approx(line[f"{phase}/loss"])


def test_no_discriminator_without_its_weight(tmp_path):
    detector = tiny(adversarial_weight=0.0)
    before = copy.deepcopy(detector)
    train_it(detector, tmp_path, steps=1)
    assert close(detector.pseudo.discriminator, before.pseudo.discriminator, 0.0)
    assert not close(detector.pseudo.generator, before.pseudo.generator)


def test_learning_rates_decay(tmp_path):
    """From step 1 on a tenth: Adam's first steps are about as long as the learning rate."""
    detector = tiny(decay_at=1)
    assert set(detector.begin_step(0).values()) == {1.0}
    assert set(detector.begin_step(1).values()) == {0.1}


# Scoring.


@pytest.mark.parametrize("branches", ["one", "two"])
def test_terms_are_the_error_and_the_log_odds_of_the_real_frame(branches):
    detector = tiny(branches=branches).eval()
    clip = detector.as_pixels(clips())
    with torch.no_grad():
        found = detector.measure(clip)
        branch = detector.pseudo if branches == "one" else detector.normal
        made = branch.generator(clip[:, :4].reshape(6, 12, 16, 16))
        chances = detector.classifier(clip[:, 4]).softmax(1)
    squared = ((made - clip[:, 4]) / 2) ** 2
    assert torch.allclose(found.terms["error"], 10 * squared.mean((1, 2, 3)).log10(), atol=1e-4)
    assert torch.allclose(
        found.terms["classifier"], (chances[:, 0] / chances[:, 1]).log(), atol=1e-4
    )
    assert torch.allclose(found.map, squared.mean(1), atol=1e-6)


TERMS = {
    "error": np.array([-30.0, -30, -30, -30, -30, -20, -25, -30]),
    "classifier": np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.4, 0.9, 0.1]),
    "not_normal": np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.8, 0.3]),
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"score": "full", "alpha": 0.25}, {"error": 0.25, "classifier": 0.75}),
        ({"score": "psnr"}, {"error": 1}),
        ({"score": "classifier"}, {"classifier": 1}),
        ({"score": "full", "as_published": True}, {"error": 1, "classifier": -1}),
        ({"score": "psnr", "as_published": True}, {"error": 1}),
        ({"score": "classifier", "as_published": True}, {"classifier": -1}),
        (
            {"score": "full", "as_published": True, "published_output": "normal"},
            {"error": 1, "not_normal": 1},
        ),
        (
            {"score": "classifier", "as_published": True, "published_output": "normal"},
            {"not_normal": 1},
        ),
    ],
)
def test_scores(settings, expected):
    detector = tiny(**settings)
    detector.scales = {"error": (-28.0, 2.0), "classifier": (0.1, 0.2), "not_normal": (0.5, 0.1)}
    assert detector.weights == expected
    by_hand = sum(
        weight * (TERMS[name] - detector.scales[name][0]) / detector.scales[name][1]
        for name, weight in expected.items()
    )
    assert detector.combine(TERMS) == pytest.approx(by_hand, abs=1e-5)
    if not detector.config.as_published:
        return
    # evaluate.py: windows 4 to 7 without the first, PSNR plus the output as regularity; here odd.
    regularity = 0.0
    for name in expected:
        values = {"classifier": TERMS["classifier"], "error": -TERMS["error"]}.get(
            name, 1 - TERMS["not_normal"]
        )[5:]
        regularity = regularity + (values - values.min()) / (values.max() - values.min())
    regularity = (regularity - regularity.min()) / (regularity.max() - regularity.min())
    found = detector.combine(TERMS, per_video=True)
    # The score of frame t stands at frame t - 1; the frames that are not judged repeat a neighbour.
    assert found[4:7] == pytest.approx(1 - regularity, abs=1e-6)
    assert found[:4] == pytest.approx([found[4]] * 4)
    assert found[7] == found[6]


def test_per_video_scores_of_few_or_equal_frames_are_finite():
    detector = tiny(as_published=True)
    for frames in (1, 5, 6, 9):
        terms = {"error": np.full(frames, -3.0), "classifier": np.full(frames, 0.5)}
        assert detector.combine(terms, per_video=True) == pytest.approx([0.0] * frames)


def test_published_probabilities_stay_between_0_and_1():
    detector = tiny(as_published=True).eval()
    clip = detector.as_pixels(clips())
    with torch.no_grad():
        terms = detector.measure(clip).terms
        logits = detector.classifier(clip[:, 4])
    assert torch.allclose(terms["classifier"], 1 / (1 + (-logits[:, 0]).exp()))
    assert torch.allclose(terms["not_normal"], 1 / (1 + logits[:, 1].exp()), atol=1e-6)


def test_rank_trusts_the_error_of_a_normal_generator_only():
    metrics = {"error": -31.0, "classifier": -2.0}
    assert tiny().rank(metrics) > tiny().rank({**metrics, "error": -30.0})
    for settings in ({"branches": "one"}, {"score": "classifier"}, {"as_published": True}):
        assert tiny(**settings).rank(metrics) == ()


@pytest.mark.parametrize("colour", ["bgr", "grey"])
def test_pictures(colour):
    for branches, names in (("one", set()), ("two", {"prediction"})):
        detector = tiny(branches=branches, colour=colour).eval()
        clip = clips()[..., :1] if colour == "grey" else clips()
        with torch.no_grad():
            found = detector.pictures(detector.as_pixels(clip))
            error = detector.measure(detector.as_pixels(clip)).map
        assert set(found) == {"target", "pseudo-anomaly", "error"} | names
        assert found["pseudo-anomaly"].shape == found["target"].shape
        assert torch.equal(found["error"][:, 0], error)


@pytest.mark.parametrize("settings", [{}, {"branches": "one"}, {"as_published": True}])
def test_held_out_footage_sets_the_scale_and_the_threshold(settings):
    detector = tiny(**settings).eval()
    footage = [frame.numpy() for clip in clips(count=6) for frame in clip]
    calibrate_detector(detector, [("a", footage, Clock(len(footage), 10.0), ())])
    found = list(terms_of(detector, footage))
    terms = {name: np.array([f.terms[name] for f in found]) for name in found[0].terms}
    scaled = detector.scaled_terms(terms)
    assert set(scaled) == set(detector.weights)
    for values in scaled.values():
        assert values.mean() == pytest.approx(0, abs=1e-4)
        assert values.std() == pytest.approx(1, abs=1e-3)
    assert np.isfinite(detector.threshold)
    assert ("as_published" in detector.notes) is bool(settings.get("as_published"))


# State and checkpoints.


def published(detector):
    """As the thesis' training saves it."""
    parts = {"abn": detector.pseudo, "norm": detector.normal}
    nets = {f"net_g_{name}": part.generator.state_dict() for name, part in parts.items()}
    nets |= {f"net_d_{name}": part.discriminator.state_dict() for name, part in parts.items()}
    nets["net_c"] = detector.classifier.state_dict()
    return {**nets, **{name.replace("net_", "optimizer_"): {} for name in nets}}


def test_a_published_checkpoint_comes_back():
    detector = tiny(seed=3, size=32, context=3, classifier_width=3).eval()
    checkpoint = published(detector)
    checkpoint["net_g_norm"] = {f"module.{k}": v for k, v in checkpoint["net_g_norm"].items()}
    again = PseudoAnomaly.from_published(checkpoint)
    assert close(again, detector, 0.0)
    assert again.config.as_published
    sizes = ("size", "context", "width", "discriminator_width", "classifier_width", "colour")
    for name in sizes:
        assert getattr(again.config, name) == getattr(detector.config, name)


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda c: c.pop("net_c"), "found no net_c"),
        (lambda c: c.update(net_d_norm=1), "found no net_d_norm"),
        (lambda c: c.update(net_c={}), "discriminator.0.weight"),
        (lambda c: c.update(net_g_norm=tiny(width=3).normal.generator.state_dict()), "shape"),
        (lambda c: c["net_g_abn"].update({"outc.weight": torch.zeros(2, 2, 3, 3)}), "2 out"),
    ],
)
def test_other_checkpoints_are_refused_in_one_line(break_it, expected):
    checkpoint = {name: dict(value) for name, value in published(tiny()).items()}
    break_it(checkpoint)
    with pytest.raises(OddframeError, match=expected) as caught:
        PseudoAnomaly.from_published(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"branches": "one", "real_targets": False}, "real_targets"),
        ({"perceptual": "none", "perceptual_weights": "vgg.pth"}, "perceptual_weights"),
        ({"published_output": "normal"}, "published_output"),
        ({"as_published": True, "focal_frequency_weight": 1.0}, "focal_frequency_weight"),
        ({"as_published": True, "perceptual": "lite0", "batch_size": 4}, "batch_size"),
    ],
)
def test_settings_out_of_range_are_refused_in_one_line(settings, named):
    with pytest.raises(OddframeError, match=f"--settings.{named}: expected") as caught:
        PseudoAnomalyConfig(**TINY | settings)
    assert "\n" not in str(caught.value)


def test_weights_that_are_needed_are_asked_for():
    with pytest.raises(OddframeError, match="vgg19: it needs its weights, and none are given"):
        PseudoAnomalyConfig(**TINY | {"perceptual": "vgg19"})


def test_as_published_takes_small_batches_without_the_perceptual_term():
    assert tiny(as_published=True, batch_size=2).config.batch_size == 2
