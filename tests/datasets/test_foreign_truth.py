"""A foreign gt.npy beside a manifest: by name, whatever the order, the length and the edges."""

import re

import numpy as np
import pytest

from oddframe.datasets.layouts.foreign_truth import compare_truth, require_same_truth
from oddframe.datasets.ucf_crime import prepare_ucf_crime
from oddframe.errors import OddframeError
from oddframe.verbs.prepare import prepare
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


def video(name, frames, *events):
    label = "anomalous" if events else "normal"
    found = tuple(Event(start, end) for start, end in events)
    return Video(name, "", "test", label, frames, 24, 0, 0, events=found)


MANIFEST = Manifest(
    "small",
    (video("b__#1_label_G", 40, (10, 20), (30, 40)), video("c", 33), video("a", 50, (5, 9))),
)


@pytest.fixture
def foreign(tmp_path):
    """Writes a vector and a list; the vector's order may be another than the list's."""

    def write(listed, order=None, length=lambda frames: frames, change=lambda labels: labels):
        parts = []
        for name in order or listed:
            labels = change(MANIFEST[name].frame_labels().astype(float))
            parts.append(np.pad(labels, (0, 16))[: length(labels.size)])
        np.save(tmp_path / "gt.npy", np.concatenate(parts))
        rows = "".join(f"/features/{name}_i3d.npy\n" for name in listed)
        (tmp_path / "test.list").write_text(rows)
        return tmp_path / "gt.npy", tmp_path / "test.list"

    return write


ORDERS = [["a", "b__#1_label_G", "c"], ["c", "a", "b__#1_label_G"]]


@pytest.mark.parametrize("names", ORDERS)
@pytest.mark.parametrize(
    "length",
    [lambda n: n, lambda n: -(-n // 16) * 16, lambda n: n // 16 * 16, lambda n: (n - 1) // 16 * 16],
)
def test_equal_truth_in_any_order_and_length(foreign, names, length):
    compared = require_same_truth(MANIFEST, *foreign(names, length=length))
    assert [entry.id for entry in compared] == names
    assert [entry.length for entry in compared] == [length(MANIFEST[n].frames) for n in names]
    assert {entry.differing for entry in compared} == {0}


def test_a_vector_may_lack_the_last_frame_of_whole_snippets(tmp_path):
    """Features cut to optical flow: 48 frames have 47 flow fields and so two whole snippets."""
    manifest = Manifest("flow", (video("a", 48, (5, 9)), video("b", 33)))
    np.save(tmp_path / "gt.npy", np.r_[np.zeros(5), np.ones(4), np.zeros(23 + 32)])
    (tmp_path / "test.list").write_text("a.npy\nb.npy\n")
    compared = require_same_truth(manifest, tmp_path / "gt.npy", tmp_path / "test.list")
    assert [(entry.length, entry.differing) for entry in compared] == [(32, 0), (32, 0)]


def test_edges_may_differ_by_a_frame_and_no_more(foreign):
    def shifted(by):
        return lambda labels: np.concatenate((np.zeros(by), labels))[: labels.size]

    compared = require_same_truth(MANIFEST, *foreign(ORDERS[0], change=shifted(1)))
    assert [entry.differing for entry in compared] == [2, 3, 0]
    with pytest.raises(OddframeError, match=r"2 of 3 videos .* first 'a': expected 4 anomalous"):
        require_same_truth(MANIFEST, *foreign(ORDERS[0], change=shifted(2)))


def test_another_order_than_the_list_is_named(foreign):
    files = foreign(ORDERS[1], order=ORDERS[0])
    with pytest.raises(OddframeError, match="another order than the list: it fits the list sorted"):
        require_same_truth(MANIFEST, *files)
    entries = {entry.id: entry for entry in compare_truth(MANIFEST, *files)}
    assert not entries["c"].agrees


def test_one_line_per_crop(foreign, tmp_path):
    truth, listing = foreign(ORDERS[0])
    rows = [f"x\\{name}__{crop}.npy" for name in ORDERS[0] for crop in range(5)]
    listing.write_text("\n".join(rows))
    assert len(require_same_truth(MANIFEST, truth, listing)) == 3


def test_snippets_of_features_say_the_lengths(foreign, tmp_path):
    snippets = {"a": 3, "b__#1_label_G": 3, "c": 2}
    (tmp_path / "features").mkdir()
    for name, count in snippets.items():
        np.save(tmp_path / "features" / f"{name}.npy", np.zeros((count, 2, 1), np.float32))
    sizes = {MANIFEST[name].frames: 16 * count for name, count in snippets.items()}
    files = foreign(ORDERS[0], length=sizes.get)
    with pytest.raises(OddframeError, match=r"128 frames, expected .* 123 \(frames\), 160 \(ceil"):
        require_same_truth(MANIFEST, *files)
    assert len(require_same_truth(MANIFEST, *files, features=tmp_path / "features")) == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "test.list: the list is empty"),
        ("a\nc\n", r"expected all 3 test videos of small, found 2; 'b__#1_label_G' is missing"),
        ("a\nc\nd\n", "line 3: 'd' is no test video of small"),
        ("a\nc\na\nb__#1_label_G\n", "listed in two places"),
    ],
)
def test_a_list_of_other_videos_is_an_error(foreign, rows, message):
    truth, listing = foreign(ORDERS[0])
    listing.write_text(rows)
    with pytest.raises(OddframeError, match=message):
        compare_truth(MANIFEST, truth, listing)


@pytest.mark.parametrize(
    "vector",
    [np.zeros((123, 2)), np.full(123, 0.5), np.full(123, np.nan), np.array([{}]), np.array("a")],
)
def test_a_vector_of_another_kind_is_an_error(foreign, vector):
    truth, listing = foreign(ORDERS[0])
    np.save(truth, vector, allow_pickle=True)
    with pytest.raises(OddframeError, match=re.escape(str(truth))):
        compare_truth(MANIFEST, truth, listing)
    truth.write_bytes(b"no array")
    with pytest.raises(OddframeError, match=re.escape(str(truth))):
        compare_truth(MANIFEST, truth, listing)


def test_the_defect_of_a_shipped_ground_truth_is_found(real_data, tmp_path):
    """A ground truth in another order than its list, as MGFN's first one was: here, a sorted one
    beside a list that has the anomalous videos first."""
    root = real_data / "annotations" / "ucf-crime"
    lists = tmp_path / "lists"
    manifest = prepare_ucf_crime(root, legacy_lists=lists)
    for form in ("true-frames", "rtfm", "thesis", "ur-dmu"):
        compared = require_same_truth(manifest, lists / form / "gt.npy", lists / form / "test.list")
        assert len(compared) == 290
        assert all(entry.differing <= 4 for entry in compared)
    same = require_same_truth(
        manifest, lists / "true-frames" / "gt.npy", lists / "true-frames" / "test.list"
    )
    assert not any(entry.differing for entry in same)
    options = {
        "compare_gt": lists / "thesis" / "gt.npy",
        "compare_list": lists / "rtfm" / "test.list",
    }
    with pytest.raises(OddframeError, match="it fits the list sorted by name"):
        prepare("ucf-crime", root, tmp_path / "m.jsonl", **options)
    assert not (tmp_path / "m.jsonl").exists()
    options["compare_list"] = lists / "thesis" / "test.list"
    manifest = prepare("ucf-crime", root, tmp_path / "m.jsonl", **options)
    assert "gt.npy agrees: 150 of 290 videos equal" in manifest.source
    with pytest.raises(OddframeError, match="belong together"):
        prepare("ucf-crime", root, tmp_path / "m.jsonl", compare_gt=options["compare_gt"])
