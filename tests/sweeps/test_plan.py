"""The trials of a sweep: how many, in which order, and which of them are the same."""

from __future__ import annotations

import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oddframe.sweeps.plan import Distribution, Sweep


def sweep(**parts: Any) -> Sweep:
    row: dict[str, Any] = {
        "file": Path("/s.yaml"), "folder": Path("/s"), "detector": "rtfm", "settings": {},
        "manifest": Path("/m.jsonl"), "features": Path("/f"), "root": None, "grid": {}, "runs": (),
        "distributions": {}, "samples": 0, "seeds": (0,), "metric": "val/video_auc", "mode": "max",
        "search": "optuna", "stopping": None, "retries": 1, "cpus": 1.0, "gpus": 0.0,
        "device": "auto", "precision": "32-true", "oracle": False, "score": True, "track": None,
    }  # fmt: skip
    return Sweep(**{**row, **parts})


values = st.one_of(
    st.integers(-50, 50),
    st.floats(0.001, 0.999),
    st.booleans(),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
    st.sampled_from(["official", "paper"]),
)
grids = st.dictionaries(
    st.sampled_from(["width", "dropout", "loss", "steps", "widths"]),
    st.lists(values, min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=3,
)
seed_lists = st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True).map(tuple)


def distinct(found: tuple[Any, ...]) -> int:
    # 1 and 1.0 train the same; 1 and true do not.
    return len({json.dumps(value) for value in found})


@given(grids, seed_lists)
def test_a_grid_is_the_product_of_its_distinct_values_and_the_seeds(grid, seeds):
    trials = sweep(grid=grid, seeds=seeds).trials()
    assert len(trials) == math.prod(map(distinct, grid.values())) * len(seeds)
    assert len({trial.id for trial in trials}) == len(trials)
    assert len({trial.configuration for trial in trials}) == len(trials) // len(seeds)
    assert sweep(grid=grid, seeds=seeds).count == len(trials)


@given(grids, seed_lists, st.randoms())
def test_reordering_the_file_changes_the_order_alone(grid, seeds, shuffler: random.Random):
    names = list(grid)
    shuffler.shuffle(names)
    again = {name: tuple(shuffler.sample(grid[name], len(grid[name]))) for name in names}
    turned = tuple(shuffler.sample(seeds, len(seeds)))
    one, other = sweep(grid=grid, seeds=seeds), sweep(grid=again, seeds=turned)
    assert {t.id for t in one.trials()} == {t.id for t in other.trials()}


def test_the_last_name_varies_fastest_and_seeds_faster_still():
    found = sweep(
        settings={"width": 8}, grid={"dropout": (0.1, 0.5), "k": (1, 2)}, seeds=(0, 7)
    ).trials()
    order = [(t.settings["dropout"], t.settings["k"], t.seed) for t in found]
    assert order[:5] == [(0.1, 1, 0), (0.1, 1, 7), (0.1, 2, 0), (0.1, 2, 7), (0.5, 1, 0)]
    assert len(order) == 8
    assert found[0].varied == {"dropout": 0.1, "k": 1}
    assert found[0].settings == {"width": 8, "dropout": 0.1, "k": 1}
    assert found[0].words == "dropout 0.1, k 1"


def test_an_id_is_the_hash_of_detector_settings_and_seed():
    (trial,) = sweep(settings={"width": 8.0}, runs=({"k": 2},), seeds=(3,)).trials()
    text = '{"detector":"rtfm","seed":3,"settings":{"k":2,"width":8}}'
    assert trial.id == hashlib.sha256(text.encode()).hexdigest()[:10]
    text = '{"detector":"rtfm","settings":{"k":2,"width":8}}'
    assert trial.configuration == hashlib.sha256(text.encode()).hexdigest()[:10]


def test_runs_come_after_the_grid_and_what_is_there_already_comes_once():
    both = sweep(grid={"k": (1, 2, 1)}, runs=({"k": 2}, {"k": 3}, {}))
    assert [t.varied for t in both.trials()] == [{"k": 1}, {"k": 2}, {"k": 3}, {}]
    assert both.trials()[-1].words == "-"


def test_appended_runs_leave_the_others_as_they_were():
    before = sweep(grid={"k": (1, 2)}, seeds=(0, 1))
    after = sweep(grid={"k": (1, 2)}, runs=({"k": 9},), seeds=(0, 1, 2))
    assert {t.id for t in before.trials()} < {t.id for t in after.trials()}
    assert {t.configuration for t in before.trials()} < {t.configuration for t in after.trials()}


def test_a_run_overrides_what_is_shared():
    (trial,) = sweep(settings={"k": 1, "width": 8}, runs=({"k": 5},)).trials()
    assert trial.settings == {"k": 5, "width": 8}
    assert trial.id == sweep(settings={"width": 8}, runs=({"k": 5},)).trials()[0].id


def test_distributions_have_a_number_of_trials_but_none_yet():
    drawn = sweep(
        distributions={"dropout": Distribution("uniform", (0, 1))}, samples=5, seeds=(0, 1)
    )
    assert drawn.trials() == ()
    assert drawn.count == 10
    assert drawn.trial({"dropout": 0.25}, 1).settings == {"dropout": 0.25}


def test_steps_come_from_the_settings_or_from_the_detector():
    assert sweep().steps({"steps": 40}) == 40
    assert sweep(detector="sultani").steps({}) == 1500
    assert sweep(detector="random-scores").steps({}) == 0
    assert sweep(detector="fixed-camera").steps({}) == 0
