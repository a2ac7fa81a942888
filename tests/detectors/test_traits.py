"""What a detector declares of itself is what it has, and what help texts say."""

import inspect

from tests.made.every_detector import every

from oddframe.cli import main
from oddframe.detectors import available, load, load_given
from oddframe.detectors.traits import Traits
from oddframe.verbs.import_checkpoint import import_checkpoint


@every()
def test_what_is_declared_is_there(name):
    kind = load_given(name).DETECTOR
    traits = kind.traits
    assert isinstance(traits, Traits)
    assert hasattr(kind, "fit") == (traits.trained == "at once")
    assert bool(getattr(kind, "phases", ())) == (traits.trained == "in steps")
    assert hasattr(kind, "scaled_terms") == traits.per_video
    assert hasattr(kind, "merge_seconds") == traits.counts_alarms
    assert hasattr(kind, "from_published") == traits.published
    if traits.extra_files:
        taken = inspect.signature(kind.from_published).parameters
        options = inspect.signature(import_checkpoint).parameters
        assert traits.extra_files.keys() <= taken.keys() & options.keys()
    if traits.looks_at == "frames":
        assert hasattr(kind, "to") == traits.on_gpu


def test_help_of_train_names_every_detector_by_its_school(capsys):
    assert main(["train", "--help"]) == 0
    said = capsys.readouterr().out.partition("\ndetectors:\n")[2].partition("\n\n")[0]
    found = {line.partition(":")[0].strip(): line.partition(": ")[2] for line in said.split("\n")}
    assert found["own cameras"] == "fixed-camera"
    assert found["baselines"] == "random-scores"
    assert sorted(name for names in found.values() for name in names.split(", ")) == available()


def test_help_of_import_names_every_detector_that_was_published():
    published = [name for name in available() if load(name).DETECTOR.traits.published]
    text = inspect.getdoc(import_checkpoint) or ""
    said = text.partition("detector: ")[2].partition("\n    checkpoint: ")[0]
    assert [name for name in published if f"``{name}``" not in said] == []
