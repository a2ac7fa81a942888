"""What is a recording: what shares, cameras and oddframe itself leave beside footage is none."""

import os
import warnings
from unicodedata import normalize

import cv2
import numpy as np
import pytest
from PIL import Image

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.finding import find
from oddframe.footage.folder import prepare_folder
from oddframe.media.video_writing import VideoWriter
from oddframe.verbs.train import train


def names(found, root):
    return [path.relative_to(root).as_posix() for path in found.recordings]


def left_out(found):
    return {kind: sorted(path.name for path in paths) for kind, paths in found.left_out.items()}


@pytest.mark.parametrize(
    "folder",
    [
        "@eaDir",
        "@Recycle",
        "@Recently-Snapshot",
        "@__thumb",
        "#recycle",
        "#snapshot",
        "~snapshot",
        "$RECYCLE.BIN",
        "RECYCLER",
        "Recycle Bin",
        "System Volume Information",
        "lost+found",
        "LOST.DIR",
        "FOUND.000",
        "__MACOSX",
        "Network Trash Folder",
        "Temporary Items",
        "Thumbnails",
        "cam1_gt",
    ],
)
def test_what_systems_and_devices_keep_is_left_out_and_named(tmp_path, folder, video_file):
    video_file(tmp_path / "cam1.mp4", 2)
    video_file(tmp_path / folder / "cam1.mp4" / "deleted.mp4", 2)
    found = find(tmp_path)
    assert names(found, tmp_path) == ["cam1.mp4"]
    assert list(left_out(found).values()) == [[folder]]
    assert names(find(tmp_path / folder), tmp_path) == [f"{folder}/cam1.mp4/deleted.mp4"]


@pytest.mark.parametrize(
    "folder", ["#1 gate", "trash yard", "snapshot", "recycle", "found", "(north)", "tmp", "été"]
)
def test_ordinary_names_of_folders_are_looked_into(tmp_path, folder, video_file):
    video_file(tmp_path / folder / "cam1.mp4", 2)
    assert names(find(tmp_path), tmp_path) == [f"{folder}/cam1.mp4"]


@pytest.mark.parametrize(
    ("marker", "folder"),
    [
        ("checkpoint.pt", "scores"),
        ("last.pt", "samples"),
        ("scores.npz", "annotated"),
        ("report.html", "plots"),
    ],
)
def test_what_oddframe_wrote_is_not_learnt_from(tmp_path, marker, folder, video_file, frame_folder):
    root = tmp_path / "n"
    video_file(root / "cam1.mp4", 2)
    video_file(root / "run" / folder / "cam1.mp4", 2)
    frame_folder(root / "run" / folder / "terms", 3)
    (root / "run" / marker).touch()
    found = find(root)
    assert names(found, root) == ["cam1.mp4"]
    assert left_out(found) == {"folders that oddframe wrote": [folder]}
    (root / "run" / marker).unlink()
    assert len(find(root).recordings) == 3


def test_somebody_elses_events_file_hides_nothing(tmp_path, video_file):
    video_file(tmp_path / "annotated" / "a.mp4", 2)
    (tmp_path / "events.json").write_text('{"a": []}')
    assert names(find(tmp_path), tmp_path) == ["annotated/a.mp4"]
    (tmp_path / "events.json").write_text('{"format": "oddframe-events/1", "videos": {}}')
    assert find(tmp_path).recordings == []


def test_frames_are_not_lost_to_pictures_below_them(tmp_path, frame_folder):
    root = tmp_path / "n"
    frame_folder(root / "k", 5)
    frame_folder(root / "k" / "small", 5)
    found = find(root)
    assert names(found, root) == ["k"]
    assert left_out(found) == {"pictures below frames": ["small"]}


def test_plans_beside_folders_of_frames_do_not_hide_them(tmp_path, frame_folder):
    root = tmp_path / "n"
    frame_folder(root / "cam1", 5)
    frame_folder(root / "cam2", 6)
    frame_folder(root, 2, suffix=".png")
    found = find(root)
    assert names(found, root) == ["cam1", "cam2"]
    assert left_out(found) == {"pictures that are no frames": ["000.png", "001.png"]}


def test_strays_links_and_odd_names_are_told_in_one_line(tmp_path, video_file, frame_folder):
    root = tmp_path / "n"
    video_file(root / "cam1.mp4", 3)
    video_file(root / "download.mp4", 3).rename(root / "download.mp4.part")
    (root / "notes.txt").write_text("nothing")
    (root / "gone.mp4").symlink_to("/gone/b.mp4")
    (root / "cam2").symlink_to("/gone/cam2")
    (root / "latest.mp4").symlink_to(root / "cam1.mp4")
    frame_folder(root / "frames", 12)
    for name in ("cover.jpg", "005 (1).jpg"):
        os.link(root / "frames" / "000.jpg", root / "frames" / name)
    frame_folder(root / "single", 1)
    video_file(root / "still.mp4", 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        manifest = prepare_folder(root)
    assert {video.id: video.frames for video in manifest} == {"cam1": 3, "frames": 12}
    (line,) = [str(warning.message) for warning in caught]
    for words in (
        "links to what is not there (cam2, gone.mp4)",
        "links to what is beside them (latest.mp4)",
        "videos whose names do not end like one's (download.mp4.part)",
        "pictures not named like the frames beside them (frames/005 (1).jpg, frames/cover.jpg)",
        "pictures that are no frames (single/000.jpg)",
        "recordings of a single frame (still.mp4)",
    ):
        assert words in line


def test_no_recording_is_found_twice(tmp_path, video_file, frame_folder):
    root = tmp_path / "n"
    video_file(root / "b" / "cam.mp4", 2)
    frame_folder(root / "b" / "frames", 3)
    (root / "a").symlink_to("b")  # comes first, but is a link
    (root / "c").mkdir()
    (root / "c" / "latest.mp4").symlink_to("../b/cam.mp4")
    os.link(root / "b" / "cam.mp4", root / "c" / "same.mp4")
    (root / "c" / "outside.mp4").symlink_to(video_file(tmp_path / "elsewhere.mp4", 2))
    os.mkfifo(root / "c" / "live.mp4")
    for form in ("NFC", "NFD"):
        video_file(root / "d" / f"{normalize(form, 'Köln')}.mp4", 2)
    found = find(root)
    seen = names(found, root)
    assert [name for name in seen if not name.startswith("d/")] == [
        "b/cam.mp4",
        "b/frames",
        "c/outside.mp4",
    ]
    assert [normalize("NFC", name) for name in seen[3:]] == ["d/Köln.mp4"]
    out = left_out(found)
    assert out["the same recordings by another path"] == ["latest.mp4", "same.mp4"]
    assert out["pipes and devices"] == ["live.mp4"]
    assert len(out["names that another recording has in other Unicode"]) == 1


def test_links_say_what_films_in_another_folder_are_for(tmp_path, video_file):
    root = tmp_path / "n"
    for name in "abcd":
        video_file(root / "films" / f"{name}.mp4", 3)
    for folder, films in {"train": "ab", "test/anomalous": "c"}.items():
        (root / folder).mkdir(parents=True)
        for name in films:
            (root / folder / f"{name}.mp4").symlink_to(root / "films" / f"{name}.mp4")
    with pytest.warns(OddframeWarning, match="left out the same") as said:
        manifest = prepare_folder(root)
    assert {video.id: (video.split, video.label) for video in manifest} == {
        "films/d": ("train", "normal"),
        "test/anomalous/c": ("test", "anomalous"),
        "train/a": ("train", "normal"),
        "train/b": ("train", "normal"),
    }
    (line,) = [str(warning.message) for warning in said]
    assert line.endswith(
        "left out the same recordings by another path (films/a.mp4, films/b.mp4, films/c.mp4)"
    )


def test_a_linked_folder_called_test_is_the_test_split(tmp_path, video_file):
    video_file(tmp_path / "n" / "films" / "a.mp4", 3)
    (tmp_path / "n" / "test").symlink_to("films")
    with pytest.warns(OddframeWarning, match=r"by another path \(films/a\.mp4\)"):
        (video,) = prepare_folder(tmp_path / "n")
    assert (video.id, video.split) == ("test/a", "test")


def test_a_link_that_contradicts_where_the_film_lies_is_told(tmp_path, video_file):
    video_file(tmp_path / "n" / "train" / "a.mp4", 3)
    (tmp_path / "n" / "test").mkdir()
    (tmp_path / "n" / "test" / "a.mp4").symlink_to("../train/a.mp4")
    words = r"another path that gives them another split or label \(test/a\.mp4\)"
    with pytest.warns(OddframeWarning, match=words):
        (video,) = prepare_folder(tmp_path / "n")
    assert video.split == "train"


def test_sound_is_named_among_what_is_left_out(tmp_path, video_file):
    video_file(tmp_path / "n" / "a.mp4", 3)
    for name in ("song.mp3", "cover.M4A"):
        (tmp_path / "n" / name).write_bytes(b"ID3")
    assert find(tmp_path / "n").words(tmp_path / "n") == "sound (cover.M4A, song.mp3)"


def test_many_are_counted(tmp_path, video_file, frame_folder):
    root = tmp_path / "n"
    video_file(root / "cam1.mp4", 2)
    frame_folder(root, 40)
    assert find(root).words(root) == (
        "pictures that are no frames (000.jpg, 001.jpg, 002.jpg and 37 more)"
    )


def test_a_file_of_several_pictures_is_a_recording(tmp_path, frame_folder):
    pictures = [Image.fromarray(np.full((60, 80), i * 8, np.uint8)) for i in range(30)]
    for name in ("dawn.tif", "dusk.tif", "web.webp", "moving.png"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=40)
    cv2.imwrite(str(tmp_path / "plan.png"), np.zeros((9, 9), np.uint8))
    with pytest.warns(OddframeWarning, match=r"pictures that are no frames \(plan\.png\)"):
        manifest = prepare_folder(tmp_path)
    assert {video.path: video.frames for video in manifest} == dict.fromkeys(
        ["dawn.tif", "dusk.tif", "web.webp", "moving.png"], 30
    )
    assert manifest["web"].fps == manifest["moving"].fps == 25.0


def test_one_picture_is_a_recording_only_where_it_is_asked_for(tmp_path, frame_folder):
    root = tmp_path / "n"
    frame_folder(root / "a", 1)
    assert find(root / "a").recordings == [root / "a"]
    with pytest.raises(OddframeError, match=r"left out: pictures that are no frames \(a/000\.jpg"):
        prepare_folder(root)


def test_a_file_is_what_it_holds_for_every_verb(tmp_path, video_file):
    video_file(tmp_path / "a.mp4", 3).rename(tmp_path / "dump.bin")
    assert [video.frames for video in prepare_folder(tmp_path / "dump.bin")] == [3]
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(OddframeError, match="found a file that is none of them"):
        train(tmp_path / "notes.txt", tmp_path / "run")


def test_a_root_called_anomalous_is_not_learnt_as_normal(tmp_path, video_file):
    root = tmp_path / "Anomalous"
    video_file(root / "a.mp4", 3)
    video_file(root / "normal" / "b.mp4", 3)
    with pytest.warns(OddframeWarning, match="its name says that the videos in it are anomalous"):
        manifest = prepare_folder(root)
    assert {v.id: (v.split, v.label) for v in manifest} == {
        "a": ("test", "anomalous"),
        "normal/b": ("train", "normal"),
    }
    with pytest.warns(OddframeWarning):
        (video,) = prepare_folder(root / "a.mp4")
    assert video.label == "anomalous"


def test_a_folder_that_may_not_be_read_is_told(tmp_path, video_file, monkeypatch):
    video_file(tmp_path / "a.mp4", 2)
    (tmp_path / "locked").mkdir()
    from oddframe.footage import finding

    really = finding.visible

    def visible(folder):
        if folder.name == "locked":  # root, as which tests may run, reads everything
            raise PermissionError(13, "Permission denied")
        return really(folder)

    monkeypatch.setattr(finding, "visible", visible)
    found = find(tmp_path)
    assert names(found, tmp_path) == ["a.mp4"]
    assert left_out(found) == {"folders that may not be read": ["locked"]}


def test_one_unreadable_recording_stops_no_other(tmp_path, video_file):
    for name in ("a.mp4", "c.mp4"):
        with VideoWriter(tmp_path / name, 25, (32, 24)) as writer:
            for _ in range(3):
                writer.write(np.zeros((24, 32, 3), np.uint8))
    (tmp_path / "b.mkv").write_text("#EXTM3U\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n")
    with pytest.warns(OddframeWarning, match=r"left out: .*b\.mkv"):
        manifest = prepare_folder(tmp_path)
    assert [video.id for video in manifest] == ["a", "c"]
    assert list(manifest.left_out) == ["b"]
