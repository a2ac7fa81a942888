"""What every detector promises; it is tested by lying in the folder of a school."""

import inspect
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tests.detectors.conftest import EXCEPTIONS, SEES_NO_PACE
from tests.made.every_detector import (
    DOCS,
    Numbers,
    every,
    filmed,
    flat,
    frames,
    having,
    scored,
    snippets,
    streamed,
)
from tests.made.small_settings import SMALL_SETTINGS, short_name

import oddframe.detectors
from oddframe.cli import main
from oddframe.detectors import available, load, load_given
from oddframe.errors import OddframeError
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.run_folder import CHECKPOINT
from oddframe.scores.frame_scores import Scores
from oddframe.settings.checked import settings_of
from oddframe.verbs.score import score
from oddframe.videos.manifest import Manifest


def test_tables_name_detectors_and_checks_that_there_are():
    names = {short_name(name) for name in having()}
    assert SMALL_SETTINGS.keys() <= names
    assert EXCEPTIONS.keys() <= names
    checks = "".join(path.read_text() for path in Path(__file__).parent.glob("test_every_*.py"))
    for excused in EXCEPTIONS.values():
        assert [check for check in excused if f"def test_{check}(" not in checks] == []


def test_names_are_found_without_importing_a_detector():
    command = "import sys; from oddframe.detectors import available; print(available())\n"
    command += "assert not {'torch', 'scipy', 'cv2'} & set(sys.modules), 'heavy'"
    subprocess.run([sys.executable, "-c", command], check=True, capture_output=True)


@pytest.mark.parametrize("name", available())
def test_found_by_its_place(name):
    module = load(name)
    assert module.DETECTOR.name == name
    assert is_dataclass(module.CONFIG)
    place = Path(inspect.getfile(module.DETECTOR)).relative_to(oddframe.detectors.__path__[0])
    assert place.parts[1].removesuffix(".py") == name.replace("-", "_")
    assert any(name in page.read_text() for page in DOCS.glob("*.md")), "say what it is in docs/"


@every()
def test_settings_are_explained_and_their_ranges_hold(name):
    kind = load_given(name).CONFIG
    kind()
    explained = "".join(inspect.getdoc(base) or "" for base in kind.__mro__)
    for key, setting in settings_of(kind).items():
        named = [line for line in explained.split("\n") if line.partition(":")[0].count(key)]
        assert named, f"{key} is not explained"
        for wrong in outside(setting):
            value = (wrong,) * len(setting.default) if isinstance(setting.default, tuple) else wrong
            with pytest.raises(OddframeError, match=f"--settings.{key}: expected .*found") as told:
                kind(**{key: value})
            assert "\n" not in str(told.value)


def outside(setting):
    """Values just outside a setting's range, or that are no choice."""
    if setting.choices:
        return ["no such choice"]
    bounds = setting.range
    near = [] if bounds.at_least is None else [bounds.at_least - 1]
    near += [] if bounds.at_most is None else [bounds.at_most + 1]
    near += [bound for bound in (bounds.above, bounds.below) if bound is not None]
    return near + ([] if bounds.multiple_of is None else [bounds.multiple_of + 1])


@every(looks_at="frames")
def test_every_frame_has_a_score(trained):
    detector = trained.detector
    span, batch = getattr(detector, "span", 1), getattr(detector, "scoring_batch", 4)
    images = filmed("large", 60)
    for count in sorted({1, span - 1, span, span + 1, span + batch - 1, span + batch} - {0}):
        if count < span:
            with pytest.raises(OddframeError, match=r"too short .* give a longer video"):
                streamed(detector, frames(images[:count]))
            continue
        found = streamed(detector, frames(images[:count]))
        assert [part.frame for part in found] == list(range(count))
        assert all(isinstance(part.value, float) for part in found)


@every(looks_at="features")
def test_every_snippet_has_a_score(trained):
    for count in (1, 2, 33):
        found = trained.detector.score_snippets(snippets(1, count))
        assert (found.dtype, found.shape) == (np.float32, (count,))
        assert ((found >= 0) & (found <= 1)).all()


@every(looks_at="frames")
def test_scores_of_any_picture_are_finite(trained):
    random = np.random.default_rng(0)
    shape = (40, 64, 3)
    plain = {"black": 0, "white": 255, "one colour": (200, 30, 90)}
    pictures = {kind: np.full(shape, colour, np.uint8) for kind, colour in plain.items()}
    pictures["noise"] = random.integers(0, 256, shape, dtype=np.uint8)
    pictures["grey"] = random.integers(0, 256, shape[:2], dtype=np.uint8)
    pictures["wide"] = random.integers(0, 256, (4, 300, 3), dtype=np.uint8)
    pictures["tiny"] = random.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    count = max(8, getattr(trained.detector, "span", 1))
    for kind, picture in pictures.items():
        found = streamed(trained.detector, frames([picture] * count))
        assert np.isfinite([part.value for part in found]).all(), kind
        assert all(part.score_map is None or np.isfinite(part.score_map).all() for part in found)


@every(looks_at="features")
def test_scores_of_any_features_are_finite(trained):
    for values in (np.zeros_like(snippets()), np.full_like(snippets(), 1e3), -snippets() * 1e3):
        assert np.isfinite(trained.detector.score_snippets(values)).all()
    half = trained.detector.score_snippets(snippets().astype(np.float16))
    assert half.dtype == np.float32


@every()
def test_higher_is_odder(trained, footage, tmp_path):
    manifest = footage.of(trained.name)
    features = footage.features if trained.detector.traits.looks_at == "features" else None
    out = tmp_path / "scores.npz"
    options = {"features": features, "out": out, "maps": False, "detector": trained.name}
    score(trained.run.folder, manifest, **options)
    found, videos = Scores.read(out), Manifest.read(manifest).split("test")
    assert [len(found[video.id]) for video in videos] == [video.frames for video in videos]
    if trained.name in SEES_NO_PACE:
        videos = [video for video in videos if not video.id.startswith("fast")]
    truth = np.concatenate([video.frame_labels() for video in videos])
    assert roc_auc_score(truth, np.concatenate([found[video.id] for video in videos])) > 0.7


@every()
def test_wrong_input_is_one_line(trained, footage, tmp_path, capsys):
    """No video, none that decodes, what the detector does not look at; features of no number."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    given = [[tmp_path / "empty"], [tmp_path / "broken.mp4"], [tmp_path / "nowhere.jsonl"]]
    if trained.detector.traits.looks_at == "frames":
        given.append([footage.manifest, "--features", footage.features])
    else:
        (tmp_path / "numbers").mkdir()
        for file in footage.features.glob("*.npy"):
            np.save(tmp_path / "numbers" / file.name, np.full_like(np.load(file), np.nan))
        given += [[footage.labels, "--features", tmp_path / "numbers"], [footage.manifest]]
    out = tmp_path / "scores" / "scores.npz"
    options = ("--detector", trained.name, "--out", str(out))
    for words in given:
        assert main(["score", str(trained.run.folder), *map(str, words), *options]) == 2
        (said,) = (
            line
            for line in capsys.readouterr().err.splitlines()
            if not line.startswith("oddframe: warning: ")  # of each video that was left out
        )
        assert said.startswith("oddframe: ")
        assert not out.exists()


@every()
def test_a_state_gives_the_same_detector(trained, tmp_path):
    detector = trained.detector
    folder = shutil.copytree(trained.run.folder, tmp_path / "run")
    first = write_checkpoint(folder / CHECKPOINT, detector).read_bytes()
    again = trained.read(folder)
    assert flat(again.state()) == flat(detector.state())
    assert (again.threshold, again.notes) == (detector.threshold, detector.notes)
    np.testing.assert_array_equal(scored(again), scored(detector))
    assert (
        write_checkpoint(folder / CHECKPOINT, detector).read_bytes() == first
    )  # also after scoring


@every()
def test_a_checkpoint_holds_tensors_and_plain_values(trained, tmp_path):
    content = torch.load(trained.run.folder / CHECKPOINT, weights_only=True)
    kinds = {type(value) for value in flat(content).values()}
    assert kinds <= {Numbers, list, int, float, str, bool, type(None)}


@every()
def test_a_state_without_a_part_is_one_line(trained, tmp_path):
    content = torch.load(trained.run.folder / CHECKPOINT, weights_only=True)
    folder = shutil.copytree(trained.run.folder, tmp_path / "run")
    state = content["state"]
    for part in state:
        less = {key: value for key, value in state.items() if key != part}
        torch.save({**content, "state": less}, folder / CHECKPOINT)
        with pytest.raises(OddframeError, match=f"{CHECKPOINT}.*{part}") as told:
            trained.read(folder)
        assert "\n" not in str(told.value)


@every()
def test_a_setting_that_a_run_does_not_know_has_its_default(trained, tmp_path):
    """A run of an older version lacks settings, one of a newer has others."""
    content = torch.load(trained.run.folder / CHECKPOINT, weights_only=True)
    config = content["state"]["config"]
    usual = trained.module.CONFIG()
    left_out = next(f.name for f in fields(usual) if config[f.name] == getattr(usual, f.name))
    config.pop(left_out)
    config["of_tomorrow"] = 1
    folder = shutil.copytree(trained.run.folder, tmp_path / "run")
    torch.save(content, folder / CHECKPOINT)
    np.testing.assert_array_equal(scored(trained.read(folder)), scored(trained.detector))


@every()
def test_scoring_changes_nothing(trained):
    detector = trained.detector
    before, drawn = flat(detector.state()), torch.get_rng_state()
    first = scored(detector)
    assert flat(detector.state()) == before
    assert torch.equal(torch.get_rng_state(), drawn)
    np.testing.assert_array_equal(scored(detector), first)  # whatever was scored before


@every(looks_at="features")
def test_order_of_crops(trained):
    values = snippets(3)
    found = trained.detector.score_snippets(values[:, ::-1])
    np.testing.assert_allclose(found, trained.detector.score_snippets(values), atol=1e-6)


@every(looks_at="features")
def test_scores_are_the_mean_of_those_of_each_crop(trained):
    values = snippets(3)
    alone = [trained.detector.score_snippets(values[:, [crop]]) for crop in range(2)]
    np.testing.assert_allclose(
        trained.detector.score_snippets(values), np.mean(alone, axis=0), atol=1e-6
    )


@every(looks_at="features")
def test_features_of_another_width_are_refused(trained):
    with pytest.raises(OddframeError, match=r"32 channels.*shape \(9, 2, 31\)") as told:
        trained.detector.score_snippets(snippets(0, 9)[..., 1:])
    assert "\n" not in str(told.value)
