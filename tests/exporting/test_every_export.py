"""Every trained detector as a package: it scores as its run does, and needs no PyTorch for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.made.every_detector import filmed, flat, frames, having, snippets, streamed
from tests.made.small_settings import short_name
from tests.test_core_alone import SITE

import oddframe
from oddframe.clips.stream import terms_of
from oddframe.detectors import load_given
from oddframe.exporting.package import AS_FITTED, FLOAT32, read_package
from oddframe.runs.run_folder import read_run

NAMES = [
    name
    for trained in ("in steps", "at once")
    for name in having(trained=trained)
    if short_name(name) != "example_detector"
]
"""All but those that learn nothing, and one that is made of its own file."""
VARIANTS = [
    ("conv-ae-clip", {"size": 47}),
    ("convlstm-ae", {"frames": 4, "judged_frames": 2, "size": 45}),
    ("convlstm-ae", {"frame_step": 2, "frames": 4, "judged_frames": 2}),
    ("mnad", {"task": "denoising", "score": "largest"}),
    ("mnad", {"update_memory": True, "update_below": 10.0}),
    ("ognet", {"size": 60, "patches": 30}),
    ("pseudo-anomaly", {"as_published": True}),
    ("spatiotemporal-ae", {"as_published": True, "batch_norm": False}),
    ("stacked-rnn", {"variant": "tsc", "score": "pyramid"}),
]
"""Settings that change what is measured; of networks as they begin."""
CUT = 17


@pytest.fixture(scope="session")
def package(every_detector, made_once):
    """The folder of a detector's package, made once."""

    def made(name: str) -> Path:
        run = every_detector(name).run.folder
        folder = made_once(
            f"package-{short_name(name)}",
            lambda folder: oddframe.export(run, folder / "package", detector=name),
        )
        return folder / "package"

    return made


def film():
    """Frames of a stream in which another piece of footage begins, no whole number of batches."""
    images = filmed("large", 60)[20:58]
    found = frames([*images[:CUT], *(np.ascontiguousarray(i[:, ::-1]) for i in images[CUT:])])
    found[CUT].anew = True
    return found


@pytest.mark.parametrize("name", NAMES, ids=short_name)
def test_a_package_answers_as_its_run(name, every_detector, package):
    """On what export did not look at: footage that is odd, with a cut, live, two at once."""
    run, folder = every_detector(name).run, package(name)
    found, wanted = read_run(folder).detector, run.detector
    assert found.name == wanted.name
    assert found.threshold == wanted.threshold
    as_fitted = wanted.traits.trained == "at once"
    assert read_package(folder).precision == (AS_FITTED if as_fitted else FLOAT32)
    assert flat(type(found).from_state(found.state()).state()) == flat(found.state())
    if wanted.traits.looks_at == "features":
        for count in (1, 2, 33, 150):
            features = snippets(count, count)
            answers = found.score_snippets(features), wanted.score_snippets(features)
            np.testing.assert_allclose(*answers, atol=1e-5)
        return
    for live in (False, True):
        pair = [streamed(one, film(), live=live) for one in (found, wanted)]
        assert len(pair[0]) == len(pair[1]) == len(film())
        for one, other in zip(*pair, strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-3, rel=1e-3)
            assert (one.frame, one.cue, one.reason) == (other.frame, other.cue, other.reason)
            assert one.baselines == pytest.approx(other.baselines, rel=1e-4)
            np.testing.assert_allclose(one.score_map, other.score_map, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=lambda part: "-".join(part))
def test_variants_measure_the_same(name, changes):
    import torch
    from tests.made.small_settings import small_settings

    from oddframe.exporting.clip_export import exported_clips

    torch.manual_seed(0)
    module = load_given(name)
    detector = module.DETECTOR(module.CONFIG(**{**small_settings(name), **changes})).eval()
    exported = exported_clips(detector)
    look = detector.looks.of
    images = [look(frame) for frame in film()]
    found, wanted = (list(terms_of(one, images, (CUT,))) for one in (exported, detector))
    for one, other in zip(found, wanted, strict=True):
        assert one.terms == pytest.approx(other.terms, rel=1e-4, abs=1e-5)
        np.testing.assert_allclose(one.map, other.map, rtol=1e-4, atol=1e-5)
    measured = {key: np.array([one.terms[key] for one in wanted]) for key in wanted[0].terms}
    for per_video in (False, True):
        sums = [d.combine(measured, per_video=per_video) for d in (exported, detector)]
        np.testing.assert_allclose(*sums, rtol=1e-6)
    assert exported.per_video_scale == detector.per_video_scale
    alone = list(terms_of(exported, images[:20]))
    between = [iter(list(terms_of(exported, part))) for part in (images[:20], images[18:])]
    assert [one.terms for one in between[0]] == [one.terms for one in alone]


SCORE = """
import sys
from pathlib import Path
import oddframe
out, manifest, labels, features, *packages = map(Path, sys.argv[1:])
for package in packages:
    oddframe.export(check=package)
    run = oddframe.open_run(package)
    frames = run.run.detector.traits.looks_at == "frames"
    given = {"footage": manifest} if frames else {"footage": labels, "features": features}
    name = package.parent.name.removeprefix("once-")
    oddframe.score(package, **given, out=out / name / "scores.npz")
assert not any(sys.modules.get(name) for name in ("torch", "lightning", "onnx", "scipy"))
"""


def test_packages_score_without_pytorch(every_detector, package, footage, tmp_path, monkeypatch):
    """All in one process, in which nothing of the extra ``train`` can be imported."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    path = os.pathsep.join(filter(None, (str(tmp_path / "site"), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    given = [tmp_path, footage.manifest, footage.labels, footage.features, *map(package, NAMES)]
    subprocess.run([sys.executable, "-c", SCORE, *map(str, given)], check=True)
    for name in ("future-frame", "rtfm", "mnad"):
        found = oddframe.Scores.read(tmp_path / f"package-{name}" / "scores.npz")
        options = {"features": footage.features} if name == "rtfm" else {}
        out = tmp_path / "torch" / name / "scores.npz"
        run = every_detector(name).run.folder
        wanted = oddframe.score(run, footage.of(name), out=out, maps=False, **options).scores
        assert found.values.keys() == wanted.values.keys()
        for video in wanted.values:
            np.testing.assert_allclose(found[video], wanted[video], atol=1e-3)
