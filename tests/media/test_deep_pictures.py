"""Pictures and video of more than 8 bits, and headers that claim too much."""

import struct
import zlib
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.grey_levels import Levels
from oddframe.media.opening import open_video, probe

RAMP = np.tile(np.arange(160, dtype=np.uint16), (120, 1))


def grey_levels_left(path, levels=None):
    with open_video(path, levels=levels) as video:
        counts = [(len(np.unique(f.grey())), len(np.unique(f.rgb()[:, :, 1]))) for f in video]
    assert all(grey == colour for grey, colour in counts)
    return [grey for grey, _ in counts]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("{}.tiff", RAMP + 7400),
        ("{}.png", RAMP + 7400),
        ("{}.png", RAMP * 16),
        ("{}.pgm", RAMP + 60000),
        ("{}.png", np.dstack([RAMP + 1000] * 3)),
        ("{}.tif", (RAMP / 10 + 18).astype(np.float32)),
        ("{}.tif", RAMP.astype(np.int16) - 80),
    ],
)
def test_folders_of_deep_pictures_keep_their_grey_levels(tmp_path, name, values):
    for i in range(5):
        assert cv2.imwrite(str(tmp_path / name.format(i)), values)
    assert min(grey_levels_left(tmp_path)) == 160
    assert probe(tmp_path).levels is not None


def write_deep(path, kind, pictures, codec="ffv1"):
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 160, 120, kind
        for picture in pictures:
            form = "gray16le" if picture.ndim == 2 else "rgb48le"
            frame = av.VideoFrame.from_ndarray(picture, format=form)
            output.mux(stream.encode(frame.reformat(format=kind)))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("gray16le", RAMP + 7400),
        ("gray10le", RAMP * 64 + 100 * 64),
        ("gray12le", RAMP * 16 + 1000 * 16),
        ("gbrp12le", np.dstack([RAMP * 16 + 8000] * 3)),
    ],
)
def test_deep_grey_and_rgb_video_keeps_its_grey_levels(tmp_path, kind, values):
    path = write_deep(tmp_path / "a.mkv", kind, [values] * 5)
    info = probe(path)
    assert (info.frames, info.width, info.height) == (5, 160, 120)
    assert info.levels is not None
    assert min(grey_levels_left(path)) >= 158


def test_ordinary_video_of_10_bits_needs_no_range(tmp_path):
    image = np.tile(np.linspace(5000, 60000, 160).astype(np.uint16), (120, 1))
    path = write_deep(tmp_path / "hdr.mkv", "yuv420p10le", [np.dstack([image] * 3)] * 3, "libx265")
    assert probe(path).levels is None
    with open_video(path) as video:
        grey = next(iter(video)).grey()
    np.testing.assert_allclose(grey[60], image[60] / 257, atol=4)


@pytest.mark.parametrize("coloured", [False, True])
def test_video_of_12_bits_without_colour_is_as_grey_video_is(tmp_path, coloured):
    """It begins black, as films do: one frame says nothing of colour."""
    first = np.zeros((120, 160, 3), np.uint16)
    then = np.dstack([RAMP * 16 + 16000 + 9000 * coloured * (part == 2) for part in range(3)])
    pictures = [first] * 30 + [then] * 30
    path = write_deep(tmp_path / "yuv.mkv", "yuv420p12le", pictures)
    grey = write_deep(tmp_path / "grey.mkv", "gray12le", [part[..., 0] for part in pictures])
    levels = probe(path).levels
    assert (levels is None) == coloured
    if levels is not None:
        known = probe(grey).levels
        assert known is not None
        assert (levels.low, levels.high) == pytest.approx((known.low, known.high), rel=0.02)
        assert grey_levels_left(path, Levels(15900, 18600))[-1] >= 135
    with open_video(path) as video:
        colours = [np.ptp(frame.rgb(), axis=2).max() for frame in video]
    assert (max(colours) > 20) == coloured


def test_a_range_that_is_given_counts(tmp_path):
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), RAMP + 7400)
    with open_video(tmp_path, levels=Levels(7400, 7910)) as video:
        for frame in video:
            np.testing.assert_array_equal(frame.grey(), np.rint(RAMP / 2).astype(np.uint8))
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((120, 160), np.uint8))
    told = r"1\.png: expected values of type uint16 .* found uint8; frame 1 repeats"
    with pytest.warns(OddframeWarning, match=told), open_video(tmp_path) as video:
        assert all(frame.grey().max() > 0 for frame in video)


def test_pages_of_a_deep_tiff_come_one_by_one(tmp_path):
    pages = [RAMP + 7400 + i for i in range(70)]
    assert cv2.imwritemulti(str(tmp_path / "stack.tif"), pages)
    assert probe(tmp_path / "stack.tif").frames == 70
    with open_video(tmp_path / "stack.tif", fps=5.0, levels=Levels(7400, 7655)) as video:
        for i, frame in enumerate(video):
            assert (frame.index, frame.seconds) == (i, i / 5)
            np.testing.assert_array_equal(frame.grey(), (RAMP + i).astype(np.uint8))
    assert i == 69
    with pytest.raises(OddframeError, match=r"stack\.tif: expected one picture, found several"):
        probe(tmp_path)


def test_an_animated_webp_has_its_own_times(tmp_path):
    pictures = [Image.fromarray(np.full((60, 80), i * 8, np.uint8)) for i in range(30)]
    durations = [40] * 20 + [400] * 10
    path = tmp_path / "a.webp"
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=durations, lossless=True
    )
    with open_video(path) as video:
        seconds = [frame.seconds for frame in video]
    np.testing.assert_allclose(seconds, np.concatenate([[0], np.cumsum(durations[:-1])]) / 1000)
    info = probe(path)
    assert (info.frames, info.fps) == (30, 25.0)
    assert info.times


def test_the_one_picture_of_a_tiff_with_a_thumbnail_is_a_picture(tmp_path):
    for i in range(3):
        full = Image.fromarray(np.full((60, 80), 50 * i, np.uint8))
        full.save(tmp_path / f"{i}.tif", save_all=True, append_images=[full.resize((20, 15))])
    with open_video(tmp_path) as video:
        assert [int(frame.grey().mean()) for frame in video] == [0, 50, 100]


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c))
        for c in (body, data, b"IEND")
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(60000, 60000), (20000, 20000), (9500, 9000), (2**31 - 1, 1000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_header_that_claims_the_memory_is_one_line(tmp_path, size):
    (tmp_path / "0001.png").write_bytes(png_header(*size))
    with pytest.raises(OddframeError, match=r"0001\.png: expected .* of at most 80,000,000 pix"):
        probe(tmp_path)


def test_a_picture_that_is_too_large_stops_no_other(tmp_path):
    for i in (1, 3):
        cv2.imwrite(str(tmp_path / f"{i:04d}.png"), np.full((6, 8), 50 * i, np.uint8))
    (tmp_path / "0002.png").write_bytes(png_header(9500, 9000))
    told = r"0002\.png: expected pictures of at most .* frame 1 repeats the one before"
    with pytest.warns(OddframeWarning, match=told), open_video(tmp_path) as video:
        assert [int(frame.grey()[0, 0]) for frame in video] == [50, 50, 150]


def test_a_jpeg_header_that_claims_the_memory_is_one_line(tmp_path):
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    place = data.find(b"\xff\xc0") + 5
    struct.pack_into(">HH", data, place, 60000, 60000)
    (tmp_path / "0001.jpg").write_bytes(bytes(data))
    with pytest.raises(OddframeError, match=r"0001\.jpg: expected .* of at most 80,000,000 pix"):
        probe(tmp_path)
