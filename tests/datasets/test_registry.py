"""The list of data sets: each is there, takes a folder, and is imported only when asked for."""

import inspect
import subprocess
import sys

import pytest

from oddframe.cli import main
from oddframe.datasets import DATASETS, preparer
from oddframe.errors import OddframeError
from oddframe.verbs.prepare import prepare


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_data_set_loads_and_needs_no_option_that_the_verb_lacks(name):
    root, *options = inspect.signature(preparer(name)).parameters.values()
    assert root.name == "root"
    verb = inspect.signature(prepare).parameters
    for option in options:
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert option.name in verb or option.default is not inspect.Parameter.empty


def test_an_unknown_data_set_is_an_error_that_lists_those_there_are():
    with pytest.raises(OddframeError, match=r"'ped3'; use one of avenue, folder, .*ucsd-ped2"):
        preparer("ped3")


def test_help_of_prepare_names_every_data_set(capsys):
    assert main(["prepare", "--help"]) == 0
    assert f"\ndata sets: {', '.join(DATASETS)}\n" in capsys.readouterr().out
    assert list(DATASETS) == sorted(DATASETS)


def test_importing_the_list_imports_no_data_set():
    code = (
        "import sys, oddframe.datasets, oddframe.verbs.prepare;"
        "print([m for m in sys.modules if m.startswith('oddframe.datasets.') or m in "
        "('scipy', 'av', 'matplotlib', 'rich')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
