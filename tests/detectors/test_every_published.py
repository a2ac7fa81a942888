"""Every detector that can be made of what its authors published: names, scores, refusals."""

import numpy as np
import pytest
import torch
from tests.made.every_detector import CHANNELS, every, filmed, frames, snippets, streamed
from tests.made.published_checkpoints import PUBLISHED
from tests.made.small_settings import small_settings
from tests.made.temporal_networks import randomised

from oddframe.bags.snippets import BagShape
from oddframe.detectors import available, load
from oddframe.errors import OddframeError
from oddframe.verbs.import_checkpoint import import_checkpoint


def test_the_table_names_those_that_can_be_imported():
    assert list(PUBLISHED) == [n for n in available() if load(n).DETECTOR.traits.published]


def made(name, channels, **settings):
    """A detector with the settings of its published network and others."""
    module = load(name)
    config = module.CONFIG(**{**settings, **PUBLISHED[name].settings})
    if module.DETECTOR.traits.looks_at == "frames":
        return module.DETECTOR(config)
    return module.DETECTOR(config, BagShape(2, channels, config.segments))


@pytest.fixture
def detector(name):
    """A small one, whose every tensor was drawn at random."""
    torch.manual_seed(0)
    found = made(name, 2 * CHANNELS, **small_settings(name))
    if name == "s3r":  # its dictionary has no size of its own before it is learnt
        found.dictionary = torch.rand(5, 2 * CHANNELS)
    return randomised(found).eval()


def measured(detector, side):
    """What a detector says of clips, or of features, that nobody else has seen."""
    if detector.traits.looks_at == "features":
        return {"score": detector.score_snippets(np.tile(snippets(3), 2))}
    shape = (2, detector.clip_length, side, side, detector.config.channels)
    clips = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return detector.measure_clips(clips)[0]


def changed(checkpoint, change):
    """A checkpoint with each of its state dicts changed in turn, and what was changed in it."""
    nested = all(isinstance(value, dict) for value in checkpoint.values())
    for part in checkpoint if nested else [""]:
        copy = {k: dict(v) for k, v in checkpoint.items()} if nested else dict(checkpoint)
        tensors = copy[part] if nested else copy
        last = [key for key in tensors if key.endswith((".weight", ".bias"))][-1]
        change(tensors, last)
        yield copy, last


@every(published=True)
def test_names_and_shapes_are_those_published(name):
    with torch.device("meta"):
        networks = PUBLISHED[name].networks(made(name, 2048))
    for part, published in PUBLISHED[name].shapes().items():
        tensors = PUBLISHED[name].tensors(networks[part])
        found = {key: list(value.shape) for key, value in tensors.items()}
        for counter in [k for k in found if k.endswith("num_batches_tracked")]:
            if counter not in published:  # files older than PyTorch 0.4 have none
                del found[counter]
        assert found == published, part


@every(published=True)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_published_checkpoint_comes_back(name, detector, prefix):
    published = PUBLISHED[name]
    content = published.checkpoint(detector, prefix)
    found = type(detector).from_published(content, **published.beside(detector))
    assert not found.training
    networks = published.networks(found)
    for part, network in published.networks(detector).items():
        tensors = published.tensors(networks[part])
        assert tensors.keys() == published.tensors(network).keys()
        for key, value in published.tensors(network).items():
            assert torch.equal(tensors[key], value), key
    side = getattr(detector.config, "size", 0)
    wanted = measured(detector, side)
    for term, values in measured(found, side).items():
        np.testing.assert_array_equal(values, wanted[term], term)


def taken_away(tensors, key):
    del tensors[key]


def of_another_shape(tensors, key):
    tensors[key] = torch.zeros(*tensors[key].shape, 2)


def not_a_number(tensors, key):
    tensors[key] = torch.full_like(tensors[key], float("nan"))


@every(published=True)
@pytest.mark.parametrize("change", [taken_away, of_another_shape, not_a_number])
def test_a_tensor_that_does_not_fit_is_one_line(name, detector, change):
    content, beside = PUBLISHED[name].checkpoint(detector), PUBLISHED[name].beside(detector)
    for wrong, key in changed(content, change):
        with pytest.raises(OddframeError, match=name) as told:
            type(detector).from_published(wrong, **beside)
        assert key in str(told.value)
        assert "\n" not in str(told.value)


@every(published=True)
def test_a_foreign_tensor_is_one_line(name, detector):
    content, beside = PUBLISHED[name].checkpoint(detector), PUBLISHED[name].beside(detector)
    stranger = {"stranger.weight": torch.zeros(1)}
    for wrong, _ in changed(content, lambda tensors, key: tensors.update(stranger)):
        with pytest.raises(OddframeError, match=rf"{name}.*1 foreign \(stranger.weight\)") as told:
            type(detector).from_published(wrong, **beside)
        assert "\n" not in str(told.value)


@every(published=True)
def test_nothing_is_one_line(name):
    with pytest.raises(OddframeError, match=name) as told:
        load(name).DETECTOR.from_published({})
    assert "\n" not in str(told.value)


@every(published=True)
@pytest.mark.filterwarnings("ignore:.*without normal footage")
def test_an_imported_run_scores(name, detector, tmp_path):
    torch.save(PUBLISHED[name].checkpoint(detector), tmp_path / "published.pth")
    files = {}
    for option, values in PUBLISHED[name].beside(detector).items():
        files[option] = tmp_path / f"{option}.npy"
        if isinstance(values, torch.Tensor):
            torch.save(values, files[option])
        else:
            np.save(files[option], values)
    run = import_checkpoint(name, tmp_path / "published.pth", tmp_path / "run", **files)
    assert (run.detector.name, run.config["source"]) == (name, "published.pth")
    if run.detector.traits.looks_at == "features":
        found = run.detector.score_snippets(np.tile(snippets(3), 2))
    else:
        images = filmed("large", 60)[: run.detector.span + 1]
        found = [score.value for score in streamed(run.detector, frames(images))]
    assert np.isfinite(found).all()
