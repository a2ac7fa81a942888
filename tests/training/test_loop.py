"""The training loop, with small learners whose right answer is known."""

import json
import signal
from pathlib import Path

import pytest
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from oddframe.errors import OddframeError
from oddframe.runs.curve import read_curve
from oddframe.training.loop import LAST, METRICS, Schedule, train
from oddframe.training.pace import Pace
from oddframe.training.validation import Validation, Validator


class Numbers:
    """Batches of x and y = 2 x + 1."""

    steps_per_epoch = 4

    def batch(self, step: int, part: int, parts: int) -> dict[str, Tensor]:
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))[part::parts]
        return {"x": x, "y": 2 * x + 1}


class Line(nn.Module):
    """A line with dropout, so that randomness inside a step counts."""

    phases = ("network",)

    def __init__(self, rate: float = 0.05, dropout: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 3)
        self.dropout = nn.Dropout(dropout)
        self.rate = rate

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"network": torch.optim.Adam(self.parameters(), lr=self.rate)}

    def begin_step(self, step: int) -> dict[str, float]:
        return dict.fromkeys(self.phases, 1.0)

    def losses(self, phase: str, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        error = (self.dropout(self.layer(batch["x"])) - batch["y"]).square().mean()
        size = self.layer.weight.square().sum()
        return {"error": error, "size": size, "loss": error + 1e-4 * size}


def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def weights(learner: nn.Module) -> list[float]:
    return [float(v) for p in learner.parameters() for v in p.detach().flatten()]


def test_follows_a_plain_pytorch_loop(tmp_path: Path) -> None:
    learner, plain = Line(dropout=0.0), Line(dropout=0.0)
    train(fabric(), learner, Numbers(), Schedule(20, 5), tmp_path)
    optimiser = torch.optim.Adam(plain.parameters(), lr=0.05)
    for step in range(20):
        batch = Numbers().batch(step, 0, 1)
        loss = (plain.layer(batch["x"]) - batch["y"]).square().mean()
        loss = loss + 1e-4 * plain.layer.weight.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert weights(learner) == pytest.approx(weights(plain), abs=1e-6)
    curve = read_curve(tmp_path / METRICS)
    assert [line["step"] for line in curve] == [5, 10, 15, 20]
    assert set(curve[0]) == {"step", "epoch", "split", "error", "size", "loss"}
    assert curve[-1]["epoch"] == 5


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_at", [3, 10, 14])
def test_a_killed_run_that_goes_on_equals_one_that_was_not(tmp_path: Path, killed_at: int) -> None:
    def validators(learner: Line, kept: list[int]) -> tuple[Validator, ...]:
        def validate() -> Validation:
            value = float(learner.layer.weight.sum())
            return Validation({"sum": value}, (value,))

        return (Validator("val", validate, lambda: kept.append(1)),)

    whole, parts, kept = Line(), Line(), []
    train(
        fabric(),
        whole,
        Numbers(),
        Schedule(20, 5),
        tmp_path / "a",
        validators=validators(whole, kept),
    )

    def stop(_: str, step: int, __: int) -> None:
        if step == killed_at:
            raise KilledError

    arguments = (Numbers(), Schedule(20, 5), tmp_path / "b")
    with pytest.raises(KilledError):
        train(fabric(), parts, *arguments, validators=validators(parts, []), advance=stop)
    (tmp_path / "b" / METRICS).open("a").write('{"step": 99, "half a li')
    parts = Line()  # a new process knows nothing
    train(fabric(), parts, *arguments, validators=validators(parts, []), resume=True)
    assert weights(parts) == weights(whole)
    assert read_curve(tmp_path / "b" / METRICS) == read_curve(tmp_path / "a" / METRICS)


def test_stopped_by_hand_goes_on_from_that_very_step(tmp_path: Path) -> None:
    def stop(_: str, step: int, __: int) -> None:
        if step == 7:
            signal.raise_signal(signal.SIGINT)

    learner = Line()
    with pytest.raises(KeyboardInterrupt):
        train(fabric(), learner, Numbers(), Schedule(20, 5), tmp_path, advance=stop)
    seen: list[int] = []
    train(
        fabric(),
        learner := Line(),
        Numbers(),
        Schedule(20, 5),
        tmp_path,
        resume=True,
        advance=lambda _, step, __: seen.append(step),
    )
    assert seen[0] == 8
    whole = Line()
    train(fabric(), whole, Numbers(), Schedule(20, 5), tmp_path / "whole")
    assert weights(learner) == weights(whole)


@pytest.mark.parametrize(
    ("seconds", "words"), [(26, "26 s"), (89, "89 s"), (150, "2 min"), (5400, "1.5 h")]
)
def test_the_time_left_is_said_in_a_fitting_unit(seconds: float, words: str) -> None:
    assert Pace._words(seconds) == words


@pytest.mark.parametrize("steps", [6, 7])
def test_fewer_steps_than_were_done_are_refused_and_lose_nothing(
    tmp_path: Path, steps: int
) -> None:
    def stop(_: str, step: int, __: int) -> None:
        if step == 7:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(fabric(), Line(), Numbers(), Schedule(20, 10), tmp_path, advance=stop)
    with pytest.raises(OddframeError, match="for 7 steps already"):
        train(fabric(), Line(), Numbers(), Schedule(steps, 10), tmp_path, resume=True)
    train(fabric(), Line(), Numbers(), Schedule(8, 10), tmp_path, resume=True)
    assert [line["step"] for line in read_curve(tmp_path / METRICS)] == [8]


@pytest.mark.parametrize("stopped_at", [5, 20])
def test_stopped_by_hand_in_a_validation_or_a_step_leaves_nothing_half(
    tmp_path: Path, stopped_at: int
) -> None:
    def validators(learner: Line, stops: bool) -> tuple[Validator, ...]:
        looks: list[int] = []

        def validate() -> Validation:
            looks.append(1)
            if stops and 5 * len(looks) == stopped_at:
                signal.raise_signal(signal.SIGINT)
            value = float(learner.layer.weight.sum())
            return Validation({"sum": value}, (value,))

        return (Validator("val", validate, lambda: None),)

    whole, parts = Line(), Line()
    before = signal.getsignal(signal.SIGINT)
    arguments = (Numbers(), Schedule(20, 5))
    train(fabric(), whole, *arguments, tmp_path / "a", validators=validators(whole, False))
    with pytest.raises(KeyboardInterrupt):
        train(fabric(), parts, *arguments, tmp_path / "b", validators=validators(parts, True))
    parts = Line()
    train(
        fabric(),
        parts,
        *arguments,
        tmp_path / "b",
        validators=validators(parts, False),
        resume=True,
    )
    assert weights(parts) == weights(whole)
    assert read_curve(tmp_path / "b" / METRICS) == read_curve(tmp_path / "a" / METRICS)
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_rank_the_newest_state_is_kept_also_after_going_on(tmp_path: Path) -> None:
    kept: list[int] = []
    for steps in (3, 6):
        validator = Validator("val", lambda: Validation({}, ()), lambda: kept.append(1))
        train(
            fabric(),
            Line(),
            Numbers(),
            Schedule(steps, 1),
            tmp_path,
            validators=(validator,),
            resume=True,
        )
    assert len(kept) == 6


def test_no_steps_are_judged_once(tmp_path: Path) -> None:
    kept: list[int] = []
    validator = Validator("val", lambda: Validation({"x": 1.0}, (1.0,)), lambda: kept.append(1))
    train(fabric(), Line(), Numbers(), Schedule(0, 1), tmp_path, validators=(validator,))
    assert len(kept) == 1
    assert read_curve(tmp_path / METRICS) == [{"step": 0, "epoch": 0.0, "split": "val", "x": 1.0}]


@pytest.mark.parametrize(
    ("precision", "kind"),
    [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16), ("64-true", torch.float64)],
)
def test_one_process_computes_in_the_precision_asked_for(
    tmp_path: Path, precision: str, kind: torch.dtype
) -> None:
    learner, seen = Line(), []
    learner.layer.register_forward_hook(lambda *parts: seen.append(parts[2].dtype))
    one = Fabric(accelerator="cpu", devices=1, precision=precision)
    train(one, learner, Numbers(), Schedule(2, 2), tmp_path)
    assert seen == [kind, kind]


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_gradients_that_are_not_finite_spoil_no_saved_state(tmp_path: Path, clip: float) -> None:
    class Breaks(Line):
        calls = 0

        def losses(self, phase: str, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            found = super().losses(phase, batch)
            self.calls += 1
            if self.calls == 4:  # the loss is finite, its gradient is not
                found["loss"] = found["loss"] + (self.layer.weight * 0).abs().sqrt().sum()
            return found

    with pytest.raises(OddframeError, match=r"step 4: the weights 'layer.weight' are not finite"):
        train(fabric(), Breaks(), Numbers(), Schedule(9, 1, clip), tmp_path)
    assert torch.load(tmp_path / LAST, weights_only=True)["step"] == 3


class Pair(nn.Module):
    """A generator and a discriminator, as adversarial methods have them."""

    phases = ("generator", "discriminator")

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.generator = nn.Linear(3, 3)
        self.discriminator = nn.Linear(3, 1)
        self.seen: dict[str, set[str]] = {}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "generator": torch.optim.SGD(self.generator.parameters(), lr=0.1),
            "discriminator": torch.optim.SGD(self.discriminator.parameters(), lr=0.1),
        }

    def begin_step(self, step: int) -> dict[str, float]:
        return dict.fromkeys(self.phases, 1.0)

    def losses(self, phase: str, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        self.seen[phase] = {n for n, p in self.named_parameters() if p.requires_grad}
        # Not detached on purpose: the loop has to keep the phases apart.
        fake = self.discriminator(self.generator(batch["x"])).mean()
        loss = (1 - fake).square() if phase == "generator" else fake.square()
        return {"loss": loss}


def test_each_phase_moves_its_own_parameters_only(tmp_path: Path) -> None:
    pair, plain = Pair(), Pair()
    train(fabric(), pair, Numbers(), Schedule(3, 1), tmp_path)
    assert pair.seen == {
        "generator": {"generator.weight", "generator.bias"},
        "discriminator": {"discriminator.weight", "discriminator.bias"},
    }
    assert all(p.requires_grad for p in pair.parameters())
    optimisers = plain.optimisers()
    for step in range(3):
        for phase, optimiser in optimisers.items():
            plain.zero_grad()
            plain.losses(phase, Numbers().batch(step, 0, 1))["loss"].backward()
            optimiser.step()
    assert weights(pair) == pytest.approx(weights(plain), abs=1e-6)
    assert set(read_curve(tmp_path / METRICS)[0]) >= {"generator/loss", "discriminator/loss"}


def test_gradients_are_clipped_to_the_norm(tmp_path: Path) -> None:
    class Steep(Line):
        def optimisers(self) -> dict[str, torch.optim.Optimizer]:
            return {"network": torch.optim.SGD(self.parameters(), lr=1.0)}

    learner = Steep(dropout=0.0)
    before = torch.tensor(weights(learner))
    train(fabric(), learner, Numbers(), Schedule(1, 1, clip_gradient=0.01), tmp_path)
    moved = torch.tensor(weights(learner)) - before
    assert float(moved.norm()) == pytest.approx(0.01, rel=1e-3)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(tmp_path: Path) -> None:
    class Breaks(Line):
        def losses(self, phase: str, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            found = super().losses(phase, batch)
            if self.broken:
                found["size"] = found["size"] * float("nan")
            return found

        broken = False

    learner = Breaks()

    def validate() -> Validation:
        learner.broken = True
        return Validation({}, (0,))

    validators = (Validator("val", validate, lambda: None),)
    with pytest.raises(OddframeError, match=r"step 6: the loss term 'size' .*last\.pt"):
        train(fabric(), learner, Numbers(), Schedule(20, 5), tmp_path, validators=validators)
    kept = torch.load(tmp_path / LAST, weights_only=True)
    assert kept["step"] == 5
    assert all(v.isfinite().all() for v in kept["learner"].values())


def test_the_best_is_kept_once_per_improvement_and_ties_go_to_the_next_number(
    tmp_path: Path,
) -> None:
    ranks = iter([(0.5, -1.0), (0.7, -2.0), (0.7, -3.0), (0.7, -1.5), (0.6, 0.0)])
    kept: list[int] = []
    step = [0]
    validator = Validator("val", lambda: Validation({}, next(ranks)), lambda: kept.append(step[0]))

    def advance(_: str, now: int, __: int) -> None:
        step[0] = now

    best = train(
        fabric(),
        Line(),
        Numbers(),
        Schedule(5, 1),
        tmp_path,
        validators=(validator,),
        advance=advance,
    )
    assert kept == [1, 2, 4]
    assert best == {"val": {"step": 4}}


def test_a_damaged_or_foreign_state_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"not a checkpoint")
    with pytest.raises(OddframeError, match=r"last\.pt: (expected an unfinished|cannot go on)"):
        train(fabric(), Line(), Numbers(), Schedule(5, 1), tmp_path, resume=True)
    train(fabric(), Line(), Numbers(), Schedule(5, 1), tmp_path / "other")
    with pytest.raises(OddframeError, match=r"cannot go on.*generator"):
        train(fabric(), Pair(), Numbers(), Schedule(9, 1), tmp_path / "other", resume=True)


def test_metrics_are_plain_json_lines(tmp_path: Path) -> None:
    train(fabric(), Line(), Numbers(), Schedule(2, 1), tmp_path)
    lines = (tmp_path / METRICS).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def test_phases_rest_and_learning_rates_follow_the_step(tmp_path: Path) -> None:
    class Staged(Pair):
        """The generator in the first three steps, the discriminator after them at falling rates."""

        def begin_step(self, step: int) -> dict[str, float]:
            return {"generator": 1.0} if step < 3 else {"discriminator": 0.5 ** (step - 3)}

    staged, plain = Staged(), Pair()
    train(fabric(), staged, Numbers(), Schedule(5, 1), tmp_path / "whole")
    for step, (phase, rate) in enumerate(
        [("generator", 0.1)] * 3 + [("discriminator", 0.1), ("discriminator", 0.05)]
    ):
        part = plain.get_submodule(phase)
        plain.zero_grad()
        plain.losses(phase, Numbers().batch(step, 0, 1))["loss"].backward()
        with torch.no_grad():
            for parameter in part.parameters():
                parameter -= rate * parameter.grad
    assert weights(staged) == pytest.approx(weights(plain), abs=1e-6)
    curve = read_curve(tmp_path / "whole" / METRICS)
    assert ["generator/loss" in line for line in curve] == [True] * 3 + [False] * 2
    resumed = Staged()
    train(fabric(), resumed, Numbers(), Schedule(4, 1), tmp_path / "killed")
    train(fabric(), resumed, Numbers(), Schedule(5, 1), tmp_path / "killed", resume=True)
    assert weights(resumed) == weights(staged)
