"""The shipped recipes against the facts that they quote, and what reading a recipe refuses."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from oddframe.cli import main
from oddframe.comparison.published_numbers import published_for
from oddframe.datasets import DATASETS
from oddframe.detectors import load
from oddframe.errors import OddframeError
from oddframe.reproduction.recipe import (
    OWN_MANIFEST,
    PREPARE_OPTIONS,
    Recipe,
    describe_address,
    find_recipe,
    read_recipe,
    recipe_folder,
    shipped_recipes,
)
from oddframe.settings.checked import settings_of
from oddframe.settings.reading import read_settings
from oddframe.verbs.prepare import prepare

DOCS = recipe_folder().parent / "docs"
RECIPES = {recipe.name: recipe for recipe in shipped_recipes()}

METHODS = {
    "rtfm": "RTFM",
    "mgfn": "MGFN",
    "s3r": "S3R",
    "future-frame": "Future frame prediction",
    "mnad-prediction": "MNAD",
    "ognet": "OGNet",
    "conv-ae-clip": "Conv-AE",
    "convlstm-ae": "ConvLSTM-AE",
    "spatiotemporal-ae": "Chong & Tay",
    "deep-appearance": "DeepAppearance",
    "stacked-rnn-tsc": "Stacked RNN, TSC alone",
    "stacked-rnn": "Stacked RNN",
    "giorno": "Giorno",
    "unmasking": "Unmasking",
    "mc2st": "MC2ST",
    "pseudo-anomaly-full": "Pseudo-anomalies, P_full",
    "pseudo-anomaly-normal": "Pseudo-anomalies, P_normal",
    "pseudo-anomaly-abnormal": "Pseudo-anomalies, P_abnormal",
}
"""Beginning of a recipe's name to the method in the table of published numbers."""
EVERY_FRAME = {
    *("ognet", "conv-ae-clip", "convlstm-ae", "spatiotemporal-ae"),
    *("deep-appearance", "stacked-rnn", "giorno", "unmasking", "mc2st"),
}
"""Detectors whose papers leave no frame out."""
NOT_IN_TABLE = {
    "future-frame-ped1": 0.831,
    "mnad-reconstruction-ped2": 0.902,
    "mnad-reconstruction-avenue": 0.828,
    "mnad-reconstruction-shanghaitech": 0.698,
}
"""From the fact sheet on frame-level methods, 6.1, by hand."""


DATA = ("ped2", "avenue", "shanghaitech")


def test_every_method_has_its_rows() -> None:
    weak = {f"{method}-ucf-crime" for method in ("rtfm", "mgfn", "s3r")}
    weak |= {f"{method}-xd-violence" for method in ("rtfm", "mgfn", "s3r")}
    weak |= {"rtfm-shanghaitech", "s3r-shanghaitech"}
    one = {
        f"{method}-{data}"
        for method in ("future-frame", "mnad-prediction", "mnad-reconstruction")
        for data in DATA
    }
    clips = ("conv-ae-clip", "convlstm-ae", "spatiotemporal-ae")
    one |= {f"{method}-{data}" for method in clips for data in ("avenue", "ped1", "ped2")}
    one |= {f"{method}-{data}" for method in ("stacked-rnn", "stacked-rnn-tsc") for data in DATA}
    one |= {f"conv-ae-clip-{data}-rerun" for data in ("avenue", "ped1", "ped2", "shanghaitech")}
    one |= {f"{method}-{data}" for method in ("unmasking", "mc2st") for data in ("ped1", *DATA[:2])}
    one |= {"giorno-avenue", "giorno-ped2"}
    fights = {f"{method}-spliced-fights" for method in ("rtfm", "mgfn", "s3r")}
    assert weak | one | fights | {
        "future-frame-ped1",
        "ognet-ped2",
        "deep-appearance-avenue",
    } <= set(RECIPES)
    ran = {file.stem for file in (recipe_folder() / "ped2-small").glob("*.yaml")}
    assert {f"ped2-small-{name}" for name in ran} <= set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_detector_and_data_set_take_it(recipe: Recipe) -> None:
    settings = dict(recipe.settings)
    if recipe.weights is not None:
        settings[recipe.weights.setting] = "FILE"
    detector = load(recipe.detector)
    read_settings(detector.CONFIG, recipe.detector, settings)
    assert (detector.DETECTOR.traits.looks_at == "features") == (recipe.features is not None)
    assert recipe.dataset in {*DATASETS, OWN_MANIFEST}
    assert recipe.expected
    assert recipe.protocol.endswith(".")
    assert not recipe.oracle or "oracle" in recipe.protocol.lower()


def test_options_are_those_of_prepare() -> None:
    assert set(PREPARE_OPTIONS) <= set(inspect.signature(prepare).parameters)


@pytest.mark.parametrize("name", [n for n, r in RECIPES.items() if r.expected[0].by == "published"])
def test_published_values_are_the_known_ones(name: str) -> None:
    recipe = RECIPES[name]
    (expected,) = recipe.expected
    # A paper's number was, or may have been, chosen on the test videos: never beside 'selected',
    # but where there is one state and no more.
    traits = load(recipe.detector).DETECTOR.traits
    assert expected.row == ("oracle" if traits.trained == "in steps" else "selected")
    if recipe.features is None:
        # The pixels that the published code makes of a frame, and the frames that it judges.
        whole = recipe.detector in EVERY_FRAME or recipe.settings.get("task") == "reconstruction"
        resized = "pillow" if recipe.detector == "ognet" else "bilinear"
        if "resize" in settings_of(load(recipe.detector).CONFIG):
            assert recipe.settings["resize"] == resized
        assert recipe.skip_first == (0 if whole else 4)
    if name in NOT_IN_TABLE:
        assert expected.value == NOT_IN_TABLE[name]
        return
    method = next(method for start, method in METHODS.items() if name.startswith(start))
    method += ", run again" * name.endswith("-rerun")
    rows = [
        part
        for part in published_for(recipe.dataset)
        if part.method == method and part.metric == recipe.metric
    ]
    assert expected.value == pytest.approx(rows[0].value)
    recalled = any("recalled" in part.note for part in rows)
    assert expected.recalled == recalled


def _rows(page: str) -> dict[str, list[str]]:
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    # A dagger says when a row was measured.
    return {row[0].rstrip(" †‡§¶"): row for row in reversed(cells) if len(row) >= 5}


def test_small_ped2_values_are_those_of_the_results_page() -> None:
    table = _rows("one-class-results.md")
    checked = 0
    for name, recipe in RECIPES.items():
        if not name.startswith("ped2-small-"):
            continue
        stem = name.removeprefix("ped2-small-")
        row = table.get(stem) or table[f"{stem}, full"]
        said = {"held-out": row[3], "selected": row[4], "oracle": row[5]}
        for part in recipe.expected:
            assert part.value == float(said[part.row].split()[0]), (name, part.row)
            checked += 1
        assert bool(said["oracle"]) == recipe.oracle
    assert checked >= 9 * 2


def test_spliced_fight_values_are_those_of_the_results_page() -> None:
    table = _rows("weak-results.md")
    for method in ("rtfm", "mgfn", "s3r"):
        selected, oracle = RECIPES[f"{method}-spliced-fights"].expected
        mean, deviation = table[method][1].split(" ± ")
        assert (selected.value, selected.spread) == (float(mean), float(deviation))
        assert oracle.value == float(table[method][6].split(" / ")[0])


def test_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce"]) == 0
    shown = capsys.readouterr().out
    lines = [line for line in shown.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines] == sorted(RECIPES)
    assert re.search(r"rtfm-ucf-crime +AUC 0\.843 published +RTFM on UCF-Crime; needs ucf-", shown)


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(OddframeError, match="did you mean 'rtfm-ucf-crime'"):
        find_recipe("rtfm-ucfcrime")


def test_address_by_name_and_in_words() -> None:
    assert "github.com/tianyu0207/RTFM" in describe_address("rtfm-features")
    assert "oddframe fetch" not in describe_address("rtfm-features")  # a page to visit
    assert "see 'oddframe fetch i3d-inception'" in describe_address("i3d-inception")
    assert describe_address("ask the authors") == "ask the authors"


GOOD: dict[str, Any] = {
    "title": "t",
    "paper": {"citation": "c", "table": "1"},
    "dataset": {"name": "manifest", "address": "here"},
    "train": {"detector": "sultani"},
    "evaluate": {"metric": "micro_auc", "checkpoint": "selected"},
    "protocol": "p.",
    "expected": [{"value": 0.5, "by": "published", "where": "w"}],
}


@pytest.mark.parametrize(
    ("place", "key", "value", "said"),
    [
        ("", "titel", "x", "unknown key 'titel'; did you mean 'title'"),
        ("paper", "tabel", "x", "unknown key 'paper.tabel'; did you mean 'table'"),
        ("train", "setings", {}, "unknown key 'train.setings'; did you mean 'settings'"),
        ("evaluate", "metric", "auc", "'evaluate.metric': expected one of micro_auc"),
        ("train", "oracle", "yes please", "'train.oracle': expected true or false"),
        ("train", "seed", 1.5, "'train.seed': expected a whole number, found 1.5"),
        ("dataset", "options", {"val_share": "two"}, "'dataset.options.val_share': expected a num"),
        ("dataset", "options", {"labels": 3}, "'dataset.options.labels': expected words, found 3"),
        (
            "",
            "needs",
            {"features": {"backbone": "b", "crops": "ten", "channels": 1, "address": "a"}},
            "'needs.features.crops': expected a number of crops, .* found 'ten'",
        ),
        ("", "protocol", None, "'protocol': expected words, found None"),
        ("", "expected", {"value": 1}, "'expected': expected a list"),
        ("", "expected", [{"value": 84.3, "by": "published", "where": "w"}], "from 0 to 1"),
        ("", "expected", [{"value": 0.5, "by": "me", "where": "w"}], "one of published, measured"),
        (
            "",
            "expected",
            [{"value": 0.5, "by": "published", "where": "w", "row": "oracle"}],
            "expected of the row 'oracle'.*makes only selected",
        ),
    ],
)
def test_wrong_recipe_is_refused(
    tmp_path: Path, place: str, key: str, value: object, said: str
) -> None:
    content = {**GOOD, place: {**GOOD[place], key: value}} if place else {**GOOD, key: value}
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(OddframeError, match=said) as refused:
        read_recipe(path)
    assert str(path) in str(refused.value)


def test_missing_key_and_unreadable_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({key: part for key, part in GOOD.items() if key != "train"}))
    with pytest.raises(OddframeError, match="'train' is missing"):
        read_recipe(path)
    path.write_text("title: [")
    with pytest.raises(OddframeError, match="expected a recipe in YAML"):
        read_recipe(path)
    with pytest.raises(OddframeError, match="no such file"):
        find_recipe(str(tmp_path / "none.yaml"))


def test_settings_are_added_to_those_of_another_recipe(tmp_path: Path) -> None:
    base = {"detector": "sultani", "seed": 7, "settings": {"steps": 5, "segments": 8}}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(base))
    train = {"recipe": "base.yaml", "settings": {"steps": 6}}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump({**GOOD, "train": train}))
    found = read_recipe(tmp_path / "r.yaml")
    assert (found.detector, found.seed) == ("sultani", 7)
    assert found.settings == {"steps": 6, "segments": 8}
