"""Detectors of clips on the command line: train, go on, score, evaluate, import."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from oddframe.cli import main
from oddframe.clips import validation as clip_validation
from oddframe.clips.cached_files import cache_frames
from oddframe.clips.looks import picture_looks
from oddframe.detectors.one_class.future_frame import FutureFrame, FutureFrameConfig
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import (
    LAST,
    MANIFEST,
    METRICS,
    read_config,
    read_run,
    write_config,
)
from oddframe.scores.frame_scores import Scores
from oddframe.scores.terms import read_terms
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

FRAMES, EVENT = 14, Event(8, 12, "flash")
TINY = (
    *("--settings.size", "16", "--settings.colour", "grey", "--settings.width", "2"),
    *("--settings.batch_size", "2", "--settings.steps", "4", "--settings.validate_every", "2"),
)
MNAD = ("--detector", "mnad", *TINY)
FUTURE = ("--detector", "future-frame", "--settings.discriminator_width", "2", *TINY)


def write_video(folder: Path, frames: int, event: Event | None, seed: int) -> None:
    """A bright square that moves to and fro by a pixel a frame; in the event all flashes."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(seed)
    for index in range(frames):
        image = noise.integers(60, 70, (24, 24), dtype=np.uint8)
        left = abs(18 - index % 36)
        image[8:14, left : left + 6] = 200
        if event and event.start <= index < event.end:
            image = noise.integers(0, 255, (24, 24), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index:03d}.png"), image)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    videos = []
    for split, count in {"train": 3, "val": 1, "test": 2}.items():
        for number in range(count):
            path = f"{split}/{number}"
            events = (EVENT,) if split == "test" else ()
            write_video(tmp_path / path, FRAMES, events[0] if events else None, len(videos))
            label = "anomalous" if events else "normal"
            videos.append(
                Video(
                    path, path, split, label, FRAMES, 25.0, 24, 24, ("flash",) * len(events), events
                )
            )
    return Manifest("squares", tuple(videos), root=tmp_path).write(tmp_path / "squares.jsonl")


def fails(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 2
    lines = capsys.readouterr().err.strip().split("\n")
    said = [line for line in lines if "warning" not in line and not line.startswith("step ")]
    assert len(said) == 1
    return lines[-1]


def test_the_whole_way(manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    longer = ("--settings.steps", "60", "--settings.validate_every", "30")
    longer += ("--settings.learning_rate", "0.01")
    assert main(["train", str(manifest), *MNAD, *longer, "--out", str(run), "--oracle"]) == 0
    curve = read_curve(run / METRICS)
    assert [(line["step"], line["split"]) for line in curve] == [
        (step, split) for step in (30, 60) for split in ("train", "val", "oracle")
    ]
    assert {"intensity", "compactness", "separateness", "loss"} <= set(curve[0])
    assert set(curve[1]) == {
        "step",
        "epoch",
        "split",
        "error",
        "largest_error",
        "memory_distance",
    }
    best = min(curve[1]["error"], curve[4]["error"])
    assert read_config(run)["selected"]["val"]["error"] == best
    assert sorted(path.name for path in (run / "samples").iterdir()) == [
        "step-000030.png",
        "step-000060.png",
    ]
    assert not (run / LAST).exists()
    assert len(list((manifest.parent / ".frames").rglob("*.npy"))) == 12  # with their breaks
    plain, scaled, oracle = (tmp_path / name for name in ("a/s.npz", "b/s.npz", "c/s.npz"))
    score = ["score", str(run), str(manifest)]
    assert main([*score, "--out", str(plain), "--causal"]) == 0
    assert main([*score, "--out", str(scaled), "--per-video"]) == 0
    assert main([*score, "--out", str(oracle), "--oracle"]) == 0
    assert "oracle" in Scores.read(oracle).meta["checkpoint"]
    said = capsys.readouterr().out
    assert said.count("normalised per video") == 1
    assert said.count("chosen on the test set (oracle)") == 1
    meta = Scores.read(plain).meta
    assert "held-out normal footage" in meta["normalisation"]
    assert Scores.read(scaled).meta["normalisation"].startswith("per-video")
    weights = {"error": 0.6, "memory_distance": 0.4}
    for path in (plain, scaled):
        terms = read_terms(path.parent / "terms", ["test/0", "test/1"])
        for video, parts in terms.items():
            total = sum(weight * parts[name] for name, weight in weights.items())
            assert Scores.read(path)[video] == pytest.approx(total, abs=1e-4)
            if path == scaled:
                assert all((part.min(), part.max()) == (0, 1) for part in parts.values())
    assert main(["evaluate", str(plain), str(manifest), "--out", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "report.html").read_text()
    assert "memory" in page
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert metrics["metrics"]["micro_auc"]["value"] > 0.9  # a flash is easy
    assert "per video" not in capsys.readouterr().out
    assert main(["evaluate", str(scaled), str(manifest), "--out", str(tmp_path / "other")]) == 0
    assert "normalised per video" in capsys.readouterr().out


def test_a_stopped_training_goes_on_to_the_same_state(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train = ["train", str(manifest), *MNAD]
    assert main([*train, "--out", str(whole)]) == 0
    real, calls = clip_validation.write_samples, []

    def killed(*arguments: object) -> Path:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(clip_validation, "write_samples", killed)
    assert main([*train, "--out", str(stopped)]) == 130
    assert (stopped / LAST).exists()
    # The version before worded manifests otherwise, of the same videos.
    before = replace(Manifest.read(stopped / MANIFEST), source="before")
    before.write(stopped / MANIFEST)
    write_config(stopped, {**read_config(stopped), "manifest_sha256": before.sha256()})
    # Detector and settings are those that it was begun with.
    assert main([*train[:2], "--out", str(stopped), "--resume"]) == 0
    assert (whole / METRICS).read_bytes() == (stopped / METRICS).read_bytes()
    first, second = (read_run(folder).detector.state() for folder in (whole, stopped))
    assert first["scales"] == second["scales"]
    assert first["threshold"] == second["threshold"]
    for name, values in first["network"].items():
        assert torch.equal(torch.as_tensor(values), torch.as_tensor(second["network"][name])), name


def test_own_footage_without_held_out_videos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "mine" / "only", 40, None, 0)
    run = tmp_path / "run"
    assert main(["train", str(tmp_path / "mine"), *FUTURE, "--out", str(run)]) == 0
    assert "the last fifth of each is" in capsys.readouterr().err
    assert read_run(run).detector.threshold < float("inf")
    assert main(["score", str(run), str(tmp_path / "mine")]) == 0


def test_what_cannot_be_trained_or_scored(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("train", manifest, "--out", tmp_path / "run")
    said = fails(capsys, *train, *FUTURE, "--settings.learning_rate", "1e30")
    assert "training stopped at step" in said
    assert (tmp_path / "run" / LAST).exists() or "step 1" in said or "step 2" in said
    train = ("train", manifest, "--out", tmp_path / "other")
    assert "--settings.widht: future-frame has no such setting" in fails(
        capsys, *train, *FUTURE, "--settings.widht", "4"
    )
    said = fails(capsys, *train, *FUTURE, "--settings.context", "30")
    assert "clip of 31 frames: the longest has 14" in said
    assert "leave out --features" in fails(capsys, *train, *FUTURE, "--features", tmp_path)
    assert main([str(word) for word in (*train, *FUTURE)]) == 0
    short = tmp_path / "short" / "one"
    write_video(short, 3, None, 0)
    said = fails(capsys, "score", tmp_path / "other", short)
    assert "too short" in said
    assert short.name in said
    score = ("score", tmp_path / "other", manifest, "--per-video")
    assert "leave one of them out" in fails(capsys, *score, "--causal")


def test_an_imported_checkpoint_learns_its_scale_from_normal_footage(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    config = FutureFrameConfig(size=16, width=2, discriminator_width=2)
    published = FutureFrame(config)
    path = tmp_path / "ped2.pth"
    torch.save(
        {
            "net_g": published.generator.state_dict(),
            "optimizer_g": torch.optim.Adam(published.generator.parameters()).state_dict(),
            "net_d": published.discriminator.state_dict(),
        },
        path,
    )
    bare, scaled = tmp_path / "bare", tmp_path / "scaled"
    words = ["import", "future-frame", str(path), "--settings.size", "16"]
    assert main([*words, "--out", str(bare)]) == 0
    assert "no threshold; give some with --normal" in capsys.readouterr().err
    assert main(["score", str(bare), str(manifest), "--annotate"]) == 0
    assert "no threshold" in capsys.readouterr().out
    assert Scores.read(bare / "scores" / "squares" / "scores.npz").meta["threshold"] is None
    assert main([*words, "--out", str(scaled), "--normal", str(manifest)]) == 0
    detector = read_run(scaled).detector
    assert detector.config.size == 16
    assert detector.threshold < float("inf")
    assert torch.equal(
        detector.generator.state_dict()["outc.weight"],
        published.generator.state_dict()["outc.weight"],
    )
    said = fails(capsys, *words, "--out", tmp_path / "x", "--settings.width", "4")
    assert "(2,) instead of (4,)" in said
    said = fails(capsys, *words, "--out", tmp_path / "x", "--crops", "5")
    assert said.endswith("future-frame takes no --crops; leave it out")
    torch.save({"net_g": {"foreign": torch.zeros(3)}, "net_d": {"a": torch.zeros(1)}}, path)
    assert str(path) in fails(capsys, *words, "--out", tmp_path / "y")


def changed(manifest: Path, name: str, **changes: dict[str, Any]) -> Path:
    """The manifest with other values for some videos."""
    read = Manifest.read(manifest)
    videos = tuple(replace(v, **changes.get(v.id.replace("/", "_"), {})) for v in read)
    return replace(read, videos=videos).write(manifest.with_name(f"{name}.jsonl"))


def test_what_an_oracle_cannot_judge_by_is_said_before_the_training(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "tiny", 3, None, 0)
    normal: dict[str, Any] = {"events": (), "label": "normal"}
    for name, changes, expected in (
        # As many frames too many as too few: the labels as a whole would fit.
        ("counts", {"test_0": {"frames": 16}, "test_1": {"frames": 12}}, "labels 16 frames, 14"),
        ("short", {"test_1": {**normal, "path": "tiny", "frames": 3}}, "'test/1' of 3 frames"),
        ("normal", {"test_0": normal, "test_1": normal}, "found 0 anomalous of 28"),
    ):
        other = changed(manifest, name, **changes)
        run = tmp_path / f"run-{name}"
        said = fails(capsys, "train", other, *MNAD, "--out", run, "--oracle")
        assert said.startswith("oddframe: --oracle: ")
        assert expected in said
        assert not (run / METRICS).exists()


def test_a_recording_that_fails_while_it_is_learnt_is_left_out_as_any_other(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for picture in (manifest.parent / "train" / "1").iterdir():
        picture.write_bytes(b"no picture any more")
    run = tmp_path / "run"
    for words in ((), ("--resume",)):
        assert main(["train", str(manifest), *MNAD, "--out", str(run), *words]) == 3
        assert "  left out: " in capsys.readouterr().out
    config = read_config(run)
    assert list(config["left_out"]) == ["train/1"]
    assert "train/1" in config["left_out"]["train/1"]
    assert (config["fitted_on"]["videos"], config["fitted_on"]["held_out_videos"]) == (2, 1)


def test_an_oracle_scores_what_score_scores_also_where_footage_is_cut(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(40, 215, (2, 6, 8), dtype=np.uint8)
    (tmp_path / "cut").mkdir()
    for index in range(20):
        picture = cv2.resize(pictures[index // 11], (64, 48), interpolation=cv2.INTER_CUBIC)
        picture[10:20, 2 * index : 2 * index + 8] = 230
        cv2.imwrite(str(tmp_path / "cut" / f"{index:03d}.png"), picture)
    events = (Event(3, 6, "e"),)
    cut = Video("cut", "cut", "test", "anomalous", 20, 25.0, 64, 48, ("e",), events)
    manifest = Manifest("cut", (cut,), root=tmp_path)
    torch.manual_seed(0)
    learner = FutureFrame(FutureFrameConfig(size=16, width=2, discriminator_width=2))
    cache = cache_frames(manifest, (cut,), picture_looks(16), tmp_path / "a", tmp_path / "b")
    assert cache.breaks == {"cut": (11,)}
    judged = clip_validation.cached_scores(learner, cache, cut)
    with open_video(tmp_path / "cut", 25.0) as video:
        scored = [frame.value for frame in scores_of(learner, video)]
    assert judged.tolist() == pytest.approx(scored, abs=1e-6)
    assert len(set(scored[11:16])) == 1  # which take what the first whole clip after the cut says
    blind = replace(cache, breaks={})
    assert clip_validation.cached_scores(learner, blind, cut)[11] > 2 * judged[11]
    crumbs = replace(cache, breaks={"cut": (4, 8, 12, 16)})
    with pytest.raises(OddframeError, match=r"'cut' of 20 frames is too short .* without a cut"):
        clip_validation.require_truth_fits(learner, crumbs, (cut,), manifest.dataset)


def test_what_is_carried_through_a_video_does_not_reach_into_the_training(
    manifest: Path, tmp_path: Path
) -> None:
    updating = ("--settings.update_memory", "true", "--settings.update_below", "10")
    curves = []
    for name, given in {"plain": (), "updating": updating}.items():
        run = tmp_path / name
        assert main(["train", str(manifest), *MNAD, *given, "--out", str(run)]) == 0
        curves.append([line for line in read_curve(run / METRICS) if line["split"] == "train"])
    assert len(curves[0]) == 2
    assert curves[0] == curves[1]


def test_an_import_learns_from_normal_videos_that_hold_a_clip(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = FutureFrame(FutureFrameConfig(size=16, width=2, discriminator_width=2)).generator
    torch.save(generator.state_dict(), tmp_path / "g.pth")
    write_video(tmp_path / "tiny", 3, None, 0)
    val: dict[str, Any] = {"split": "val"}
    other = changed(
        manifest,
        "other",
        train_0={**val, "path": "tiny", "frames": 3},
        test_0=val,  # anomalous
    )
    words = ("import", "future-frame", tmp_path / "g.pth", "--settings.size", "16", "--normal")
    for name, normal in (("a", manifest), ("b", other)):
        assert main([str(w) for w in (*words, normal, "--out", tmp_path / name)]) == 0
    assert "1 of 2 videos left out" in capsys.readouterr().err
    first, second = (read_run(tmp_path / name).detector.state() for name in "ab")
    assert first["scales"] == second["scales"]
    said = fails(capsys, *words, tmp_path / "tiny", "--out", tmp_path / "c")
    assert "no normal video of 5 frames or more without a cut" in said
    assert said.endswith("found 1 that are shorter")
    # Pieces that are joined: cuts closer than a clip leave a video out, not the import.
    random = np.random.default_rng(0)
    scenes = random.integers(40, 215, (4, 6, 8), dtype=np.uint8)
    for name in ("pieces/a", "pieces/b"):
        (tmp_path / name).mkdir(parents=True)
        for index in range(16):
            scene = scenes[index // (4 if name == "pieces/a" else 8)]
            picture = cv2.resize(scene, (64, 48), interpolation=cv2.INTER_CUBIC)
            picture = cv2.add(picture, random.integers(0, 5, picture.shape, dtype=np.uint8))
            cv2.imwrite(str(tmp_path / name / f"{index:03d}.png"), picture)
    import_it = [*words, tmp_path / "pieces", "--out", tmp_path / "d"]
    (tmp_path / "pieces" / "bad.mp4").write_text("this is text\n" * 50)
    assert main([str(w) for w in import_it]) == 3
    assert list(read_config(tmp_path / "d")["left_out"]) == ["bad"]
    assert "1 of 2 videos left out as shorter than a clip of 5 frames without a cut" in (
        capsys.readouterr().err
    )
    assert "without a cut" in fails(
        capsys, *words, tmp_path / "pieces" / "a", "--out", tmp_path / "e"
    )
