"""The verb prepare: options, the held-out share, the root, and the file that it writes."""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from oddframe.cards.manifest_summary import summary
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.verbs.prepare import prepare
from oddframe.videos.manifest import Manifest


@pytest.fixture
def footage(tmp_path):
    """Ten frame folders of different lengths."""
    root = tmp_path / "project" / "footage"
    for i in range(10):
        (root / f"clip{i}").mkdir(parents=True)
        for k in range(i + 2):
            cv2.imwrite(str(root / f"clip{i}" / f"{k}.png"), np.full((6, 8), 10 * k, np.uint8))
    return root


def splits(manifest):
    return {video.id: video.split for video in manifest}


def test_the_file_holds_what_is_returned(footage, tmp_path):
    out = tmp_path / "elsewhere" / "manifest.jsonl"
    manifest = prepare("folder", footage, out)
    assert Manifest.read(out) == manifest
    assert manifest.root == footage
    header = json.loads(out.read_text().splitlines()[0])
    assert header["root"] == str(footage)
    assert header["counts"]["train"]["videos"] == 8


def test_a_root_inside_the_manifests_folder_moves_with_it(footage, tmp_path):
    out = footage.parent / "manifest.jsonl"
    prepare("folder", footage, out)
    assert json.loads(out.read_text().splitlines()[0])["root"] == "footage"
    (tmp_path / "project").rename(tmp_path / "moved")
    manifest = Manifest.read(tmp_path / "moved" / "manifest.jsonl")
    manifest.check_files()
    prepare("folder", tmp_path / "moved" / "footage", tmp_path / "moved" / "footage" / "m.jsonl")
    Manifest.read(tmp_path / "moved" / "footage" / "m.jsonl").check_files()


def test_relative_paths_are_those_of_the_working_folder(footage, monkeypatch):
    monkeypatch.chdir(footage.parent)
    prepare("folder", Path("footage"), Path("out/manifest.jsonl"))
    monkeypatch.chdir("/")
    Manifest.read(footage.parent / "out" / "manifest.jsonl").check_files()


def test_a_seeded_share_of_the_training_videos_becomes_val(footage, tmp_path):
    def run(**options):
        return splits(prepare("folder", footage, tmp_path / "m.jsonl", **options))

    assert list(run().values()).count("val") == 2
    assert list(run(val_share=0.5).values()).count("val") == 5
    assert set(run(val_share=0.0).values()) == {"train"}
    assert run(seed=3) == run(seed=3)
    assert len({tuple(run(seed=seed).values()) for seed in range(6)}) > 1


def test_val_videos_of_ones_own_are_kept(footage, tmp_path):
    (footage / "val").mkdir()
    (footage / "clip3").rename(footage / "val" / "clip3")
    manifest = prepare("folder", footage, tmp_path / "m.jsonl")
    assert [video.id for video in manifest.split("val")] == ["val/clip3"]


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_outside_its_range_is_an_error(footage, tmp_path, share):
    with pytest.raises(OddframeError, match="validation share"):
        prepare("folder", footage, tmp_path / "m.jsonl", val_share=share)
    assert not (tmp_path / "m.jsonl").exists()


def test_options_reach_the_data_set(footage, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("video,start_frame,end_frame\nclip9,2,4\n")
    manifest = prepare("folder", footage, tmp_path / "m.jsonl", fps=4.0, events=events)
    assert manifest["clip9"].split == "test"
    assert {video.fps for video in manifest} == {4.0}


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        (
            "folder",
            {"labels": "masks"},
            "'folder' has no option --labels; it takes --fps, --events",
        ),
        ("folder", {"allow_partial": True}, "no option --allow-partial"),
        ("ucsd-ped2", {"events": Path("e.csv")}, "takes --fps, --allow-partial"),
        ("folder", {"features": Path("f")}, "no option --features; it takes --fps, --events"),
        ("avenue", {"val_split": "thesis"}, "'avenue' has no option --val-split"),
        ("ucsd-ped2", {"legacy_lists": Path("l")}, "no option --legacy-lists"),
        ("shanghaitech", {"annotations": Path("a")}, "no option --annotations"),
        (
            "shanghaitech-weak",
            {"intervals": "zero-based-inclusive"},
            "no option --intervals; it takes --allow-partial, --annotations, --features, --legacy",
        ),
        ("folder", {"fps": 0.0}, "--fps: expected a positive"),
        ("folder", {"fps": float("nan")}, "--fps: expected a positive"),
        ("ped3", {}, "unknown data set 'ped3'"),
    ],
)
def test_an_option_that_does_not_fit_is_an_error(footage, tmp_path, dataset, options, message):
    with pytest.raises(OddframeError, match=message):
        prepare(dataset, footage, tmp_path / "m.jsonl", **options)


def test_nothing_is_written_where_it_cannot_be(footage, tmp_path):
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(OddframeError, match=r"taken.jsonl: cannot write \(there is a folder\)"):
        prepare("folder", footage, tmp_path / "taken.jsonl")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OddframeError, match="cannot write"):
        prepare("folder", footage, tmp_path / "file" / "m.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "project", "taken.jsonl"]


def test_summary_counts(footage, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("video,start_frame,end_frame\nclip9,2,4\n")
    manifest = prepare("folder", footage, tmp_path / "m.jsonl", fps=1.0, events=events)
    lines = summary(manifest).splitlines()
    assert lines[0] == f"footage: 10 videos in {footage}"
    test = next(line for line in lines if line.strip().startswith("test"))
    assert "1 video " in test
    assert "11 frames" in test
    assert "  11 s  " in test
    assert "2 anomalous frames (18.2%)" in test


def film(path, milliseconds):
    """A grey video whose frames are shown at these times."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for i, moment in enumerate(milliseconds):
            grey = np.full((32, 32, 3), i % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = moment, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def test_seconds_are_those_of_the_film_whatever_its_rate(tmp_path):
    """A phone that lowers its rate: frames 33 ms apart, then 100 ms (a public report)."""
    root = tmp_path / "v"
    root.mkdir()
    film(root / "phone.mp4", [i * 33 for i in range(200)] + [6567 + 100 * i for i in range(1, 201)])
    events = tmp_path / "v.csv"
    events.write_text("video,start_seconds,end_seconds\nphone,6.67,14.17\n")
    manifest = prepare("folder", root, out=tmp_path / "v.jsonl", events=events)
    (video,) = Manifest.read(tmp_path / "v.jsonl")
    assert [(event.start, event.end) for event in video.events] == [(200, 275)]
    assert video == manifest["phone"]
    assert "times: the frames of 1 video are not evenly spaced" in summary(manifest)


def test_what_was_not_filmed_is_no_footage(tmp_path):
    root = tmp_path / "g"
    root.mkdir()
    film(root / "2026-11-28_03-12-00.mp4", [i * 40 + 3_592_000 * (i >= 50) for i in range(100)])
    manifest = prepare("folder", root, out=tmp_path / "g.jsonl")
    text = summary(manifest)
    assert "100 frames  4.0 s" in text
    assert "gaps: 59 min 52 s in 1 gap of 1 video were not filmed" in text
    (video,) = Manifest.read(tmp_path / "g.jsonl")
    assert video.start == datetime(2026, 11, 28, 3, 12)
    assert video.clock.jumps == (50,)


def test_real_ped2(real_data, tmp_path):
    manifest = prepare("ucsd-ped2", real_data / "ped2", tmp_path / "ped2.jsonl")
    counts = Manifest.read(tmp_path / "ped2.jsonl").counts()
    assert {split: part["videos"] for split, part in counts.items()} == {
        "train": 13,
        "val": 3,
        "test": 12,
    }
    assert counts["test"]["anomalous_frames"] == 1648
    assert "1,648 anomalous frames (82.0%)" in summary(manifest)


def test_names_that_differ_only_in_case_are_told(tmp_path):
    for name in ("Ab", "aB", "c"):
        (tmp_path / "f" / name).mkdir(parents=True)
        for k in range(3):
            cv2.imwrite(str(tmp_path / "f" / name / f"{k}.png"), np.full((6, 8), k, np.uint8))
    with pytest.warns(OddframeWarning, match="'Ab' and 'aB' differ only in upper and lower case"):
        assert len(prepare("folder", tmp_path / "f", tmp_path / "m.jsonl")) == 3
