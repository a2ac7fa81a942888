"""How oddframe is installed again, with what it lacks: a command that can work here."""

import shlex
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from oddframe.console import installation
from oddframe.console.installation import how_to_install

CLONE = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_in_a_clone_it_installs_the_clone(extra):
    python, *words = shlex.split(how_to_install(extra))
    assert python == sys.executable
    assert words[:4] == ["-m", "pip", "install", "-c"]
    assert Path(words[4]).is_file()
    assert words[5:] == ["-e", f"{CLONE}[{extra}]" if extra else str(CLONE)]


def test_elsewhere_it_installs_what_the_extra_is_made_of(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "_CLONE", tmp_path)
    lines = ["numpy>=1.26", "ray[tune]>=2.40; extra == 'ray'", 'optuna>=4.0; extra == "ray"']
    monkeypatch.setattr(metadata, "requires", lambda _: lines)
    pip = f"{shlex.quote(sys.executable)} -m pip install"
    assert how_to_install("ray") == f"{pip} 'ray[tune]>=2.40' 'optuna>=4.0'"
    assert how_to_install() == f"{pip} 'numpy>=1.26'"


def test_of_an_installation_without_records_the_clone_is_named(monkeypatch, tmp_path):
    def unknown(_):
        raise metadata.PackageNotFoundError("oddframe")

    monkeypatch.setattr(installation, "_CLONE", tmp_path)
    monkeypatch.setattr(metadata, "requires", unknown)
    assert how_to_install("ray").endswith("pip install 'CLONE-OF-ODDFRAME[ray]'")


def test_every_extra_that_a_message_names_exists():
    """Whatever ``how_to_install`` is called with in the package is an extra."""
    import re

    text = "".join(path.read_text() for path in (CLONE / "src").rglob("*.py"))
    assert {*re.findall(r"how_to_install\(['\"](\w+)['\"]\)", text)} == {
        "matlab",
        "mqtt",
        "notebook",
        "plots",
        "prometheus",
        "ray",
        "serve",
        "svm",
        "train",
    }
    from oddframe.tracking import TRACKERS

    assert {*TRACKERS, "ray"} <= set(EXTRAS)
    assert "pip install 'oddframe[" not in text
