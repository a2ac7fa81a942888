"""Folders of images: their order, what is a frame, what is broken or missing."""

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.made.encoded_videos import HEIGHT, WIDTH, block, encode, folder_of

from oddframe.errors import OddframeWarning
from oddframe.media.image_series import list_images, natural_key
from oddframe.media.opening import open_video, probe


@given(names=st.lists(st.text("019a²٣. ", min_size=1, max_size=6), min_size=2, max_size=6))
def test_any_names_have_an_order(names):
    assert sorted(sorted(names), key=natural_key) == sorted(
        names, key=lambda n: (natural_key(n), n)
    )


@given(numbers=st.lists(st.integers(0, 2000), unique=True))
def test_numbers_sort_by_value(numbers):
    names = [f"frame {number}.jpg" for number in numbers]
    assert sorted(names, key=natural_key) == [f"frame {n}.jpg" for n in sorted(numbers)]


def test_names_without_leading_zeros_are_in_natural_order(tmp_path):
    path = folder_of(tmp_path / "clip", 12, name="{}.png", first=1)
    with open_video(path) as video:
        assert [block(frame.rgb()) for frame in video] == list(range(12))


def test_other_files_and_hidden_ones_are_no_frames(tmp_path):
    path = folder_of(tmp_path / "clip", 3)
    for name in ("Thumbs.db", ".DS_Store", "._000.png", "notes.txt", ".000.partial.png"):
        (path / name).write_bytes(b"x")
    assert [file.name for file in list_images(path)] == ["000.png", "001.png", "002.png"]
    assert probe(path).frames == 3


def test_a_broken_image_repeats_the_one_before(tmp_path):
    path = folder_of(tmp_path / "clip", 4)
    (path / "002.png").write_bytes(b"not an image")
    with (
        pytest.warns(OddframeWarning, match=r"002\.png: .*frame 2 repeats"),
        open_video(path) as video,
    ):
        assert [block(frame.rgb()) for frame in video] == [0, 1, 1, 3]


def test_a_broken_first_image_is_the_next_good_one(tmp_path):
    path = folder_of(tmp_path / "clip", 3)
    (path / "000.png").write_bytes(b"")
    with pytest.warns(OddframeWarning, match=r"000\.png"), open_video(path) as video:
        assert [block(frame.rgb()) for frame in video] == [1, 1, 2]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("001 002 004", "missing: 3;"),
        ("1 2 6 7 9", "missing: 3 to 5, 8;"),
        ("frame_0008 frame_0009 frame_0011", "missing: 10;"),
        ("0 5 10 15 20 25 30 35", "16 to 19, 21 to 24 and 2 more;"),
        ("1 01 2", "there twice: 1;"),
        ("01_003 01_005 01_005x", "missing: 4;"),
        ("1 2 3", None),
        ("8 9 10 11", None),
        ("000 001", None),
    ],
)
def test_missing_numbers_are_told(tmp_path, names, told):
    for name in names.split():
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((8, 8), np.uint8))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert probe(tmp_path).frames == len([name for name in names.split() if name[-1] != "x"])
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == (told is not None)
    if told:
        assert f"{tmp_path}: image numbers" in messages[0]
        assert told in messages[0]


def test_images_of_another_size_are_brought_to_the_first_and_said_once(tmp_path):
    path = folder_of(tmp_path / "clip", 5)
    for name in ("001.png", "003.png"):
        cv2.imwrite(str(path / name), np.full((10, 10, 3), 7, np.uint8))
    told = r"001\.png: 10x10 pixels, and the folder's first image 64x48"
    with pytest.warns(OddframeWarning, match=told) as caught, open_video(path) as video:
        images = [frame.rgb() for frame in video]
    assert [image.shape for image in images] == [(HEIGHT, WIDTH, 3)] * 5
    assert [int(image.max()) for image in images] == [230, 7, 230, 7, 230]
    assert len(caught) == 1


def test_grey_images_and_their_kinds(tmp_path):
    path = tmp_path / "clip"
    path.mkdir()
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    cv2.imwrite(str(path / "0.png"), grey)
    cv2.imwrite(str(path / "1.bmp"), grey)
    cv2.imwrite(str(path / "2.TIF"), grey)
    cv2.imwrite(str(path / "3.png"), np.dstack([grey] * 3))
    cv2.imwrite(str(path / "4.png"), np.dstack([grey] * 3 + [np.full_like(grey, 255)]))
    with open_video(path) as video:
        for frame in video:
            np.testing.assert_array_equal(frame.grey(), grey)
            np.testing.assert_array_equal(frame.rgb(), np.dstack([grey] * 3))


SIZES = [(256, 256), (45, 45), (33, 20), (64, 20), (90, 70)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["RGB", "L"])
def test_resizing_gives_the_pixels_that_published_networks_saw(tmp_path, size, kind):
    """Read as their loaders read: ``cv2.imread`` and ``cv2.resize``, or Pillow as torchvision."""
    noise = np.random.default_rng(sum(size)).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    file = tmp_path / "0.png"
    Image.fromarray(noise).convert(kind).save(file)
    with open_video(tmp_path) as video:
        frame = next(iter(video))
    opencv = cv2.resize(cv2.imread(str(file)), size)
    np.testing.assert_array_equal(frame.rgb(size, "bilinear")[..., ::-1], opencv)
    with Image.open(file) as opened:
        colour = np.asarray(opened.convert("RGB").resize(size, Image.Resampling.BILINEAR))
        grey = np.asarray(opened.convert("L").resize(size, Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(frame.rgb(size, "pillow"), colour)
    np.testing.assert_array_equal(frame.grey(size, "pillow"), grey)
    # What was learnt before there was a choice saw this.
    shrinks = cv2.INTER_AREA if size[0] < WIDTH else cv2.INTER_LINEAR
    area = cv2.resize(cv2.imread(str(file)), size, interpolation=shrinks)
    np.testing.assert_array_equal(frame.rgb(size)[..., ::-1], area)


def test_frames_of_files_are_resized_alike(tmp_path):
    with open_video(encode(tmp_path / "a.mp4", 1)) as video:
        frame = next(iter(video))
        whole = frame.rgb()
        np.testing.assert_array_equal(frame.rgb((20, 10), "bilinear"), cv2.resize(whole, (20, 10)))
        small = Image.fromarray(whole).convert("L").resize((20, 10), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(frame.grey((20, 10), "pillow"), small)
        full = frame.grey()
        np.testing.assert_array_equal(frame.grey((20, 10), "bilinear"), cv2.resize(full, (20, 10)))
