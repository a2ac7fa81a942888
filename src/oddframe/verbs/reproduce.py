"""The verb ``reproduce``: a row of a paper's table, from the data to measured beside expected."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.files.atomic import write_json
from oddframe.files.folder_lock import alone_in
from oddframe.files.paths import text_paths
from oddframe.reproduction.needs import MANIFEST, Given, RecipeInputs, check_needs, whole_features
from oddframe.reproduction.outcome import RecipeList, Reproduction
from oddframe.reproduction.recipe import Recipe, find_recipe, shipped_recipes
from oddframe.results.evaluated import EvaluateRequest, evaluate_into, kept_evaluation
from oddframe.runs.run_folder import CHECKPOINT
from oddframe.scoring.meta import is_scored
from oddframe.scoring.request import Manner
from oddframe.verbs.extract import extract
from oddframe.verbs.score import score
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest

FOLDER = Path("reproduced")
"""Where reproductions go that are given no folder."""
RESULT = "result.json"
_FOLDERS = {"selected": "test", "oracle": "test-oracle", "held-out": "test-held-out"}
"""Where the scores of a row go in the run folder."""


@dataclass(frozen=True)
class Checked:
    """A check that found everything."""

    recipe: Recipe

    def text(self) -> str:
        """What to do next."""
        return f"{self.recipe.name}: everything is there; leave out --check to run it"


@text_paths
def reproduce(
    recipe: str | None = None,
    *,
    data: Path | None = None,
    features: Path | None = None,
    weights: Path | None = None,
    out: Path | None = None,
    check: bool = False,
    device: str = "auto",
    processes: int = 1,
) -> Reproduction | Checked | RecipeList:
    """Run a row of a paper's table: prepare, extract, train, score, evaluate, compare.

    Given again after it was stopped, it keeps every stage that is whole and goes on.

    Args:
        recipe: a name such as ``rtfm-ucf-crime``, or the path of a recipe (.yaml); without one, all
            are listed.
        data: folder of the data set; of a weakly supervised one, its annotation is enough if
            features are given.
        features: folder of features, instead of extracting them.
        weights: the weight file that the recipe says it needs.
        out: folder for everything that is made; by default ``reproduced/NAME``.
        check: stop before the training, after saying what is there, what is missing and where to
            get it.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        processes: processes that train; with GPUs, one for each.

    Returns:
        What was measured beside what was expected; or the list of recipes.

    Raises:
        OddframeError: no such recipe, or something that it needs is missing.
        KeyboardInterrupt: Ctrl-C; the same command goes on.
    """
    if recipe is None:
        return RecipeList(shipped_recipes())
    wanted = find_recipe(recipe)
    folder = (out or FOLDER / wanted.name).absolute()
    with alone_in(folder):
        _say(1, f"{wanted.title}: preparing the data and looking for what else it needs")
        inputs = check_needs(wanted, Given(data, features, weights), folder)
        print("\n".join(need.text() for need in inputs.needs), flush=True)
        _refuse_missing(wanted, inputs)
        if check:
            return Checked(wanted)
        with _says_how_to_go_on():
            _extract(wanted, inputs, weights, device)
            _train(wanted, inputs, folder / "run", device, processes)
            measured = _measure(wanted, inputs, folder / "run")
        write_json(folder / RESULT, {"recipe": wanted.name, "measured": _plain(measured)})
    return Reproduction(wanted, measured, folder / "run" / "report" / "report.html")


@contextmanager
def _says_how_to_go_on() -> Generator[None]:
    """What a stage says at Ctrl-C is advice for its own verb.

    Raises:
        KeyboardInterrupt: with advice for this one.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        said = str(stop).partition("; ")[0] or "stopped"
        raise KeyboardInterrupt(f"{said}; the same command goes on") from None


def _refuse_missing(recipe: Recipe, inputs: RecipeInputs) -> None:
    missing = [need for need in inputs.needs if not need.there]
    if missing:
        first = f"{missing[0].what} ({missing[0].words.partition('; ')[0]})"
        others = f" and {count(len(missing) - 1, 'other thing')}" if missing[1:] else ""
        raise OddframeError(
            f"{recipe.name}: cannot be run yet; {missing[0].state}: {first}{others}; the list "
            "above says what to do"
        )


def _extract(recipe: Recipe, inputs: RecipeInputs, weights: Path | None, device: str) -> None:
    need, folder, manifest = recipe.features, inputs.features, _manifest(inputs)
    if need is None or folder is None:
        return
    if whole_features(folder, Manifest.read(manifest)):
        _say(2, f"features: kept, {folder}")
        return
    _say(2, f"extracting features with {need.backbone}")
    extract(
        [manifest],
        folder,
        backbone=need.backbone,
        weights=weights,
        crops=need.crops,
        device=device if device in ("auto", "cpu", "cuda") else "auto",
    )


def _train(recipe: Recipe, inputs: RecipeInputs, run: Path, device: str, processes: int) -> None:
    kept = (run / CHECKPOINT).exists()
    _say(3, f"training {recipe.detector}" if not kept else f"training: kept, {run}")
    train(
        [_manifest(inputs)],
        run,
        detector=recipe.detector,
        features=inputs.features,
        settings=inputs.settings,
        seed=recipe.seed,
        resume=True,
        oracle=recipe.oracle,
        drill=False,
        device=device,
        processes=processes,
    )


def _measure(recipe: Recipe, inputs: RecipeInputs, run: Path) -> dict[str, Measured]:
    """The recipe's metric for each of its rows."""
    scores = {row: _score(recipe, inputs, run, row) for row in recipe.rows}
    manifest = _manifest(inputs)
    oracle = scores.get("oracle")
    cut = recipe.skip_first
    found = _evaluate(scores["selected"], manifest, run / "report", oracle, skip_first=cut)
    rows = {"selected": found.metrics}
    if oracle is not None:
        rows["oracle"] = found.oracle
    if "held-out" in scores:
        report = run / "report-held-out"  # the honest row: every frame counts
        rows["held-out"] = _evaluate(scores["held-out"], manifest, report).metrics
    return {row: metrics[recipe.metric] for row, metrics in rows.items()}


def _score(recipe: Recipe, inputs: RecipeInputs, run: Path, row: str) -> Path:
    """Score the test videos for a row, unless such scores of this very checkpoint are there."""
    manifest = _manifest(inputs)
    manner = Manner(per_video=recipe.per_video and row != "held-out", oracle=row == "oracle")
    path = run / "scores" / _FOLDERS[row] / "scores.npz"
    if is_scored(path, run, manner, manifest):
        _say(4, f"scores, {row}: kept, {path}")
        return path
    _say(4, f"scoring the test videos, {row}")
    score(
        run,
        [manifest],
        out=path,
        features=inputs.features,
        oracle=manner.oracle,
        per_video=manner.per_video,
        maps=False,
    )
    return path


def _evaluate(
    scores: Path, manifest: Path, out: Path, oracle: Path | None = None, skip_first: int = 0
) -> Evaluation:
    """Evaluate, unless the evaluation of these very files is there."""
    request = EvaluateRequest(scores, manifest, out, oracle=oracle, skip_first=skip_first)
    if done := kept_evaluation(request):
        _say(5, f"evaluation: kept, {out}")
        return done
    _say(5, "evaluating, with 1000 bootstrap resamples over videos")
    with alone_in(out):
        return evaluate_into(request)


def _manifest(inputs: RecipeInputs) -> Path:
    assert inputs.manifest is not None, f"{MANIFEST} is among what is needed"
    return inputs.manifest


def _plain(measured: dict[str, Measured]) -> dict[str, dict[str, object]]:
    return {row: asdict(part) for row, part in measured.items()}


def _say(stage: int, words: str) -> None:
    print(f"{stage}/5  {words}", flush=True)
