"""The verb train: what it learns from, what it writes, and what it refuses."""

import math
import os

import pytest
import yaml

from oddframe.errors import OddframeError
from oddframe.runs.run_folder import read_run
from oddframe.verbs.prepare import prepare
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest


def test_the_config_repeats_the_run(street):
    config = yaml.safe_load((street.run / "config.yaml").read_text())
    assert config["verb"] == "train"
    assert config["footage"] == str(street.root / "normal")
    assert config["settings"] == street.settings | {
        "fit_hours": 16.0,
        "capacity": 1000,
        "false_alarms_per_hour": 1.0,
        "false_alarms_per_day": 0.0,
        "smoothing_seconds": 0.2,
    }
    assert config["learnt"]["threshold"] == read_run(street.run).detector.notes["threshold"]


def test_the_manifest_of_the_run_says_what_was_held_out(street):
    manifest = Manifest.read(street.run / "manifest.jsonl")
    manifest.check_files()
    assert sorted(video.split for video in manifest) == ["train", "train", "val"]


def test_a_finished_run_is_kept_or_refused(street, street_run):
    before = (street_run / "checkpoint.pt").stat().st_mtime_ns
    with pytest.raises(OddframeError, match=r"finished run already.*--resume"):
        train(street.root / "normal", street_run)
    again = train(street.root / "normal", street_run, resume=True)  # with the run's settings
    assert again.sha256 == read_run(street.run).sha256
    assert (street_run / "checkpoint.pt").stat().st_mtime_ns == before
    with pytest.raises(OddframeError, match=r"begun with --settings.*another --out"):
        train(street.root / "normal", street_run, settings={"long_side": 96}, resume=True)


def test_an_unfinished_run_is_done_again_from_a_manifest_with_a_relative_root(
    street, tmp_path, monkeypatch
):
    (tmp_path / "normal").symlink_to(street.root / "normal")
    prepare("folder", tmp_path / "normal", tmp_path / "manifest.jsonl")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.txt").write_text("stopped here\n")
    small = {"long_side": 64, "motion_side": 64, "fit_looks": 20}
    from pathlib import Path

    train(Path("manifest.jsonl"), Path("run"), settings=small, resume=True)
    monkeypatch.chdir(os.sep)
    manifest = Manifest.read(tmp_path / "run" / "manifest.jsonl")
    manifest.check_files()
    assert (tmp_path / "run" / "log.txt").read_text().startswith("stopped here\n")
    leftovers = [path.name for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    assert leftovers == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": 1}, "--settings.colour: fixed-camera has no such setting; it has capacity, "),
        ({"fit_looks": "many"}, "--settings.fit_looks: expected a number, found 'many'"),
        ({"fit_looks": True}, "expected a number, found True"),
        ({"fit_looks": math.nan}, "expected a number, found nan"),
        ({"false_alarms_per_hour": math.inf}, "expected a number, found inf"),
        ({"fit_looks": 3}, "--settings.fit_looks: expected 20 or more, found 3"),
    ],
)
def test_wrong_settings(street, tmp_path, settings, message):
    with pytest.raises(OddframeError, match=message):
        train(street.root / "normal", tmp_path / "run", settings=settings)
    assert not (tmp_path / "run").exists()


def test_wrong_footage(street, tmp_path):
    def refusal(footage, **options):
        with pytest.raises(OddframeError) as caught:
            train(footage, tmp_path / "run", **options)
        assert not (tmp_path / "run" / "checkpoint.pt").exists()
        return str(caught.value)

    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    assert "no such video, folder or manifest" in refusal(tmp_path / "missing")
    assert "found a file that is none of them" in refusal(tmp_path / "notes.txt")
    assert "found nothing" in refusal(tmp_path / "empty")
    assert "expected a manifest, found no such file" in refusal(tmp_path / "m.jsonl")
    short = street.film(tmp_path / "short.mp4", street.images(3, 1))
    assert "at least 4 seconds" in refusal(short)
    assert "unknown detector 'crystal-ball'" in refusal(
        street.root / "normal", detector="crystal-ball"
    )
    assert "validation share" in refusal(street.root / "normal", val_share=1.5)
    assert "is missing" in refusal(street.run / "manifest.jsonl", root=tmp_path)
