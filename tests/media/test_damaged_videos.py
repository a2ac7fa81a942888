"""Headers that lie and damage: what is there is given, and what is missing is said."""

import struct
import warnings
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tests.made.encoded_videos import HEIGHT, WIDTH, block, encode, encode_at, indices, picture

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video, probe


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
    # How many are lost hangs on the encoder, which has as many threads as there are cores.
    with pytest.warns(OddframeWarning, match=r"frames? \d+( to \d+)? cannot be decoded"):
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
