"""Video, Event, Manifest: the file keeps everything, and every mistake is named with its row."""

import itertools
import json
import string
from dataclasses import replace
from functools import partial
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event, Video, events_from_labels

quick = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
plain = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp"))
words = st.text(plain, min_size=1, max_size=8).filter(str.strip)
ids = words.filter(
    lambda s: (
        s == s.strip()
        and s[0] != "_"
        and "\\" not in s
        and all(part and part[0] != "." for part in s.split("/"))
    )
)


@st.composite
def videos(draw, video_id):
    frames = draw(st.integers(1, 50))
    label = draw(st.sampled_from(["normal", "anomalous", None]))
    events = ()
    if label != "normal":
        spans = st.tuples(st.integers(0, frames - 1), st.integers(1, 50), words)
        events = tuple(
            Event(start, min(start + length, frames), name)
            for start, length, name in draw(st.lists(spans, max_size=3))
        )
    return Video(
        id=video_id,
        path=draw(words),
        split=draw(st.sampled_from(["train", "val", "test"])),
        label=label,
        frames=frames,
        fps=draw(st.floats(0.01, 1000)),
        width=draw(st.integers(1, 4000)),
        height=draw(st.integers(1, 4000)),
        classes=tuple(draw(st.lists(words, max_size=2))),
        events=events,
        mask=draw(st.none() | words),
        tracks=draw(st.none() | words),
    )


@st.composite
def manifests(draw):
    names = draw(st.lists(ids, min_size=1, max_size=4, unique_by=partial(normalize, "NFC")))
    return Manifest(
        dataset=draw(words),
        videos=tuple(draw(videos(name)) for name in names),
        root=Path("/data"),
        source=draw(words),
        label_rule=draw(words),
        annotations=draw(st.dictionaries(words, words, max_size=2)),
    )


def video(video_id="a", **changes):
    values = {
        "path": f"{video_id}.mp4",
        "split": "test",
        "label": None,
        "frames": 10,
        "fps": 25.0,
        "width": 8,
        "height": 6,
    }
    return Video(id=video_id, **{**values, **changes})


@quick
@given(manifest=manifests())
def test_a_manifest_comes_back_as_it_was_written(tmp_path, manifest):
    path = manifest.write(tmp_path / "manifest.jsonl")
    assert Manifest.read(path) == manifest


def test_line_separators_inside_a_name_do_not_end_the_line(tmp_path):
    # JSON allows these in a string, and str.splitlines() breaks at each of them.
    made = Manifest("d", (video("a", events=(Event(1, 2, "two words"),)),), source="line one")
    path = made.write(tmp_path / "m.jsonl")
    path.write_text(path.read_text().replace("two w", "two\u2028w").replace("line o", "line\x85o"))
    assert Manifest.read(path, root=made.root) == made


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_manifest_saved_by_another_editor_is_the_same(tmp_path, encoding):
    made = Manifest("größe", (video("a"), video("b")))
    path = made.write(tmp_path / "m.jsonl")
    path.write_bytes(path.read_text().replace("\n", "\r\n").encode(encoding))
    assert Manifest.read(path, root=made.root) == made


def test_composed_and_decomposed_ids_are_the_same_video(tmp_path):
    assert video(normalize("NFD", "gäste")) == replace(video("gäste"), path="ga\u0308ste.mp4")
    with pytest.raises(OddframeError, match="video 2 repeats the id 'gäste'"):
        Manifest("d", (video("gäste"), video(normalize("NFD", "gäste"))))


@quick
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_events_and_frame_labels_hold_the_same(labels):
    events = events_from_labels(np.array(labels))
    made = video(frames=len(labels), events=events).frame_labels()
    assert made.tolist() == [bool(label) for label in labels]
    for one, other in itertools.pairwise(events):
        assert one.end < other.start


def test_events_are_kept_in_order():
    events = (Event(5, 7), Event(1, 3, "fall"), Event(1, 2))
    assert video(events=events).events == (Event(1, 2), Event(1, 3, "fall"), Event(5, 7))


@pytest.mark.parametrize("span", [(-1, 3), (3, 3), (4, 3)])
def test_an_event_without_length_is_refused(span):
    with pytest.raises(OddframeError, match="expected 0 <= start < end"):
        Event(*span)


MISTAKES = [
    ({"id": ""}, "an id must not be empty"),
    ({"id": "_meta"}, "an id must not"),
    ({"id": " a"}, "an id must not"),
    ({"id": "a/../../b"}, "none of them empty or starting with"),
    ({"id": "/etc/passwd"}, "an id is used as a file name"),
    ({"id": None}, "id: expected words, found None"),
    ({"id": "caf\udce9"}, "not valid UTF-8"),
    ({"path": 3}, "path: expected words, found 3"),
    ({"split": "dev"}, "unknown split 'dev'; use one of train, val, test"),
    ({"label": "odd"}, "unknown label 'odd'"),
    ({"label": ["normal"]}, "label: expected words or nothing, found"),
    ({"frames": 0}, "at least one frame"),
    ({"frames": 10**12}, "at most 1,000,000,000 frames"),
    ({"frames": -4}, "at least one frame"),
    ({"frames": 9.5}, "whole number, found 9.5"),
    ({"frames": "10"}, "whole number, found '10'"),
    ({"frames": float("inf")}, "Infinity, which JSON does not have"),
    ({"width": 0}, "one pixel"),
    ({"fps": 0}, "a frame rate from 1e-07 to 1,000,000, found 0"),
    ({"fps": 1e300}, "a frame rate from 1e-07 to 1,000,000, found 1e\\+300"),
    ({"times": [[0, 0.0], [10**6, 9.0]]}, "found one of frame 1000000; prepare the footage again"),
    ({"start": "2026-13-45T00:00:00"}, "start to be a date and time such as .*, found '2026-13"),
    ({"fps": float("nan")}, "NaN, which JSON does not have"),
    ({"fps": "fast"}, "fps: expected a number, found 'fast'"),
    ({"fps": True}, "fps: expected a number, found True"),
    ({"fps": 10**400}, "fps: expected a number, found 1000"),
    ({"events": [[3, 11, "x"]]}, r"event \[3, 11\) 'x' ends after the video's 10 frames"),
    ({"events": [[3, 3, "x"]]}, "expected 0 <= start < end"),
    ({"events": [[3, 4]]}, r"to be \[start, end, name\], found \[3, 4\]"),
    ({"events": [[0.5, 4, "x"]]}, "whole number, found 0.5"),
    ({"events": None}, "events: expected a list, found None"),
    ({"events": [{"start": 1}]}, "found {'start': 1}"),
    ({"events": [[3, 4, ["x"]]]}, "a name: expected words"),
    ({"events": [[3, 4, "a\0b"]]}, r"name 'a\\x00b'.*control characters"),
    ({"events": 3}, "events: expected a list, found 3"),
    ({"events": [[3, 4, "x"]], "label": "normal"}, "labelled normal but has 1 events"),
    ({"mask": 3}, "mask: expected words"),
    ({"tracks": ["x"]}, "tracks: expected words or nothing, found"),
    ({"classes": "fall"}, "classes: expected a list, found 'fall'"),
    ({"classes": ["a", " "]}, "a class without a name"),
    ({"classes": ["\ud800"]}, "not valid UTF-8"),
    ({"path": "a\x1b[2J.mp4"}, r"path 'a\\x1b\[2J.mp4'.*control characters"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_a_mistake_in_a_row_is_named_with_its_line(tmp_path, change, message):
    path = Manifest("d", (video("first"), video("a"))).write(tmp_path / "m.jsonl")
    lines = path.read_text().splitlines()
    row = {**json.loads(lines[2]), **change}
    path.write_text("\n".join([lines[0], lines[1], json.dumps(row)]))
    with pytest.raises(OddframeError, match=message) as caught:
        Manifest.read(path)
    assert f"{path} line 3: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["id", "path", "split", "label", "frames", "fps", "width", "height", "events"]
)
def test_a_missing_key_is_named(tmp_path, key):
    path = Manifest("d", (video("a"),)).write(tmp_path / "m.jsonl")
    header, row = path.read_text().splitlines()
    kept = {name: value for name, value in json.loads(row).items() if name != key}
    path.write_text(f"{header}\n{json.dumps(kept)}")
    with pytest.raises(OddframeError, match=f"line 2: the key '{key}' is missing"):
        Manifest.read(path)


def test_a_repeated_id_is_named_with_both_places(tmp_path):
    with pytest.raises(OddframeError, match="video 3 repeats the id 'a' of video 1"):
        Manifest("d", (video("a"), video("b"), video("a")))
    path = Manifest("d", (video("a"), video("b"))).write(tmp_path / "m.jsonl")
    path.write_text(path.read_text() + path.read_text().splitlines()[1])
    with pytest.raises(OddframeError, match="line 4: id 'a' was already on line 2"):
        Manifest.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("frames,fps", "line 1: .*not JSON"),
        ("[]", "line 1: expected a JSON object"),
        ("{}", "line 1: expected a header with format 'oddframe-manifest/1', found None"),
        ('{"format": ["' + "a" * 9000 + '"]}', r"found \['aaa"),
        ("[" * 200_000, "line 1: .*too deep"),
        ('{"format": "oddframe-manifest/1"}\n{"id": ' + "1" * 5000, "line 2: .*digits"),
        ('{"format": "oddframe-manifest/9"}', "found 'oddframe-manifest/9'"),
        ('{"format": "oddframe-manifest/1"}', "lists no videos"),
        ('{"format": "oddframe-manifest/1"}\n{"id": "a"', "line 2: .*not JSON"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, text, message):
    path = tmp_path / "m.jsonl"
    path.write_text(text)
    with pytest.raises(OddframeError, match=message) as caught:
        Manifest.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("annotations", [1], "expected 'annotations' to be a JSON object"),
        ("root", 3, "root: expected words, found 3"),
        ("root", "a\x1bb", "root"),
    ],
)
def test_a_damaged_header_is_refused_by_its_line(tmp_path, key, value, message):
    path = Manifest("d", (video("a"),)).write(tmp_path / "m.jsonl")
    header, row = path.read_text().splitlines()
    path.write_text(json.dumps({**json.loads(header), key: value}) + "\n" + row)
    with pytest.raises(OddframeError, match=f"m.jsonl line 1: .*({message})"):
        Manifest.read(path)


def test_a_missing_or_binary_file_is_refused(tmp_path):
    path = tmp_path / "m.jsonl"
    with pytest.raises(OddframeError, match="expected a manifest, found no such file"):
        Manifest.read(path)
    with pytest.raises(OddframeError, match="expected a manifest"):
        Manifest.read(tmp_path)
    path.write_bytes(bytes(range(256)))
    with pytest.raises(OddframeError, match="UTF-8"):
        Manifest.read(path)


@quick
@given(cut=st.floats(0, 1))
def test_a_file_cut_anywhere_is_never_read_as_another_data_set(tmp_path, cut):
    manifest = Manifest("d", tuple(video(name) for name in string.ascii_lowercase[:5]))
    path = manifest.write(tmp_path / "m.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(cut * len(whole))])
    try:
        read = Manifest.read(path)
    except OddframeError:
        return
    assert manifest.videos[: len(read)] == read.videos


def test_the_root_is_the_headers_or_that_given(tmp_path):
    made = Manifest("d", (video("a"),), root=Path("footage"))
    path = made.write(tmp_path / "m.jsonl")
    read = Manifest.read(path)
    assert read.locate(read["a"]) == tmp_path / "footage" / "a.mp4"
    assert Manifest.read(path, root="/elsewhere").root == Path("/elsewhere")


def test_missing_files_are_named_with_their_video(tmp_path):
    (tmp_path / "a#1.mp4").touch()
    (tmp_path / "masks.npz").touch()
    kept = video("a", path="a#1.mp4", mask="masks.npz#01")
    Manifest("d", (kept,), root=tmp_path).check_files()
    for lost in (
        video("b", path="b.mp4"),
        video("b", path="a#1.mp4", mask="other.npz#01"),
        video("b", path="a#1.mp4", tracks="tracks.json"),
    ):
        with pytest.raises(OddframeError, match=r"video 2 'b': .*(b\.mp4|other|tracks).* missing"):
            Manifest("d", (kept, lost), root=tmp_path).check_files()


def test_counts_and_look_up():
    manifest = Manifest(
        "d",
        (
            video("a", split="train", label="normal"),
            video("b", label="anomalous", events=(Event(1, 4), Event(2, 6))),
            video("c", label="normal", frames=7),
        ),
    )
    assert manifest.counts() == {
        "train": {"videos": 1, "frames": 10, "anomalous_videos": 0, "anomalous_frames": 0},
        "test": {"videos": 2, "frames": 17, "anomalous_videos": 1, "anomalous_frames": 5},
    }
    assert [v.id for v in manifest.split("test", "train")] == ["a", "b", "c"]
    assert manifest["b"].label == "anomalous"
    with pytest.raises(OddframeError, match="no video 'z' among 3"):
        manifest["z"]


@quick
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    share=st.floats(0, 0.99),
    seed=st.integers(0, 5),
)
def test_held_out_videos_come_from_every_group_of_two_or_more(sizes, share, seed):
    groups = [("normal", ()), ("anomalous", ("fight",)), ("anomalous", ("fall",)), (None, ())]
    rows = [
        video(f"{g}-{i}", split="train", label=groups[g][0], classes=groups[g][1])
        for g, size in enumerate(sizes)
        for i in range(size)
    ]
    manifest = Manifest("d", (*rows, video("t"), video("v", split="val")))
    held = manifest.hold_out(share, seed)
    assert [v.id for v in held] == [v.id for v in manifest]
    assert [replace(v, split="train") for v in held] == [
        replace(v, split="train") for v in manifest
    ]
    assert held["t"].split == "test"
    for g, size in enumerate(sizes):
        count = sum(v.split == "val" for v in held if v.id.startswith(f"{g}-"))
        if share == 0 or size == 1:
            assert count == 0
        else:
            assert 1 <= count < size
            assert abs(count - share * size) <= 1
    assert held == manifest.hold_out(share, seed)


def test_a_few_frames_of_a_slow_camera_are_worth_holding_out():
    """Ten seconds in twelve frames, whose typical rate is that of the quick ones."""
    slow = video("slow", split="train", label="normal", frames=12, fps=25.0)
    slow = replace(slow, times=((0, 0.0), (9, 0.36), (11, 10.0)))
    short = replace(slow, id="short", frames=20, times=())
    for seed in range(4):
        held = Manifest("d", (slow, short)).hold_out(0.5, seed)
        assert [v.id for v in held.split("val")] == ["slow"]


@pytest.mark.parametrize("share", [-0.01, 1, float("nan")])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(OddframeError, match="validation share"):
        Manifest("d", (video("a"),)).hold_out(share, 0)


def test_annotations_are_hashed_under_their_relative_names(tmp_path):
    inside = tmp_path / "root" / "labels" / "a.mat"
    outside = tmp_path / "b.csv"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"abc")
    outside.write_bytes(b"")
    hashes = hash_annotations(tmp_path / "root", [inside, outside])
    assert hashes == {
        "labels/a.mat": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        str(outside): sha256_of(outside),
    }
