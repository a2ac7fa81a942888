"""What a reader gives: every frame once, in order, as a file and as a folder."""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from tests.made.encoded_videos import HEIGHT, WIDTH, block, encode, folder_of, indices, picture

from oddframe.media.opening import open_video, probe

FORMATS = [
    ("a.mp4", "libx264"),
    ("a.mov", "libx264"),
    ("a.mkv", "libx264"),
    ("a.ts", "libx264"),
    ("a.flv", "libx264"),
    ("a.avi", "mpeg4"),
    ("a.mpg", "mpeg2video"),
    ("a.wmv", "wmv2"),
    ("a.webm", "libvpx"),
]


@pytest.mark.parametrize(("name", "codec"), FORMATS)
def test_every_frame_comes_once_in_order(tmp_path, name, codec):
    path = encode(tmp_path / name, 50, codec)
    info = probe(path)
    assert (info.frames, info.fps, info.width, info.height) == (50, 25.0, WIDTH, HEIGHT)
    with open_video(path) as video:
        for i, frame in enumerate(video):
            assert frame.index == i
            assert frame.seconds == pytest.approx(i / 25, abs=0.002)
            assert abs(block(frame.rgb()) - i % (WIDTH - 8)) <= 1
    assert i == 49


def test_ntsc_frame_rate_is_exact(tmp_path):
    assert probe(encode(tmp_path / "a.mp4", 5, fps=Fraction(30000, 1001))).fps == 30000 / 1001


def test_a_folder_reads_as_a_file_does(tmp_path):
    path = folder_of(tmp_path / "clip", 12)
    info = probe(path, fps=10.0)
    assert (info.frames, info.fps, info.width, info.height) == (12, 10.0, WIDTH, HEIGHT)
    with open_video(path, fps=10.0) as video:
        for i, frame in enumerate(video):
            assert (frame.index, frame.seconds) == (i, i / 10)
            np.testing.assert_array_equal(frame.rgb(), picture(i))


def test_frames_have_the_stated_type_and_size(tmp_path):
    for path in (encode(tmp_path / "a.mp4", 2), folder_of(tmp_path / "clip", 2)):
        with open_video(path) as video:
            frame = next(iter(video))
            for image, shape in (
                (frame.rgb(), (HEIGHT, WIDTH, 3)),
                (frame.grey(), (HEIGHT, WIDTH)),
                (frame.rgb((20, 10)), (10, 20, 3)),
                (frame.grey((20, 10)), (10, 20)),
                (frame.rgb((128, 96)), (96, 128, 3)),
            ):
                assert image.dtype == np.uint8
                assert image.shape == shape


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("limited.mp4", "libx264", "yuv420p", {}),
        ("full.mp4", "libx264", "yuv420p", {"x264-params": "fullrange=on"}),
        ("chroma.mp4", "libx264", "yuv444p", {}),
        ("motion.avi", "mjpeg", "yuvj420p", {}),
    ],
)
def test_grey_agrees_with_the_colours(tmp_path, name, codec, pixels, options):
    path = encode(tmp_path / name, 3, codec, pixels=pixels, **options)
    with open_video(path) as video:
        for frame in video:
            by_colours = cv2.cvtColor(frame.rgb(), cv2.COLOR_RGB2GRAY).astype(float)
            difference = np.abs(frame.grey() - by_colours)
            assert difference.mean() < 2.5
            assert np.percentile(difference, 90) <= 4


def test_grey_outlives_its_frame(tmp_path):
    with open_video(encode(tmp_path / "a.mp4", 40, **{"x264-params": "fullrange=on"})) as video:
        kept = [frame.grey() for frame in video]
    for i, image in enumerate(kept):
        assert int(np.argmax(image[8:24].mean(axis=0) > 120)) == pytest.approx(i % 56, abs=1)


@pytest.mark.parametrize("size", [(36, 26), (50, 34), (1921 // 2 * 2, 2)])
def test_sizes_that_do_not_fill_the_decoders_rows(tmp_path, size):
    # Rows are padded in the decoder's memory; the padding is no part of the picture.
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        image = np.full((size[1], size[0], 3), 200, np.uint8)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    with open_video(path) as video:
        frame = next(iter(video))
        assert frame.grey().shape == size[::-1]
        assert abs(int(frame.grey().min()) - 200) <= 3
        assert abs(int(frame.rgb().min()) - 200) <= 3


def test_odd_sizes_are_read_whole(tmp_path):
    path = encode(tmp_path / "a.mkv", 3, "ffv1", size=(35, 27), pixels="bgr0")
    info = probe(path)
    assert (info.frames, info.width, info.height) == (3, 35, 27)
    with open_video(path) as video:
        for i, frame in enumerate(video):
            np.testing.assert_array_equal(frame.rgb(), picture(i, 35, 27))
            assert frame.grey().shape == (27, 35)


def test_one_frame_is_a_video(tmp_path):
    for path in (encode(tmp_path / "a.mp4", 1), folder_of(tmp_path / "clip", 1)):
        assert probe(path).frames == 1
        assert indices(path) == [0]


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [
        ((0, 1, -1, 0), -1),  # a quarter clockwise, as a phone held upright writes it
        ((0, -1, 1, 0), 1),
        ((-1, 0, 0, -1), 2),
    ],
)
def test_a_rotated_video_stands_upright(tmp_path, matrix, turns):
    path = encode(tmp_path / "a.mp4", 4)
    with open_video(path) as video:
        upright = [(frame.rgb(), frame.grey()) for frame in video]
    content = bytearray(path.read_bytes())
    a, b, c, d = (65536 * value for value in matrix)
    struct.pack_into(">9i", content, content.find(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    info = probe(path)
    assert (info.width, info.height) == ((48, 64) if turns % 2 else (64, 48))
    with open_video(path) as video:
        for i, frame in enumerate(video):
            np.testing.assert_array_equal(frame.rgb(), np.rot90(upright[i][0], turns))
            np.testing.assert_array_equal(frame.grey(), np.rot90(upright[i][1], turns))
            small = (18, 22) if turns % 2 else (22, 18)
            means = cv2.resize(frame.grey(), small, interpolation=cv2.INTER_AREA)
            assert np.abs(frame.grey(small).astype(int) - means).max() <= 2
            means = cv2.resize(frame.rgb(), small, interpolation=cv2.INTER_AREA)
            assert np.abs(frame.rgb(small).astype(int) - means).mean() < 3
    assert i == 3


def test_real_videos_have_the_frames_that_they_claim(real_data):
    for name in ("fight/fi001.mp4", "noFight/nofi001.mp4"):
        path = real_data / "surveillance-fights" / name
        with av.open(str(path)) as container:
            expected = sum(1 for _ in container.decode(video=0))
        assert probe(path).frames == expected == len(indices(path))
