"""Which files are opened as video: by what they hold, never by what they point to."""

import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.containers import VIDEO_SUFFIXES, holds_video
from oddframe.media.opening import open_video, probe

FRAMES = 12


def picture(i: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    image = np.full((size[1], size[0], 3), 40, np.uint8)
    image[8:24, 4 * i : 4 * i + 8] = 220
    return image


def encode(
    path: Path,
    form: str | None = None,
    codec: str = "mpeg4",
    count: int = FRAMES,
    fps: int = 25,
) -> Path:
    with av.open(str(path), "w", format=form) as output:
        stream = output.add_stream(codec, rate=Fraction(fps))
        stream.width, stream.height = 64, 48
        stream.pix_fmt = {"gif": "rgb8", "apng": "rgb24"}.get(codec, "yuv420p")
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def blocks(path: Path) -> list[int]:
    """Where the bright block is in each frame; 4 pixels further in each one."""
    with open_video(path) as video:
        return [int(np.argmax(frame.grey()[8:24].mean(axis=0) > 130)) for frame in video]


@pytest.mark.parametrize(
    ("name", "form", "codec"),
    [
        ("dump.mp4", "h264", "libx264"),
        ("dump.ts", "h264", "libx264"),
        ("dump.h264", "h264", "libx264"),
        ("dump.avi", "hevc", "libx265"),
        ("dump.hevc", "hevc", "libx265"),
        ("dump.mkv", "m4v", "mpeg4"),
        ("dump.mpg", "mpeg2video", "mpeg2video"),
        ("camcorder.MTS", "mpegts", "libx264"),
        ("phone.3gp", "3gp", "mpeg4"),
        ("tape.vob", "vob", "mpeg2video"),
        ("studio.mxf", "mxf", "mpeg2video"),
        ("old.asf", "asf", "wmv2"),
        ("free.ogv", "ogg", "libtheora"),
        ("chip.ivf", "ivf", "libvpx"),
        ("browser.gif", "gif", "gif"),
        ("moving.png", "apng", "apng"),
    ],
)
def test_what_a_file_holds_decides_and_every_frame_comes(tmp_path, name, form, codec):
    if codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {codec}")
    path = encode(tmp_path / name, form, codec)
    assert probe(path).frames == FRAMES
    assert blocks(path) == [pytest.approx(4 * i, abs=1) for i in range(FRAMES)]
    assert holds_video(path)


@pytest.mark.parametrize("fps", [12, 50])
@pytest.mark.parametrize(
    ("name", "form", "codec"), [("a.h264", "h264", "libx264"), ("a.mp4", "hevc", "libx265")]
)
def test_raw_streams_go_at_the_rate_that_their_pictures_say(tmp_path, name, form, codec, fps):
    path = encode(tmp_path / name, form, codec, fps=fps)
    assert probe(path).fps == fps
    with open_video(path) as video:
        assert [frame.seconds for frame in video] == pytest.approx([i / fps for i in range(FRAMES)])


def playlists(target: Path) -> dict[str, str]:
    """File name to what would make FFmpeg open the target."""
    return {
        "hls.mkv": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "hls.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash.avi": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static"><Period>'
        f"<AdaptationSet><Representation><BaseURL>{target}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>",
        "session.mov": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "meta.mkv": ";FFMETADATA1\ntitle=x\n",
        "words.mp4": "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    }


def test_a_playlist_by_any_name_reads_no_other_file(tmp_path):
    target = encode(tmp_path / "secret.ts", "mpegts", "mpeg2video")
    os.utime(target, (0, 0))  # long ago: a later reading would show
    for name, text in playlists(target).items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(OddframeError, match=r"cannot be read|found a playlist") as caught:
            probe(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not holds_video(path)


def test_a_single_picture_called_a_video_is_none(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture(0))
    for name in ("still.mp4", "%03d.mp4"):
        (tmp_path / "a.png").rename(tmp_path / name)
        with pytest.raises(OddframeError, match="found a playlist, a script, sound or a single"):
            probe(tmp_path / name)
        (tmp_path / name).rename(tmp_path / "a.png")


def test_names_that_ffmpeg_would_take_for_protocols_and_patterns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a|b.mp4", "http:x.mp4", "100%d.mp4", "-i.mp4", "a?b=c#d.mp4", "'\".mp4"):
        encode(tmp_path / "plain.mp4").rename(tmp_path / name)
        assert probe(name).frames == FRAMES


def test_sound_with_a_cover_picture_is_no_video_and_a_video_with_one_is_itself(tmp_path):
    cover = cv2.imencode(".png", np.zeros((20, 20, 3), np.uint8))[1].tobytes()
    encode(tmp_path / "plain.mp4")
    for name in ("song.mp4", "both.mp4"):
        with av.open(str(tmp_path / name), "w") as output:
            still = output.add_stream("png", rate=25)
            still.width, still.height, still.pix_fmt = 20, 20, "rgb24"
            still.disposition = av.stream.Disposition.attached_pic
            with av.open(str(tmp_path / "plain.mp4")) as source:
                video = source.streams.video[0]
                copied = output.add_stream_from_template(video) if name == "both.mp4" else None
                first = av.Packet(cover)
                first.stream, first.pts, first.time_base = still, 0, Fraction(1, 25)
                output.mux(first)
                for packet in source.demux(video):
                    if copied is not None and packet.dts is not None:
                        packet.stream = copied
                        output.mux(packet)
    with pytest.raises(OddframeError, match="expected a video stream, found none but a cover"):
        probe(tmp_path / "song.mp4")
    info = probe(tmp_path / "both.mp4")
    assert (info.frames, info.width, info.height) == (FRAMES, 64, 48)


def test_that_only_the_first_of_several_films_is_read_is_said(tmp_path):
    path = tmp_path / "dashcam.mp4"
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mpeg4", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(3):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    with pytest.warns(OddframeWarning, match=r"dashcam\.mp4: holds 2 films side by side"):
        assert probe(path).frames == 3


def test_pixels_that_cannot_be_converted_are_met_before_training(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("no such conversion")

    monkeypatch.setattr("oddframe.media.file_frame._upright", refuse)
    path = encode(tmp_path / "a.mp4")
    with pytest.raises(OddframeError, match=r"a\.mp4: frame 0 has pixels of the kind yuv420p"):
        probe(path)


def test_titles_in_latin_1_stop_nothing(tmp_path):
    path = tmp_path / "title.avi"
    with av.open(str(path), "w") as output:
        output.metadata["title"] = "Cafe entrance"
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0), format="rgb24")))
        output.mux(stream.encode(None))
    content = path.read_bytes()
    assert b"Cafe entrance" in content
    path.write_bytes(content.replace(b"Cafe entrance", "Café entrance".encode("latin-1")))
    assert probe(path).frames == 1


def test_what_is_no_file_is_said(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, words in {
        "gone.mp4": r"no such video file or frame folder \(a link to .*nowhere\.mp4, which is not",
        "pipe.mp4": "found neither a file nor a folder",
    }.items():
        with pytest.raises(OddframeError, match=words):
            probe(tmp_path / name)


def test_a_change_of_size_is_said_once_and_all_frames_are_of_one_size(tmp_path):
    parts = []
    for number, size in enumerate(((64, 48), (96, 64))):
        part = tmp_path / f"{number}.ts"
        with av.open(str(part), "w") as output:
            stream = output.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for i in range(8):
                frame = av.VideoFrame.from_ndarray(picture(i, size), format="rgb24")
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        parts.append(part.read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    with (
        pytest.warns(OddframeWarning, match=r"joined\.ts: frame \d+ and later .* 96x64") as told,
        open_video(path) as video,
    ):
        shapes = {(frame.rgb().shape, frame.grey().shape) for frame in video}
    assert shapes == {((48, 64, 3), (48, 64))}
    assert len([warning for warning in told if "96x64" in str(warning.message)]) == 1


def test_pictures_that_would_fill_the_memory_are_refused(tmp_path, monkeypatch):
    path = encode(tmp_path / "a.mp4")
    monkeypatch.setattr("oddframe.media.frames.MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(OddframeError, match=r"a\.mp4: expected pictures of at most .* 64x48"):
        probe(path)


def test_suffixes_are_as_pathlib_gives_them():
    assert all(Path(f"a{suffix}").suffix == suffix == suffix.lower() for suffix in VIDEO_SUFFIXES)
