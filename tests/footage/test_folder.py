"""Anybody's own footage: what is found, where it goes, and what is wrong with it."""

from unicodedata import normalize

import numpy as np
import pytest

from oddframe.cards.manifest_summary import summary
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.finding import find
from oddframe.footage.folder import footage_below, prepare_folder
from oddframe.footage.given import Footage
from oddframe.videos.video import Event


@pytest.fixture
def site(tmp_path, video_file, frame_folder):
    """A folder with two files and a frame folder, and some litter."""
    root = tmp_path / "site"
    video_file(root / "monday.mp4", 12)
    video_file(root / "tuesday.avi", 9, fps=10)
    frame_folder(root / "yard" / "cam 1", 7)
    (root / ".hidden.mp4").write_text("litter")
    (root / "notes.txt").write_text("litter")
    return root


def places(manifest):
    return {video.id: (video.split, video.label) for video in manifest}


def test_all_is_normal_training_footage_by_default(site):
    manifest = prepare_folder(site)
    assert {v.id: (v.frames, v.fps) for v in manifest} == {
        "monday": (12, 25.0),
        "tuesday": (9, 10.0),
        "yard/cam 1": (7, 25.0),
    }
    assert set(places(manifest).values()) == {("train", "normal")}
    assert manifest["monday"].path == "monday.mp4"
    assert (manifest["monday"].width, manifest["monday"].height) == (32, 24)
    manifest.check_files()


def test_frame_rate_is_for_folders_of_images_only(site):
    rates = {video.id: video.fps for video in prepare_folder(site, fps=5.0)}
    assert rates == {"monday": 25.0, "tuesday": 10.0, "yard/cam 1": 5.0}


def test_a_single_file_and_a_single_frame_folder(site):
    assert [(v.id, v.path) for v in prepare_folder(site / "monday.mp4")] == [
        ("monday", "monday.mp4")
    ]
    manifest = prepare_folder(site / "yard" / "cam 1")
    assert [(v.id, v.frames) for v in manifest] == [("cam 1", 7)]
    assert manifest.locate(manifest["cam 1"]) == site / "yard" / "cam 1"


def test_the_working_folder_has_a_name_too(site, monkeypatch):
    monkeypatch.chdir(site / "yard" / "cam 1")
    from pathlib import Path

    assert [video.id for video in prepare_folder(Path())] == ["cam 1"]


def test_pictures_beside_videos_are_no_recording(site, frame_folder):
    frame_folder(site, 2, suffix=".png")
    assert [path.name for path in find(site).recordings] == ["monday.mp4", "tuesday.avi", "cam 1"]


def test_a_link_to_a_folder_around_it_ends(site):
    (site / "loop").symlink_to(site, target_is_directory=True)
    assert len(find(site).recordings) == 3


def test_same_names_with_other_suffixes_stay_apart(tmp_path, video_file, frame_folder):
    video_file(tmp_path / "own" / "a.mp4", 3)
    video_file(tmp_path / "own" / "a.avi", 4)
    frame_folder(tmp_path / "own" / "b", 2)
    video_file(tmp_path / "own" / "b.mp4", 5)
    frames = {video.id: video.frames for video in prepare_folder(tmp_path / "own")}
    assert frames == {"a.mp4": 3, "a.avi": 4, "b": 2, "b.mp4": 5}


def test_folder_names_give_split_and_label(tmp_path, video_file):
    root = tmp_path / "own"
    for name in (
        "Train/a",
        "training/anomalous/b",
        "val/c",
        "test/normal/d",
        "test/abnormal/e",
        "testing/f",
        "normal/g",
        "anomalous/h",
    ):
        video_file(root / f"{name}.mp4", 2)
    assert places(prepare_folder(root)) == {
        "Train/a": ("train", "normal"),
        "training/anomalous/b": ("train", "anomalous"),
        "val/c": ("val", "normal"),
        "test/normal/d": ("test", "normal"),
        "test/abnormal/e": ("test", "anomalous"),
        "testing/f": ("test", None),
        "normal/g": ("train", "normal"),
        "anomalous/h": ("test", "anomalous"),
    }


def test_events_of_a_flat_folder_send_their_videos_to_test(site, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text(
        "video,start_seconds,end_seconds,name\nmonday.mp4,0.08,0.2,fall\n"
        "cam 1,0.04,0.08,\nmonday,0.4,0.48,fight\n"
    )
    manifest = prepare_folder(site, events=events)
    assert places(manifest) == {
        "monday": ("test", "anomalous"),
        "tuesday": ("train", "normal"),
        "yard/cam 1": ("test", "anomalous"),
    }
    assert manifest["monday"].events == (Event(2, 5, "fall"), Event(10, 12, "fight"))
    assert manifest["monday"].classes == ("fall", "fight")
    assert manifest["yard/cam 1"].events == (Event(1, 2),)
    assert list(manifest.annotations) == [str(events)]


def test_test_videos_without_events_are_normal_once_there_is_an_event_file(tmp_path, video_file):
    root = tmp_path / "own"
    video_file(root / "test" / "a.mp4", 10)
    video_file(root / "test" / "b.mp4", 10)
    (root / "events.json").write_text('{"a": [{"start_frame": 2, "end_frame": 4}]}')
    assert places(prepare_folder(root))["test/b"] == ("test", None)
    manifest = prepare_folder(root, events=root / "events.json")
    assert places(manifest) == {"test/a": ("test", "anomalous"), "test/b": ("test", "normal")}
    assert list(manifest.annotations) == ["events.json"]


def test_a_csv_of_frame_labels_beside_the_video(tmp_path, video_file, frame_folder):
    root = tmp_path / "own"
    video_file(root / "test" / "evening.mp4", 6)
    (root / "test" / "evening.csv").write_text("0\n1\n1\n0\n0\n1\n")
    frame_folder(root / "test" / "yard", 3)
    (root / "test" / "yard.csv").write_text("0\n0\n0\n")
    manifest = prepare_folder(root)
    assert manifest["test/evening"].events == (Event(1, 3), Event(5, 6))
    assert places(manifest)["test/yard"] == ("test", "normal")
    assert list(manifest.annotations) == ["test/evening.csv", "test/yard.csv"]


def test_labels_longer_than_the_video_are_an_error_naming_the_file(tmp_path, video_file):
    video_file(tmp_path / "own" / "test" / "a.mp4", 6)
    (tmp_path / "own" / "test" / "a.csv").write_text("0\n" * 7)
    with pytest.raises(OddframeError, match=r"a\.csv: expected 6 labels.*found 7"):
        prepare_folder(tmp_path / "own")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("friday,1,2", r"events\.csv line 2: the video 'friday' is not there"),
        ("monday,3,13", r"line 2: the event from 3 to 13 frames ends after the 12 frames"),
    ],
)
def test_an_event_that_does_not_fit_is_an_error_naming_the_row(site, row, message):
    events = site / "events.csv"
    events.write_text(f"video,start_frame,end_frame\n{row}\n")
    with pytest.raises(OddframeError, match=message):
        prepare_folder(site, events=events)


def test_a_name_of_two_videos_is_an_error(tmp_path, video_file):
    for day in ("monday", "tuesday"):
        video_file(tmp_path / "own" / day / "cam.mp4", 6)
    events = tmp_path / "events.csv"
    events.write_text("video,start_frame,end_frame\ncam.mp4,1,2\n")
    with pytest.raises(OddframeError, match="could be monday/cam or tuesday/cam"):
        prepare_folder(tmp_path / "own", events=events)
    events.write_text("video,start_frame,end_frame\ntuesday/cam.mp4,1,2\n")
    manifest = prepare_folder(tmp_path / "own", events=events)
    assert places(manifest)["tuesday/cam"] == ("test", "anomalous")


@pytest.mark.parametrize("folder", ["train", "val", "normal", "test/normal"])
def test_events_among_the_normal_videos_are_an_error(tmp_path, video_file, folder):
    video_file(tmp_path / "own" / folder / "a.mp4", 6)
    (tmp_path / "own" / folder / "a.csv").write_text("0\n0\n0\n1\n0\n0\n")
    with pytest.raises(OddframeError, match="has events but lies among the normal ones"):
        prepare_folder(tmp_path / "own")


def test_a_csv_of_something_else_beside_a_video_is_in_nobodys_way(site):
    (site / "monday.csv").write_text("time,lat,lon\n0,1.0,2.0\n")
    with pytest.warns(OddframeWarning, match=r"not read as labels.*monday\.csv line 1.*time,lat"):
        manifest = Footage.given(site).read(labels=True)
    assert manifest == footage_below(site, labels=False)
    (site / "monday.csv").write_text("0\n1\n" * 40 + "oops\n")  # labels, but damaged
    with pytest.raises(OddframeError, match=r"monday\.csv line 81: expected 0 or 1"):
        Footage.given(site).read(labels=True)
    assert Footage.given(site).read() == manifest
    assert Footage.given(site / "monday.mp4").read()["monday"].label == "normal"


def test_a_decomposed_name_is_the_composed_one(tmp_path, video_file, frame_folder):
    folder, file = normalize("NFD", "höfe"), normalize("NFD", "gäste") + ".mp4"
    video_file(tmp_path / "own" / folder / file, 12)
    events = tmp_path / "events.csv"
    for row in ("höfe/gäste", f"höfe/{file}", "gäste", "gäste.mp4", normalize("NFD", "gäste")):
        events.write_text(f"video,start_frame,end_frame\n{row},1,2\n")
        (video,) = prepare_folder(tmp_path / "own", events=events)
        assert video.id == normalize("NFC", "höfe/gäste")
        assert video.path == f"{folder}/{file}"  # as it is on this disk
        assert video.events == (Event(1, 2),)


def test_rows_that_say_the_same_count_once(site, tmp_path):
    events = tmp_path / "events.csv"
    rows = ["monday,1,2,a", "monday,1,2,a", "monday.mp4,1,2,a", "monday,1,2,b", "monday,1,3,a"]
    events.write_text("\n".join(["video,start_frame,end_frame,name", *rows]))
    with pytest.warns(OddframeWarning, match=r"line 3 repeats .*line 2 \(and so 1 more\)"):
        manifest = prepare_folder(site, events=events)
    assert manifest["monday"].events == (Event(1, 2, "a"), Event(1, 2, "b"), Event(1, 3, "a"))


def test_a_video_without_events_that_has_some_is_an_error(site, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("video,start_frame,end_frame\nmonday,1,2\nmonday.mp4,,\n")
    with pytest.raises(OddframeError, match=r"line 3: says that 'monday' has no event, but"):
        prepare_folder(site, events=events)


def test_a_recording_whose_name_acts_on_a_terminal_is_left_out(site, video_file):
    video_file(site / "new\x1b[2J\nday.mp4", 6)
    with pytest.warns(OddframeWarning) as caught:
        manifest = prepare_folder(site)
    assert len(manifest) == 3
    assert all(text.isprintable() for pair in manifest.left_out.items() for text in pair)
    assert str(caught[0].message).isprintable()


def test_two_annotations_of_a_video_are_an_error(site):
    (site / "monday.csv").write_text("0\n" * 12)
    events = site / "events.csv"
    events.write_text("video,start_frame,end_frame\nmonday,1,2\n")
    with pytest.raises(OddframeError, match="annotated twice"):
        prepare_folder(site, events=events)


def test_a_broken_video_of_three_is_left_out_with_a_warning(site):
    (site / "wednesday.mp4").write_text("this is text\n" * 50)
    events = site / "events.csv"
    events.write_text("video,start_frame,end_frame\nwednesday,1,2\nmonday,1,2\n")
    with pytest.warns(OddframeWarning, match=r"left out: .*wednesday\.mp4"):
        manifest = prepare_folder(site, events=events)
    assert "wednesday" not in places(manifest)
    assert len(manifest) == 3
    assert list(manifest.left_out) == ["wednesday"]
    assert "wednesday.mp4: " in summary(manifest)


def test_a_video_cut_in_half_is_used_as_far_as_it_goes(tmp_path, video_file):
    path = video_file(tmp_path / "own" / "a.avi", 200)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(OddframeWarning, match=r"a\.avi: the header promises 200 frames"):
        manifest = prepare_folder(tmp_path / "own")
    assert 50 < manifest["a"].frames < 150


@pytest.mark.filterwarnings("ignore::oddframe.errors.OddframeWarning")
def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    with pytest.raises(OddframeError, match="none of 1 recording can be read"):
        prepare_folder(tmp_path)


def test_an_empty_or_missing_folder_is_an_error(tmp_path):
    with pytest.raises(OddframeError, match=r"expected videos .* found nothing"):
        prepare_folder(tmp_path)
    with pytest.raises(OddframeError, match="no such folder"):
        prepare_folder(tmp_path / "nowhere")
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(OddframeError, match=r"found readme\.txt"):
        prepare_folder(tmp_path)
    with pytest.raises(OddframeError, match="found a file"):
        prepare_folder(tmp_path / "readme.txt")


def test_a_name_that_is_not_utf8_is_an_error(tmp_path, video_file):
    video_file(tmp_path / "a.mp4", 2).rename(tmp_path / "caf\udce9.mp4")
    with (
        pytest.warns(OddframeWarning, match=r"not valid UTF-8.*rename"),
        pytest.raises(OddframeError, match="none of 1"),
    ):
        prepare_folder(tmp_path)


def test_real_home_office(real_data):
    manifest = prepare_folder(real_data / "home-office")
    assert len(manifest.split("train")) == 14
    evening = manifest["test/evening"]
    assert (evening.frames, evening.fps) == (9000, 5.0)
    rows = np.loadtxt(real_data / "home-office" / "test" / "evening.csv")
    np.testing.assert_array_equal(evening.frame_labels(), rows != 0)
    assert int(evening.frame_labels().sum()) == 3619
