"""Methods on frames beside their published networks; see ``published_parity.py``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

import published_frame_networks as published
from comparison import Compared, apart, compare_tensors, made_up
from frame_steps import (
    States,
    bgr,
    clips,
    compared_steps,
    compared_tensors,
    copied,
    doubled,
    measured,
    statistics,
    twin,
)
from oddframe.detectors.one_class.conv_ae import ConvAE
from oddframe.detectors.one_class.future_frame import FutureFrame
from oddframe.detectors.one_class.mnad import Mnad
from oddframe.detectors.one_class.ognet import OGNet
from oddframe.detectors.one_class.pseudo_anomaly.detector import PseudoAnomaly
from oddframe.errors import OddframeWarning
from oddframe.networks.autoencoder import without_unused
from oddframe.networks.flow.flownet2_sd import FlowNet2SD

Shapes = Mapping[str, Mapping[str, list[int]]]
"""Network to name to the shape of a published tensor."""
SMALLER = 8
"""By how much axes of 64 and more are shortened in the small networks."""


def compare(method: str, shapes: Shapes, small: bool) -> list[Compared]:
    """Every comparison of a method.

    Args:
        method: a key of :data:`METHODS`.
        shapes: of the published tensors.
        small: networks of an eighth of the width.
    """
    return list(METHODS[method](shapes, small))


def tensors(shapes: Shapes, name: str, small: bool) -> dict[str, Tensor]:
    """Made-up tensors of a published network."""

    def shorter(axis: int) -> int:
        if axis == 32768:  # the thesis' classifier: frames of 32 pixels instead of 128
            axis //= 16
        return axis // SMALLER if axis >= 64 else axis

    published = shapes[name].items()
    return made_up(
        {k: [shorter(axis) for axis in size] if small else size for k, size in published}
    )


def future_frame(shapes: Shapes, small: bool) -> Iterator[Compared]:
    """Liu et al. 2018 as in the PyTorch port, without the flow term."""
    generator, judge = (tensors(shapes, n, small) for n in ("unet", "patch_discriminator"))
    detector = FutureFrame.from_published({"net_g": generator, "net_d": judge})
    states = {"generator": generator, "discriminator": judge}
    yield from compared_tensors(detector, states)
    detector = twin(detector, flow="none")
    states, clip = doubled(states), clips(5, 32)
    pixels = bgr(clip)
    given, target = pixels[:, :4].flatten(1, 2), pixels[:, 4]
    with torch.no_grad():
        made = published.unet(states["generator"], given, False)
        yield apart("outputs", "prediction", detector.eval().predict(pixels)[0], made)
    yield from measured(detector, pixels, {"error": -published.psnr(made, target)})

    def steps(states: States) -> Iterator[dict[str, Tensor]]:
        made = published.unet(states["generator"], given, True)
        judged = published.patch_discriminator(states["discriminator"], made)
        yield {
            "intensity": published.intensity(made, target),
            "gradient": published.gradient(made, target),
            "adversarial": 0.05 * published.fools(judged),
        }
        real, fake = (
            published.patch_discriminator(states["discriminator"], frames)
            for frames in (target, made.detach())
        )
        yield {"loss": published.judges(real, fake)}

    yield from compared_steps(detector, states, steps, clip)


def mnad(name: str, memory: bool, task: str) -> Callable[[Shapes, bool], Iterator[Compared]]:
    """Park et al. 2020 and MNADrc: one of their networks."""

    def compared(shapes: Shapes, small: bool) -> Iterator[Compared]:
        state = tensors(shapes, name, small)
        width = len(state["encoder.moduleConv4.0.weight"])
        keys = torch.rand(10, width, generator=torch.Generator().manual_seed(4))
        keys = torch.nn.functional.normalize(keys, dim=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OddframeWarning)
            detector = Mnad.from_published(state, keys if memory else None)
        yield Compared("settings", "task", float(detector.config.task != task))
        states = {"network": state}
        yield from compared_tensors(detector, {"network": without_unused(state)})
        detector = twin(detector)
        states, keys = doubled(states), keys.double()
        context = detector.config.context
        clip = clips(context + (task == "prediction"), 32)
        pixels = bgr(clip)
        given, target = pixels[:, :context].flatten(1, 2), pixels[:, -1]

        def run(
            states: States, frames: Tensor, keys: Tensor, training: bool
        ) -> tuple[Tensor, Tensor]:
            state = states["network"]
            bottleneck, skips = published.mnad_encode(state, frames, training)
            x = published.remembered(bottleneck, keys) if memory else bottleneck
            skips = skips if detector.config.layout == "skips" else []
            return published.mnad_decode(state, x, skips, training), published.queries(bottleneck)

        with torch.no_grad():
            made, _ = run(copied(states), given, keys, False)
        found, _ = detector.eval()._run(pixels[:, :context], detector._trained)
        yield apart("outputs", "frame made", found, made)
        terms = {"error": -published.psnr(made, target)}
        if memory:
            distances = []
            for frame in given:
                with torch.no_grad():
                    _, q = run(states, frame[None], keys, False)
                distances.append(published.memory_losses(q, keys)[0])
            terms["memory_distance"] = torch.stack(distances)
        yield from measured(detector, pixels, terms)
        for key, weight in detector.weights.items():
            alpha = (0.6 if task == "prediction" else 0.7) if memory else 1.0
            right = alpha if key == "error" else 1 - alpha
            yield Compared("settings", f"weight of {key}", abs(weight - right))
        if memory:
            moving = twin(detector, update_memory=True)
            yield from updates(moving, copied(states), run, pixels, keys)
        share = 0.1 if task == "prediction" else 0.01

        def steps(states: States) -> Iterator[dict[str, Tensor]]:
            made, q = run(states, given, keys, True)
            error = published.intensity(made, target)
            if not memory:
                yield {"intensity": error, "loss": error}
                return
            compact, separate = published.memory_losses(q, keys)
            # Terms of this method are printed without their weights.
            yield {
                "intensity": error,
                "compactness": compact,
                "separateness": separate,
                "loss": error + share * compact + share * separate,
            }
            yield {"memory": published.updated_memory(q, keys)}

        yield from compared_steps(detector, states, steps, clip)

    return compared


def updates(
    detector: Mnad,
    states: States,
    run: Callable[[States, Tensor, Tensor, bool], tuple[Tensor, Tensor]],
    pixels: Tensor,
    keys: Tensor,
) -> Iterator[Compared]:
    """The memory that half of the clips of a test video move."""
    context = detector.config.context

    def judged(clip: Tensor) -> tuple[Tensor, Tensor]:
        made, q = run(states, clip[None, :context].flatten(1, 2), keys, False)
        return published.point_score((made + 1) / 2, (clip[None, -1] + 1) / 2), q

    detector.eval()
    carried = detector.carried_at_first()
    with torch.no_grad():
        limit = float(torch.stack([judged(clip)[0] for clip in pixels]).median())
        detector.config = replace(detector.config, update_below=limit)
        for index, clip in enumerate(pixels):
            score, q = judged(clip)
            measured, carried = detector.measure_next(clip[None], carried)
            found = measured.terms["memory_distance"]
            expected = published.memory_losses(q, keys)[0][None]
            yield apart("outputs", f"distance of test clip {index}", found, expected)
            if score < limit:
                keys = published.updated_memory(q, keys)
        yield apart("outputs", "memory after the test clips", carried[0], keys)


def conv_ae(shapes: Shapes, small: bool) -> Iterator[Compared]:
    """The thesis' auto-encoder of one frame, RGB."""
    state = tensors(shapes, "mnadrc-reconstruction-without-memory", small)
    detector = ConvAE.from_published({"normG_state_dict": state})
    yield from compared_tensors(detector, {"normal": without_unused(state)})
    states, clip = doubled({"normal": state}), clips(1, 32)
    detector = twin(detector)
    target = bgr(clip)[:, 0].flip(1)  # RGB

    def run(states: States, training: bool) -> Tensor:
        bottleneck, _ = published.mnad_encode(states["normal"], target, training)
        return published.mnad_decode(states["normal"], bottleneck, [], training)

    with torch.no_grad():
        made = run(copied(states), False)
    yield apart("outputs", "frame made", detector.eval().normal(target), made)
    yield from measured(detector, target[:, None], {"error": -published.psnr(made, target)})
    yield from compared_steps(
        detector,
        states,
        lambda s: iter([{"loss": published.intensity(run(s, True), target)}]),
        clip,
    )


def pseudo_anomaly(shapes: Shapes, small: bool) -> Iterator[Compared]:
    """The thesis' two branches as published, without flow and perceptual term."""
    unet, judge, classifier = (
        tensors(shapes, name, small) for name in ("unet", "patch_discriminator", "frame_classifier")
    )
    second = [{k: v.flip(0) for k, v in part.items()} for part in (unet, judge)]
    detector = PseudoAnomaly.from_published(
        {
            "net_g_abn": unet,
            "net_d_abn": judge,
            "net_g_norm": second[0],
            "net_d_norm": second[1],
            "net_c": classifier,
        }
    )
    states = {
        "pseudo.generator": unet,
        "pseudo.discriminator": judge,
        "normal.generator": second[0],
        "normal.discriminator": second[1],
        "classifier": classifier,
    }
    yield from compared_tensors(detector, states)
    detector = twin(detector, flow="none", perceptual="none")
    states, clip = doubled(states), clips(5, detector.config.size)
    pixels = bgr(clip)
    given, target = pixels[:, :4].flatten(1, 2), pixels[:, 4]
    with torch.no_grad():
        made = published.unet(states["normal.generator"], given, False)
        answers = published.frame_classifier(states["classifier"], target, False)
    expected = {
        "error": -published.psnr(made, target),
        "classifier": answers[:, 0],
        "not_normal": 1 - answers[:, 1],
    }
    yield from measured(detector, pixels, expected)

    def steps(states: States) -> Iterator[dict[str, Tensor]]:
        terms: dict[str, Tensor] = {}
        made = {}
        for branch in ("pseudo", "normal"):
            judge = states[f"{branch}.discriminator"]
            frames = made[branch] = published.unet(states[f"{branch}.generator"], given, True)
            answers = published.patch_discriminator(judge, frames)
            terms[f"{branch}_intensity"] = published.intensity(frames, target)
            terms[f"{branch}_gradient"] = published.gradient(frames, target)
            terms[f"{branch}_adversarial"] = 0.05 * published.fools(answers)
            real, fake = (
                published.patch_discriminator(judge, images) for images in (target, frames.detach())
            )
            terms[f"{branch}_discriminator"] = published.judges(real, fake)
        odd, usual = (
            published.frame_classifier(states["classifier"], made[branch], True)
            for branch in ("pseudo", "normal")
        )
        wrong = published.entropy(odd[:, 0], 1) + published.entropy(odd[:, 1], 0)
        right = published.entropy(usual[:, 0], 0) + published.entropy(usual[:, 1], 1)
        terms["classifier"] = (wrong / 2 + right / 2) / 2
        yield terms

    yield from compared_steps(detector, states, steps, clip)


def ognet(channels: int, size: int) -> Callable[[Shapes, bool], Iterator[Compared]]:
    """Zaheer et al. 2020 on whole frames: the authors' grey networks or the thesis' colour ones.

    As in oddframe, the discriminator learns statistics in its own phases only and the second image
    of a pseudo anomaly is the one before it in the batch.
    """

    def compared(shapes: Shapes, small: bool) -> Iterator[Compared]:
        generator = tensors(shapes, f"ognet_g_{channels}", small)
        judge = tensors(shapes, f"ognet_d_{channels}_{size}", small)
        old = {name: value.flip(0) if value.ndim else value for name, value in generator.items()}
        states = {"generator": generator, "discriminator": judge, "old_generator": old}
        detector = OGNet.from_published(states)
        yield from compared_tensors(detector, states)
        detector = twin(detector)
        states, clip = doubled(states), clips(1, size, channels)
        images = clip[:, 0].permute(0, 3, 1, 2).double() / 255
        images = images * 2 - 1 if channels == 1 else images
        with torch.no_grad():
            made = published.denoising_autoencoder(states["generator"], images, False)
            bad = published.frame_classifier(states["discriminator"], made, False)[:, 0]
        yield from measured(detector, images[:, None], {"discriminator": (bad / (1 - bad)).log()})

        def steps(states: States) -> Iterator[dict[str, Tensor]]:
            noisy = (images + 0.81 * torch.randn_like(images)).clamp(-1, 1)
            made = published.denoising_autoencoder(states["generator"], noisy, True)
            resting = {**states["discriminator"], **statistics(states["discriminator"])}
            answer = published.frame_classifier(resting, made, True)
            yield {
                "reconstruction": 0.5 * published.intensity(made, images),
                "adversarial": 0.5 * published.entropy(answer, 0),
            }
            fake = published.frame_classifier(states["discriminator"], made.detach(), True)
            real = published.frame_classifier(states["discriminator"], images, True)
            yield {
                "generated": 0.5 * published.entropy(fake, 1),
                "real": 0.5 * published.entropy(real, 0),
            }
            with torch.no_grad():
                high, low = (
                    published.denoising_autoencoder(states[name], images, False)
                    for name in ("generator", "old_generator")
                )
                mixed = (low + low.roll(1, 0)) / 2
                pseudo = published.denoising_autoencoder(states["generator"], mixed, False)
            terms = {}
            for name, frames, answer, weight in (
                ("old", low, 1, 0.001),
                ("pseudo", pseudo, 1, 1 - 0.001),
                ("generated", high, 0, 0.9),
                ("real", images, 0, 1 - 0.9),
            ):
                said = published.frame_classifier(states["discriminator"], frames, True)
                terms[name] = weight * published.entropy(said, answer)
            yield terms

        yield from compared_steps(detector, states, steps, clip)

    return compared


def flownet2_sd(shapes: Shapes, small: bool) -> Iterator[Compared]:  # noqa: ARG001
    """FlowNet2-SD, at its full size always: the network has no other."""
    state = made_up(shapes["flownet2-sd"])
    network = FlowNet2SD()
    network.load_state_dict(state)
    yield from compare_tensors(network.state_dict(), state)
    frames = torch.rand(2, 1, 3, 64, 128, generator=torch.Generator().manual_seed(5)).double()
    with torch.no_grad():
        expected = published.flownet2_sd({k: v.double() for k, v in state.items()}, *frames)
        yield apart("outputs", "flow", network.double()(*frames), expected)


METHODS = {
    "future-frame": future_frame,
    "mnad prediction": mnad("mnad-prediction", True, "prediction"),
    "mnad reconstruction": mnad("mnad-reconstruction", True, "reconstruction"),
    "mnad prediction, no memory": mnad("mnadrc-prediction-without-memory", False, "prediction"),
    "mnad reconstruction, no memory": mnad(
        "mnadrc-reconstruction-without-memory", False, "reconstruction"
    ),
    "conv-ae": conv_ae,
    "pseudo-anomaly": pseudo_anomaly,
    "ognet, grey": ognet(1, 45),
    "ognet, colour": ognet(3, 64),
    "flownet2-sd": flownet2_sd,
}
