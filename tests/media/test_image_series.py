"""Which pictures of a folder are frames, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.media.image_series import image_series
from oddframe.media.opening import probe


def touch(folder, names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


NUMBERS = [f"{i:03d}.jpg" for i in range(1, 21)]


@pytest.mark.parametrize(
    "stray",
    [
        "cover.jpg",
        "folder.jpg",
        "005 (1).jpg",
        "005 - Copy.jpg",
        "005 - Kopie (2).jpg",
        "005 copy 2.jpg",
        "005~1.jpg",
        "005_thumb.jpg",
        "005.png",
        "floor 2.jpg",
        "IMG_0001.JPG",
    ],
)
def test_what_lies_beside_frames_shifts_none_of_them(tmp_path, stray):
    series = image_series(touch(tmp_path, [*NUMBERS, stray, "Thumbs.db", ".005.jpg"]))
    assert [path.name for path in series.frames] == NUMBERS
    assert [path.name for path in series.strays] == [stray]


@pytest.mark.parametrize(
    "names",
    [
        ["1.jpg", "2.jpg", "10.jpg"],
        ["frame_9.png", "frame_10.png"],
        ["a_1_x.png", "a_2_x.png"],
        ["frame_1_normal.jpg", "frame_2_fight.jpg", "frame_3_normal.jpg"],
        ["2026-11-28_03-12-00.jpg", "2026-11-28_03-12-01.jpg", "2026-11-29_00-00-00.jpg"],
        ["10.0.0.4_01_20261128031200_MOTION.jpg", "10.0.0.4_01_20261128031201_LINE.jpg"],
        ["0.png", "1.bmp", "2.TIF"],
        ["t=0.5.jpg", "t=1.25.jpg"],
        ["7.jpg"],
        ["still.jpg"],
        [],
    ],
)
def test_numbers_decide_the_order(tmp_path, names):
    series = image_series(touch(tmp_path, names))
    assert [path.name for path in series.frames] == names
    assert series.strays == []


def test_thumbnails_of_every_frame_are_left_out(tmp_path):
    thumbs = [f"{i:03d}_small.jpg" for i in range(1, 21)]
    series = image_series(touch(tmp_path, NUMBERS + thumbs))
    assert [path.name for path in series.frames] == NUMBERS
    assert [path.name for path in series.strays] == thumbs


def test_one_picture_named_like_the_beginning_of_all_is_the_stray(tmp_path):
    series = image_series(touch(tmp_path, ["cam_1.jpg", *(f"cam_1_{i}.jpg" for i in range(30))]))
    assert len(series.frames) == 30
    assert [path.name for path in series.strays] == ["cam_1.jpg"]


@pytest.mark.parametrize(
    "names",
    [
        ["left_1.jpg", "left_2.jpg", "right_1.jpg", "right_2.jpg"],
        ["1_rgb.png", "1_depth.png", "2_rgb.png", "2_depth.png"],
        ["1.jpg", "1.png", "2.jpg", "2.png"],
        ["a.jpg", "b.jpg"],
        ["a1.jpg", "b3.jpg"],
        ["3f2a-77.jpg", "b01c-9.jpg", "c-1.jpg"],
    ],
)
def test_an_order_of_words_is_refused(tmp_path, names):
    with pytest.raises(OddframeError, match=r"whose order nobody knows.*folder of its own"):
        image_series(touch(tmp_path, names))
    with pytest.raises(OddframeError, match="whose order nobody knows"):
        probe(tmp_path)


@given(
    numbers=st.lists(st.integers(0, 3000), unique=True, min_size=1),
    before=st.sampled_from(["", "frame ", "2026_", "é-"]),
    after=st.sampled_from(["", "_x", " (cam)"]),
)
def test_any_numbers_give_all_pictures_by_value(tmp_path_factory, numbers, before, after):
    names = [f"{before}{number}{after}.jpg" for number in numbers]
    series = image_series(touch(tmp_path_factory.mktemp("series"), names))
    assert [path.name for path in series.frames] == [
        f"{before}{number}{after}.jpg" for number in sorted(numbers)
    ]
