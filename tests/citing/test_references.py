"""Every method, backbone and data set has its paper, and BibTeX can be read."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import oddframe
from oddframe.citing.references import names_in, own_reference, references, references_of
from oddframe.datasets import DATASETS
from oddframe.detectors import available
from oddframe.features.backbones import available as backbones

OF_NO_PAPER = {"random-scores", "onnx", "folder", "synthetic"}
"""A baseline of three lines, whatever network somebody brings, their own videos, a made scene."""


def test_whatever_has_a_paper_names_it_and_no_entry_is_of_something_that_is_not_there():
    known = {*available(), *backbones(), *DATASETS} - OF_NO_PAPER
    named = {name for one in references() for name in one.names}
    assert named == known


def test_no_entry_of_the_file_is_passed_over():
    text = files("oddframe.citing").joinpath("references.bib").read_text(encoding="utf-8")
    assert len(references()) == text.count("\n@") == len({one.key for one in references()})


@pytest.mark.parametrize("one", [*references(), own_reference()], ids=lambda one: one.key)
def test_an_entry_is_whole(one):
    assert re.match(rf"@\w+\{{{one.key},\n", one.bibtex)
    assert one.bibtex.count("{") == one.bibtex.count("}")
    fields = dict(re.findall(r"^  (\w+) += \{(.*)\},?$", one.bibtex, re.M))
    assert {"author", "title", "year"} <= fields.keys()
    assert "keywords" not in fields
    assert 2000 <= int(fields["year"]) <= 2026
    # All fields but the last end with a comma, and there is nothing else.
    lines = one.bibtex.splitlines()[1:-1]
    assert [line.endswith(",") for line in lines] == [True] * (len(lines) - 1) + [False]


def test_the_citation_file_says_the_same():
    file = Path(__file__).parents[2] / "CITATION.cff"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    own = own_reference().bibtex
    assert said["version"] == oddframe.__version__
    assert f"{{{said['title']}}}" in own
    assert f"{{{{{said['authors'][0]['name']}}}}}" in own


def test_a_run_is_of_its_detector_its_backbone_and_its_data_set():
    config = {"dataset": "xd-violence", "features_info": {"backbone": {"name": "i3d-resnet50"}}}
    found = references_of(names_in(config, "rtfm"))
    assert {one.key for one in found} == {
        "tian2021weakly",
        "carreira2017quo",
        "wang2018non",
        "wu2020not",
    }
    assert names_in({"features_info": {"backbone": "somebody's"}}, "rtfm") == ["rtfm", "somebody's"]
