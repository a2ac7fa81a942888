"""The benchmarks of clips compare like with like: both ways serve and score the same clips."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from oddframe.clips.batches import ClipBatches
from oddframe.clips.cached_files import cache_frames
from oddframe.clips.looks import picture_looks
from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.future_frame import FutureFrame, FutureFrameConfig
from oddframe.footage.folder import prepare_folder
from oddframe.media.opening import open_video

BENCH = Path(__file__).resolve().parents[2] / "bench"
SIZE = 32


@pytest.fixture(scope="module", autouse=True)
def scripts_see_each_other() -> Iterator[None]:
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated frames, shrunk to the size of the network: then no way resizes them."""
    generated = load_script("jpeg_footage").generate(tmp_path_factory.mktemp("frames"), 2, 9)
    for file in generated.rglob("*.jpg"):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        assert image.shape == (240, 360)
        assert cv2.imwrite(str(file), cv2.resize(image, (SIZE, SIZE)))
    return generated


def test_both_ways_serve_the_same_clips(footage, tmp_path):
    script = load_script("frame_training")
    manifest = prepare_folder(footage)
    cache = cache_frames(manifest, manifest.videos, picture_looks(SIZE, "grey"), tmp_path, tmp_path)
    mapped, read = script.ways(manifest, cache, SIZE, True, 3).values()
    assert type(mapped) is ClipBatches
    assert type(read) is script.ImageBatches
    for step in range(6):
        clips = mapped.batch(step)["clip"].numpy()
        assert clips.shape == (3, script.CLIP_LENGTH, SIZE, SIZE, 1)
        assert clips.std() > 5
        np.testing.assert_array_equal(read.batch(step)["clip"].numpy(), clips)


def test_the_training_benchmark_runs(footage, tmp_path, capsys):
    script = load_script("frame_training")
    out = tmp_path / "out.txt"
    sizes = ["--sizes", "32", "16", "--width", "2", "--batch", "2", "--clips", "4"]
    words = ["--footage", str(footage), "--steps", "1", "--repeats", "2", "--out", str(out)]
    script.main([*sizes, *words])
    text = out.read_text()
    assert capsys.readouterr().out == text
    result = json.loads(text.splitlines()[-1])
    assert [row["size"] for row in result["data"]] == [32, 16]
    assert len(result["training"]) == 4
    assert all(row["samples"] > 0 and 0 < row["waiting"] < 1 for row in result["training"])
    assert text.startswith("date      20")


@pytest.mark.parametrize("frame_step", [1, 2])
def test_both_ways_score_the_same_clips(footage, frame_step):
    script = load_script("frame_scoring")
    config = FutureFrameConfig(size=SIZE, width=2, colour="grey", frame_step=frame_step)
    detector = FutureFrame(config).eval()
    folder = footage / "01"
    files = sorted(folder.iterdir())
    with open_video(folder) as video:
        streamed = list(terms_of(detector, map(detector.looks.of, video)))
    assert [found.frame for found in streamed] == list(range(9))
    for last in range(4 * frame_step, 9):
        terms, maps = detector.measure_clips(script.clip_of(detector, files, last)[None])
        assert terms["error"][0] == pytest.approx(streamed[last].terms["error"], abs=1e-4)
        np.testing.assert_allclose(maps[0], streamed[last].map, atol=1e-5)
    assert script.streaming(detector, [folder]) > 0
    assert script.naive(detector, [folder]) > 0


def test_a_video_as_long_as_asked_for(footage, tmp_path):
    script = load_script("frame_scoring")
    path = script.write_video(tmp_path / "a.mp4", [footage / "00", footage / "01"], 31)
    with open_video(path) as video:
        assert sum(1 for _ in video) == 31


def test_a_detector_that_is_fitted_at_once_is_fitted_to_the_footage(footage, tmp_path):
    script = load_script("frame_scoring")
    small = {"deep-appearance": {"side": 64, "fit_frames": 9}, "stacked-rnn": {"side": 128}}
    for name, settings in small.items():
        recipe = tmp_path / f"{name}.yaml"
        recipe.write_text(json.dumps({"detector": name, "settings": settings}))
        source = script.prepared(recipe, footage, tmp_path)
        assert source.is_dir() == (name == "deep-appearance")
        assert script.streaming(script.fresh(source), [footage / "01"]) > 0
