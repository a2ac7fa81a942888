"""How every detector is trained: from seed and training videos alone, exactly resumed."""

import signal
from functools import cache

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric
from tests.made.every_detector import (
    CHANNELS,
    every,
    filmed,
    flat,
    frames,
    having,
    snippets,
    with_test_labels_flipped,
)
from tests.made.small_settings import short_name, small_settings

from oddframe.bags.snippets import BagShape
from oddframe.detectors import load_given
from oddframe.errors import OddframeError
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import LAST, METRICS, read_run
from oddframe.training import loop
from oddframe.videos.manifest import Manifest

STEPS = 6
REFINED = 2
"""Steps of a last phase, of those detectors that have one."""


@pytest.fixture(scope="module")
def short(footage, tmp_path_factory):
    """Trains a few steps only, which is enough to see whether two trainings are the same."""

    def trained(name, out=None, **options):
        settings = {}
        if load_given(name).DETECTOR.traits.trained == "in steps":
            settings = {"steps": STEPS, "validate_every": STEPS // 2}
            if "refine_steps" in small_settings(name):
                settings["refine_steps"] = REFINED
        out = out or tmp_path_factory.mktemp(short_name(name)) / "run"
        return footage.fit(name, out, changed=settings, **options)

    return trained


@pytest.fixture(scope="module")
def unbroken(short):
    return cache(short)


@every()
def test_the_same_seed_gives_the_same_detector_whatever_the_test_labels(
    name, footage, short, unbroken
):
    manifest = with_test_labels_flipped(Manifest.read(footage.of(name)))
    path = manifest.write(footage.of(name).with_name("flipped.jsonl"))
    other = short(name, manifest=path).detector
    assert flat(other.state()) == flat(unbroken(name).detector.state())


@pytest.mark.parametrize(
    "name", [*having(trained="in steps"), *having(trained="never")], ids=short_name
)  # one that is fitted at once may have nothing to draw
def test_another_seed_gives_another_detector(name, short, unbroken):
    other = short(name, seed=1).detector
    assert flat(other.state()) != flat(unbroken(name).detector.state())


@every(trained="in steps")
def test_stopped_and_resumed_it_is_the_unbroken_one(name, short, unbroken, tmp_path, monkeypatch):
    """Stopped between validations, and just before another phase begins."""
    real = loop._step
    for stop in (2, STEPS - REFINED):

        def stopping(*arguments, last=stop - 1):
            if arguments[-1] == last:  # it is done, and the next is not begun
                signal.raise_signal(signal.SIGINT)
            return real(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(loop, "_step", stopping)
            with pytest.raises(KeyboardInterrupt, match=f"stopped at step {stop} of"):
                short(name, tmp_path / "run", resume=stop > 2)
        assert (tmp_path / "run" / LAST).exists()
    short(name, tmp_path / "run", resume=True)
    whole = unbroken(name)
    assert flat(read_run(tmp_path / "run", detector=name).detector.state()) == flat(
        whole.detector.state()
    )
    assert (tmp_path / "run" / METRICS).read_bytes() == (whole.folder / METRICS).read_bytes()


class OneBatch:
    """The same batch again and again."""

    steps_per_epoch = 1

    def __init__(self, learner) -> None:
        if learner.traits.looks_at == "frames":
            step, look = learner.frame_step, learner.looks.of
            span = (learner.training_length - 1) * step + 1
            seen = [look(frame) for frame in frames(filmed("calm", 0)[: span + 20])]
            clips = [seen[n : n + span : step] for n in range(0, 20, 5)]
            self._batch = {"clip": torch.from_numpy(np.array(clips))}
        else:
            bags = np.stack([snippets(n, 16).transpose(1, 0, 2) for n in range(4)])
            odd = bags[::-1].copy()
            odd[:, :, 3:6] += 1
            self._batch = {"normal": torch.from_numpy(bags), "anomalous": torch.from_numpy(odd)}

    def batch(self, step, part, parts):
        return self._batch


@pytest.fixture
def learner(name):
    torch.manual_seed(0)
    module = load_given(name)
    settings = {**small_settings(name), "steps": 20, "validate_every": 1}
    if module.DETECTOR.traits.looks_at == "frames":
        return module.DETECTOR(module.CONFIG(**settings))
    config = module.CONFIG(**settings)
    made = module.DETECTOR(config, BagShape(2, CHANNELS, config.segments))
    made.prepare((snippets(n, 16).transpose(1, 0, 2) for n in range(4)), 0)
    return made


@every(trained="in steps")
def test_losses_are_named_and_reach_every_parameter_of_their_phase(name, learner):
    """Each phase moves the parameters of its own optimiser, all of them, and no others."""
    batch, optimisers = OneBatch(learner).batch(0, 0, 1), learner.optimisers()
    assert tuple(optimisers) == learner.phases
    missed = {}
    for phase, optimiser in optimisers.items():
        own = {id(p) for group in optimiser.param_groups for p in group["params"]}
        missed[phase] = {key for key, p in learner.named_parameters() if id(p) in own}
    learner.train()
    for step in range(20):
        factors = learner.begin_step(step)
        for phase, optimiser in optimisers.items():
            if phase not in factors:
                continue
            own = {id(p) for group in optimiser.param_groups for p in group["params"]}
            for parameter in learner.parameters():
                parameter.requires_grad_(id(parameter) in own)
                parameter.grad = None
            losses = learner.losses(phase, batch)
            assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())
            losses["loss"].backward()
            for key, parameter in learner.named_parameters():
                if parameter.grad is not None:
                    assert id(parameter) in own
                    missed[phase] -= {key} if parameter.grad.abs().max() > 0 else set()
            optimiser.step()
        if not any(missed.values()):
            break
    assert missed == {phase: set() for phase in optimisers}


@every(trained="in steps")
def test_losses_add_up(name, learner):
    batch = OneBatch(learner).batch(0, 0, 1)
    for phase in learner.begin_step(0):
        losses = learner.train().losses(phase, batch)
        parts = [value for term, value in losses.items() if term != "loss"]
        if parts:
            torch.testing.assert_close(torch.stack(parts).sum(), losses["loss"])


@every(trained="in steps")
def test_losses_in_half_precision_are_finite_and_in_single(name, learner):
    batch = OneBatch(learner).batch(0, 0, 1)
    for phase in learner.begin_step(0):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = learner.train().losses(phase, batch)
        assert all(torch.isfinite(value) for value in losses.values())
        assert losses["loss"].dtype == torch.float32


@every(trained="in steps")
def test_losses_fall(name, learner, tmp_path):
    fabric = Fabric(accelerator="cpu", devices=1)
    loop.train(fabric, learner, OneBatch(learner), loop.Schedule(20, 2), tmp_path)
    curve = [line for line in read_curve(tmp_path / METRICS) if line["split"] == "train"]
    first = f"{learner.phases[0]}/loss" if len(learner.phases) > 1 else "loss"
    falls = [line[first] for line in curve if first in line]  # a phase may rest
    assert falls[-1] < falls[0]  # each the mean of two steps


@every()
def test_without_a_normal_video_to_train_on_it_says_so(name, footage, tmp_path):
    manifest = Manifest.read(footage.of(name))
    tested = Manifest(manifest.dataset, manifest.split("test"), manifest.root)
    path = tested.write(footage.of(name).with_name("tested.jsonl"))
    with pytest.raises(OddframeError, match="train") as told:
        footage.fit(name, tmp_path / "run", path)
    assert "\n" not in str(told.value)


@every()
def test_features_where_frames_are_wanted_and_the_other_way_round(name, footage, tmp_path):
    from oddframe.verbs.train import train

    frames = load_given(name).DETECTOR.traits.looks_at == "frames"
    features = footage.features if frames else None
    with pytest.raises(OddframeError, match="--features") as told:
        train(footage.of(name), tmp_path / "run", detector=name, features=features)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()
