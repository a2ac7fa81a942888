"""The synthetic features folder: shape, size, share, planted signal, refusals."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder

SCRIPT = Path(__file__).resolve().parents[2] / "bench" / "synthetic_features.py"
_spec = importlib.util.spec_from_file_location("synthetic_features", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
synthetic = importlib.util.module_from_spec(_spec)
sys.modules["synthetic_features"] = synthetic
_spec.loader.exec_module(synthetic)

TRAIN = {"Abuse001_x264": 500, "Abuse002_x264": 161, "Normal_Videos001_x264": 320}
TEST = {"Abuse028_x264": 1412, "Normal_Videos_003_x264": 33}
SMALL = synthetic.FeatureConfig(crops=2, channels=64, dtype="float16")


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    rows = [f"{n},train,{c}" for n, c in TRAIN.items()] + [f"{n},test,{c}" for n, c in TEST.items()]
    (tmp_path / "frame_counts.csv").write_text("\n".join(["video,split,frames", *rows]) + "\n")
    (tmp_path / "Anomaly_Train.txt").write_text("".join(f"X/{name}.mp4\n" for name in TRAIN))
    (tmp_path / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt").write_text(
        "Abuse028_x264.mp4  Abuse  165  240  -1  -1\n"
        "Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1\n"
    )
    return tmp_path


def test_official_size_at_full_scale(real_data: Path) -> None:
    videos = synthetic.plan(
        real_data / "annotations" / "ucf-crime", synthetic.FeatureConfig(), seed=0
    )
    assert len(videos) == 1900
    assert sum(video.frames for video in videos[1610:]) == 1_111_808
    # ceil(frames / 16) of all videos, counted with awk from frame_counts.csv
    assert sum(video.snippets for video in videos[1610:]) == 69_634
    assert sum(video.snippets for video in videos) == 791_652 + 69_634
    assert synthetic.size_in_bytes(videos, synthetic.FeatureConfig()) == 861_286 * 10 * 2048 * 4


def test_share_keeps_every_class(real_data: Path) -> None:
    config = synthetic.FeatureConfig(share=0.1)
    folder = real_data / "annotations" / "ucf-crime"
    videos = synthetic.plan(folder, config, seed=1)
    assert abs(len(videos) - 190) <= 14
    assert len({video.category for video in videos}) == 14
    assert videos == synthetic.plan(folder, config, seed=1)
    assert videos != synthetic.plan(folder, config, seed=2)


def test_folder_reads_back_and_the_signal_is_in_the_events(
    annotations: Path, tmp_path: Path
) -> None:
    out = tmp_path / "features"
    videos = synthetic.plan(annotations, SMALL, seed=0)
    synthetic.write(out, videos, SMALL, seed=0)
    folder = FeatureFolder.open(out)
    assert set(folder.ids) == {*TRAIN, *TEST}
    assert (folder.crops, folder.channels) == (2, 64)
    for name, frames in {**TRAIN, **TEST}.items():
        assert folder.read(name).shape == (-(-frames // 16), 2, 64)
        assert folder.read(name).dtype == np.float16
    # frames 164 to 239 (from 0) are anomalous: snippets 10 to 14
    sums = folder.read("Abuse028_x264").astype(float).sum(axis=(1, 2))
    truth = np.isin(np.arange(len(sums)), range(10, 15))
    assert roc_auc_score(truth, sums) > 0.99
    # anomalous training videos hold one stretch, normal videos nothing
    odd = {video.name: video.odd for video in videos}
    assert [len(odd[name]) for name in TRAIN] == [1, 1, 0]
    assert odd["Normal_Videos_003_x264"] == ()


def test_goes_on_where_it_stopped(annotations: Path, tmp_path: Path) -> None:
    out = tmp_path / "features"
    videos = synthetic.plan(annotations, SMALL, seed=0)
    synthetic.write(out, videos, SMALL, seed=0)
    lost, kept = out / "Abuse001_x264.npy", out / "Abuse002_x264.npy"
    before, time = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    synthetic.write(out, videos, SMALL, seed=0)
    assert lost.read_bytes() == before
    assert kept.stat().st_mtime_ns == time
    with pytest.raises(OddframeError):
        synthetic.write(out, videos, SMALL, seed=1)


def test_long_video_is_one_stream_of_chunks(annotations: Path) -> None:
    video = synthetic.plan(annotations, SMALL, seed=0)[0]
    video = replace(video, frames=16 * 200)
    parts = list(synthetic.chunks(video, SMALL, np.zeros(64, np.float32)))
    assert [len(part) for part in parts] == [64, 64, 64, 8]


def test_small_disk_is_refused(annotations: Path, tmp_path: Path) -> None:
    huge = synthetic.FeatureConfig(crops=10, channels=10**12)
    videos = synthetic.plan(annotations, huge, seed=0)
    with pytest.raises(OddframeError, match="the disk has"):
        synthetic.write(tmp_path / "features", videos, huge, seed=0)
    assert not list((tmp_path / "features").glob("*.npy"))


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"dtype": "float64"}])
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(OddframeError):
        synthetic.FeatureConfig(**wrong)
