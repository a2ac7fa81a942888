"""What a detector declares of itself is what it has, and what help texts say."""

import inspect

import pytest

from oddframe.detectors import available, load
from oddframe.detectors.traits import Traits
from oddframe.verbs.import_checkpoint import import_checkpoint
from oddframe.verbs.train import train


@pytest.mark.parametrize("name", available())
def test_what_is_declared_is_there(name):
    kind = load(name).DETECTOR
    traits = kind.traits
    assert isinstance(traits, Traits)
    assert hasattr(kind, "fit") == (traits.trained == "at once")
    assert bool(getattr(kind, "phases", ())) == (traits.trained == "in steps")
    assert hasattr(kind, "scaled_terms") == traits.per_video
    assert hasattr(kind, "from_published") == traits.published
    if traits.extra_files:
        taken = inspect.signature(kind.from_published).parameters
        options = inspect.signature(import_checkpoint).parameters
        assert traits.extra_files.keys() <= taken.keys() & options.keys()
    if traits.looks_at == "frames":
        assert hasattr(kind, "to") == traits.on_gpu


def test_help_names_every_detector():
    published = [name for name in available() if load(name).DETECTOR.traits.published]
    for verb, names in ((train, available()), (import_checkpoint, published)):
        text = inspect.getdoc(verb) or ""
        said = text.partition("detector: ")[2].partition("\n    checkpoint: ")[0]
        assert [name for name in names if f"``{name}``" not in said] == []
