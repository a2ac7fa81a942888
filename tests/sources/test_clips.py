"""Clips from a ring: what is in them, in one file or several, and whatever ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from tests.made.encoded_videos import block, encode
from tests.made.full_disk import files_of_at_most
from tests.made.rtsp_camera import RtspCamera
from tests.sources.conftest import next_frame, reading, wait_for

from oddframe.sources.clip_writer import ClipWriter
from oddframe.sources.coded_film import CodedFilm, parameter_sets
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


def pushed(
    ring: PacketRing,
    path: Path,
    begin: float = 0.0,
    begins: bool = True,
    packets: slice = slice(None),
) -> None:
    """Packets of a file into a ring, the first of the file shown at ``begin``."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if begins:
            ring.begin(CodedFilm.of(stream))
        for packet in [packet for packet in container.demux(stream) if packet.size][packets]:
            ring.push(packet, begin + float(packet.pts * packet.time_base))


def shown(path: Path) -> tuple[list[int], list[float]]:
    """Place of the block, and time, of all frames of a clip."""
    with av.open(str(path)) as container:
        frames = []
        with suppress(av.error.InvalidDataError):  # the last may be half a frame
            for frame in container.decode(video=0):
                frames.append((block(frame.to_ndarray(format="rgb24")), frame.time))
    return [place for place, _ in frames], [seconds for _, seconds in frames]


def test_a_ring_keeps_so_many_seconds_from_a_key_frame_on(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=50, bf="0")  # a key frame every 10 frames
    ring = PacketRing(seconds=0.9)
    pushed(ring, path)
    first, last = ring.span
    assert last == pytest.approx(49 / 25)
    assert 0.9 <= last - first < 0.9 + 0.4  # no more than a group


def test_a_ring_is_bounded_in_bytes_whatever_the_seconds(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=50, bf="0")
    ring = PacketRing(seconds=100, most_bytes=2000)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        ring.begin(CodedFilm.of(stream))
        for packet in container.demux(stream):
            if packet.size:
                ring.push(packet, float(packet.pts * packet.time_base))
                assert ring.bytes <= 2000
    assert ring.span is not None


@pytest.mark.parametrize(
    ("codec", "bf"),
    [("libx264", "0"), ("libx264", "2"), ("libx265", ""), ("mpeg4", ""), ("mjpeg", "")],
)
def test_a_clip_holds_the_frames_from_the_key_frame_before_it_to_its_end(
    tmp_path: Path, codec: str, bf: str
):
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    options = {"bf": bf} if bf else {}
    path = encode(tmp_path / "a.mkv", count=50, codec=codec, pixels=pixels, **options)
    ring = PacketRing(seconds=100)
    pushed(ring, path, begin=1000.0, packets=slice(30))
    clip = ClipWriter(ring, tmp_path / "clips" / "c.mp4", since=1000.5)
    clip.finish(until=1001.5)
    pushed(ring, path, begin=1000.0, begins=False, packets=slice(30, None))
    assert clip.wait(20)
    assert (clip.failure, clip.missed, clip.parts) == ("", 0, [tmp_path / "clips" / "c.mp4"])
    places, seconds = shown(clip.parts[0])
    first = places[0]
    assert first <= 12
    assert places[: 37 - first] == list(range(first, 37))  # 37 is at 1.48 s
    assert len(places) <= 38 - first + 6  # pictures that are coded ahead may follow
    whole = seconds[: 37 - first]
    assert np.diff(whole) == pytest.approx(np.full(len(whole) - 1, 1 / 25), abs=0.002)
    with av.open(str(clip.parts[0])) as container:
        name = container.streams.video[0].codec_context.name
        tag = container.streams.video[0].codec_context.codec_tag
    assert name == ("hevc" if codec == "libx265" else "h264")
    assert tag == ("hvc1" if codec == "libx265" else "avc1")
    assert clip.bytes == clip.parts[0].stat().st_size


def test_several_clips_are_cut_from_the_same_packets(tmp_path: Path):
    ring = PacketRing(seconds=100)
    path = encode(tmp_path / "a.mp4", count=50, bf="0")
    pushed(ring, path, packets=slice(30))
    clips = [ClipWriter(ring, tmp_path / f"{n}.mp4", since=0.4 * n) for n in range(3)]
    for clip in clips:
        clip.finish(1.9)
    pushed(ring, path, begins=False, packets=slice(30, None))
    for number, clip in enumerate(clips):
        assert clip.wait(20)
        assert shown(clip.parts[0])[0] == list(range(10 * number, 48))


def test_a_reconnect_of_the_same_coding_goes_on_in_the_file_another_size_in_a_second(
    tmp_path: Path,
):
    ring = PacketRing(seconds=100)
    same = encode(tmp_path / "a.mp4", count=20, bf="0")
    pushed(ring, same)
    clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0)
    pushed(ring, same, begin=5.0)  # was away for four seconds
    pushed(ring, encode(tmp_path / "b.mp4", count=20, size=(96, 64), bf="0"), begin=7.0)
    clip.finish(100.0)
    ring.close()
    assert clip.wait(20)
    assert clip.failure == ""
    assert clip.parts == [tmp_path / "c.mp4", tmp_path / "c-2.mp4"]
    places, seconds = shown(clip.parts[0])
    assert places == [*range(20), *range(20)]
    assert seconds[20] - seconds[19] == pytest.approx(5.0 - 19 / 25, abs=0.01)
    with av.open(str(clip.parts[1])) as container:
        assert [f.width for f in container.decode(video=0)] == [96] * 20


def test_a_change_within_the_stream_begins_a_second_part(tmp_path: Path):
    small = encode(tmp_path / "a.ts", count=20, bf="0")
    large = encode(tmp_path / "b.ts", count=20, size=(96, 64), bf="0")
    ring = PacketRing(seconds=100)
    pushed(ring, small)
    pushed(ring, large, begin=1.0, begins=False)  # the same connection
    clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0)
    ring.close()
    assert clip.wait(20)
    assert clip.failure == ""
    sizes = []
    for part in clip.parts:
        with av.open(str(part)) as container:
            sizes.append([f.width for f in container.decode(video=0)])
    assert sizes == [[64] * 20, [96] * 20]


def test_a_clip_begins_where_the_coding_is_known(tmp_path: Path):
    """A camera that just came up: neither its description nor its first key frame tells it."""
    path = encode(tmp_path / "a.ts", count=30, bf="0")  # a key frame every 10 frames
    ring = PacketRing(seconds=100)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        ring.begin(replace(CodedFilm.of(stream), extradata=b""))
        for number, packet in enumerate(p for p in container.demux(stream) if p.size):
            ring.push(packet if number else without_parameters(packet), number / 25)
    clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0)
    ring.close()
    assert clip.wait(20)
    assert clip.failure == ""
    assert clip.parts == [tmp_path / "c.mp4"]
    assert shown(clip.parts[0])[0] == [*range(10, 30)]


def without_parameters(packet: av.Packet) -> av.Packet:
    content = bytes(packet)
    bare = av.Packet(content[content.index(b"\x00\x00\x01\x65") :])  # from its picture on
    assert not parameter_sets(bytes(bare), "h264")
    bare.pts, bare.dts, bare.time_base = packet.pts, packet.dts, packet.time_base
    bare.is_keyframe = True
    return bare


def test_a_clip_ends_when_the_camera_is_away_for_good(tmp_path: Path):
    ring = PacketRing(seconds=100)
    pushed(ring, encode(tmp_path / "a.mp4", count=20))
    clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0)
    clip.finish(1.5)
    assert clip.wait(10)
    assert len(shown(clip.parts[0])[0]) == 20


def test_a_clip_that_nobody_ends_has_an_end(tmp_path: Path):
    ring = PacketRing(seconds=100)
    pushed(ring, encode(tmp_path / "a.mp4", count=60, bf="0"))
    clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0, longest=1.0)
    assert clip.wait(10)
    assert len(shown(clip.parts[0])[0]) == 26


def test_a_full_disk_is_said_in_a_line_and_what_fitted_can_be_read(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=200, bf="0", crf="0")
    ring = PacketRing(seconds=1000)
    pushed(ring, path)
    with files_of_at_most(8_000):
        clip = ClipWriter(ring, tmp_path / "c.mp4", since=0.0)
        ring.close()
        assert clip.wait(20)
    assert str(tmp_path / "c.mp4") in clip.failure
    assert "\n" not in clip.failure
    assert (tmp_path / "c.mp4").stat().st_size <= 8_000
    places, _ = shown(tmp_path / "c.mp4")
    assert 10 < len(places) < 200


def test_a_folder_that_cannot_be_written_is_said_in_a_line(tmp_path: Path):
    (tmp_path / "file").touch()
    ring = PacketRing(seconds=100)
    pushed(ring, encode(tmp_path / "a.mp4", count=20))
    clip = ClipWriter(ring, tmp_path / "file" / "c.mp4", since=0.0)
    assert clip.wait(10)
    assert "cannot write" in clip.failure


def test_a_clip_of_a_camera_has_the_pre_roll(steady_camera: RtspCamera, tmp_path: Path):
    ring = PacketRing(seconds=10)
    source = source_of(f"{steady_camera.url}/live", timeout=2.0)
    with reading(Reader(source, ring)) as reader:
        begun = next_frame(reader).seconds
        frame = wait_for(lambda: (f := reader.take(1.0)) and f.seconds > begun + 1.5 and f)
        clip = ClipWriter(ring, tmp_path / "c.mp4", since=frame.seconds - 1.0)
        clip.finish(frame.seconds + 0.5)
        assert clip.wait(20)
    assert (clip.failure, clip.missed) == ("", 0)
    _, seconds = shown(clip.parts[0])
    assert 1.4 <= seconds[-1] - seconds[0] < 2.6  # 1.5 s, and up to a second to the key frame
    assert clip.seconds == pytest.approx(seconds[-1], abs=0.1)


def test_made_pictures_read_fast_lose_nothing_of_a_clip(tmp_path: Path):
    ring = PacketRing(seconds=2)
    source = source_of("lavfi:testsrc2=size=64x48:rate=25:duration=5", pace="fast")
    with reading(Reader(source, ring)) as reader:
        clip = None
        while not reader.ended:
            frame = reader.take(10.0)
            if frame is not None and frame.index == 60:
                clip = ClipWriter(ring, tmp_path / "c.mp4", since=frame.seconds - 1.0)
            if frame is not None and frame.index == 100:
                clip.finish(frame.seconds)
    assert clip is not None
    assert clip.wait(20)
    assert (clip.failure, clip.missed) == ("", 0)
    assert len(shown(clip.parts[0])[1]) == 100 - 35 + 1


def test_a_file_read_fast_gives_clips_of_its_own_packets(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=200)
    ring = PacketRing(seconds=3)
    with reading(Reader(source_of(str(path), pace="fast"), ring)) as reader:
        clip = None
        while not reader.ended:
            frame = reader.take(10.0)
            if frame is not None and frame.index == 100:
                clip = ClipWriter(ring, tmp_path / "c.mp4", since=frame.seconds - 1.0)
                clip.finish(frame.seconds + 1.0)
    assert clip is not None
    assert clip.wait(20)
    places, _ = shown(clip.parts[0])
    assert places[0] + 56 in range(65, 76)
    assert places == [(places[0] + number) % 56 for number in range(len(places))]
    assert 124 - 75 <= len(places) < 124 - 65 + 40  # decoding is some frames ahead


KILLED = """
    import sys, time
    from pathlib import Path
    from oddframe.sources.clip_writer import ClipWriter
    from oddframe.sources.packet_ring import PacketRing
    from oddframe.sources.reader import Reader
    from oddframe.sources.source import source_of
    ring = PacketRing(seconds=5)
    reader = Reader(source_of(sys.argv[1]), ring)
    reader.start()
    clip = ClipWriter(ring, Path(sys.argv[2]), since=reader.take(20).seconds)
    while True:
        frame = reader.take(20)
        print(frame.index, flush=True)
"""


def test_a_clip_can_be_read_after_kill_9(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=250, bf="0")
    clip = tmp_path / "c.mp4"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path), str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 40:
                break
        os.kill(process.pid, signal.SIGKILL)
    places, _ = shown(clip)
    assert places == [n % 56 for n in range(len(places))]
    assert len(places) >= 15  # all but the fragment that was being made, and what waited for it
