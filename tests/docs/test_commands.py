"""Every command of the documentation: run on small footage, or read by the real parser."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.docs.commands import REPOSITORY, Block, every_block, inline, without_remark
from tests.made.street import Street

from oddframe.cli.arguments import parse_arguments
from oddframe.cli.telling import Telling, offered
from oddframe.cli.verbs import VERBS, function_of

CAMERA = "README.md: oddframe train folder/of/normal/videos --out run"
ROWS = "formats.md: oddframe score run new.mp4 --json"
EVENTS = "own-videos.md: oddframe prepare folder mine --events events.csv --out mine.jsonl"
RUN = {CAMERA, ROWS, EVENTS}
"""Blocks that are run, word for word but for the lines below."""
LEFT_OUT = {
    "oddframe drill run": "half a minute; tests/drills/ has small ones",
    "oddframe score run night.mp4 --start 1:30:00 --end 2:15:00": "footage of two hours",
}
"""Lines of these blocks that are read like the others, and why."""
READ = {
    "CONTRIBUTING.md": "makes an environment, as `.ci/run` does with the README's line",
    "README.md": "environments (`.ci/run` makes one), cameras, data sets, checkpoints, a cluster",
    "data-sets.md": "data sets that are not here; their readers have trees of their own in tests",
    "drill.md": "half a minute; tests/drills/ has small ones",
    "experiments-results.md": "a bench of an hour",
    "export.md": "tests/exporting makes packages and checks them",
    "faq.md": "the same as in own-videos.md",
    "features.md": "networks, a cluster, footage that is not here",
    "fixed-camera.md": "Ped2 and the home office",
    "live.md": "cameras and phones; tests/watching has real ones",
    "never-trained.md": "the README's words; tests/fitting and tests/untrained run them",
    "one-class-results.md": "trainings of hours",
    "one-class-training.md": "trainings of hours, checkpoints of papers",
    "own-detectors.md": "tests/verbs/test_examples.py runs the examples",
    "own-videos.md": "the README's words; two hours, an address, a cluster",
    "page.md": "goes on for ever; tests/serving has it in a browser",
    "reproduce.md": "Ped2, UCF-Crime; tests/verbs/test_reproduce.py has a small recipe",
    "spliced-fights.md": "footage that is not here",
    "sweeps.md": "many trainings; tests/sweeps has small ones",
    "teaching.md": "events that a person has seen; tests/verbs/test_learn.py has some",
    "tracking.md": "trackers; tests/tracking has them",
    "training.md": "a network, videos with labels; tests/verbs/test_train_bags.py has some",
    "weak-methods.md": "checkpoints of papers",
    "weak-results.md": "trainings of hours",
    "weights.md": "a download",
    "why-your-auc.md": "UCF-Crime, Ped2",
    "zones.md": "tests/zones has a file",
}
"""Page to why its other blocks are read and not run."""
BLOCKS = every_block()
EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"][
    "optional-dependencies"
]


def test_it_is_said_of_each_block_what_becomes_of_it():
    assert {block.page for block in BLOCKS if block.name not in RUN} == READ.keys()
    assert {block.name for block in BLOCKS} >= RUN


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what is read as a command is: recipes, somebody's detector."""
    (tmp_path / "recipes").symlink_to(REPOSITORY / "recipes")
    shutil.copy(REPOSITORY / "docs" / "example_detector.py", tmp_path / "mine.py")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_the_parser_takes_every_command(place: Path, block: Block, capsys) -> None:
    commands = block.commands()
    assert commands
    for program, *words in commands:
        if program in ("oddframe", ".venv/bin/oddframe"):
            _read(words)
        elif program in ("python", ".venv/bin/python") and words[0].startswith("bench/"):
            _bench(*words)
        for extras in re.findall(r"'?\.\[([a-z,]+)\]'?", " ".join(words)):
            assert set(extras.split(",")) <= EXTRAS.keys()


def _read(words: list[str]) -> None:
    """As ``oddframe.cli.main`` does, but for calling the verb."""
    verb, *given = words
    assert verb in VERBS
    function = function_of(verb)
    _, others = Telling.taken_from(verb, function, given)
    parse_arguments(verb, VERBS[verb], function, others, offered(function))


def _bench(script: str, *words: str) -> None:
    """A bench is there, and knows the options."""
    source = (REPOSITORY / script).read_text(encoding="utf-8")
    for word in words:
        assert not word.startswith("--") or f'"{word}"' in source, f"{script}: {word}"


@pytest.mark.parametrize(("page", "words"), inline(), ids=lambda value: " ".join(value))
def test_options_within_sentences_are_those_of_the_verb(page: str, words: list[str]) -> None:
    verb, *given = words
    function = function_of(verb)
    known = {f"--{name.replace('_', '-')}" for name in inspect.signature(function).parameters}
    known |= {*offered(function), "--config", "--help"}
    options = [re.split(r"[=.]", word)[0] for word in given if word.startswith("--")]
    assert [option for option in options if option not in known] == []


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of a street, under the names that the pages use."""
    root = tmp_path_factory.mktemp("footage")
    street = Street(root)
    for seed in range(2):
        street.film(root / f"folder/of/normal/videos/{seed}.mp4", street.images(6, seed))
    street.film(root / "new.mp4", street.images(6, 51, street.fast))
    for copy in ("monday/1.mp4", "tuesday/2.mp4", "mine/test/gate.mp4", "mine/test/yard.mp4"):
        (root / copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "new.mp4", root / copy)
    shutil.copytree(root / "folder/of/normal/videos", root / "mine" / "train")
    (root / "events.csv").write_text("video,start_seconds,end_seconds,name\ngate.mp4,3,6,runner\n")
    return root


def test_a_camera_owners_commands_run(footage: Path, tmp_path: Path) -> None:
    place = shutil.copytree(footage, tmp_path / "place")
    _bash(CAMERA, place)
    scores = place / "run" / "scores"
    assert (scores / "new" / "report" / "report.html").is_file()
    assert len(list(scores.iterdir())) == 2
    _bash(ROWS, place)
    assert (place / "odd.csv").is_file()


def test_the_commands_for_footage_with_events_run(footage: Path, tmp_path: Path) -> None:
    place = shutil.copytree(footage, tmp_path / "place")
    _bash(EVENTS, place)
    assert "runner" in (place / "run" / "test" / "evaluation" / "report.html").read_text()


def _bash(name: str, place: Path) -> None:
    """Run a block as it is typed, with this Python's oddframe."""
    (text,) = (block.text for block in BLOCKS if block.name == name)
    lines = [line for line in text.splitlines() if without_remark(line) not in LEFT_OUT]
    own = f'set -e\noddframe() {{ "{sys.executable}" -m oddframe "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", own + "\n".join(lines)],
        cwd=place,
        capture_output=True,
        text=True,
        env={**os.environ, "ODDFRAME_TRACK": "none"},
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
