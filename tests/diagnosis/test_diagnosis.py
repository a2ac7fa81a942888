"""What a machine lacks is said, with the line that installs it."""

from importlib import metadata

import pytest
from packaging.requirements import Requirement

import oddframe
from oddframe.cli import main
from oddframe.diagnosis import packages, trials
from oddframe.diagnosis.finding import Diagnosis, Finding

TRUE_VERSION = metadata.version


def lacking(*gone):
    def version(name):
        if name in gone:
            raise metadata.PackageNotFoundError(name)
        return TRUE_VERSION(name)

    return version


def test_requirements_are_those_of_the_package():
    """As the library reads them that pip reads them with."""
    needed = packages._needed()
    extras = {extra: packages._needed(extra) for extra in packages._extras()}
    known = [Requirement(line) for line in metadata.requires("oddframe") or []]
    assert needed == [one.name for one in known if one.marker is None]
    assert "numpy" in needed
    for extra, names in extras.items():
        given = {"extra": extra}
        marked = [one for one in known if one.marker and one.marker.evaluate(given)]
        assert names == [one.name for one in marked]
    assert "serve" in extras
    assert "dev" not in extras


def test_all_is_well_here(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("whatever oddframe needs works\n")
    assert f"oddframe       {oddframe.__version__} in " in said
    assert "ok  film           10 frames were written as H.264 and read again" in said
    assert "looks at a picture in" in said


def test_an_extra_that_lacks_a_package_is_no_failure_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(metadata, "version", lacking("uvicorn"))
    (found,) = [one for one in packages.packages() if one.name == "[serve]"]
    assert found.works is None
    assert found.said.startswith("not here: uvicorn; install with: ")
    assert "[serve]" in found.said


def test_what_is_needed_and_not_there_is_one(monkeypatch, capsys):
    monkeypatch.setattr(metadata, "version", lacking("av", "pyyaml"))
    assert main(["doctor"]) == 3
    said = capsys.readouterr().out
    assert "NO  packages       missing av, pyyaml; install with: " in said
    assert said.endswith("1 thing that oddframe needs does not work, see 'NO' above\n")


def test_a_network_that_is_damaged_is_one(monkeypatch):
    monkeypatch.setattr(trials, "integer_network", lambda: b"no network")
    found = {one.name: one for one in trials.trials()}
    assert found["network"].works is False
    assert "install oddframe again" in found["network"].said
    assert found["film"].works


@pytest.mark.parametrize(
    ("works", "mark"), [(True, "ok  a  said"), (False, "NO  a  said"), (None, "-   a  said")]
)
def test_a_finding_is_a_line(works, mark):
    lines = Diagnosis((Finding("a", "said", works),)).text().splitlines()
    assert lines[0] == mark
    assert len(lines) == 2
