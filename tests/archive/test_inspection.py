"""What a foreign file is, found out by a process with little memory and time."""

import struct
import subprocess
import sys
import zlib

import pytest

from oddframe.archive import inspection, uploads
from oddframe.archive.inspection import inspect
from oddframe.archive.uploads import Uploads, safe_name
from oddframe.errors import OddframeError


def png(width: int, height: int) -> bytes:
    """One grey picture, all black: a few bytes for any size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum_of = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + sum_of

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    # APNG, which FFmpeg takes for a film.
    control = chunk(b"acTL", struct.pack(">II", 1, 0))
    first = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, 0, 0, 1, 25, 0, 0))
    parts = chunk(b"IHDR", header), control, first, chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_recording_is_known_whatever_its_name(street, tmp_path):
    path = tmp_path / "film"
    path.write_bytes((street.root / "calm.mp4").read_bytes())
    found = inspect(path, "calm")
    assert (found.width, found.height, found.codec) == (128, 80, "h264")
    assert found.seconds == pytest.approx(8, abs=0.2)
    assert found.words == "8.0 s, 128x80, 12.5 frames a second, h264"


FOREIGN = {
    "words.mp4": b"not a film at all\n" * 100,
    "list.mp4": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "script.mp4": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "session.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n",
    "page.mp4": b"<html><script>alert(1)</script></html>",
    "empty.mp4": b"",
    "huge.png": png(40_000, 3000),  # 120 million pixels in some ten thousand bytes
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_recording_is_a_line(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FOREIGN[name])
    with pytest.raises(OddframeError, match=name) as refused:
        inspect(path, name)
    assert str(tmp_path) not in str(refused.value)
    assert "passwd" not in str(refused.value)
    assert list(tmp_path.iterdir()) == [path]


def test_its_process_has_no_more_memory_than_it_is_given(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(12_000, 6_000))  # 72 million pixels in 70,000 bytes
    command = [sys.executable, inspection.inspection_child.__file__, str(path)]
    said = subprocess.run([*command, str(300 << 20), "5"], capture_output=True, check=True)
    assert b"takes more than 0.29 GiB of memory to show" in said.stdout
    assert inspect(path, "bomb").width == 12_000, "which fits into what it usually has"


def test_one_that_takes_long_is_given_up(street, monkeypatch):
    monkeypatch.setattr(inspection, "MOST_SECONDS", 0.02)
    with pytest.raises(OddframeError, match="calm: shows no picture within"):
        inspect(street.root / "calm.mp4", "calm")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a film.mp4", "a_film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\eva\\door.MKV", "door.mkv"),
        (".hidden.mp4", "hidden.mp4"),
        ("list.jsonl", "list_jsonl"),
        ("a\0b\n.mp4", "a_b.mp4"),
        ("", "video"),
        ("..", "video"),
        ("Tür.mp4", "Tür.mp4"),
        ("x" * 300 + ".mp4", "x" * 80 + ".mp4"),
        ("\U00020000" * 90 + ".mp4", "\U00020000" * 50 + ".mp4"),
    ],
)
def test_names_are_only_names(given, kept):
    assert safe_name(given) == kept


def test_a_video_that_cannot_be_written_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "_MOST_NAME_BYTES", 400)
    name = "\U00020000" * 90 + ".mp4"
    with pytest.raises(OddframeError, match="name too long"), Uploads(tmp_path).incoming(name):
        pass
    assert list(tmp_path.iterdir()) == []
