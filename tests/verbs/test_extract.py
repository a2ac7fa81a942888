"""The verbs extract and merge-crops from the command line, and the real backbones."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from oddframe.cli import main
from oddframe.errors import OddframeWarning
from oddframe.features.backbones import BackboneOptions, load_backbone
from oddframe.features.backbones.efficientnet_lite import HEAD, EfficientNetLite0
from oddframe.features.backbones.onnx_networks import export
from oddframe.features.feature_folder import FeatureFolder
from oddframe.media.clock import Clock
from oddframe.media.video_writing import VideoWriter
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.score import score
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def film(path: Path, frames: int, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, 25.0, (96, 64)) as writer:
        base = random.integers(0, 200, (64, 96, 3), np.uint8)
        for index in range(frames):
            writer.write(np.roll(base, index, axis=1))
    return path


def onnx_file(path: Path, batch: int | str, *axes: int | str) -> Path:
    """A network that averages the image: ReduceMean over the last axis."""
    shape = [batch, 3, *axes]
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[len(shape) - 1], keepdims=0)
    graph = helper.make_graph(
        [node],
        "mean",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def test_folder_to_features_with_the_default_backbone(tmp_path, capsys):
    film(tmp_path / "films" / "a.mp4", 20)
    film(tmp_path / "films" / "b.mp4", 33, seed=1)
    (tmp_path / "films" / "c.mp4").write_bytes((tmp_path / "films" / "a.mp4").read_bytes()[:900])
    out = tmp_path / "features"
    assert main(["extract", str(tmp_path / "films"), "--out", str(out)]) == 3
    printed = capsys.readouterr()
    assert "features of 2 videos" in printed.out
    assert "1 left out" in printed.out
    assert f"no features: c: {tmp_path / 'films' / 'c.mp4'}: " in printed.out
    assert "c.mp4" in printed.err
    folder = FeatureFolder.open(out)
    assert folder.ids == ("a", "b")
    assert [folder.snippets(name) for name in folder.ids] == [2, 3]
    features = folder.read("b")
    assert features.shape == (3, 1, folder.channels)
    assert features.dtype == np.float16
    backbone = folder.info["backbone"]
    assert backbone["licence"] == "Apache-2.0"
    assert len(backbone["sha256"]) == 64
    # Started again it keeps both; with another setting it says which one differs.
    assert main(["extract", str(tmp_path / "films"), "--out", str(out)]) == 3
    assert "2 were there" in capsys.readouterr().out
    assert main(["extract", str(tmp_path / "films"), "--out", str(out), "--crops", "5"]) == 2
    assert "--out" in capsys.readouterr().err


def test_default_backbone_equals_the_network_in_pytorch():
    backbone = load_backbone("efficientnet-lite0", BackboneOptions())
    random = np.random.default_rng(0)
    clips = random.integers(0, 256, (3, 4, 224, 224, 3), np.uint8)
    clips[1] = clips[1, :1]
    network = EfficientNetLite0.pretrained((HEAD,))
    for clip, found in zip(clips, backbone.encode(clips), strict=True):
        with torch.no_grad():
            maps = network(torch.from_numpy(clip).permute(0, 3, 1, 2).float())[0]
        frames = maps.mean(dim=(2, 3))
        change = sum((frames[i] - frames[i + 1]).abs() for i in range(3)) / 3
        wanted = torch.cat([frames.mean(dim=0), change])
        np.testing.assert_allclose(found, wanted.numpy(), atol=2e-3)
    narrow = load_backbone("efficientnet-lite0-change", BackboneOptions())
    assert narrow.channels == 1280
    np.testing.assert_array_equal(narrow.encode(clips[:1]), backbone.encode(clips[:1])[:, 1280:])
    # Four equal frames do not change.
    assert not backbone.encode(clips[1:2])[0, 1280:].any()


def test_a_users_frame_network(tmp_path, capsys):
    video = film(tmp_path / "a.mp4", 20)
    network = onnx_file(tmp_path / "net.onnx", "n", 32, 32)
    out = tmp_path / "features"
    options = ["--mean", "[10,20,30]", "--std", "[2,2,2]", "--weights", str(network)]
    command = ["extract", str(video), "--backbone", "onnx", "--out", str(out), *options]
    assert main(command) == 0
    folder = FeatureFolder.open(out)
    assert folder.channels == 6
    assert folder.info["input_size"] == 32
    backbone = load_backbone("onnx", BackboneOptions(network, (10, 20, 30), (2, 2, 2)))
    clips = np.random.default_rng(0).integers(0, 256, (3, 4, 32, 32, 3), np.uint8)
    wanted = (clips.mean(axis=(1, 2, 3)) - [10, 20, 30]) / 2
    np.testing.assert_allclose(backbone.encode(clips)[:, :3], wanted, rtol=1e-4)
    changed = [*options[:1], "[0,0,0]", *options[2:]]
    assert main([*command[:-6], *changed]) == 2
    assert "backbone" in capsys.readouterr().err


@pytest.mark.parametrize("batch", [1, "n"])
def test_a_users_clip_network(tmp_path, batch):
    network = onnx_file(tmp_path / "net.onnx", batch, 8, 16, 16)
    backbone = load_backbone("onnx", BackboneOptions(network))
    assert (backbone.frames_per_snippet, backbone.input_size, backbone.channels) == (8, 16, 3)
    clips = np.random.default_rng(0).integers(0, 256, (3, 8, 16, 16, 3), np.uint8)
    np.testing.assert_allclose(backbone.encode(clips), clips.mean(axis=(1, 2, 3)), rtol=1e-4)


def test_networks_that_do_not_fit(tmp_path, capsys):
    video = str(film(tmp_path / "a.mp4", 20))
    out = str(tmp_path / "features")
    assert main(["extract", video, "--device", "cuda", "--out", out]) == 2
    assert "efficientnet-lite0 runs on the CPU; leave out --device" in capsys.readouterr().err
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    cases = {
        "an ONNX network, found no such file": tmp_path / "gone.onnx",
        "ONNX Runtime cannot run it": tmp_path / "bad.onnx",
        "expected one float32 input": onnx_file(tmp_path / "flat.onnx", "n", 7),
        "square input": onnx_file(tmp_path / "wide.onnx", "n", 7, 9),
        "batch of any size": onnx_file(tmp_path / "two.onnx", 2, 9, 9),
    }
    out = ["--out", str(tmp_path / "out")]
    for message, path in cases.items():
        command = ["extract", video, *out, "--backbone", "onnx", "--weights", str(path)]
        assert main(command) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    for name in ("onnx", "i3d-inception", "i3d-resnet50"):
        assert main(["extract", video, *out, "--backbone", name]) == 2
        assert "--weights" in capsys.readouterr().err
    assert main(["extract", video, *out, "--backbone", "vgg"]) == 2
    assert "unknown backbone 'vgg'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["i3d-inception", "i3d-resnet50"])
def test_i3d_takes_its_weights_from_a_file(tmp_path, name):
    from oddframe.features.backbones.i3d_inception import InceptionI3D
    from oddframe.features.backbones.i3d_resnet50 import ResNet50I3D

    torch.manual_seed(0)
    network: nn.Module = InceptionI3D() if name == "i3d-inception" else ResNet50I3D()
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    backbone = load_backbone(name, BackboneOptions(tmp_path / "weights.pt", device="cpu"))
    clips = np.random.default_rng(0).integers(0, 256, (1, 16, 64, 64, 3), np.uint8)
    with torch.no_grad():
        wanted = network.eval()(torch.from_numpy(clips).permute(0, 4, 1, 2, 3).float())
    found = backbone.encode(clips)
    assert found.shape == (1, backbone.channels)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-5)
    assert len(backbone.describe()["sha256"]) == 64


def test_export_moves_paddings_without_changing_the_output():
    network = EfficientNetLite0.pretrained((0, 1))
    image = torch.rand(1, 3, 64, 64) * 255
    exported = export(network, image, ("a", "b"), {0: "batch"})
    from oddframe.features.backbones.onnx_networks import open_session

    found = open_session(exported).run(None, {"images": image.numpy()})
    with torch.no_grad():
        for left, right in zip(network(image), found, strict=True):
            np.testing.assert_allclose(left.numpy(), right, atol=1e-3)
    assert not any(n.op_type == "Pad" for n in onnx.load_model_from_string(exported).graph.node)


def test_merge_crops(tmp_path, capsys):
    random = np.random.default_rng(0)
    wanted = {}
    for video in ("A.b__#1_label_A", "v=x__#2_label_B1-0-0"):
        wanted[video] = random.standard_normal((4, 5, 6)).astype(np.float32)
        for crop in range(5):
            path = tmp_path / "source" / "train" / f"{video}__{crop}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, wanted[video][:, crop])
    command = ["merge-crops", str(tmp_path / "source"), "--out", str(tmp_path / "merged")]
    assert main(command) == 0
    assert "2 videos, 5 crops each" in capsys.readouterr().out
    folder = FeatureFolder.open(tmp_path / "merged")
    for video, features in wanted.items():
        np.testing.assert_array_equal(folder.read(video), features)
    # The published files may be one snippet short; merging must not make that an error.
    assert folder.check_frames("A.b__#1_label_A", Clock(80, 25.0)) == 4
    assert json.loads((tmp_path / "merged" / "features.json").read_text())["crops"] == 5
    assert main(command) == 0
    merged = str(tmp_path / "merged")
    assert main(["merge-crops", merged, "--out", str(tmp_path / "again")]) == 2
    assert "expected one file per crop" in capsys.readouterr().err
    inside = str(tmp_path / "source" / "merged")
    assert main(["merge-crops", str(tmp_path / "source"), "--out", inside]) == 2
    assert "lies inside" in capsys.readouterr().err
    np.save(tmp_path / "source" / "train" / "A.b__#1_label_A__2.npy", np.zeros((3, 6), "f4"))
    assert main(["merge-crops", str(tmp_path / "source"), "--out", str(tmp_path / "new")]) == 2
    assert "A.b__#1_label_A__2.npy: expected 4 snippets" in capsys.readouterr().err


def test_a_run_extracts_a_new_video_as_its_training_videos(tmp_path):
    network = onnx_file(tmp_path / "net.onnx", "n", 32, 32)
    films = [film(tmp_path / "films" / f"{name}.mp4", 40, i) for i, name in enumerate("abcde")]
    options = ["--backbone", "onnx", "--weights", str(network), "--mean", "[10,20,30]"]
    out = tmp_path / "features"
    assert main(["extract", str(films[0].parent), "--out", str(out), *options]) == 0
    manifest = tmp_path / "manifest.jsonl"
    splits = zip("abcd", ("train", "train", "val", "val"), ("normal", "anomalous") * 2, strict=True)
    videos = [Video(name, "", split, label, 40, 25.0, 0, 0) for name, split, label in splits]
    Manifest("films", tuple(videos)).write(manifest)
    run = tmp_path / "run"
    words = ["train", str(manifest), "--features", str(out), "--detector", "sultani"]
    words += ["--device", "cpu", "--settings.steps", "2", "--out", str(run)]
    assert main(words) == 0
    scores = tmp_path / "new" / "scores.npz"
    words = ["score", str(run), str(films[4]), "--weights", str(network), "--out", str(scores)]
    assert main(words) == 0
    again = np.load(tmp_path / "new" / "features" / "e.npy")
    np.testing.assert_array_equal(again, np.load(out / "e.npy"))
    assert len(Scores.read(scores)["e"]) == 40
    # Another recording of the same name and length is not taken for the one of yesterday.
    before = films[4].read_bytes()
    film(films[4], 40, seed=77)
    assert films[4].read_bytes() != before
    with pytest.warns(OddframeWarning, match="'e' has changed since the features were made"):
        score(run, films[4], weights=network, out=scores)
    assert not np.array_equal(np.load(tmp_path / "new" / "features" / "e.npy"), again)
