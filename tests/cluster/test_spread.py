"""Work on a Ray cluster: every item gets its result, and they equal those of one process."""

import os
import signal
import sys
import warnings
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from oddframe.cli import main
from oddframe.cluster.connection import connected
from oddframe.cluster.spread import Workers, spread
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.media.video_writing import VideoWriter
from oddframe.scores.events_file import read_events
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.extract import extract
from oddframe.verbs.score import score


@pytest.fixture(scope="module", autouse=True)
def ray():
    """Imported where it is used: every process that tests collects this file."""
    return pytest.importorskip("ray")


@pytest.fixture(scope="module")
def address(ray):
    """A cluster of two CPUs, which the tests join as one that was there before."""
    from ray.cluster_utils import Cluster

    before = signal.getsignal(signal.SIGTERM)
    options = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 10**8}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    # The workers know this module only if it is sent to them.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield cluster.address
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    cluster.shutdown()
    signal.signal(signal.SIGTERM, before)


def a_worker(folder):
    import cv2

    def work(item):
        if item == "video error":
            raise OddframeError("clip.mp4: cannot be read")
        if item == "other error":
            raise ZeroDivisionError("by\nzero")
        if item == "warning":
            warnings.warn("a frame is missing", OddframeWarning, stacklevel=2)
        if item == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "deadly once":
            with suppress(FileExistsError):
                (folder / "died").touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGKILL)
        if item == "threads":
            names = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
            return cv2.getNumThreads(), *(os.environ.get(name) for name in names)
        return np.full(100_000, len(item))

    return work


def test_each_item_gets_its_result_whatever_happens_to_the_others(ray, address, tmp_path, capfd):
    items = ["one", "video error", "deadly", "other error", "deadly once", "warning", "threads"]
    told = []
    with pytest.warns(OddframeWarning, match="a frame is missing"):
        pairs = list(
            spread(
                lambda: a_worker(tmp_path),
                items,
                Workers(2, address),
                advance=lambda *words: told.append(words),
            )
        )
    assert sorted(item for item, _ in pairs) == sorted(items)
    found = dict(pairs)
    for name in ("one", "deadly once", "warning"):
        np.testing.assert_array_equal(found[name], np.full(100_000, len(name)))
    assert str(found["video error"]) == "clip.mp4: cannot be read"
    assert str(found["other error"]) == "ZeroDivisionError: by zero"
    assert "died twice" in str(found["deadly"])
    assert found["threads"] == (1, "1", "")
    assert [words[1:] for words in told] == [(done, 7) for done in range(8)]
    assert isinstance(found["one"], np.ndarray)
    found["one"][0] = 5  # its own memory, which Ray's end does not take away
    assert not ray.is_initialized()
    assert "Traceback" not in capfd.readouterr().err


def test_workers_that_cannot_start_say_so_for_each_item(address):
    def refuse():
        raise OddframeError("net.pt: no such file")

    found = dict(spread(refuse, [1, 2, 3], Workers(2, address)))
    assert {item: str(why) for item, why in found.items()} == dict.fromkeys(
        (1, 2, 3), "net.pt: no such file"
    )


def film(path: Path, frames: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, 25.0, (64, 48)) as writer:
        for index in range(frames):
            writer.write(np.roll(image, index, axis=1))


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    """Three tiny videos and one that is shorter than its manifest says; an ONNX network."""
    root = tmp_path_factory.mktemp("footage")
    for index, name in enumerate(("a", "b/a", "c", "short")):
        film(root / "films" / f"{name}.mp4", 20 + 9 * index, index)
    assert main(["prepare", "folder", str(root / "films"), "--out", str(root / "m.jsonl")]) == 0
    film(root / "films" / "short.mp4", 5, 9)
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[3], keepdims=0)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ["n", 3, 16, 16]), ("y", None))
    ]
    graph = helper.make_graph([node], "mean", ends[:1], ends[1:])
    version = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=version, ir_version=8), root / "net.onnx")
    return root


def test_extraction_equals_that_of_one_process(address, footage, tmp_path, monkeypatch, capsys):
    # Relative paths: a worker of a cluster works in another folder.
    monkeypatch.chdir(footage)
    command = ["extract", "m.jsonl", "--backbone", "onnx", "--weights", "net.onnx"]
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert main([*command, "--out", str(alone)]) == 3
    capsys.readouterr()
    spread_out = ["--out", os.path.relpath(together), "--workers", "2", "--ray", address]
    assert main([*command, *spread_out]) == 3
    said = capsys.readouterr()
    assert "features of 3 videos (0 were there)" in said.out
    assert "short: left out" in said.err
    assert "expected 47 frames, found 5" in said.err
    names = sorted(path.relative_to(alone) for path in alone.rglob("*.*") if path.is_file())
    others = (path for path in together.rglob("*.*") if path.is_file())
    assert names == sorted(path.relative_to(together) for path in others)
    assert len(names) == 7  # three arrays, what each was made of, and features.json
    for name in names:
        assert (together / name).read_bytes() == (alone / name).read_bytes()
    # Again: what is missing is made, by this process if it is one video and there is no cluster.
    film(footage / "films" / "short.mp4", 47, 9)
    (together / "c.npy").unlink()
    done = extract(
        Path("m.jsonl"), together, backbone="onnx", weights=Path("net.onnx"), ray=address
    )
    assert (done.extracted, done.kept, done.failed) == (2, 2, {})
    assert (together / "c.npy").read_bytes() == (alone / "c.npy").read_bytes()
    (together / "short.npy").unlink()
    done = extract(Path("m.jsonl"), together, backbone="onnx", weights=Path("net.onnx"), workers=2)
    assert (done.extracted, done.kept) == (1, 3)
    assert FeatureFolder.open(together).snippets("short") == 3


def test_scores_equal_those_of_one_process(address, street, tmp_path):
    films = tmp_path / "films"
    for name, extra in (("calm", None), ("fast", street.fast), ("day 1/large", street.large)):
        street.film(films / f"{name}.mp4", street.images(4, 5, extra))
    (films / "text.mp4").write_text("no video")
    assert main(["prepare", "folder", str(films), "--out", str(tmp_path / "m.jsonl")]) == 3
    (films / "calm.mp4").write_text("no video any more")
    with pytest.warns(OddframeWarning, match="calm: left out"):
        alone = score(street.run, tmp_path / "m.jsonl", out=tmp_path / "alone" / "scores.npz")
    with pytest.warns(OddframeWarning, match="calm: left out"):
        together = score(
            street.run, tmp_path / "m.jsonl", out=tmp_path / "together" / "scores.npz", ray=address
        )
    assert list(alone.scores) == list(together.scores) == ["day 1/large", "fast"]
    assert alone.failed == together.failed
    assert alone.detections == together.detections
    assert any(event.boxes for event in alone.detections["day 1/large"])
    assert read_events(together.path.parent / "events.json") == together.detections
    assert Scores.read(alone.path).meta == Scores.read(together.path).meta
    written = sorted(p.relative_to(alone.path.parent) for p in alone.path.parent.rglob("*.*"))
    assert [path.name for path in written] == [
        *("events.json", "large.npy", "fast.npy", "scores.npz", "sources.json")
    ]
    for path in written:
        assert (together.path.parent / path).read_bytes() == (alone.path.parent / path).read_bytes()


def test_when_ray_is_needed(monkeypatch):
    assert not Workers().are_several
    assert not Workers(1).are_several
    assert Workers(2).are_several
    assert Workers(1, "auto").are_several
    assert not Workers(2).would_share(1)
    assert Workers(2, "auto").would_share(1)
    with pytest.raises(OddframeError, match="--workers: expected at least 1, found 0"):
        Workers(0)
    monkeypatch.setattr("oddframe.cluster.connection.find_spec", lambda _: None)
    assert not Workers(1).are_several
    with pytest.raises(OddframeError, match=r"pip install .*\[ray\]'"):
        Workers(2)


@pytest.mark.parametrize("options", [["--workers", "0"], ["--ray", "127.0.0.1:1"]])
def test_bad_options_are_one_line(options, footage, tmp_path, capsys):
    command = ["extract", str(footage / "m.jsonl"), "--backbone", "onnx"]
    weights = ["--weights", str(footage / "net.onnx"), "--out", str(tmp_path / "out")]
    assert main([*command, *weights, *options]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"oddframe: {options[0]}")


@pytest.fixture
def interrupted_by_ctrl_c() -> Generator[None]:
    """Whoever begins the tests in the background of a script has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupted_by_ctrl_c")
def test_sigterm_is_ctrl_c_inside_and_what_it_was_outside(ray, address):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), connected(address):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
    assert not ray.is_initialized()
