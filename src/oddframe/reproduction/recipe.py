"""Recipes: a row of a paper's table, as a YAML file that says how to come by it.

The form is described in ``docs/reproduce.md``. Reading checks names and kinds of values; whether a
detector takes the settings is seen when the recipe is checked or run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError, nearest
from oddframe.files.addresses import known
from oddframe.files.yaml_table import YamlTable, read_yaml

OWN_MANIFEST = "manifest"
"""As a data set's name: the data folder holds a ``manifest.jsonl`` of its own."""
ROWS = ("selected", "oracle", "held-out")
"""What a number can be of. ``selected``: the checkpoint that validation chose; ``oracle``: the one
that is best on the test videos; ``held-out``: the first, without scaling within test videos."""
ORIGINS = ("published", "measured by oddframe")
METRICS = ("micro_auc", "macro_auc", "average_precision")
PREPARE_OPTIONS = ("val_share", "seed", "fps", "labels", "events", "intervals", "val_split")


@dataclass(frozen=True)
class FeatureNeed:
    """Features that a row is about, as ``extract`` names them, and where they can be had."""

    backbone: str
    crops: str
    channels: int
    address: str = ""


@dataclass(frozen=True)
class WeightNeed:
    """A weight file that training needs, and the detector's setting that names it."""

    what: str
    setting: str
    address: str


@dataclass(frozen=True)
class Value:
    """A number to hold a result against.

    Attributes:
        value: value of the recipe's metric, 0 to 1.
        by: who says so; for an expected value one of :data:`ORIGINS`.
        where: the table, page or file.
        row: which of :data:`ROWS` it is of.
        recalled: whether it was taken from memory and not looked up again.
        spread: standard deviation over seeds, if known.
        note: what else there is to know.
    """

    value: float
    by: str
    where: str
    row: str
    recalled: bool = False
    spread: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Recipe:
    """How to come by a row of a table.

    Attributes:
        name: what the command line calls it.
        file: where it was read.
        title, citation, table: what row it is.
        dataset: a name of :data:`oddframe.datasets.DATASETS`, or :data:`OWN_MANIFEST`.
        options: options of ``oddframe prepare``.
        address: where the data can be had: a name that ``fetch`` knows, or words.
        features: what features the detector needs, None if it looks at frames.
        weights: what weight file its training needs, if any.
        detector, settings, seed, oracle: options of ``oddframe train``.
        per_video: option of ``oddframe score``.
        metric: the number of the row.
        skip_first: frames at the beginning of each video that the paper leaves out.
        protocol: how the row came about and what is done here, in sentences.
        expected: what should come out; empty only where nobody has said a number.
        reference: other numbers worth seeing beside it, which are not expected.
    """

    name: str
    file: Path
    title: str
    citation: str
    table: str
    dataset: str
    options: dict[str, Any]
    address: str
    features: FeatureNeed | None
    weights: WeightNeed | None
    detector: str
    settings: dict[str, Any]
    seed: int
    oracle: bool
    per_video: bool
    metric: str
    skip_first: int
    protocol: str
    expected: tuple[Value, ...]
    reference: tuple[Value, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Which of :data:`ROWS` a reproduction has."""
        there = {"selected": True, "oracle": self.oracle, "held-out": self.per_video}
        return tuple(row for row in ROWS if there[row])


def recipe_folder() -> Path:
    """The folder of all shipped recipes: in the installed package, or in the repository."""
    package = Path(__file__).parents[1]
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parents[1] / "recipes"


def shipped_recipes() -> tuple[Recipe, ...]:
    """All reproduction recipes that come with oddframe, by name."""
    files = (recipe_folder() / "reproduce").glob("*.yaml")
    return tuple(read_recipe(file) for file in sorted(files, key=lambda file: file.stem))


def find_recipe(recipe: str) -> Recipe:
    """A recipe by its path, or by the name of a shipped one.

    Raises:
        OddframeError: neither such a file nor such a name, or a wrong recipe.
    """
    path = Path(recipe)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return read_recipe(path)
    folder = recipe_folder() / "reproduce"
    names = sorted(file.stem for file in folder.glob("*.yaml"))
    if recipe not in names:
        raise OddframeError(
            f"reproduce: no recipe '{recipe}' in {folder}; {nearest(recipe, names)}see 'oddframe "
            "reproduce' for all, or give the path of a recipe (.yaml)"
        )
    return read_recipe(folder / f"{recipe}.yaml")


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        OddframeError: unreadable, an unknown or missing key, or a value of another kind.
    """
    top = YamlTable(path, read_yaml(path, "a recipe"), _KEYS)
    paper = top.table("paper", ("citation", "table"))
    dataset = top.table("dataset", ("name", "options", "address"))
    options = dataset.table("options", PREPARE_OPTIONS, optional=True)
    needs = top.table("needs", ("features", "weights"), optional=True)
    train = top.table("train", ("recipe", "detector", "settings", "seed", "oracle"))
    score = top.table("score", ("per_video",), optional=True)
    evaluate = top.table("evaluate", ("metric", "checkpoint", "skip_first"))
    row = evaluate.choice("checkpoint", ("selected", "oracle"))
    base = _base(train.text("recipe", ""), path)
    recipe = Recipe(
        name=path.stem,
        file=path,
        title=top.text("title"),
        citation=paper.text("citation"),
        table=paper.text("table"),
        dataset=dataset.text("name"),
        options=_options(options),
        address=dataset.text("address"),
        features=_features(needs) if "features" in needs else None,
        weights=_weights(needs) if "weights" in needs else None,
        detector=train.text("detector", base.get("detector")),
        settings={**base.get("settings", {}), **train.mapping("settings")},
        seed=train.whole("seed", base.get("seed", 0)),
        oracle=train.flag("oracle"),
        per_video=score.flag("per_video"),
        metric=evaluate.choice("metric", METRICS),
        skip_first=evaluate.whole("skip_first", 0, least=0),
        protocol=" ".join(top.text("protocol").split()),
        expected=tuple(_value(part, row, ORIGINS) for part in top.tables("expected", _VALUE_KEYS)),
        reference=tuple(_value(part, row) for part in top.tables("reference", _VALUE_KEYS)),
    )
    for value in recipe.expected:
        if value.row not in recipe.rows:
            raise OddframeError(
                f"{path}: a value is expected of the row '{value.row}', and this recipe makes only "
                f"{', '.join(recipe.rows)}; set train: oracle or score: per_video, or correct it"
            )
    return recipe


def describe_address(address: str) -> str:
    """Where something can be had, from a name that ``fetch`` knows or from words."""
    found = known(address)
    if found is None:
        return address
    note = f" ({found.note})" if found.note else ""
    # What fetch says of a page is no more than this.
    return f"{found.url}{note}" + f", see 'oddframe fetch {found.name}'" * bool(found.file)


_KEYS = (
    "title",
    "paper",
    "dataset",
    "needs",
    "train",
    "score",
    "evaluate",
    "protocol",
    "expected",
    "reference",
)
_VALUE_KEYS = ("value", "by", "where", "row", "recalled", "spread", "note")


def _options(given: YamlTable) -> dict[str, Any]:
    kinds: dict[str, Callable[[str], Any]] = {
        "val_share": given.share,
        "seed": given.whole,
        "fps": lambda key: given.number(key, 0),
    }
    return {key: kinds.get(key, given.text)(key) for key in PREPARE_OPTIONS if key in given}


def _features(needs: YamlTable) -> FeatureNeed:
    part = needs.table("features", ("backbone", "crops", "channels", "address"))
    backbone, crops = part.text("backbone"), part.text("crops")
    if not crops.partition("-")[0].isdecimal():
        raise part.wrong("crops", "a number of crops, such as '10' or '10-deepmil'", crops)
    return FeatureNeed(backbone, crops, part.whole("channels"), part.text("address"))


def _weights(needs: YamlTable) -> WeightNeed:
    part = needs.table("weights", ("what", "setting", "address"))
    return WeightNeed(part.text("what"), part.text("setting"), part.text("address"))


def _value(part: YamlTable, row: str, origins: tuple[str, ...] = ()) -> Value:
    return Value(
        value=part.share("value"),
        by=part.choice("by", origins) if origins else part.text("by"),
        where=part.text("where"),
        row=part.choice("row", ROWS, row),
        recalled=part.flag("recalled"),
        spread=part.share("spread") if "spread" in part else None,
        note=part.text("note", ""),
    )


def _base(name: str, path: Path) -> dict[str, Any]:
    """Detector, settings and seed of a recipe for ``train --config``, named beside ``path``."""
    if not name:
        return {}
    file = path.parent / name
    base = YamlTable(file, read_yaml(file, "a recipe"), ("detector", "settings", "seed"))
    return {
        "detector": base.text("detector"),
        "settings": base.mapping("settings"),
        "seed": base.whole("seed", 0),
    }
