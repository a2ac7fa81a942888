"""MPEG transport streams and others without a header: cut files, joined files, times gone round."""

import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from oddframe.errors import OddframeWarning
from oddframe.media.opening import open_video, probe
from oddframe.media.transport_stream import ends_within_a_packet


def film(
    path: Path, codec: str = "libx264", frames: int = 40, sound: bool = False, gap: int = 0, **muxer
) -> Path:
    """Noise that decodes; after half of the frames, nothing is filmed for ``gap`` seconds."""
    noise = np.random.default_rng(5)
    with av.open(str(path), "w", options=muxer) as output:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = 2
        stream.codec_context.gop_size = 10
        stream.codec_context.time_base = Fraction(1, 25)
        audio = output.add_stream("mp2", rate=48000) if sound else None
        for i in range(frames):
            picture = noise.integers(0, 255, (48, 64, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = i + gap * 25 * (i >= frames // 2)
            output.mux(stream.encode(frame))
            if audio is not None:
                quiet = av.AudioFrame.from_ndarray(np.zeros((1, 2304), np.int16), "s16", "stereo")
                quiet.sample_rate, quiet.pts = 48000, i * 1920
                output.mux(audio.encode(quiet))
        output.mux(stream.encode(None))
        if audio is not None:
            output.mux(audio.encode(None))
    return path


def told(path: Path) -> tuple[int, list[str]]:
    """How many frames there are, and what is said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frames = probe(path).frames
    return frames, [str(warning.message) for warning in said]


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
@pytest.mark.parametrize("camcorder", [False, True])
def test_a_stream_that_was_cut_says_so_and_a_whole_one_does_not(tmp_path, codec, sound, camcorder):
    muxer = {"mpegts_m2ts_mode": str(int(camcorder))}
    content = film(tmp_path / "whole.ts", codec, sound=sound, **muxer).read_bytes()
    assert told(tmp_path / "whole.ts") == (40, [])
    path = tmp_path / "cut.ts"
    path.write_bytes(content[: len(content) * 2 // 3 // 192 * 192 + 101])
    decode, (line,) = told(path)
    assert line.startswith(f"{path}: ends in the middle of a packet (")
    assert decode < 40
    assert f"({decode} frames decode, the last is frame {decode - 1})" in line
    assert line.endswith("; the file may be cut short")


@pytest.mark.parametrize("end", ["a.ts", "a.mpg"])
def test_a_last_picture_that_is_not_whole_is_told(tmp_path, end):
    path = film(tmp_path / end, "mpeg2video")
    content = path.read_bytes()
    assert told(path) == (40, [])
    with av.open(str(path)) as container:
        last = [packet for packet in container.demux(video=0) if packet.size][30]
    middle = last.pos + last.size // 2 if end == "a.ts" else len(content) * 2 // 3
    path.write_bytes(content[: middle // 188 * 188])  # packets of 188 bytes stay whole
    _, (line,) = told(path)
    assert "ends in the middle of a picture (" in line


@pytest.mark.parametrize(("before", "after"), [(0, 0), (4, 0), (0, 16)])
def test_only_whole_packets_end_whole(tmp_path, before, after):
    noise = np.random.default_rng(2)
    length = before + 188 + after
    packets = noise.integers(0, 255, (42, length), np.uint8)
    packets[:, before] = 0x47
    path = tmp_path / "a.ts"
    whole = []
    for size in range(41 * length, 42 * length + 1):
        path.write_bytes(packets.tobytes()[:size])
        if not ends_within_a_packet(path):
            whole.append(size)
    assert whole == [count * length for count in (41, 42)]


@pytest.mark.parametrize("content", [b"", b"\x47", bytes(20_000), b"\x47" * 20_000])
def test_what_is_no_stream_of_packets_ends_nowhere(tmp_path, content):
    (tmp_path / "a.ts").write_bytes(content)
    assert not ends_within_a_packet(tmp_path / "a.ts")


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
def test_joined_files_keep_each_frame_though_packets_are_lost(tmp_path, codec):
    content = film(tmp_path / "a.ts", codec, frames=60).read_bytes()
    third = len(content) // 3 // 188 * 188
    path = tmp_path / "joined.ts"
    path.write_bytes(content[:third] + content[third + 40 * 188 :] + content * 2)
    with av.open(str(path)) as container:
        packets = sum(bool(packet.size) for packet in container.demux(video=0))
    assert 120 < packets < 180
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        with open_video(path) as video:
            seconds = [frame.seconds for frame in video]
    assert len(seconds) == packets
    # Each part begins a frame after the last of the one before, lost ones or not.
    np.testing.assert_allclose(seconds[-120:], 2.4 + np.arange(120) / 25, atol=1e-3)


@pytest.mark.parametrize("gap", [0, 600, 3 * 3600])
def test_the_milliseconds_of_an_flv_that_went_round_are_put_right(tmp_path, gap):
    path = film(tmp_path / "a.flv", gap=gap)
    with open_video(path) as video:
        seconds = [frame.seconds for frame in video]
    truth = np.arange(40) / 25 + gap * (np.arange(40) >= 20)
    np.testing.assert_allclose(seconds, truth, atol=1e-3)
    assert probe(path).frames == 40
