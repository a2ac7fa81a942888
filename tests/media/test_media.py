"""Reading and writing video: one interface, exact counts, honest warnings, clear errors."""

import struct
import warnings
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.clock import Clock
from oddframe.media.image_series import list_images, natural_key
from oddframe.media.opening import open_video, probe
from oddframe.media.video_writing import VideoWriter

WIDTH, HEIGHT = 64, 48


def picture(i: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Frame number i: the place of a bright block tells which one it is."""
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, :, 1] = 70
    x = i % (width - 8)
    image[8:24, x : x + 8] = (230, 200, 90)
    return image


def block(image: np.ndarray) -> int:
    """The place of the block in a picture."""
    return int(np.argmax(image[8:24, :, 0].mean(axis=0) > 130))


def encode(
    path: Path,
    count: int = 50,
    codec: str = "libx264",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    fps: Fraction = Fraction(25),
    pixels: str = "yuv420p",
    container: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """Encode pictures with PyAV alone, not with the writer under test."""
    with av.open(str(path), "w", options=container or {}) as output:
        stream = output.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.gop_size = 10
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture(i, *size), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def folder_of(path: Path, count: int, name: str = "{:03d}.png", first: int = 0) -> Path:
    path.mkdir()
    for i in range(count):
        image = cv2.cvtColor(picture(i), cv2.COLOR_RGB2BGR)
        assert cv2.imwrite(str(path / name.format(first + i)), image)
    return path


def indices(path: Path) -> list[int]:
    with open_video(path) as video:
        return [frame.index for frame in video]


# ------------------------------------------------------------------ what a reader gives

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


# ------------------------------------------------------------------ folders of images


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


# ------------------------------------------------------------------ headers that lie, damage


def test_a_header_that_promises_too_much_is_not_believed(tmp_path):
    path = encode(tmp_path / "a.avi", 40, "mpeg4")
    content = bytearray(path.read_bytes())
    # The frame counts of an AVI: dwTotalFrames of 'avih', dwLength of the stream's 'strh'.
    for tag, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        place = content.find(tag) + offset
        assert struct.unpack_from("<I", content, place) == (40,)
        struct.pack_into("<I", content, place, 4000)
    path.write_bytes(content)
    with pytest.warns(OddframeWarning, match="promises 4000 frames, only 40 decode"):
        assert probe(path).frames == 40


@pytest.mark.filterwarnings("error::oddframe.errors.OddframeWarning")
@pytest.mark.parametrize(("first", "last"), [(10, 40), (7, 40), (0, 30), (0, 33), (13, 26)])
def test_a_trimmed_video_has_the_frames_that_play(tmp_path, first, last):
    # An edit list hides the frames before and after, as trimming on a phone does.
    path = encode(tmp_path / "a.mp4", 40)
    content = bytearray(path.read_bytes())
    place = content.find(b"elst") + 12
    duration, start = struct.unpack_from(">II", content, place)
    ticks = struct.unpack_from(">I", content, content.find(b"mdhd") + 16)[0]
    shown = duration * (last - first) // 40
    struct.pack_into(">II", content, place, shown, start + first * ticks // 25)
    path.write_bytes(content)
    assert probe(path).frames == last - first
    assert indices(path) == list(range(last - first))
    with open_video(path) as video:
        images = [frame.rgb() for frame in video]
    assert [abs(block(image)) for image in (images[0], images[-1])] == [
        pytest.approx(first, abs=1),
        pytest.approx(last - 1, abs=1),
    ]


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mp4", "libx264", {"movflags": "faststart"}),
        ("a.avi", "mpeg4", {}),
        ("a.mkv", "libx264", {}),
    ],
)
def test_a_file_cut_in_half_gives_what_is_there(tmp_path, name, codec, container):
    path = encode(tmp_path / name, 200, codec, container=container)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = rf"{name}: the header promises (200 frames|8\.0 seconds), only [\d.]+ decode"
    with pytest.warns(OddframeWarning, match=message):
        count = probe(path).frames
    assert 10 < count < 190
    with pytest.warns(OddframeWarning, match=message):
        assert indices(path) == list(range(count))


def test_frames_that_a_camera_dropped_are_no_missing_end(tmp_path):
    path = tmp_path / "a.avi"  # counts them in its header
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for i in (*range(10), *range(20, 30)):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with av.open(str(path)) as written:
        assert written.streams.video[0].frames == 30
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = probe(path)
    assert info.frames == 20
    clock = Clock(info.frames, info.fps, info.times)
    assert clock.seconds(10) == pytest.approx(20 / 25)


@pytest.mark.filterwarnings("error::oddframe.errors.OddframeWarning")
def test_a_file_is_not_short_because_it_begins_late_or_ends_within_a_frame(tmp_path):
    late = encode_at(tmp_path / "late.mkv", [5000 + 40 * i for i in range(40)])
    assert probe(late).frames == 40
    assert indices(late) == list(range(40))

    path = encode(tmp_path / "a.mp4", 40)
    content = bytearray(path.read_bytes())
    place = content.find(b"elst") + 12
    duration = struct.unpack_from(">I", content, place)[0]
    struct.pack_into(">I", content, place, duration * 308 // 400)  # 30.8 of 40 frames
    path.write_bytes(content)
    shown = probe(path).frames
    assert shown in (30, 31)
    assert indices(path) == list(range(shown))


def test_frames_without_a_time_precede_or_follow_those_that_have_one(tmp_path):
    path = encode(tmp_path / "a.mkv", 40, "mpeg4")
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as output:
        output.container_options["avoid_negative_ts"] = "disabled"
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.time_base = Fraction(1, 25)
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.stream = packet.pts - 400, stream
                packet.dts = packet.pts
                output.mux(packet)
    with open_video(tmp_path / "b.mkv") as video:
        seconds = [frame.seconds for frame in video]
    np.testing.assert_allclose(seconds, np.arange(40) / 25, atol=1e-9)


def test_a_damaged_end_of_a_fragmented_file_is_said(tmp_path):
    whole = encode(tmp_path / "a.mp4", 60, container={"movflags": "frag_keyframe+empty_moov"})
    content = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) * 2 // 3])
    with av.open(str(tmp_path / "cut.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert packets[-1].is_corrupt
    with pytest.warns(OddframeWarning, match=r"frames \d+ to \d+ cannot be decoded"):
        assert probe(tmp_path / "cut.mp4").frames == len(packets)


def test_jpeg_after_jpeg_is_a_video_and_a_list_of_files_is_none(tmp_path):
    jpegs = [cv2.imencode(".jpg", picture(i))[1].tobytes() for i in range(12)]
    for name in ("camera.mjpg", "camera.mp4"):
        (tmp_path / name).write_bytes(b"".join(jpegs))
        assert indices(tmp_path / name) == list(range(12))
        assert probe(tmp_path / name).frames == 12


def damage(path):
    """Zeros in place of packets 20 to 23."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    content = bytearray(path.read_bytes())
    for packet in packets[20:24]:
        content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(content)


def test_a_damaged_middle_leaves_the_rest_in_its_place(tmp_path):
    path = encode(tmp_path / "a.mp4", 56, container={"movflags": "faststart"})
    damage(path)
    count = probe(path).frames
    assert count == 56
    with (
        pytest.warns(OddframeWarning, match=r"a\.mp4: frames \d+ to \d+ cannot be decoded"),
        open_video(path) as video,
    ):
        places = [block(frame.rgb()) for frame in video]
    assert len(places) == 56
    # Frames far from the damage show the block of their own number, before and after it.
    for i in [*range(10), *range(45, 56)]:
        assert abs(places[i] - i) <= 1, i


def test_times_go_on_over_a_damaged_part(tmp_path):
    path = encode(tmp_path / "a.mp4", 56)
    damage(path)
    with pytest.warns(OddframeWarning), open_video(path) as video:
        seconds = [frame.seconds for frame in video]
    np.testing.assert_allclose(seconds, np.arange(56) / 25, atol=0.002)


def test_a_tail_of_zeros_is_told(tmp_path):
    # What a download that was given its full size in advance looks like.
    path = encode(tmp_path / "a.mp4", 56, container={"movflags": "faststart"})
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    content = bytearray(path.read_bytes())
    content[packets[30].pos :] = bytes(len(content) - packets[30].pos)
    path.write_bytes(content)
    with pytest.warns(OddframeWarning, match=r"frames \d+ to 55 cannot be decoded; they repeat"):
        read = indices(path)
    assert len(read) == probe(path).frames == 56


def broken_files(folder: Path) -> dict[str, str]:
    """File name to what the message must say."""
    whole = encode(folder / "whole.mp4", 50).read_bytes()
    (folder / "text.mp4").write_text("frame by frame\n" * 100)
    (folder / "empty.mp4").touch()
    (folder / "header.mp4").write_bytes(whole[:40])
    (folder / "no-index.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "zeros.mp4").write_bytes(bytes(5000))
    with av.open(str(folder / "sound.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
    return {
        "text.mp4": "cannot be read as a video",
        "empty.mp4": "cannot be read as a video",
        "header.mp4": "cannot be read as a video",
        "no-index.mp4": "cannot be read as a video",
        "zeros.mp4": "cannot be read as a video",
        "sound.mp4": "expected a video stream",
        "nowhere.mp4": "no such video file",
    }


def test_files_without_a_frame_are_one_clear_line(tmp_path, capfd):
    for name, message in broken_files(tmp_path).items():
        with pytest.raises(OddframeError, match=message) as caught:
            probe(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""  # FFmpeg keeps quiet


def test_folders_without_an_image_are_one_clear_line(tmp_path):
    with pytest.raises(OddframeError, match="found no image"):
        probe(tmp_path)
    (tmp_path / "0.png").write_text("text")
    with pytest.raises(OddframeError, match="none of the 1 images can be decoded"):
        probe(tmp_path)


# ------------------------------------------------------------------ writing


def test_written_frames_come_back(tmp_path):
    path = tmp_path / "out" / "a.mp4"
    with VideoWriter(path, 12.5, (WIDTH, HEIGHT)) as writer:
        for i in range(20):
            writer.write(picture(i))
            assert not path.exists()
    info = probe(path)
    assert (info.frames, info.fps, info.width, info.height) == (20, 12.5, WIDTH, HEIGHT)
    with open_video(path) as video:
        for i, frame in enumerate(video):
            assert np.abs(frame.rgb().astype(int) - picture(i)).mean() < 6
    assert [file.name for file in path.parent.iterdir()] == ["a.mp4"]


def test_odd_sizes_lose_a_pixel(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25, (35, 27)) as writer:
        writer.write(picture(0, 35, 27))
    info = probe(tmp_path / "a.mp4")
    assert (info.frames, info.width, info.height) == (1, 34, 26)


@pytest.mark.parametrize("fps", [0.2, 5, 23.976, 30000 / 1001, 59.94])
def test_frame_rates_survive(tmp_path, fps):
    with VideoWriter(tmp_path / "a.mp4", fps, (16, 16)) as writer:
        for _ in range(3):
            writer.write(np.zeros((16, 16, 3), np.uint8))
    assert probe(tmp_path / "a.mp4").fps == pytest.approx(fps, rel=1e-4)


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def write_half():
        with VideoWriter(path, 25, (WIDTH, HEIGHT)) as writer:
            writer.write(picture(0))
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_frame_at_all_leaves_no_video_that_claims_to_be_one(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25, (WIDTH, HEIGHT)):
        pass
    with pytest.raises(OddframeError):
        probe(tmp_path / "a.mp4")


def test_sizes_that_cannot_be_written_are_errors(tmp_path):
    with pytest.raises(OddframeError, match="at least 2x2 pixels, found 1x9"):
        VideoWriter(tmp_path / "a.mp4", 25, (1, 9))
    with (
        pytest.raises(OddframeError, match=r"a\.mp4: expected images of 64x48.*found 32x48"),
        VideoWriter(tmp_path / "a.mp4", 25, (WIDTH, HEIGHT)) as writer,
    ):
        writer.write(picture(0, 32, 48))
    assert list(tmp_path.iterdir()) == []


def test_real_videos_have_the_frames_that_they_claim(real_data):
    for name in ("fight/fi001.mp4", "noFight/nofi001.mp4"):
        path = real_data / "surveillance-fights" / name
        with av.open(str(path)) as container:
            expected = sum(1 for _ in container.decode(video=0))
        assert probe(path).frames == expected == len(indices(path))


# ------------------------------------------------------------------ presentation times


def encode_at(path: Path, milliseconds: list[int], codec: str = "libx264") -> Path:
    """A video whose frames are shown at these times."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=30, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for i, moment in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.pts, frame.time_base = moment, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["phone.mp4", "phone.mkv", "phone.webm"])
def test_the_times_of_the_frames_are_read(tmp_path, name):
    times = [i * 33 for i in range(60)] + [59 * 33 + 100 * (i + 1) for i in range(60)]
    codec = "libvpx" if name.endswith("webm") else "libx264"
    path = encode_at(tmp_path / name, times, codec)
    info = probe(path)
    clock = Clock(info.frames, info.fps, info.times)
    assert clock.frames == 120
    # Containers keep ticks of their own, here of up to 1/15360 of a second.
    found = clock.seconds(np.arange(120))
    assert np.abs(found - np.array(times) / 1000).max() < 0.02
    with open_video(path) as video:
        assert [f.seconds for f in video] == pytest.approx(np.array(times) / 1000, abs=1e-3)


def test_an_hour_between_two_parts_is_no_film(tmp_path):
    times = [i * 40 + 3_592_000 * (i >= 50) for i in range(100)]
    info = probe(encode_at(tmp_path / "motion.mp4", times))
    clock = Clock(info.frames, info.fps, info.times)
    assert (info.fps, clock.jumps) == (25.0, (50,))
    assert clock.length == pytest.approx(4.0)


def test_a_whole_recording_of_changing_rate_is_not_called_short(tmp_path):
    times = [i * 33 for i in range(60)] + [59 * 33 + 500 * (i + 1) for i in range(60)]
    path = encode_at(tmp_path / "night.mkv", times)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(indices(path)) == probe(path).frames == 120


def test_the_writer_shows_frames_when_it_is_told(tmp_path):
    times = np.array([0.0, 0.04, 0.08, 0.58, 1.08])
    with VideoWriter(tmp_path / "a.mp4", 25.0, (WIDTH, HEIGHT), times) as writer:
        for i in range(5):
            writer.write(picture(i))
    with open_video(tmp_path / "a.mp4") as video:
        assert [frame.seconds for frame in video] == pytest.approx(times.tolist(), abs=1e-4)


def test_the_name_says_when_it_was_filmed(tmp_path):
    path = encode(tmp_path / "gate_2026-11-28_03-12-00.mp4", 5)
    assert probe(path).start == datetime(2026, 11, 28, 3, 12)
    assert probe(encode(tmp_path / "gate.mp4", 5)).start is None
