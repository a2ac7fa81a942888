"""The cache of frames: what scoring sees, made once, whole files only, told and checked before."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tracemalloc
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from oddframe.clips import cached_files as module
from oddframe.clips.batches import even_clips
from oddframe.clips.cached_files import FRAME_CACHE, cache_bytes, cache_frames
from oddframe.clips.frame_cache import FrameCache
from oddframe.clips.looks import Looks, picture_looks
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.finding import find
from oddframe.media.frames import Resampling
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video
from oddframe.zones.painting import GREY
from oddframe.zones.zone import Zone, Zones

SIZE = 16
WIDTH, HEIGHT = 48, 32


def image(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 6, 3)).astype(np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def folder_of(path: Path, count: int, seed: int) -> None:
    path.mkdir(parents=True)
    for index in range(count):
        cv2.imwrite(str(path / f"{index:03d}.jpg"), image(1000 * seed + index))


def film(path: Path, count: int, seed: int = 0) -> None:
    with VideoWriter(path, 25, (WIDTH, HEIGHT)) as writer:
        for index in range(count):
            writer.write(image(1000 * seed + index))


def video(name: str, path: str, frames: int) -> Video:
    return Video(name, path, "train", "normal", frames, 25.0, WIDTH, HEIGHT)


@pytest.fixture
def data(tmp_path: Path) -> Manifest:
    """Two folders of images and a video file."""
    root = tmp_path / "data"
    folder_of(root / "a", 7, 1)
    folder_of(root / "b", 5, 2)
    film(root / "c.mp4", 9, 3)
    videos = (video("a", "a", 7), video("b", "b", 5), video("c", "c.mp4", 9))
    return Manifest("made-up", videos, root)


LOOKS = {"size", "grey", "how"}


def looks(size: int = SIZE, *, grey: bool = False, how: Resampling = "area") -> Looks:
    return picture_looks(size, "grey" if grey else "rgb", how)


def make(data: Manifest, **changes: Any) -> FrameCache:
    beside = data.root.parent
    given: dict[str, Any] = {
        "videos": data.videos,
        "looks": looks(**{name: changes.pop(name) for name in LOOKS & changes.keys()}),
        "folder": beside / FRAME_CACHE,
        "spare": beside / "run",
        **changes,
    }
    return cache_frames(data, **given)


@pytest.fixture
def no_decoding(monkeypatch):
    """Call it, and from then on nothing may be decoded."""

    def refuse(*_):
        raise AssertionError("decoded again")

    return lambda: monkeypatch.setattr(module, "open_footage", refuse)


def test_a_video_that_cannot_be_read_stops_no_other(data):
    (data.root / "c.mp4").write_bytes(b"not a video")
    with pytest.warns(OddframeWarning, match=r"c: left out \(.*c\.mp4: cannot be read as a video"):
        cache = make(data)
    assert cache.videos == ("a", "b")
    with pytest.raises(OddframeError, match=r"c\.mp4: cannot be read as a video"):
        make(data, videos=(data["c"],))


@pytest.mark.parametrize("grey", [False, True])
def test_frames_are_those_that_scoring_sees(data, grey):
    done: list[int] = []
    cache = make(data, grey=grey, advance=done.append)
    assert cache.videos == ("a", "b", "c")
    assert cache.lengths == (7, 5, 9)
    assert sum(done) == 21
    for entry in data:
        frames = cache.frames(entry.id)
        assert isinstance(frames, np.memmap)
        assert frames.dtype == np.uint8
        with open_video(data.locate(entry)) as opened:
            for kept, frame in zip(frames, opened, strict=True):
                if grey:
                    np.testing.assert_array_equal(kept[..., 0], frame.grey((SIZE, SIZE)))
                else:
                    np.testing.assert_array_equal(kept, frame.rgb((SIZE, SIZE)))
    written = sum(frames.nbytes for frames in map(cache.frames, cache.videos))
    assert written == cache_bytes(data.videos, looks(SIZE, grey=grey))


@pytest.mark.parametrize("how", ["bilinear", "pillow"])
def test_a_cache_knows_how_its_frames_were_resized(data, how):
    other = make(data, how=how)
    for entry in data:
        with open_video(data.locate(entry)) as opened:
            wanted = [frame.rgb((SIZE, SIZE), how) for frame in opened]
        np.testing.assert_array_equal(other.frames(entry.id), wanted)
        assert (make(data).frames(entry.id) != other.frames(entry.id)).any()
    kinds = {path.parent.name for path in (data.root.parent / FRAME_CACHE).rglob("*.npy")}
    assert kinds == {f"{SIZE}-rgb", f"{SIZE}-rgb-{how}"}


def test_made_once_also_for_a_data_set_that_moved(data, no_decoding):
    first = {name: np.array(frames) for name, frames in make(data).arrays.items()}
    done: list[int] = []
    moved = data.root.parent / "elsewhere"
    shutil.move(data.root, moved)
    no_decoding()
    again = make(replace(data, root=moved), advance=done.append)
    assert sum(done) == 21
    for name, frames in first.items():
        np.testing.assert_array_equal(again.frames(name), frames)
    # A choice of the videos, in another order, is there too.
    assert make(replace(data, root=moved), videos=data.videos[2:0:-1]).videos == ("c", "b")


def test_other_sizes_and_colours_lie_side_by_side(data, no_decoding):
    for size, grey in ((16, False), (16, True), (24, False)):
        make(data, size=size, grey=grey)
    no_decoding()
    assert make(data, size=24).frames("a").shape == (7, 24, 24, 3)
    assert make(data, grey=True).frames("a").shape == (7, 16, 16, 1)
    kinds = {path.name for path in (data.root.parent / FRAME_CACHE).iterdir()}
    assert kinds == {"16-rgb", "16-grey", "24-rgb"}


def test_what_is_ignored_is_kept_apart(data, no_decoding):
    corner = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
    whole = np.array(make(data).frames("b"))
    for kind, same in (("watch", True), ("ignore", False)):
        zones = Zones((Zone("corner", kind, corner),))
        zoned = replace(data, videos=tuple(replace(video, zones=zones) for video in data))
        seen = make(zoned).frames("b")
        assert np.array_equal(seen, whole) == same
    assert (seen[:, : SIZE // 2, : SIZE // 2] == GREY).all()
    no_decoding()
    assert np.array_equal(make(data).frames("b"), whole)
    assert np.array_equal(make(zoned).frames("b"), seen)


@pytest.mark.parametrize("change", ["content", "time", "name", "one more", "other path"])
def test_changed_footage_is_decoded_again(data, monkeypatch, change):
    make(data)
    entry = data["b"]
    last = data.root / "b" / "004.jpg"
    if change == "content":
        cv2.imwrite(str(last), image(77))
    elif change == "time":
        os.utime(last, ns=(1, 1))
    elif change == "name":
        last.rename(last.with_name("4.jpg"))
    elif change == "one more":
        cv2.imwrite(str(last.with_name("005.jpg")), image(78))
        entry = replace(entry, frames=6)
    else:
        (data.root / "b").rename(data.root / "B")
        entry = replace(entry, path="B")
    data = replace(data, videos=(data["a"], entry, data["c"]))
    decoded = []

    def watched(manifest, video):
        decoded.append(video.path)
        return open_footage(manifest, video)

    monkeypatch.setattr(module, "open_footage", watched)
    cache = make(data)
    assert decoded == [entry.path]
    with open_video(data.locate(entry)) as opened:
        expected = np.stack([frame.rgb((SIZE, SIZE)) for frame in opened])
    np.testing.assert_array_equal(cache.frames("b"), expected)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from typing import Any
from oddframe.clips.cached_files import cache_frames
from oddframe.clips.looks import picture_looks
from oddframe.videos.manifest import Manifest

manifest, folder, kill_at = Manifest.read(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
done = 0

def advance(more):
    global done
    done += more
    if done == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

cache_frames(manifest, manifest.videos, picture_looks(16), folder, folder, advance)
"""


def begin(data: Manifest, kill_at: int) -> subprocess.Popen:
    path = data.write(data.root.parent / "manifest.jsonl")
    folder = data.root.parent / FRAME_CACHE
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(folder), str(kill_at)])


def test_a_killed_process_leaves_no_half_video_and_the_next_goes_on(data, monkeypatch):
    assert begin(data, kill_at=10).wait() == -signal.SIGKILL
    folder = data.root.parent / FRAME_CACHE / "16-rgb"
    names = [path.name for path in folder.iterdir()]
    # The first video with its breaks, and what it had of the second one.
    assert sum(not name.startswith(".") for name in names) == 2
    assert sum(".partial" in name for name in names) == 1
    decoded = []

    def watched(manifest, video):
        decoded.append(video.path)
        return open_footage(manifest, video)

    monkeypatch.setattr(module, "open_footage", watched)
    assert make(data).lengths == (7, 5, 9)
    assert decoded == ["b", "c.mp4"]
    assert not [path for path in folder.iterdir() if ".partial" in path.name]


def test_two_processes_at_once(data, no_decoding):
    both = [begin(data, kill_at=-1) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    files = list((data.root.parent / FRAME_CACHE / "16-rgb").iterdir())
    assert len(files) == 6
    no_decoding()
    assert make(data).lengths == (7, 5, 9)


@pytest.mark.parametrize(
    "damage", ["cut short", "empty", "not an array", "of another shape", "a changed bit"]
)
def test_a_damaged_file_is_made_again(data, damage):
    expected = {name: np.array(frames) for name, frames in make(data).arrays.items()}
    for file in (data.root.parent / FRAME_CACHE / "16-rgb").iterdir():
        content = file.read_bytes()
        if damage == "of another shape":
            np.save(file, np.zeros((7, 8, 8, 3), np.uint8))
        else:
            cuts = {"cut short": content[:-1], "empty": b"", "not an array": b"x" * len(content)}
            cuts["a changed bit"] = content[:-99] + bytes([content[-99] ^ 1]) + content[-98:]
            file.write_bytes(cuts[damage])
    for name, frames in make(data).arrays.items():
        np.testing.assert_array_equal(frames, expected[name])


def test_too_small_a_disk_is_refused_before_anything_is_decoded(data, monkeypatch, no_decoding):
    make(data, size=96, videos=data.videos[:1])
    needed = cache_bytes(data.videos[1:], looks(96))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(0, 0, needed - 1))
    no_decoding()
    assert make(data, size=96, videos=data.videos[:1]).lengths == (7,)  # is there already
    with pytest.raises(OddframeError, match=r"96-rgb: .*2 videos needs 0\.4 MB, 0\.4 MB are free"):
        make(data, size=96)
    monkeypatch.undo()
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(0, 0, needed))
    assert make(data, size=96).lengths == (7, 5, 9)


def test_the_spare_folder_where_the_other_cannot_be_made(data):
    beside = data.root.parent
    (beside / "file").write_text("in the way")
    cache = make(data, folder=beside / "file" / FRAME_CACHE)
    assert cache.lengths == (7, 5, 9)
    assert len(list((beside / "run" / FRAME_CACHE / "16-rgb").iterdir())) == 6
    assert not (beside / FRAME_CACHE).exists()


def test_what_lies_in_either_folder_is_used(data, no_decoding):
    make(data)
    no_decoding()
    beside = data.root.parent
    (beside / "file").write_text("in the way")
    found = make(data, folder=beside / "file" / FRAME_CACHE, spare=beside)
    assert found.lengths == (7, 5, 9)


def test_the_true_count_wins_over_the_manifests(data):
    data = replace(data, videos=(data["a"], replace(data["b"], frames=8)))
    for _ in range(2):  # also when it comes from the cache
        with pytest.warns(OddframeWarning, match="'b': the manifest says 8 frames, 5 can be"):
            cache = make(data)
        assert cache.lengths == (7, 5)
        assert cache.frames("b").shape == (5, SIZE, SIZE, 3)


def test_grey_and_colour_images_in_one_folder_without_leading_zeros(tmp_path):
    colour = image(5)
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    for index in range(12):
        picture = (grey if index % 2 else colour) // (index + 1)
        cv2.imwrite(str(tmp_path / f"{index + 1}.png"), picture)
    data = Manifest("mixed", (video("mixed", ".", 12),), tmp_path)
    frames = make(data, folder=tmp_path / FRAME_CACHE, size=HEIGHT).frames("mixed")
    assert frames.shape == (12, HEIGHT, HEIGHT, 3)
    assert (np.diff(frames.astype(float).mean((1, 2, 3))) < 0).all()  # darker and darker
    is_grey = [bool((frame == frame[..., :1]).all()) for frame in frames]
    assert is_grey == [False, True] * 6
    frames = make(data, folder=tmp_path / FRAME_CACHE, size=HEIGHT, grey=True).frames("mixed")
    expected = cv2.resize(grey, (HEIGHT, HEIGHT), interpolation=cv2.INTER_AREA)
    assert np.abs(frames[0, ..., 0].astype(int) - expected).max() <= 1


def test_an_image_of_another_size_is_named_and_stops_nothing(data):
    cv2.imwrite(str(data.root / "a" / "003.jpg"), image(1)[:20])
    with pytest.warns(OddframeWarning, match=r"a/003\.jpg"):
        cache = make(data, videos=data.videos[:1])
    assert len(cache.frames("a")) == 7


def test_footage_that_cannot_be_read_is_one_line_naming_it(data):
    content = (data.root / "c.mp4").read_bytes()
    (data.root / "c.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(OddframeError, match=r"c\.mp4: cannot be read as a video"):
        make(data, videos=data.videos[2:])
    (data.root / "c.mp4").unlink()
    with pytest.raises(OddframeError, match=r"video 'c': .*c\.mp4 cannot be read.*--root"):
        make(data)
    for file in (data.root / "b").iterdir():
        file.unlink()
    with pytest.raises(OddframeError, match=r"b: .*found no image"):
        make(data, videos=data.videos[1:2])
    assert not list((data.root.parent / FRAME_CACHE).rglob(".*"))


def test_memory_does_not_grow_with_the_length(tmp_path):
    film(tmp_path / "long.mp4", 400)
    data = Manifest("long", (video("long", "long.mp4", 400),), tmp_path)
    tracemalloc.start()
    make(replace(data, root=tmp_path), folder=tmp_path / FRAME_CACHE, size=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert cache_bytes(data.videos, looks(64)) > 4_900_000
    assert peak < 1_000_000


def test_thousands_of_videos_do_not_exhaust_the_open_files(data):
    data = replace(data, videos=tuple(video(f"{index}", "b", 5) for index in range(60)))
    cache = make(data)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, hard))
    try:
        assert cache.lengths == (5,) * 60
        assert even_clips(cache, cache.videos, 5, 1, 60).shape == (60, 5, SIZE, SIZE, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_footage_in_a_folder_with_a_cache_is_found_without_it(data):
    make(data, folder=data.root / FRAME_CACHE)
    found = [path.name for path in find(data.root).recordings]
    assert found == ["a", "b", "c.mp4"]


def test_divided_caches_hold_every_frame_once() -> None:
    arrays = {
        name: np.arange(count, dtype=np.uint8)[:, None] for name, count in (("a", 10), ("b", 3))
    }
    first, last = FrameCache(arrays).divide(0.2)
    assert first.videos == last.videos == ("a", "b")
    assert (first.lengths, last.lengths) == ((8, 2), (2, 1))
    for name, frames in arrays.items():
        assert (np.concatenate([first.frames(name), last.frames(name)]) == frames).all()


def test_breaks_are_kept_and_found_where_a_cache_has_none(data: Manifest) -> None:
    shots = [image(1)] * 6 + [image(2)] * 6
    for index, shot in enumerate(shots):
        (data.root / "d").mkdir(exist_ok=True)
        cv2.imwrite(str(data.root / "d" / f"{index:03d}.png"), shot)
    videos = (video("d", "d", 12), video("still", "a", 7))
    cut = make(data, videos=videos)
    assert cut.breaks["d"] == (6,)
    assert (cut.stretches("d").tolist(), cut.longest("d")) == ([[0, 6], [6, 12]], 6)
    assert cut.divide(1 / 3)[0].breaks["d"] == (6,)
    last = cut.divide(7 / 12)[1]
    assert (last.breaks["d"], last.stretches("d").tolist()) == ((1,), [[0, 1], [1, 7]])
    assert cut.divide(0.5)[1].longest("d") == 6  # it begins there
    # As caches were before: frames alone.
    for file in (data.root.parent / FRAME_CACHE).rglob("*.breaks*"):
        file.unlink()
    assert make(data, videos=videos).breaks["d"] == (6,)


def test_what_is_held_out_of_a_video_keeps_its_own_times() -> None:
    """Eight frames a second, then two that last for a minute each: those are the last fifth."""
    slow = replace(video("a", "a.mp4", 10), times=((0, 0.0), (8, 1.0), (9, 61.0)))
    first, last = FrameCache({"a": np.zeros((10, 1), np.uint8)}).divide(0.2)
    assert first.clock(slow).length == pytest.approx(1.0)
    assert last.clock(slow).seconds(1) == pytest.approx(60.0)
    assert last.clock(slow).frames == 2
